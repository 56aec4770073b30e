"""The one gate: may these records go to that recipient, under which article, or on what ground not.

Duties, in this order:
  1. every safeguard that stands in the way is a ground (a forbid overrides every permission);
  2. the law in force between the two members that day must hold the named article;
  3. a yes names the article and carries the bytes; a no names every ground and what would change it.

Nothing else makes a `Released`. The gate reads no clock and no store; law, day and records come as arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from accord.charter.force import Law
from accord.release.decision import Decision, Ground, Released, Withheld
from accord.release.policy import Policy, Verdict
from accord.release.question import Question, attributes
from accord.release.reading import Reading, objections

CLASSES_REMEMBERED_MAX = 10_000  # Questions. Real objects have few marking combinations; beyond it the memory starts anew.


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate under one charter version's policy. It remembers the verdict for each question asked."""

    policy: Policy
    _verdicts: dict[Question, Verdict] = field(default_factory=dict, repr=False, compare=False)

    def decide(self, question: Question, contents: tuple[bytes, ...] = ()) -> Decision:
        """Answer one question; on a yes `contents` is what may leave. Without contents it is a preview of the same answer."""
        verdict = self._verdict(question)
        if verdict.article is not None:
            sentence = self.policy.sentences[verdict.article]
            return Released(recipient=question.recipient, article=verdict.article, says=sentence, contents=contents)
        return _withheld(question, verdict)

    def pass_control(self, *, recipient: str, content: bytes) -> Released:
        """A control record passes to its recipient on the charter's protocol clause, which survives suspension and exit.

        The caller has read it as one of the closed list of `stix.control`, which has no room for free text.
        """
        return Released(recipient=recipient, article=self.policy.protocol, says=self.policy.protocol_says, contents=(content,))

    def decide_reading(self, reading: Reading, contents: tuple[bytes, ...] = ()) -> Decision:
        """May this reader see a record of the holdings for the purpose stated? Without contents it is a preview of the same answer."""
        against = tuple(objections(reading))
        if against:
            remedy = "; ".join(objection.remedy for objection in against)
            return Withheld(reading.reader.member, tuple(objection.ground for objection in against), remedy)
        says = "a member's own people read its holdings, for the purpose stated"
        return Released(recipient=reading.reader.member, article=reading.article, says=says, contents=contents)

    def give_back(self, *, releaser: str, reader: str, contents: tuple[bytes, ...]) -> Decision:
        """May bytes of a channel go back to the member that released them? To no other: it is told what it said itself, and nothing more.

        The caller has proven, when it received them, that `releaser` signed what covers these bytes.
        """
        if reader == releaser:
            return Released(recipient=reader, article=self.policy.protocol, says=self.policy.protocol_says, contents=contents)
        return Withheld(
            reader, (Ground("GIVEN-BACK", "a channel is given back to its own sender alone"),), "ask the member for its release"
        )

    def _verdict(self, question: Question) -> Verdict:
        known = self._verdicts.get(question)
        if known is None:
            if len(self._verdicts) >= CLASSES_REMEMBERED_MAX:
                self._verdicts.clear()
            known = self.policy.ask(recipient=question.recipient, context=attributes(question))
            self._verdicts[question] = known
        return known


def _withheld(question: Question, verdict: Verdict) -> Withheld:
    # 1
    if verdict.forbidden_by:
        grounds = tuple(Ground(safeguard.rule, safeguard.says) for safeguard in verdict.forbidden_by)
        return Withheld(question.recipient, grounds, "; ".join(safeguard.remedy for safeguard in verdict.forbidden_by))
    # 2
    basis = question.offer.basis or ""
    ground = Ground(
        "LAW", f"{basis} does not permit this exchange between {question.law.sender} and {question.recipient} on {question.law.on}"
    )
    why = tuple(Ground(forbid.rule, forbid.says) for forbid in question.law.forbids)
    return Withheld(question.recipient, (ground, *why), _alternatives(question.law))


def _alternatives(law: Law) -> str:
    articles = [str(permit.basis) for permit in law.permits]
    if not articles:
        return f"no article permits an exchange between {law.sender} and {law.recipient} on {law.on}"
    return "articles in force between the two: " + ", ".join(articles)
