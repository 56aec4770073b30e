-- name: source_add
-- An outside source that is read by itself.
insert into source (name, api_root, collection, username, has_secret, every_seconds, added_after, following, lost, fault, faults_in_a_row,
  contacted_at, retry_at)
values (:name, :api_root, :collection, :username, :has_secret, :every_seconds, '', '', 0, '', 0, '', '') on conflict (name) do nothing;

-- name: sources
-- All of them, by name.
select name, api_root, collection, username, has_secret, every_seconds, added_after, following, lost, fault, faults_in_a_row, contacted_at,
  retry_at
from source order by name;

-- name: source_remove
-- Read it no longer. What it gave stays.
delete from source where name = :name;

-- name: source_progress
-- How far it was read.
update source set added_after = :added_after, following = :following where name = :name;

-- name: source_contact
-- How the last round went.
update source set fault = :fault, faults_in_a_row = :faults_in_a_row, contacted_at = :contacted_at, retry_at = :retry_at, lost = :lost
where name = :name;
