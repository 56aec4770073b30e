-- Consents to pass on, statements that replace earlier ones, and what is owed further down the line.

-- Which records a consent is about, and where it stands in the channel on which it was given.
create table consent (
  collection text not null,
  commitment blob not null,
  position bigint not null,
  consent text not null,          -- Its identifier.
  primary key (collection, commitment, position)
);
create index consent_id on consent (consent, collection, position);

-- Which statement of a channel was replaced by the one at a position.
create table superseded (
  collection text not null,
  statement text not null,
  position bigint not null,
  primary key (collection, statement, position)
);

-- The commitment for whose sake a recall was made: its own, or on the way down the line the one that was recalled from us.
alter table recall add column cause blob;
update recall set cause = commitment;
create index recall_cause on recall (cause);

-- 1 while the recipient says that somebody further down the line has not confirmed.
alter table recall add column below smallint not null default 0;
