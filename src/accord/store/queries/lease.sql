-- name: lease_take
-- Take the work, or hold it longer: where nobody has it, where its holder let it run out, or where the clock went back since and it would last too long.
insert into lease (work, holder, until) values (:work, :holder, :until) on conflict (work) do update
set holder = excluded.holder, until = excluded.until
where lease.holder = excluded.holder or lease.until <= :now or lease.until > :farthest;

-- name: lease_give_back
-- The holder has ended, and another may begin at once.
delete from lease where work = :work and holder = :holder;

-- name: lease_clear
-- Nobody serves this node: whoever held the work was killed.
delete from lease where work = :work;

-- name: lease_holder
-- Who has it.
select holder from lease where work = :work;
