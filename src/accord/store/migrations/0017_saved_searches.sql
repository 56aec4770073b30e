-- What an officer looks for again and again. Nothing that was found is kept here: a notice is counted in the index when somebody asks for it.
create table saved_search (
  officer text not null,
  name text not null,
  query text not null,
  saved_at text not null,
  seen bigint not null,           -- Positions below it were indexed when the officer looked last.
  primary key (officer, name)
);
