-- The member's own tools: clients, the status of what they handed in, the versions of an object in order, and who entered a person.

-- A TAXII tool. Its secrets are random and of 256 bits, so their SHA-256 says nothing of them and needs no salt and no slow hash.
create table client (
  name text not null primary key,
  may_read smallint not null,
  may_write smallint not null,
  password blob not null,         -- SHA-256 of the password.
  bearer blob not null,           -- SHA-256 of the bearer token.
  added_at text not null
);
create unique index client_bearer on client (bearer);

-- What became of the objects of one request (TAXII 2.1, 4.3), for the client that made it.
create table status (
  id text not null primary key,
  client text not null,
  body blob not null,
  made_at text not null
);
create index status_client on status (client, made_at);

-- Who entered a person, and which second officer confirmed it; both confirmed columns are empty until then (S-20).
create table person_entry (
  collection text not null,
  digest blob not null,
  entered_by text not null,
  entered_as text not null,       -- officer or client
  entered_at text not null,
  confirmed_by text not null,
  confirmed_at text not null,
  primary key (collection, digest)
);

-- Edition: version of the standard and instant of the object's version, written so that texts order as instants do.
-- Without a version of its own an object has the time of its arrival (TAXII 2.1, 3.4.1).
alter table record add column edition text not null default '';
update record set edition = '2.1 ' || case
  when version = '' then rtrim(replace(added_at, 'Z', ''), '0')
  when version like '%.%' then rtrim(replace(version, 'Z', ''), '0')
  else replace(version, 'Z', '') || '.' end;
create index record_edition on record (collection, stix_id, edition, position);
create index record_type on record (collection, stix_type, position);
create index record_added on record (collection, added_at, position);

-- Records with their bytes, and where each stands among the versions of its object. What nobody asks of a view is not computed.
create view standing as
select record.collection, record.position, record.stix_id, record.stix_type, record.version, record.edition, record.article,
  record.added_at, content.body,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and (other.edition, other.position) > (record.edition, record.position)) as is_last,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and (other.edition, other.position) > (record.edition, record.position)
    and other.edition < substr(record.edition, 1, 3) || '~') as is_last_of_spec,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and (other.edition, other.position) < (record.edition, record.position)
    and other.edition >= substr(record.edition, 1, 3)) as is_first_of_spec,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and other.edition >= substr(record.edition, 1, 3) || '~') as is_newest_spec
from record join content on content.collection = record.collection and content.digest = record.digest;
