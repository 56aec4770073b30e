"""The policy set of one charter version, in Cedar: a permit for each article that permits an exchange, and the safeguards that forbid.

Cedar's own reading is the law's: nothing is allowed by default, and a forbid overrides every permit.
The set is checked against its schema when it is made; one that does not check is refused.
This module makes the set and asks it. What the answer means is `release.gate`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import cedarpy

from accord.charter.document import Charter
from accord.errors import CharterInvalid
from accord.release.safeguards import SAFEGUARDS, Safeguard

SCHEMA = """
entity Member;
entity Records;
action "release" appliesTo {
  principal: [Member], resource: [Records],
  context: {
    recipient: String, audience: Set<String>, holder: String, giver: String, originator: String, originator_is_member: Bool,
    in_force: Set<String>, person: Bool, faulty: Bool, unconfirmed: Bool, word: Bool, codes: Set<String>,
    basis?: String, purpose?: String, tlp?: Long, own_tlp?: Long, grade?: String, review_days?: Long, category?: String,
    users?: Set<String>, same_purpose?: Bool, consent_basis?: String, consent_in_force?: Set<String>,
    given_tlp?: Long, given_codes?: Set<String>, given_review_days?: Long, given_category?: String
  }
};
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine said: the article that permits, if any, and every safeguard that forbids."""

    article: str | None
    forbidden_by: tuple[Safeguard, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """One charter version's rules, parsed once and asked many times. Make it with `policy_of`."""

    rules: cedarpy.PolicySet
    schema: cedarpy.Schema
    sentences: Mapping[str, str]  # Article -> its plain sentence in English.
    safeguards: Mapping[str, Safeguard]
    protocol: str  # The charter's clause for control records.
    protocol_says: str

    def ask(self, *, recipient: str, context: Mapping[str, object]) -> Verdict:
        """Judge one class. An error inside the engine is a mistake of ours and ends the act: it is never a yes."""
        request = {
            "principal": {"type": "Member", "id": recipient},
            "action": 'Action::"release"',
            "resource": 'Records::"class"',
            "context": dict(context),
        }
        result = cedarpy.is_authorized(request, self.rules, [], schema=self.schema)
        if result.diagnostics.errors:
            raise AssertionError(f"the policy set could not be evaluated: {result.diagnostics.errors}")
        names = sorted(result.diagnostics.id_annotations_by_reason.values())
        if result.allowed:
            return Verdict(names[0], ())
        return Verdict(None, tuple(self.safeguards[name] for name in names))


def policy_of(charter: Charter) -> Policy:
    """Make the policy set of a charter version. Raises `CharterInvalid` when it has no permission or does not check."""
    sentences = {
        f"{instrument.id}/{article.id}": article.says["en"]
        for instrument in charter.instruments
        for article in instrument.articles
        if article.permits
    }
    if not sentences:
        raise CharterInvalid("the charter has no article that permits an exchange", remedy="mark at least one article as permitting")
    text = "\n".join([*(_permit(basis) for basis in sentences), *(_forbid(safeguard) for safeguard in SAFEGUARDS)])
    checked = cedarpy.validate_policies(text, SCHEMA)
    if not checked.validation_passed:
        raise CharterInvalid("the charter's policy set does not check: " + "; ".join(str(error) for error in checked.errors))
    return Policy(
        rules=cedarpy.PolicySet.from_str(text),
        schema=cedarpy.Schema.from_str(SCHEMA),
        sentences=sentences,
        safeguards={safeguard.rule: safeguard for safeguard in SAFEGUARDS},
        protocol=str(charter.protocol.basis),
        protocol_says=charter.protocol.says["en"],
    )


def _permit(basis: str) -> str:
    # Cedar and JSON write a text alike, so a name from the charter cannot leave its quotes.
    name = json.dumps(basis)
    return (
        f'@id({name})\npermit (principal, action == Action::"release", resource)\n'
        f"when {{ context has basis && context.basis == {name} && context.in_force.contains({name}) }};"
    )


def _forbid(safeguard: Safeguard) -> str:
    return f'@id({json.dumps(safeguard.rule)})\nforbid (principal, action == Action::"release", resource)\nwhen {{ {safeguard.when} }};'
