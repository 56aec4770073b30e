-- How far the clock of a member's node was ahead of ours at the last contact, in seconds; behind is negative.
alter table peer add column clock_ahead bigint not null default 0;
