-- The sealed files that couriers bring.

-- The newest file of each member that was opened here. An older one is refused, and the same one brings nothing again.
create table courier (
  member text not null primary key,
  made_at text not null,
  digest blob not null
);
