-- name: content_add
-- Keep bytes once, by digest.
insert into content (collection, digest, body) values (:collection, :digest, :body) on conflict (collection, digest) do nothing;

-- name: content_of
-- The bytes of a digest.
select body from content where collection = :collection and digest = :digest;

-- name: record_add
-- One record of the holdings.
insert into record (collection, position, digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article,
  received, faults, added_at, edition)
values (:collection, :position, :digest, :stix_id, :stix_type, :version, :came, :source, :originator, :originator_is_member, :article,
  :received, :faults, :added_at, :edition);

-- name: record_known
-- Which of these digests the holdings already have.
select digest from record where collection = :collection and digest in (:values);

-- name: record_by_digests
-- The records with these digests.
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position
from record where collection = :collection and digest in (:values);

-- name: record_by_stix_id
-- Every version of one object, the newest arrival first.
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position
from record where collection = :collection and stix_id = :stix_id order by position desc limit :count;

-- name: record_from_source
-- Records that came from one source, in order of arrival.
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position
from record where collection = :collection and source = :source and came = :came and position >= :first order by position limit :count;

-- name: record_range
-- Records of the holdings with their bytes, in order of arrival.
select record.position, content.body from record
join content on content.collection = record.collection and content.digest = record.digest
where record.collection = :collection and record.position >= :first order by record.position limit :count;

-- name: record_counts
-- How many records came which way, from whom.
select came, source, count(*) from record where collection = :collection group by came, source order by came, source;

-- name: record_at
-- The record at one position.
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position
from record where collection = :collection and position = :position;

-- name: progress_of
-- How far a background work has come.
select position from progress where name = :name;

-- name: progress_set
-- Note how far a background work has come.
insert into progress (name, position) values (:name, :position) on conflict (name) do update set position = excluded.position;

-- name: progress_more
-- One more piece of work waits.
insert into progress (name, position) values (:name, 1) on conflict (name) do update set position = progress.position + 1;

-- name: progress_clear
-- The work that was seen is done; what came since still waits.
update progress set position = 0 where name = :name and position = :seen;
