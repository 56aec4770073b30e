-- A page of the holdings in one run through two tables, both in the order of arrival (docs/decisions/0027).

-- Which version of each object is the newest: 1 it is, 0 another is.
-- Null nobody has judged: such a row comes from a version of Accord before this one, and whoever keeps next judges it.
alter table record add column newest smallint;
update record set newest = case when exists (select 1 from record as other where other.collection = record.collection
  and other.stix_id = record.stix_id and (other.edition, other.position) > (record.edition, record.position)) then 0 else 1 end;
create index record_unjudged on record (collection, stix_id) where newest is null;

-- The position of the record that the bytes are; null for what stands in no holdings. A digest leads anywhere in a table, a place to the next row.
alter table content add column place bigint;
update content set place = (select record.position from record
  where record.collection = content.collection and record.digest = content.digest);
create unique index content_place on content (collection, place);

-- `record_edition` finds the versions of an object as well.
drop index record_stix_id;
