-- Notices sent and received: on which channel, with what code, and about how many of its records.
create table notice (
  collection text not null,
  notice text not null,
  code text not null,
  records bigint not null,
  said_at text not null,
  primary key (collection, notice)
);
