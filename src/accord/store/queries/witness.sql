-- name: leaf_commitments
-- The commitments of a run of leaves, in order.
select commitment from leaf where collection = :collection and position >= :first and position < :beyond order by position;

-- name: tile_of
-- What the file of a full tile must hash to, and its root.
select digest, root from tile where collection = :collection and kind = :kind and place = :place;

-- name: tile_roots
-- The roots of a run of full tiles of one level, in order.
select place, root from tile where collection = :collection and kind = :kind and place >= :first and place < :beyond order by place;

-- name: tile_keep
-- Note a full tile. It never changes; rebuilt, it is the same.
insert into tile (collection, kind, place, digest, root) values (:collection, :kind, :place, :digest, :root)
on conflict (collection, kind, place) do update set digest = excluded.digest, root = excluded.root;

-- name: witnessed_of
-- What this node cosigned last for a log.
select size, root, note, cosigned_at from witnessed where origin = :origin;

-- name: witnessed_open
-- The first checkpoint cosigned for a log.
insert into witnessed (origin, size, root, note, cosigned_at) values (:origin, :size, :root, :note, :cosigned_at)
on conflict (origin) do nothing;

-- name: witnessed_advance
-- The next checkpoint cosigned for a log. Only from the size that was judged.
update witnessed set size = :size, root = :root, note = :note, cosigned_at = :cosigned_at where origin = :origin and size = :old_size;

-- name: cosignature_keep
-- A member's cosignature over our journal; only a later size replaces it.
insert into cosignature (member, size, note, line, signed_at) values (:member, :size, :note, :line, :signed_at)
on conflict (member) do update set size = excluded.size, note = excluded.note, line = excluded.line, signed_at = excluded.signed_at
where excluded.size >= cosignature.size;

-- name: cosignature_of
-- A member's newest cosignature over our journal.
select member, size, note, line, signed_at from cosignature where member = :member;

-- name: cosignatures
-- The newest cosignatures over our journal.
select member, size, note, line, signed_at from cosignature order by member;

-- name: seen_keep
-- The newest checkpoint of a member's journal; an older one replaces nothing.
insert into seen (member, size, note, seen_at) values (:member, :size, :note, :seen_at)
on conflict (member) do update set size = excluded.size, note = excluded.note, seen_at = excluded.seen_at where excluded.size > seen.size;

-- name: seen_of
-- The newest checkpoint of a member's journal, and when it was seen.
select member, note, seen_at from seen where member = :member;

-- name: seen_all
-- The newest checkpoint of every journal that is known.
select member, note from seen order by member;

-- name: evidence_add
-- Two signed checkpoints that cannot both be true.
insert into evidence (origin, held, offered, says, found_at, proof) values (:origin, :held, :offered, :says, :found_at, :proof)
on conflict (origin, held, offered) do nothing;

-- name: evidence_kinds
-- Of what kind the evidence about one log is: what is said of each pair, and its proof.
select says, proof from evidence where origin = :origin;

-- name: evidence_all
-- All evidence, in the order it was found.
select origin, held, offered, says, found_at, proof from evidence order by found_at, origin;

-- name: receipts_of
-- Every receipt of a channel, in the order of sizes.
select size, checkpoint, cosignature, signed_at, handed_over from receipt where collection = :collection order by size;

-- name: leaf_forget
-- Take salt and digest from one leaf. Its commitment stays, so the tree does not change.
update leaf set salt = null, digest = null where collection = :collection and position = :position and salt is not null;

-- name: leaf_digest_at
-- The digest that one leaf still has.
select digest from leaf where collection = :collection and position = :position and digest is not null;

-- name: content_forget
-- Destroy bytes that no leaf of this collection stands on any more.
delete from content where content.collection = :collection and content.digest = :digest
  and not exists (select 1 from leaf where leaf.collection = :collection
    and leaf.position / 65536 in (select number from leaf_block) and leaf.digest = :digest);
