-- name: decision_add
-- What the gate said to one member about one act.
insert into decision (collection, act, recipient, records, article, grounds, remedy, decided_at)
values (:collection, :act, :recipient, :records, :article, :grounds, :remedy, :decided_at);

-- name: decisions_of
-- Every decision about one act.
select recipient, records, article, grounds, remedy, decided_at from decision where collection = :collection and act = :act order by recipient;

-- name: receipt_add
-- A cosignature over a checkpoint. A later one for the same size replaces it only while the sender does not hold it.
insert into receipt (collection, size, checkpoint, cosignature, signed_at, handed_over)
values (:collection, :size, :checkpoint, :cosignature, :signed_at, :handed_over) on conflict (collection, size) do update
set checkpoint = excluded.checkpoint, cosignature = excluded.cosignature, signed_at = excluded.signed_at where receipt.handed_over = 0;

-- name: receipt_last
-- The receipt that reaches furthest.
select size, checkpoint, cosignature, signed_at, handed_over from receipt where collection = :collection order by size desc limit 1;

-- name: receipt_handed_over
-- The sender confirmed that it holds our receipts up to this size.
update receipt set handed_over = 1 where collection = :collection and size <= :size and handed_over = 0;

-- name: declined_add
-- A record that did not pass, with its ground.
insert into declined (collection, position, ground, declined_at) values (:collection, :position, :ground, :declined_at);

-- name: declined_of
-- The records of a channel that did not pass, the newest first.
select position, ground, declined_at from declined where collection = :collection order by position desc limit :count;

-- name: declined_count
-- How many records of a channel did not pass.
select count(*) from declined where collection = :collection;

-- name: peer_of
-- What we know of a member's node.
select key_file, head, fault_duty, fault_says, faults_in_a_row, contacted_at, retry_at, clock_ahead from peer where member = :member;

-- name: peer_open
-- Begin to know a member's node.
insert into peer (member, key_file, head, fault_duty, fault_says, faults_in_a_row, contacted_at, retry_at)
values (:member, null, '', '', '', 0, '', '') on conflict (member) do nothing;

-- name: peer_key_file
-- Keep a member's newer key file.
update peer set key_file = :key_file where member = :member;

-- name: peer_head
-- The last checkpoint that we verified to its end.
update peer set head = :head where member = :member;

-- name: peer_contact
-- How the last contact went.
update peer set fault_duty = :fault_duty, fault_says = :fault_says, faults_in_a_row = :faults_in_a_row, contacted_at = :contacted_at,
  retry_at = :retry_at, clock_ahead = :clock_ahead where member = :member;

-- name: officer_add
-- An officer of this member.
insert into officer (name, role, tlp, added_at) values (:name, :role, :tlp, :added_at) on conflict (name) do nothing;

-- name: officer_of
-- One officer's role and clearance.
select role, tlp from officer where name = :name;

-- name: officers
-- All officers of this member.
select name, role, added_at from officer order by name;

-- name: journal_text_add
-- What an entry of the journal commits to, until a day.
insert into journal_text (collection, commitment, salt, body, kept_until) values (:collection, :commitment, :salt, :body, :kept_until);

-- name: journal_text_of
-- Salt and text behind a commitment.
select salt, body from journal_text where collection = :collection and commitment = :commitment;

-- name: journal_texts_expire
-- Destroy the texts whose last day has passed.
delete from journal_text where collection = :collection and kept_until < :today;

-- name: held_back_set
-- A statement of a channel out may no longer go; the row changes only where statement or ground is another than before.
insert into held_back (collection, statement, grounds, since) values (:collection, :statement, :grounds, :since)
on conflict (collection) do update set statement = excluded.statement, grounds = excluded.grounds, since = excluded.since
where held_back.statement <> excluded.statement or held_back.grounds <> excluded.grounds;

-- name: held_back_of
-- What a channel out waits for.
select statement, grounds, since from held_back where collection = :collection;

-- name: held_back_clear
-- The channel was served to its end.
delete from held_back where collection = :collection;
