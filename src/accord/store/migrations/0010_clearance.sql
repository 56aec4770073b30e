-- How high each record is marked, whether it concerns a person, and how high each tool and officer may read.
-- Levels are ranks of TLP 2.0: 0 clear, 1 green, 2 amber, 3 amber+strict, 4 red.

alter table record add column tlp smallint not null default 3;
alter table record add column person smallint not null default 0;

-- What was kept before: red where the record or the statement that brought it says so, and amber+strict, which is the member's own people, elsewhere.
update record set tlp = 4 where exists (select 1 from content
  where content.collection = record.collection and content.digest = record.digest
    and (cast(content.body as text) like '%e828b379-4e03-4974-9ac4-e53a884c97c1%'
      or cast(content.body as text) like '%5e57c739-391a-4eb3-b6be-7d15ca92d5ed%'));
update record set tlp = 4 where exists (select 1 from leaf
  join leaf as statement on statement.collection = leaf.collection and statement.position = leaf.statement
  join content on content.collection = record.collection and content.digest = statement.digest
  where leaf.digest = record.digest and cast(content.body as text) like '%"tlp":"red"%');
-- Types that may be a person count as one.
update record set person = 1 where stix_type in ('identity', 'threat-actor');

-- Tools and officers of before could read everything, and still can.
alter table client add column tlp smallint not null default 4;
alter table officer add column tlp smallint not null default 4;

-- Imported persons wait for a second officer as others do (S-20).
insert into person_entry (collection, digest, entered_by, entered_as, entered_at, confirmed_by, confirmed_at)
select record.collection, record.digest, record.source, 'source', record.added_at, '', '' from record
where record.came = 'import' and record.person = 1 and not exists (select 1 from person_entry
  where person_entry.collection = record.collection and person_entry.digest = record.digest);

create index person_entry_source on person_entry (collection, entered_as, entered_by, confirmed_by);

create table clearance (rank smallint not null primary key);
insert into clearance (rank) values (0);
insert into clearance (rank) values (1);
insert into clearance (rank) values (2);
insert into clearance (rank) values (3);
insert into clearance (rank) values (4);

-- Records with their bytes as they stand for a clearance: what lies above it is not there, and no version counts that does.
drop view standing;
create view standing as
select clearance.rank as clearance, record.collection, record.position, record.stix_id, record.stix_type, record.version, record.edition,
  record.article, record.tlp, record.person, record.added_at, content.body,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and other.tlp <= clearance.rank and (other.edition, other.position) > (record.edition, record.position)) as is_last,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and other.tlp <= clearance.rank and (other.edition, other.position) > (record.edition, record.position)
    and other.edition < substr(record.edition, 1, 3) || '~') as is_last_of_spec,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and other.tlp <= clearance.rank and (other.edition, other.position) < (record.edition, record.position)
    and other.edition >= substr(record.edition, 1, 3)) as is_first_of_spec,
  not exists (select 1 from record as other where other.collection = record.collection and other.stix_id = record.stix_id
    and other.tlp <= clearance.rank and other.edition >= substr(record.edition, 1, 3) || '~') as is_newest_spec
from record join content on content.collection = record.collection and content.digest = record.digest
  join clearance on record.tlp <= clearance.rank;

-- Where a channel out stands still because the gate no longer lets a statement go, and on what ground. The sender alone learns it.
create table held_back (
  collection text not null primary key,
  statement text not null,
  grounds text not null,
  since text not null
);
