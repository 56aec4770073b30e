-- name: courier_of
-- The newest file of a member that was opened here.
select made_at, digest from courier where member = :member;

-- name: courier_keep
-- Note a file as opened; an older one replaces nothing.
insert into courier (member, made_at, digest) values (:member, :made_at, :digest)
on conflict (member) do update set made_at = excluded.made_at, digest = excluded.digest where excluded.made_at > courier.made_at;
