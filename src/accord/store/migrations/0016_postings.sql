-- Search terms by block of 16,384 positions: one row for each term of a block, with the places in it where the term occurs.
-- The rows for each term and position that stood here before go, and the holdings are indexed anew in the background: nothing would erase
-- their words any more. A process of the version before stops finding and indexing from here on, and is to be stopped.
drop table term;
delete from progress where name = 'terms';

create table posting (
  collection text not null,
  block bigint not null,          -- The positions from block * 16384 on.
  term blob not null,             -- UTF-8, so that every engine orders it by its octets.
  places blob not null,           -- Two octets a place, little end first, or 2,048 octets with a bit for each place.
  primary key (collection, block, term)
);
