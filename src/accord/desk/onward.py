"""Onward: under what a record that another member gave may be passed on, and whether what stands behind a received one was truly signed.

Requirement INF-04: nothing is passed on without the prior written consent of its originator, naming item, user and purpose. Duties:
  1. what is passed on stands in a channel to us, with its content, under a statement that nothing has replaced;
  2. the consent is of the member that gave it first, to us, about this record and that member's first statement;
  3. of several consents the one that names the whole audience counts, and of these the newest: one statement rests on one consent;
  4. at the recipient, every signature behind a statement holds under the keys of whoever is said to have made it.
What fails under 4 is admissibility, not integrity: it is a claim about a third member, and our channel with the sender does not rest on it. A third
member that replaces its keys must not stop a channel between two others, and nor must one that lies about it: its record is declined with this ground,
and its signed statement stays as evidence of what it claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from accord.desk.introduce import keys_of
from accord.desk.means import Means
from accord.desk.prove import Parcel, Proven
from accord.errors import AccordError, SignatureInvalid
from accord.seal.canonical import Digest, Fields
from accord.seal.keys import Role
from accord.seal.signature import verify_fields
from accord.stix.consent import Consent
from accord.stix.control import Kind
from accord.stix.statement import CONTEXT, TYPE, Statement, read_timestamp
from accord.stix.upstream import Link, links
from accord.store import consents, peers
from accord.store.database import Transaction
from accord.store.erasure import live_commitments
from accord.store.records import Passage


def passage_of(means: Means, transaction: Transaction, digest: Digest, audience: Sequence[str]) -> Passage | None:
    """Under what a received record may be passed on to this audience; None where no consent is about it. 1, 2, 3

    Whom the consent does not name, the gate withholds it from.
    """
    found = list(_passages(means, transaction, digest))
    return max(found, key=lambda one: (set(audience) <= set(one.link.consent.users), one.link.consent.made_at), default=None)


def _passages(means: Means, transaction: Transaction, digest: Digest) -> Iterator[Passage]:
    incoming = [means.channel_from(member) for member in means.partners()]
    for channel in incoming:
        for commitment in live_commitments(transaction, channel, [digest]):
            standing = consents.standing_as(transaction, channel, commitment)  # 1
            words = [word for name in incoming for word in consents.consents_about(transaction, name, commitment)]
            if standing is None or not words:
                continue
            statement = Statement.parse(standing.statement)
            for word in words:
                link = Link(statement, Consent.parse(word), standing.statement, word)
                if _is_about(link, commitment, means.member):
                    yield Passage(link, commitment, standing.salt)


def _is_about(link: Link, commitment: bytes, holder: str) -> bool:
    first, consent = link.first, link.consent
    named = commitment in consent.commitments and commitment in link.statement.commitments
    return named and (consent.by, consent.holder, consent.statement) == (first.releaser, holder, first.id)  # 2


def strangers(means: Means, parcels: Iterable[object]) -> list[str]:
    """Members behind the statements of a page whose key files this node does not know yet: it asks the sender for them."""
    statements = [item.fields for item in parcels if isinstance(item, Parcel) and item.fields.get("type") == TYPE]
    named = {name for fields in statements for name in _signers(fields)} & set(means.partners())
    with means.database.reading() as transaction:
        return sorted(name for name in named if peers.peer_of(transaction, name).key_file is None)


def _signers(fields: Fields) -> Iterator[str]:
    """Who is said to have signed what stands behind a statement. Nothing is believed yet; what cannot be read is declined later."""
    try:
        for link in links(Statement.parse(fields)):
            yield from (link.statement.releaser, link.consent.by)
    except AccordError:
        return


def unproven(means: Means, transaction: Transaction, items: Sequence[Proven]) -> dict[str, str]:
    """The statements of a page behind which a signature does not hold, with the ground. 4"""
    found: dict[str, str] = {}
    for statement in (item.meaning for item in items if isinstance(item.meaning, Statement)):
        if statement.upstream is not None and statement.id not in found:
            try:
                _prove_behind(means, transaction, statement)
            except AccordError as error:
                found[statement.id] = f"upstream: {error.says}"
    return found


def _prove_behind(means: Means, transaction: Transaction, statement: Statement) -> None:
    for link in links(statement):
        for signed, signer, context in (
            (link.signed_statement, link.statement.releaser, CONTEXT),
            (link.signed_consent, link.consent.by, Kind.CONSENT.value),
        ):
            prove_word(means, transaction, signed, signer=signer, context=context)


def prove_word(means: Means, transaction: Transaction, signed: Fields, *, signer: str, context: str) -> None:
    """Raise unless a member truly signed this, with a key that was valid when it says it did."""
    moment = read_timestamp(str(signed.get("created")))
    try:
        verify_fields(signed, context=context, keys=keys_of(means, transaction, signer, Role.STATEMENT, now=moment))
    except AccordError as error:
        raise SignatureInvalid(f"{signed.get('id')} is not signed by {signer}: {error.says}") from error
