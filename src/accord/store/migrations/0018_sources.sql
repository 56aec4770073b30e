-- Outside sources that this node reads by itself: TAXII 2.1 servers of others.

-- Where a source is, how far it was read, and how the last contact went. Its secret lies in a file of the node's folder.
create table source (
  name text not null primary key,
  api_root text not null,
  collection text not null,
  username text not null,         -- Empty where the secret is a bearer token, or where there is none.
  has_secret smallint not null,
  every_seconds bigint not null,
  added_after text not null,      -- The source's own word for the last object that was read; empty before the first.
  following text not null,        -- The source's cursor inside a round that was not finished; empty between rounds.
  lost bigint not null,           -- Objects that the source lists and did not give.
  fault text not null,            -- Empty while all is well.
  faults_in_a_row bigint not null,
  contacted_at text not null,
  retry_at text not null
);
