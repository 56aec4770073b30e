-- Tiles of logs, and witnessing: what this node cosigned, what others cosigned for it, what it saw, and evidence of logs that lied.

-- Full tiles and bundles: what a file of one must hash to, and the hash that stands for the tile in the level above.
create table tile (
  collection text not null,
  kind text not null,             -- The level, or `entries` for a bundle.
  place bigint not null,
  digest blob not null,
  root blob not null,             -- Empty for a bundle.
  primary key (collection, kind, place)
);

-- The newest checkpoint of each journal that this node cosigned. The next cosigned one has grown from it.
create table witnessed (
  origin text not null primary key,
  size bigint not null,
  root blob not null,
  note text not null,
  cosigned_at text not null
);

-- The newest cosignature of each other member over this node's own journal.
create table cosignature (
  member text not null primary key,
  size bigint not null,
  note text not null,
  line text not null,
  signed_at text not null
);

-- The newest checkpoint of each journal that this node knows, its own published one among them.
create table seen (
  member text not null primary key,
  size bigint not null,
  note text not null,
  seen_at text not null
);

-- Two checkpoints of one log, both signed, that cannot both be true.
create table evidence (
  origin text not null,
  held text not null,
  offered text not null,
  says text not null,
  found_at text not null,
  primary key (origin, held, offered)
);
