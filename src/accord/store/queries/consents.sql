-- name: consent_add
-- A record that a consent names.
insert into consent (collection, commitment, position, consent) values (:collection, :commitment, :position, :consent)
on conflict (collection, commitment, position) do nothing;

-- name: consents_about
-- Where the consents about a record stand in a channel, the newest first.
select position from consent where collection = :collection and commitment = :commitment order by position desc;

-- name: consent_stands
-- Where a consent stands in a channel, by its identifier.
select leaf.commitment from leaf where leaf.collection = :collection and leaf.salt is not null
  and leaf.position in (select position from consent where consent = :consent and collection = :collection);

-- name: consent_names
-- The consent that a leaf is, and the records it names.
select consent, commitment from consent where collection = :collection and position in (select leaf.position from leaf
  where leaf.collection = :collection and leaf.position / 65536 in (select number from leaf_block) and leaf.commitment = :sealed
    and leaf.salt is not null)
order by commitment;

-- name: superseded_add
-- A statement of a channel is replaced by the one at a position.
insert into superseded (collection, statement, position) values (:collection, :statement, :position)
on conflict (collection, statement, position) do nothing;

-- name: superseded_by
-- Where the statements stand that replace one, the newest first.
select position from superseded where collection = :collection and statement = :statement order by position desc;

-- name: expiry_sooner
-- A statement that is replaced goes with the date of the one that replaces it, where that is sooner.
update expiry set review = :review where collection = :collection and position = :position and review > :review;

-- name: leaf_standing
-- A commitment that still has its content: its record, its salt, and the statement it came under first.
select digest, salt, statement from leaf
where collection = :collection and position / 65536 in (select number from leaf_block) and commitment = :commitment and salt is not null;
