-- Why something was read: the text to which an entry of the journal commits, until its term ends. The entry and its commitment stay.
create table journal_text (
  collection text not null,
  commitment blob not null,
  salt blob not null,
  body blob not null,
  kept_until text not null,       -- The last day.
  primary key (collection, commitment)
);
create index journal_text_until on journal_text (collection, kept_until);
