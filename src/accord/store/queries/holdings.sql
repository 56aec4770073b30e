-- name: standing_newest
-- The newest version of each object that a clearance reaches, in order of arrival: the page that tools ask for most, one run through the record's
-- table. Where another version is newer, that one may lie above.
select record.position, record.stix_id, record.stix_type, record.version, record.added_at, record.article, record.tlp,
  record.person, content.body, substr(record.edition, 1, 3)
from record join content on content.collection = record.collection and content.place = record.position
where record.collection = :collection and record.position >= :first and record.tlp <= :clearance
  and (record.newest = 1 or not exists (select 1 from record as other where other.collection = record.collection
    and other.stix_id = record.stix_id and other.tlp <= :clearance and (other.edition, other.position) > (record.edition, record.position)))
order by record.position;

-- name: standing_range
-- Records of the holdings in order of arrival, of the versions that are asked for, as far as a clearance reaches.
select position, stix_id, stix_type, version, added_at, article, tlp, person, body, substr(edition, 1, 3) from standing
where clearance = :clearance and collection = :collection and position >= :first and edition >= :edition and edition < :beyond
  and case :version when 'last' then is_last when 'last of spec' then is_last_of_spec when 'first of spec' then is_first_of_spec
    when 'first' then is_first_of_spec and is_newest_spec when 'all' then is_newest_spec when 'all of spec' then 1 = 1
    else substr(edition, 5) = :version end
order by position;

-- name: standing_of_type
-- The same, of one type.
select position, stix_id, stix_type, version, added_at, article, tlp, person, body, substr(edition, 1, 3) from standing
where clearance = :clearance and collection = :collection and stix_type = :wanted and position >= :first and edition >= :edition and edition < :beyond
  and case :version when 'last' then is_last when 'last of spec' then is_last_of_spec when 'first of spec' then is_first_of_spec
    when 'first' then is_first_of_spec and is_newest_spec when 'all' then is_newest_spec when 'all of spec' then 1 = 1
    else substr(edition, 5) = :version end
order by position;

-- name: standing_of_id
-- The same, of one object. `+ 0` keeps the engine from walking through all positions: an object has few versions, and they are sorted.
select position, stix_id, stix_type, version, added_at, article, tlp, person, body, substr(edition, 1, 3) from standing
where clearance = :clearance and collection = :collection and stix_id = :wanted and position + 0 >= :first and edition >= :edition and edition < :beyond
  and case :version when 'last' then is_last when 'last of spec' then is_last_of_spec when 'first of spec' then is_first_of_spec
    when 'first' then is_first_of_spec and is_newest_spec when 'all' then is_newest_spec when 'all of spec' then 1 = 1
    else substr(edition, 5) = :version end
order by position + 0;

-- name: record_after
-- The position of the first record that arrived after a moment.
select position from record where collection = :collection and added_at > :added_at order by added_at limit 1;

-- name: record_editions
-- The editions of these objects that are held, with whose each is.
select stix_id, edition, digest, originator, originator_is_member, version, tlp from record where collection = :collection and stix_id in (:values);
