-- Standing releases: what an officer released ahead of its arrival.

-- The order itself, who gave it, who confirmed it, who ended it, and how far the holdings were looked through under it.
create table standing_release (
  name text not null primary key,
  source text not null,
  selection text not null,        -- Types and markings that it covers, as canonical JSON.
  terms text not null,            -- What an officer offers, as canonical JSON.
  until text not null,            -- The last day.
  granted_by text not null,
  granted_at text not null,
  confirmed_by text not null,     -- Empty until a second officer confirmed it; nothing is released before.
  confirmed_at text not null,
  ended_by text not null,
  ended_at text not null,
  position bigint not null,
  released bigint not null,
  withheld bigint not null        -- Records that it covers and that the gate withheld; they wait for an officer.
);
