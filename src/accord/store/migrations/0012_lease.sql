-- Lease: which of the processes that serve the node does the node's own work.

-- The one who does this work, and until when it may be taken for alive. No row: nobody does it.
create table lease (
  work text not null primary key,
  holder text not null,
  until text not null
);
