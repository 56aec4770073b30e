-- The tables of first light. One text for SQLite and PostgreSQL: `blob` becomes `bytea`, nothing else differs.
-- Big tables begin with `collection`, their primary key with it too, so that a collection can move to a server of its own.
-- No sequence, no identity, no trigger, no generated column: positions come from a collection's counter row.

-- A collection's counter row: the holdings, each channel in and out, the journal. Locked first by whoever appends.
create table collection (
  name text not null primary key,
  size bigint not null,
  frontier blob not null,         -- The compact range of its Merkle tree; empty for the holdings, which are no log.
  octets bigint not null,         -- Bytes of everything ever appended, for cutting pages.
  last_at text not null           -- The last `date_added`; the next is later.
);

-- The bytes, once, by digest. Erasing is deleting here.
create table content (
  collection text not null,
  digest blob not null,
  body blob not null,
  primary key (collection, digest)
);

-- What the member holds: its own, imported, and received records.
create table record (
  collection text not null,
  position bigint not null,
  digest blob not null,
  stix_id text not null,
  stix_type text not null,
  version text not null,
  came text not null,             -- own, import or channel
  source text not null,           -- Member or outside source it came from.
  originator text not null,
  originator_is_member smallint not null,
  article text not null,          -- The article it came under; empty for own and imported ones.
  received blob,                  -- Digest of what was received, for an import.
  faults text not null,           -- What breaks the standard, one a line; empty for most.
  added_at text not null,
  primary key (collection, position)
);
create unique index record_digest on record (collection, digest);
create index record_stix_id on record (collection, stix_id, position);
create index record_source on record (collection, source, position);

-- One leaf for each object of a log, statements and records alike. An erased leaf keeps its commitment and loses salt and digest.
create table leaf (
  collection text not null,
  position bigint not null,
  commitment blob not null,
  salt blob,
  digest blob,
  statement bigint not null,      -- Position of the statement that covers it; its own for a statement and for an act of the journal.
  added_at text not null,
  primary key (collection, position)
);
create index leaf_digest on leaf (collection, digest);
create index leaf_commitment on leaf (collection, commitment);

-- Where an append ended: sizes at which a page may end and a checkpoint is signed.
create table boundary (
  collection text not null,
  size bigint not null,
  root blob not null,
  octets bigint not null,
  added_at text not null,
  primary key (collection, size)
);

-- What the gate said to each member, for each act of publishing.
create table decision (
  collection text not null,
  act text not null,
  recipient text not null,
  records bigint not null,
  article text not null,          -- Empty when withheld.
  grounds text not null,          -- Empty when released.
  remedy text not null,
  decided_at text not null,
  primary key (collection, act, recipient)
);

-- Cosignatures over a channel's checkpoints: given by us on channels in, received on channels out.
create table receipt (
  collection text not null,
  size bigint not null,
  checkpoint text not null,
  cosignature text not null,
  signed_at text not null,
  handed_over smallint not null,  -- 1 when the sender confirmed that it holds our receipt, or when it is theirs to us.
  primary key (collection, size)
);

-- What did not pass on a channel in: the commitment stays, the content went, the ground is named.
create table declined (
  collection text not null,
  position bigint not null,
  ground text not null,
  declined_at text not null,
  primary key (collection, position)
);

-- What we know of another member's node.
create table peer (
  member text not null primary key,
  key_file blob,
  head text not null,             -- The last checkpoint of its channel to us that we verified to its end.
  fault_duty text not null,       -- Empty while all is well.
  fault_says text not null,
  faults_in_a_row bigint not null,
  contacted_at text not null,
  retry_at text not null
);

create table officer (
  name text not null primary key,
  role text not null,
  added_at text not null
);

-- Search terms of the holdings.
create table term (
  collection text not null,
  term text not null,
  position bigint not null,
  primary key (collection, term, position)
);

-- How far background work has come.
create table progress (
  name text not null primary key,
  position bigint not null
);
