-- name: migrations_done
-- The numbers of the migrations that were applied.
select number from migration order by number;

-- name: migration_add
-- A migration was applied.
insert into migration (number, name) values (:number, :name);
