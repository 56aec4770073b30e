"""The demo's story: invented officers at three members of an alliance founded on the SCO template.

Everybody and everything in it is invented. Each member has its own folder, database, keys, port and process; they speak over HTTP.
`Story` holds the acts; `accord.node.stage` starts and stops the nodes it is played on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files

from accord.charter.officers import OfficerRole
from accord.desk import confirm, consent, importing, office, publish, read, recall
from accord.desk.consent import Wanted
from accord.desk.read import Asked
from accord.desk.release import recipients_of
from accord.desk.status import ChannelState, status
from accord.errors import AccordError, Refusal, counted
from accord.node.build import Node, utc_now
from accord.release.decision import Withheld
from accord.release.question import Offer
from accord.stix.control import RecallReason
from accord.stix.marking import Grade, SubjectCategory, Tlp
from accord.stix.record import unpack
from accord.stix.schema import faults
from accord.store.records import bodies_from, held_at
from accord.store.words import terms_of

WAIT_SECONDS_MAX = 600  # Seconds for a channel to be delivered. 100,000 records take well under two minutes on two cores.
REVIEW_DAYS = 365
RECORDS_TRIED_MAX = 1_000  # Records looked through for one that keeps to the standard.
SOURCE = "demo data"
APPROVER = "D. Serik (invented)"  # The second officer, without whom no imported person is released.
PURPOSE = "prevention of an attack on a transport hub"


@dataclass(frozen=True, slots=True)
class Act:
    """One act of the story as it was seen; `ok` says whether it went as it must."""

    act: str
    member: str
    ok: bool
    says: str


@dataclass(frozen=True, slots=True)
class Cast:
    """The members of the story, in the order of their appearance, with their officers."""

    giver: str = "KZ"
    receiver: str = "KG"
    bystander: str = "TJ"

    @property
    def members(self) -> tuple[str, str, str]:
        return (self.giver, self.receiver, self.bystander)

    def officer(self, member: str) -> str:
        names = {self.giver: "A. Bekova (invented)", self.receiver: "N. Sadyrov (invented)", self.bystander: "F. Rahimi (invented)"}
        return names[member]


def enlist(node: Node, cast: Cast) -> None:
    """Register the member's officer."""
    office.add_officer(node.means, name=cast.officer(node.means.member), role=OfficerRole.OFFICER, now=utc_now())


def play(nodes: dict[str, Node], cast: Cast, *, data: bytes | None, progress: Callable[[str, int, int], None]) -> Iterator[Act]:
    """Play the story, an act at a time. With `data`, the giver imports and releases it in place of the invented report."""
    giver, receiver, bystander = nodes[cast.giver], nodes[cast.receiver], nodes[cast.bystander]
    officer, report = cast.officer(cast.giver), _report()
    offer = _offer(cast.receiver)
    yield _previewed(giver, cast, report, officer, offer)
    yield _withheld(giver, cast, report, officer)
    if data is None:
        done = publish.publish(giver.means, [report], officer=officer, offer=offer, now=utc_now())
        word, records = "lantern", done.records
        yield Act(
            "published",
            cast.giver,
            ok=True,
            says=f"{counted(records, 'record')} to {', '.join(offer.audience)} under {offer.basis}, TLP amber, grade B2",
        )
    else:
        word, records, says = _import_and_release(giver, data, officer, offer, progress)
        yield Act("published", cast.giver, ok=True, says=says)
    yield _synced(giver, receiver, cast, progress)
    yield _delivered(giver, cast)
    yield _found(receiver, cast, word)
    content = report if data is None else _one_of_many(receiver)
    yield _passed_on(receiver, cast, content)
    yield _consented(giver, receiver, bystander, cast, content)
    yield _recalled(giver, cast, officer)
    yield _erased(giver, receiver, cast)


def _offer(recipient: str, *, basis: str = "SC/7", word: str = "") -> Offer:
    return Offer(
        audience=(recipient,),
        basis=basis,
        purpose=PURPOSE,
        tlp=Tlp.AMBER,
        grade=Grade.parse("B2"),
        review=(utc_now() + timedelta(days=REVIEW_DAYS)).date(),
        category=SubjectCategory.SUSPECT,
        word=word,
    )


def _previewed(node: Node, cast: Cast, report: bytes, officer: str, offer: Offer) -> Act:
    answers = publish.preview(node.means, [report], officer=officer, offer=offer, now=utc_now())
    reached = recipients_of(answers)
    left_out = next(item.decision for item in answers if item.decision.recipient == cast.bystander)
    assert isinstance(left_out, Withheld), "the bystander is not in the audience"
    says = f"would reach {', '.join(reached)} under {offer.basis}; not {cast.bystander}: {left_out.grounds[0]}"
    return Act("previewed", cast.giver, ok=reached == (cast.receiver,), says=says)


def _withheld(node: Node, cast: Cast, report: bytes, officer: str) -> Act:
    """An article whose entry into force is not established permits nothing, and the refusal names what would."""
    try:
        publish.publish(node.means, [report], officer=officer, offer=_offer(cast.bystander, basis="DB/3"), now=utc_now())
    except Refusal as refusal:
        return Act("withheld", cast.giver, ok=True, says=f"{refusal.says}. To change this: {refusal.remedy}")
    return Act("withheld", cast.giver, ok=False, says="the gate let it pass, which it must not")


def _import_and_release(
    node: Node, data: bytes, officer: str, offer: Offer, progress: Callable[[str, int, int], None]
) -> tuple[str, int, str]:
    imported = importing.import_files(node.means, [data], source=SOURCE, now=utc_now(), progress=lambda done: progress("imported", done, 0))
    office.add_officer(node.means, name=APPROVER, role=OfficerRole.APPROVER, now=utc_now())
    persons = confirm.confirm_source(node.means, SOURCE, officer=APPROVER, word="shown in a demonstration", now=utc_now())
    offer = replace(offer, word="shown in a demonstration")
    released, statements, _ = importing.release_imported(
        node.means,
        source=SOURCE,
        officer=officer,
        offer=offer,
        now=utc_now(),
        progress=lambda done: progress("released", done, imported.kept),
    )
    word = _a_word(node)
    says = (
        f"{counted(imported.read, 'object')} imported ({imported.annotated} break a rule of STIX and are annotated, {imported.refused} refused; "
        f"{counted(persons, 'person')} confirmed by a second officer), "
        f"{released} released to {', '.join(offer.audience)} in {counted(len(statements), 'statement')} on the officer's word"
    )
    return word, released, says


def _a_word(node: Node) -> str:
    """A word to search for: the first of the newest record that has a name."""
    with node.means.database.reading() as transaction:
        for _, body in bodies_from(transaction, 0, 100):
            name = json.loads(body).get("name")
            if isinstance(name, str) and (words := list(terms_of(name))):
                return words[0]
    return "stix"


def _synced(giver: Node, receiver: Node, cast: Cast, progress: Callable[[str, int, int], None]) -> Act:
    """Wait until the receiver's running node has brought and verified everything the giver's channel holds."""
    began = time.monotonic()
    promised = _channel(status(giver.means).outgoing, cast.receiver).size
    while (size := _channel(status(receiver.means).incoming, cast.giver).size) < promised:
        progress("synced", size, promised)
        if time.monotonic() - began > WAIT_SECONDS_MAX:
            fault = next((peer.fault for peer in status(receiver.means).peers if peer.member == cast.giver), "")
            return Act("synced", cast.receiver, ok=False, says=f"{size} of {promised} objects after {WAIT_SECONDS_MAX} s. {fault}")
        time.sleep(0.1)
    seconds = time.monotonic() - began
    return Act(
        "synced",
        cast.receiver,
        ok=True,
        says=f"{counted(size, 'object')} of {cast.giver}'s channel fetched, the root recomputed and equal, in {seconds:.1f} s",
    )


def _delivered(giver: Node, cast: Cast) -> Act:
    began = time.monotonic()
    while (channel := _channel(status(giver.means).outgoing, cast.receiver)).receipted < channel.size:
        if time.monotonic() - began > WAIT_SECONDS_MAX:
            return Act(
                "delivered",
                cast.giver,
                ok=False,
                says=f"{cast.receiver} receipted {channel.receipted} of {counted(channel.size, 'object')}",
            )
        time.sleep(0.1)
    return Act(
        "delivered",
        cast.giver,
        ok=True,
        says=f"{cast.receiver} signed for all of {counted(channel.size, 'object')} at {channel.receipted_at}",
    )


def _found(receiver: Node, cast: Cast, word: str) -> Act:
    while read.catch_up(receiver.means):
        pass
    asked = Asked(cast.officer(cast.receiver), PURPOSE)
    found = read.search(receiver.means, word, asked=asked, now=utc_now()).found
    if not found:
        return Act("found", cast.receiver, ok=False, says=f"a search for {word!r} finds nothing")
    first = found[0]
    return Act(
        "found",
        cast.receiver,
        ok=True,
        says=f"a search for {word!r}, for {PURPOSE}, finds {len(found)}: {first.name!r} from {first.held.source} under {first.held.article}",
    )


def _one_of_many(receiver: Node) -> bytes:
    """A record that the receiver was given and that keeps to the standard."""
    with receiver.means.database.reading() as transaction:
        return next(body for _, body in bodies_from(transaction, 0, RECORDS_TRIED_MAX) if not faults(body))


def _passed_on(receiver: Node, cast: Cast, content: bytes) -> Act:
    """The receiver's officer tries to give on what belongs to the giver."""
    try:
        publish.publish(receiver.means, [content], officer=cast.officer(cast.receiver), offer=_offer(cast.bystander), now=utc_now())
    except Refusal as refusal:
        return Act("onward-refused", cast.receiver, ok="INF-04" in refusal.says, says=refusal.says)
    return Act("onward-refused", cast.receiver, ok=False, says="the gate let it pass, which it must not")


def _consented(giver: Node, receiver: Node, bystander: Node, cast: Cast, content: bytes) -> Act:
    """The giver's officer consents, and the receiver's passes one record on to the bystander, who checks what the giver signed."""
    [record] = [item for item in unpack(content) if not isinstance(item, AccordError)][:1]
    wanted = Wanted(cast.receiver, (cast.bystander,))
    [given] = consent.consent(giver.means, str(record["id"]), wanted, officer=cast.officer(cast.giver), now=utc_now()).consents
    _wait_for_all(giver, receiver)
    raw, offer = json.dumps(record).encode(), _offer(cast.bystander)
    try:
        publish.publish(receiver.means, [raw], officer=cast.officer(cast.receiver), offer=offer, now=utc_now())
    except Refusal as refusal:
        return Act("consented", cast.giver, ok=False, says=refusal.says)
    _wait_for_all(receiver, bystander)
    held = sum(count.records for count in status(bystander.means).holdings)
    says = (
        f"{given.id} lets {cast.receiver} pass {record['id']} on to {cast.bystander}, which checked what {cast.giver} signed and keeps it"
    )
    return Act("consented", cast.giver, ok=held == 1, says=says)


def _wait_for_all(sender: Node, recipient: Node) -> None:
    """Wait until a running node has fetched all that another's channel to it holds; whoever asks next sees whether it came."""
    began = time.monotonic()
    promised = _channel(status(sender.means).outgoing, recipient.means.member).size
    while _channel(status(recipient.means).incoming, sender.means.member).size < promised and time.monotonic() - began < WAIT_SECONDS_MAX:
        time.sleep(0.1)


def _recalled(giver: Node, cast: Cast, officer: str) -> Act:
    """The giver takes back the first record it gave."""
    with giver.means.database.reading() as transaction:
        first = held_at(transaction, 0)
    assert first is not None, "the giver published at least one record"
    done = recall.recall(giver.means, first.stix_id, officer=officer, reason=RecallReason.WITHDRAWN, now=utc_now())
    recall.forget(giver.means)
    says = f"{first.stix_id} taken back from {', '.join(member for member, _ in done.members)}; the channel serves a hole in its place"
    return Act("recalled", cast.giver, ok=[member for member, _ in done.members] == [cast.receiver], says=says)


def _erased(giver: Node, receiver: Node, cast: Cast) -> Act:
    """Wait for the receiver's signed confirmation."""
    began = time.monotonic()
    while not all(one.state.is_complete for one in recall.compliance(giver.means)):
        if time.monotonic() - began > WAIT_SECONDS_MAX:
            return Act("erased", cast.receiver, ok=False, says="no confirmation came")
        time.sleep(0.1)
    held = sum(count.records for count in status(receiver.means).holdings)
    return Act(
        "erased", cast.receiver, ok=True, says=f"content, salt and search terms destroyed, signed for; {counted(held, 'record')} left"
    )


def _channel(channels: tuple[ChannelState, ...], partner: str) -> ChannelState:
    return next(channel for channel in channels if channel.partner == partner)


def _report() -> bytes:
    """The invented report that ships with the package."""
    return files("accord.node").joinpath("demo_report.json").read_bytes()
