-- name: recall_add
-- A commitment taken back on a channel out.
insert into recall (collection, commitment, digest, recall, reason, recalled_at, erased_at, cause)
values (:collection, :commitment, :digest, :recall, :reason, :recalled_at, '', :cause) on conflict (collection, commitment) do nothing;

-- name: recall_of_digests
-- Which of these records were taken back on a channel.
select digest from recall where collection = :collection and digest in (:values);

-- name: recall_forget
-- The giver itself holds the record no longer: nothing but commitments is left of it.
update recall set digest = null where digest = :digest;

-- name: recall_erased
-- The recipient confirmed that it erased this. What it erased by itself on expiry counts too.
update recall set erased_at = :erased_at where collection = :collection and commitment = :commitment and erased_at = '';

-- name: recall_below
-- What the recipient says of those to whom it had passed this on.
update recall set below = :below where collection = :collection and commitment = :commitment;

-- name: recalls
-- Every recall of a channel: how many records, how many confirmed, when the last was, and on how many somebody further down is silent.
select recall, reason, min(recalled_at), count(*), sum(case when erased_at = '' then 0 else 1 end), max(erased_at), sum(below)
from recall where collection = :collection group by recall, reason order by min(recalled_at), recall;

-- name: recalls_silent
-- What the recipient did not confirm yet.
select recall, reason, commitment from recall where collection = :collection and erased_at = '' order by recall, commitment;

-- name: erasure_add
-- A commitment whose content we erased, to be confirmed to its sender.
insert into erasure (collection, commitment, recall, erased_at, answered) values (:collection, :commitment, :recall, :erased_at, 0)
on conflict (collection, commitment) do update set recall = excluded.recall, answered = 0;

-- name: erasures_unanswered
-- What we erased on a channel in and did not confirm to its end yet, a recall at a time; `below` is 1 while those to whom we passed it on are silent.
-- What was confirmed for ourselves alone comes again when they have confirmed.
select recall, commitment, case when exists (select 1 from recall where recall.cause = erasure.commitment
  and (recall.erased_at = '' or recall.below = 1)) then 1 else 0 end as below
from erasure where collection = :collection and (answered = 0 or (answered = 2 and not exists (select 1 from recall
  where recall.cause = erasure.commitment and (recall.erased_at = '' or recall.below = 1))))
order by recall, below, commitment limit :count;

-- name: erasure_answered
-- The confirmation stands in our channel: 1 for the whole line, 2 for ourselves alone.
update erasure set answered = :answered where collection = :collection and commitment = :commitment;

-- name: hole_add
-- A position that came without content.
insert into hole (collection, position, commitment) values (:collection, :position, :commitment);

-- name: hole_explained
-- The recall for it came.
delete from hole where collection = :collection and commitment = :commitment;

-- name: hole_count
-- Positions without content that no recall explains.
select count(*), min(position) from hole where collection = :collection;

-- name: expiry_add
-- The review date of a statement.
insert into expiry (collection, position, statement, review, done) values (:collection, :position, :statement, :review, 0)
on conflict (collection, position) do nothing;

-- name: expiry_due
-- Statements whose review date has passed.
select collection, position, statement from expiry where review < :today and done = 0 order by collection, position limit :count;

-- name: expiry_standing
-- Statements of a channel whose review date has not passed.
select position from expiry where collection = :collection and review >= :today order by position;

-- name: statements_from
-- Statements of a channel from a position on.
select position from expiry where collection = :collection and position >= :first order by position limit :count;

-- name: expiry_done
-- What this statement covers is gone.
update expiry set done = 1 where collection = :collection and position = :position;

-- name: expiry_of_statement
-- Where a statement stands in a channel.
select position from expiry where collection = :collection and statement = :statement;

-- name: leaf_live_from
-- The live leaves of the statement at a position. They stand right behind it, which keeps the search to the primary key.
select commitment from leaf where collection = :collection and position >= :first and position <= :last and statement = :position
  and salt is not null order by position;

-- name: leaf_of_commitment
-- Position and record of a commitment that still has its content.
select position, digest from leaf
where collection = :collection and position / 65536 in (select number from leaf_block) and commitment = :commitment and salt is not null;

-- name: leaf_erase
-- Destroy salt and digest; the commitment stays, and nothing can be guessed from it.
update leaf set salt = null, digest = null
where collection = :collection and position / 65536 in (select number from leaf_block) and commitment = :commitment and salt is not null;

-- name: content_erase
-- Destroy the bytes.
delete from content where collection = :collection and digest = :digest;

-- name: record_erase
-- Forget that the record was held. Its bytes still lead to it, so they go after it.
delete from record where collection = :collection
  and position = (select place from content where content.collection = :collection and content.digest = :digest);

-- name: answer_add
-- A recipient's word about a leaf; said once.
insert into answer (collection, commitment, kind, code, said_at) values (:collection, :commitment, :kind, :code, :said_at)
on conflict (collection, commitment, kind) do nothing;

-- name: answers
-- What a recipient said, by kind and code.
select kind, code, count(*) from answer where collection = :collection group by kind, code order by kind, code;

-- name: answers_declining
-- Which of these leaves the recipient declined: it has no content of them.
select commitment from answer where collection = :collection and kind = :kind and commitment in (:values);

-- name: declined_unanswered
-- What we declined on a channel in and did not tell its sender yet.
select declined.position, leaf.commitment, declined.ground from declined
join leaf on leaf.collection = declined.collection and leaf.position = declined.position
where declined.collection = :collection and declined.answered = 0 order by declined.position limit :count;

-- name: declined_answered
-- The decline stands in our channel.
update declined set answered = 1 where collection = :collection and position = :position;

-- name: answers_about
-- What was said of one leaf, in the order in which it was said.
select kind, code, said_at from answer where collection = :collection and commitment = :commitment order by said_at, kind;

-- name: notice_add
-- A notice on a channel.
insert into notice (collection, notice, code, records, said_at) values (:collection, :notice, :code, :records, :said_at)
on conflict (collection, notice) do nothing;

-- name: notices
-- The notices of a channel, the oldest first.
select notice, code, records, said_at from notice where collection = :collection order by said_at, notice;
