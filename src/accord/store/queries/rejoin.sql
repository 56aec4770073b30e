-- name: rejoin_all
-- Whom a restored node awaits, and how far each is.
select member, state, journal from rejoin order by member;

-- name: rejoin_of
-- How far one member is.
select state from rejoin where member = :member;

-- name: rejoin_set
-- How far a member is now.
insert into rejoin (member, state, journal) values (:member, :state, :journal)
on conflict (member) do update set state = excluded.state, journal = excluded.journal;

-- name: rejoin_done
-- Nothing is awaited of this member any more.
delete from rejoin where member = :member;

-- name: rejoin_clear
-- What the backup remembered of an earlier restore is settled by this one.
delete from rejoin;

-- name: held_keep
-- The checkpoint that proves what is held of a channel in.
insert into held (collection, size, note) values (:collection, :size, :note)
on conflict (collection) do update set size = excluded.size, note = excluded.note where excluded.size >= held.size;

-- name: held_of
-- The checkpoint that proves what is held of a channel in.
select size, note from held where collection = :collection;

-- name: epochs
-- Journals that are not in their first epoch.
select member, number from epoch order by member;

-- name: epoch_set
-- A journal goes on in a new epoch; epochs only grow.
insert into epoch (member, number) values (:member, :number)
on conflict (member) do update set number = excluded.number where excluded.number > epoch.number;

-- name: seen_drop
-- The newest checkpoint that is known of a journal was of the epoch before.
delete from seen where member = :member;

-- name: cosignatures_drop
-- The cosignatures over our own journal were over the epoch before.
delete from cosignature;

-- name: declined_told
-- We told a decline in a leaf that was given back to us.
update declined set answered = 1 where collection = :collection
  and position in (select position from leaf where leaf.collection = :collection and leaf.commitment = :commitment);
