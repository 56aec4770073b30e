-- Recall, expiry and what is still to be erased.

-- What was taken back on a channel, by commitment, and when the recipient confirmed that it erased it; empty while it is silent.
create table recall (
  collection text not null,
  commitment blob not null,
  digest blob,                    -- Of the record, while the giver still holds it, so that it is not released again unasked.
  recall text not null,
  reason text not null,
  recalled_at text not null,
  erased_at text not null,
  primary key (collection, commitment)
);

-- What we erased on a channel in and have still to confirm to its sender.
create table erasure (
  collection text not null,
  commitment blob not null,
  recall text not null,
  erased_at text not null,
  answered smallint not null,
  primary key (collection, commitment)
);

-- Positions that came without content and wait for the recall that explains them.
create table hole (
  collection text not null,
  position bigint not null,
  commitment blob not null,
  primary key (collection, position)
);

-- The day after which what a statement covers has to be gone.
create table expiry (
  collection text not null,
  position bigint not null,
  statement text not null,
  review text not null,
  done smallint not null,
  primary key (collection, position)
);
create index expiry_review on expiry (collection, review);

-- What a recipient said of a leaf that we gave: accepted, declined with its ground, handled.
create table answer (
  collection text not null,
  commitment blob not null,
  kind text not null,
  code text not null,
  said_at text not null,
  primary key (collection, commitment, kind)
);

-- A decline is told to the sender too.
alter table declined add column answered smallint not null default 0;
