-- name: index_range
-- Records that wait to be indexed, with their bytes, in order of arrival.
select record.position, record.stix_type, record.came, record.source, record.article, record.tlp, content.body from record
join content on content.collection = record.collection and content.digest = record.digest
where record.collection = :collection and record.position >= :first order by record.position limit :count;

-- name: index_held
-- Which positions of a range are held still.
select position from record where collection = :collection and position >= :first and position <= :last;

-- name: index_begin
-- Indexing begins at the first record.
insert into progress (name, position) values (:name, 0) on conflict (name) do nothing;

-- name: index_advance
-- Indexing has come further, from where it was read.
update progress set position = :position where name = :name and position = :from_position;

-- name: posting_of_terms
-- Where these terms occur in a block.
select term, places from posting where collection = :collection and block = :block and term in (:values);

-- name: posting_range
-- Where the terms of a range occur in a block.
select term, places from posting where collection = :collection and block = :block and term >= :first and term < :beyond
order by term limit :count;

-- name: posting_put
-- Where a term occurs in a block.
insert into posting (collection, block, term, places) values (:collection, :block, :term, :places)
on conflict (collection, block, term) do update set places = excluded.places;

-- name: posting_remove
-- A term occurs in a block no more.
delete from posting where collection = :collection and block = :block and term = :term;

-- name: index_clear
-- Drop every term, for an index made anew.
delete from posting;

-- name: index_forget
-- Drop how far indexing had come, under whichever rules.
delete from progress where name like 'terms %';

-- name: index_body
-- The bytes of the record at a position.
select content.body from record
join content on content.collection = record.collection and content.digest = record.digest
where record.collection = :collection and record.position = :position;

-- name: search_save
-- Keep an officer's search, or note that the officer has looked again.
insert into saved_search (officer, name, query, saved_at, seen) values (:officer, :name, :query, :saved_at, :seen)
on conflict (officer, name) do update set query = excluded.query, saved_at = excluded.saved_at, seen = excluded.seen;

-- name: search_drop
-- An officer's search is wanted no more.
delete from saved_search where officer = :officer and name = :name;

-- name: searches
-- An officer's searches, by name.
select name, query, saved_at, seen from saved_search where officer = :officer order by name limit :count;
