-- name: person_add
-- Who entered a person.
insert into person_entry (collection, digest, entered_by, entered_as, entered_at, confirmed_by, confirmed_at)
values (:collection, :digest, :entered_by, :entered_as, :entered_at, '', '') on conflict (collection, digest) do nothing;

-- name: person_of
-- What is noted of these records.
select digest, entered_by, entered_as, confirmed_by from person_entry where collection = :collection and digest in (:values);

-- name: person_confirm
-- A second officer confirms; never the one who entered it, and once.
update person_entry set confirmed_by = :officer, confirmed_at = :confirmed_at
where collection = :collection and digest = :digest and confirmed_by = '' and not (entered_as = 'officer' and entered_by = :officer);

-- name: person_waiting
-- Imported persons of a source that wait for a second officer.
select digest from person_entry where collection = :collection and entered_as = :entered_as and entered_by = :source and confirmed_by = ''
limit :count;

-- name: person_forget
-- The record is gone, and so is who entered it.
delete from person_entry where collection = :collection and digest = :digest;
