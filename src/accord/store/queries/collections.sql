-- name: collection_open
-- A collection's counter row, made at size 0 if it is not there yet.
insert into collection (name, size, frontier, octets, last_at) values (:name, 0, :frontier, 0, '') on conflict (name) do nothing;

-- name: collection_state
-- Where a collection stands.
select size, frontier, octets, last_at from collection where name = :name;

-- name: collection_names
-- Every collection whose name lies in a range, in the order of names.
select name, size, last_at from collection where name >= :first and name < :beyond order by name;

-- name: collection_advance
-- Move the counter row on. Only from the size that was read, so that two writers cannot both do it.
update collection set size = :size, frontier = :frontier, octets = :octets, last_at = :last_at where name = :name and size = :old_size;

-- name: leaf_add
-- One leaf at the position that the counter row gave.
insert into leaf (collection, position, commitment, salt, digest, statement, added_at)
values (:collection, :position, :commitment, :salt, :digest, :statement, :added_at);

-- name: leaf_page
-- The leaves of a page in order, with the bytes of those that still have them.
select leaf.position, leaf.commitment, leaf.salt, leaf.statement, leaf.added_at, content.body
from leaf left join content on content.collection = :kept_in and content.digest = leaf.digest
where leaf.collection = :collection and leaf.position >= :first and leaf.position < :beyond
order by leaf.position;

-- name: leaf_bodies
-- The bytes at a few positions.
select content.body from leaf join content on content.collection = 'holdings' and content.digest = leaf.digest
where leaf.collection = :collection and leaf.position = :position;

-- name: leaf_of_digests
-- Which of these records already stand in a collection, with the commitment and salt they stand under. `+ 0`: along the index of contents, and not
-- through all positions.
select digest, commitment, salt, position from leaf
where collection = :collection and position / 65536 in (select number from leaf_block) and digest in (:values) order by position + 0;

-- name: leaf_of_commitments
-- Which of these commitments a collection has.
select commitment from leaf where collection = :collection and position / 65536 in (select number from leaf_block) and commitment in (:values);

-- name: boundary_add
-- An append ended here.
insert into boundary (collection, size, root, octets, added_at) values (:collection, :size, :root, :octets, :added_at);

-- name: boundaries
-- Every boundary in order, for an audit.
select size, root, octets, added_at from boundary where collection = :collection order by size;

-- name: boundary_last
-- The newest boundary.
select size, root, octets, added_at from boundary where collection = :collection order by size desc limit 1;

-- name: boundary_at
-- The boundary at one size.
select size, root, octets, added_at from boundary where collection = :collection and size = :size;

-- name: boundary_within
-- The furthest boundary that a page from `first` reaches within its limits of objects and bytes.
select size, root, octets, added_at from boundary
where collection = :collection and size > :first and size <= :beyond and octets <= :octets order by size desc limit 1;

-- name: boundary_next
-- The first boundary behind a position: a page reaches at least there.
select size, root, octets, added_at from boundary where collection = :collection and size > :first order by size limit 1;

-- name: position_after
-- The position of the first leaf added after a moment.
select min(position) from leaf where collection = :collection and added_at > :added_at;

-- name: leaf_statements
-- Which statements of a collection brought these records, as far as they still have their content there.
select digest, statement from leaf
where collection = :collection and position / 65536 in (select number from leaf_block) and digest in (:values) and salt is not null;
