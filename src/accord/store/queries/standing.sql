-- name: standing_add
-- A standing release, not confirmed yet.
insert into standing_release (name, source, selection, terms, until, granted_by, granted_at, confirmed_by, confirmed_at, ended_by, ended_at, position,
  released, withheld)
values (:name, :source, :selection, :terms, :until, :granted_by, :granted_at, '', '', '', '', 0, 0, 0) on conflict (name) do nothing;

-- name: standing_all
-- All of them, by name.
select name, source, selection, terms, until, granted_by, granted_at, confirmed_by, confirmed_at, ended_by, ended_at, position, released,
  withheld
from standing_release order by name;

-- name: standing_confirm
-- A second officer confirms; never the one who gave it, and once.
update standing_release set confirmed_by = :officer, confirmed_at = :confirmed_at
where name = :name and confirmed_by = '' and ended_by = '' and granted_by <> :officer;

-- name: standing_end
-- Nothing more is released under it.
update standing_release set ended_by = :officer, ended_at = :ended_at where name = :name and ended_by = '';

-- name: standing_advance
-- How far the holdings were looked through, from exactly where they were.
update standing_release set position = :position, released = released + :released, withheld = withheld + :withheld
where name = :name and position = :old_position;
