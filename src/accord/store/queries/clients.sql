-- name: client_add
-- A tool of this member.
insert into client (name, may_read, may_write, tlp, password, bearer, added_at)
values (:name, :may_read, :may_write, :tlp, :password, :bearer, :added_at) on conflict (name) do nothing;

-- name: client_of
-- One tool with the digest of its password.
select name, may_read, may_write, tlp, added_at, password from client where name = :name;

-- name: client_of_bearer
-- The tool whose bearer token has this digest.
select name, may_read, may_write, tlp, added_at from client where bearer = :bearer;

-- name: clients
-- All tools of this member.
select name, may_read, may_write, tlp, added_at from client order by name;

-- name: client_remove
-- A tool is let in no longer.
delete from client where name = :name;

-- name: status_add
-- What became of one request.
insert into status (id, client, body, made_at) values (:id, :client, :body, :made_at);

-- name: status_of
-- A client's own status.
select body from status where id = :id and client = :client;

-- name: status_thin
-- Forget a client's statuses that were made before a moment, but for its newest ones.
delete from status where client = :client and made_at < :before and made_at <=
  coalesce((select made_at from status where client = :client order by made_at desc limit 1 offset :count), '');
