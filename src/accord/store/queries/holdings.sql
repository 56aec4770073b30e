-- name: standing_newest
-- The newest version of each object, in order of arrival: the page that tools ask for most, one run through the record's table.
select record.position, record.stix_id, record.stix_type, record.version, record.added_at, record.article, content.body,
  substr(record.edition, 1, 3)
from record join content on content.collection = record.collection and content.place = record.position
where record.collection = :collection and record.position >= :first and record.newest = 1
order by record.position;

-- name: standing_range
-- Records of the holdings in order of arrival, of the versions that are asked for.
select position, stix_id, stix_type, version, added_at, article, body, substr(edition, 1, 3) from standing
where collection = :collection and position >= :first and edition >= :edition and edition < :beyond
  and case :version when 'last' then is_last when 'last of spec' then is_last_of_spec when 'first of spec' then is_first_of_spec
    when 'first' then is_first_of_spec and is_newest_spec when 'all' then is_newest_spec when 'all of spec' then 1 = 1
    else substr(edition, 5) = :version end
order by position;

-- name: standing_of_type
-- The same, of one type.
select position, stix_id, stix_type, version, added_at, article, body, substr(edition, 1, 3) from standing
where collection = :collection and stix_type = :wanted and position >= :first and edition >= :edition and edition < :beyond
  and case :version when 'last' then is_last when 'last of spec' then is_last_of_spec when 'first of spec' then is_first_of_spec
    when 'first' then is_first_of_spec and is_newest_spec when 'all' then is_newest_spec when 'all of spec' then 1 = 1
    else substr(edition, 5) = :version end
order by position;

-- name: standing_of_id
-- The same, of one object. `+ 0` keeps the engine from walking through all positions: an object has few versions, and they are sorted.
select position, stix_id, stix_type, version, added_at, article, body, substr(edition, 1, 3) from standing
where collection = :collection and stix_id = :wanted and position + 0 >= :first and edition >= :edition and edition < :beyond
  and case :version when 'last' then is_last when 'last of spec' then is_last_of_spec when 'first of spec' then is_first_of_spec
    when 'first' then is_first_of_spec and is_newest_spec when 'all' then is_newest_spec when 'all of spec' then 1 = 1
    else substr(edition, 5) = :version end
order by position + 0;

-- name: record_after
-- The position of the first record that arrived after a moment.
select position from record where collection = :collection and added_at > :added_at order by added_at limit 1;

-- name: record_editions
-- The editions of these objects that are held, with whose each is.
select stix_id, edition, digest, originator, originator_is_member, version from record where collection = :collection and stix_id in (:values);
