-- Restore: what a member can be given back of its own channel, the epochs of journals, and whom a restored node awaits.

-- The newest checkpoint of a channel in, kept in the act that kept the leaves it proves.
create table held (
  collection text not null primary key,
  size bigint not null,
  note text not null
);

-- The epoch of each member's journal, where it is not the first.
create table epoch (
  member text not null primary key,
  number bigint not null
);

-- Whom a restored node waits for. The row of the member itself stands until everything is done, and no door opens while it does.
-- The row of another member stands until that member gave back what it holds; until then nothing enters the channel to it.
create table rejoin (
  member text not null primary key,
  state text not null,            -- awaited, heard or gone; of the member itself: awaited or begun
  journal text not null           -- Checkpoints of this member's journal that the other one remembers, one after the other.
);
