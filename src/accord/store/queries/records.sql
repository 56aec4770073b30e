-- name: content_add
-- Keep bytes once, by digest.
insert into content (collection, digest, body) values (:collection, :digest, :body) on conflict (collection, digest) do nothing;

-- name: content_place
-- Keep the bytes of a record of the holdings, with its position.
insert into content (collection, digest, body, place) values (:collection, :digest, :body, :position)
on conflict (collection, digest) do update set place = excluded.place;

-- name: content_of
-- The bytes of a digest.
select body from content where collection = :collection and digest = :digest;

-- name: record_add
-- One record of the holdings.
insert into record (collection, position, digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article,
  received, faults, added_at, edition, newest, tlp, person)
values (:collection, :position, :digest, :stix_id, :stix_type, :version, :came, :source, :originator, :originator_is_member, :article,
  :received, :faults, :added_at, :edition, :newest, :tlp, :person);

-- name: record_newest
-- The newest versions of these objects that are held.
select stix_id, edition, position from record where collection = :collection and stix_id in (:values) and newest = 1;

-- name: record_outdated
-- A newer version came.
update record set newest = 0 where collection = :collection and position = :position;

-- name: record_unjudged
-- An object with a version of which nobody has said whether it is the newest.
select stix_id from record where collection = :collection and newest is null limit 1;

-- name: record_judge
-- Say of each version of an object whether it is the newest.
update record set newest = case when exists (select 1 from record as other where other.collection = record.collection
  and other.stix_id = record.stix_id and (other.edition, other.position) > (record.edition, record.position)) then 0 else 1 end
where collection = :collection and stix_id = :stix_id;

-- name: content_judge
-- Give the bytes of every version of an object their place.
update content set place = (select record.position from record
    where record.collection = content.collection and record.stix_id = :stix_id and record.digest = content.digest)
where collection = :collection and place is null
  and digest in (select record.digest from record where record.collection = :collection and record.stix_id = :stix_id);

-- name: record_raise
-- A record that is held already came again, or was given, at a higher level.
update record set tlp = :tlp where collection = :collection and tlp < :tlp
  and position = (select place from content where content.collection = :collection and content.digest = :digest);

-- name: record_known
-- Which of these bytes are kept already, and the positions of the records that they are. One without a place is sorted out by whoever asks:
-- a condition on it would lead an engine through all places.
select digest, place from content where collection = :collection and digest in (:values);

-- name: record_by_digests
-- The records with these digests.
select record.digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position, tlp
from content join record on record.collection = content.collection and record.position = content.place
where content.collection = :collection and content.digest in (:values);

-- name: record_by_stix_id
-- Every version of one object, the newest arrival first. `+ 0`: along the index of versions, which are few, and not through all positions.
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position, tlp
from record where collection = :collection and stix_id = :stix_id order by position + 0 desc limit :count;

-- name: record_from_source
-- Records that came from one source, in order of arrival.
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position, tlp
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
select digest, stix_id, stix_type, version, came, source, originator, originator_is_member, article, faults, added_at, position, tlp
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
