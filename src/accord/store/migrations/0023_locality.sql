-- What comes together is kept together: fewer indexes whose keys lie anywhere (docs/decisions/0028).

-- A digest leads to the bytes, and these to their record. What a version of Accord before 0014 kept meanwhile gets its place here.
update content set place = (select record.position from record
  where record.collection = content.collection and record.digest = content.digest) where place is null;
drop index record_digest;

-- A leaf is looked for by content or commitment in each block of 65,536 positions in turn, so that a page of a channel touches one block.
drop index leaf_digest;
drop index leaf_commitment;
create index leaf_digest on leaf (collection, (position / 65536), digest);
create index leaf_commitment on leaf (collection, (position / 65536), commitment);

-- The blocks that there are, up to the longest collection's last.
create view leaf_block as
with recursive block (number) as (
  select 0 union all select number + 1 from block where number < (select max(size) / 65536 from collection))
select number from block;
