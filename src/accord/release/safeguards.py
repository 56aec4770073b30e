"""The rules that only forbid: what no article, and no officer, can override.

Each rule is a Cedar `forbid` with its identifier in the requirements, the sentence an officer reads, and what would remove the ground.
They are the same for every alliance; an alliance's permissions are its charter's articles (`release.policy`).
"""

from __future__ import annotations

from dataclasses import dataclass

REVIEW_YEARS_MAX = 5  # Years. S-07: a person entry is reviewed no later than five years after it was made.
REVIEW_PERSON_DAYS_MAX = REVIEW_YEARS_MAX * 365 + 1  # Days. Five years hold at least one leap day.


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One rule that forbids. `when` is a Cedar condition over the attributes of `release.question`."""

    rule: str
    says: str
    remedy: str
    when: str


# Given by another member, or another member's information.
_FOREIGN = "context.giver != context.holder || (context.originator_is_member && context.originator != context.holder)"

SAFEGUARDS: tuple[Safeguard, ...] = (
    # FED-03: an empty audience is nobody, and who is not named in it is not in it.
    Safeguard(
        "FED-03", "the audience is empty, and an empty audience is nobody", "name at least one recipient", "context.audience.isEmpty()"
    ),
    Safeguard(
        "FED-02",
        "this member is not in the audience",
        "name this member as a recipient",
        "!context.audience.isEmpty() && !context.audience.contains(context.recipient)",
    ),
    # INF-01: no item without originator, purpose, legal basis, sensitivity, evaluation and review date.
    Safeguard("INF-01/basis", "the legal basis is missing", "name an instrument and article, for example SC/7", "!(context has basis)"),
    Safeguard("INF-01/purpose", "the purpose is missing", "say for what purpose the information is given", "!(context has purpose)"),
    Safeguard("INF-01/sensitivity", "the sensitivity is missing", "choose a TLP level", "!(context has tlp)"),
    Safeguard("INF-01/evaluation", "the evaluation is missing", "grade source and information, A1 to X4", "!(context has grade)"),
    Safeguard("INF-01/review", "the review date is missing", "say when the information will be reviewed", "!(context has review_days)"),
    Safeguard(
        "INF-01/originator",
        "the originator is missing",
        "say whose information it is",
        'context.originator == ""',
    ),
    Safeguard(
        "S-07/past",
        "the review date does not lie after the day of release",
        "choose a later review date",
        "context has review_days && context.review_days <= 0",
    ),
    Safeguard(
        "S-07",
        f"a person is concerned and the review date lies more than {REVIEW_YEARS_MAX} years ahead",
        f"choose a review date within {REVIEW_YEARS_MAX} years",
        f"context.person && context has review_days && context.review_days > {REVIEW_PERSON_DAYS_MAX}",
    ),
    Safeguard(
        "S-13",
        "a person is concerned and the category of data subject is missing",
        "say whether the person is convicted, suspect, factual-indications, victim, witness or contact",
        "context.person && !(context has category)",
    ),
    # S-20: a new person entry needs two persons.
    Safeguard(
        "S-20",
        "a person entry that no second officer has confirmed",
        "let another officer than the one who entered it confirm it: accord confirm DIR RECORD --as OFFICER",
        "context.unconfirmed",
    ),
    # INF-02: only the originator lowers a level; a statement never says less than the record's own marking, or than the one it came under.
    Safeguard(
        "INF-02",
        "the offered TLP level is lower than the record's own marking",
        "offer at least the level that the originator marked",
        "context has tlp && context has own_tlp && context.tlp < context.own_tlp",
    ),
    Safeguard(
        "INF-02/given",
        "the offered TLP level is lower than the one the information was given at",
        "offer at least that level, or ask the originator for a statement that supersedes its own",
        "context has tlp && context has given_tlp && context.tlp < context.given_tlp",
    ),
    Safeguard(
        "INF-02/codes",
        "a handling code that the information was given with is left out",
        "offer it with every handling code it came with",
        "context has given_codes && !context.codes.containsAll(context.given_codes)",
    ),
    # INF-04: what another member gave is passed on only to whom, and for what, its consent in writing says.
    Safeguard(
        "INF-04",
        "the information belongs to another member and may not be passed on without its written consent",
        "ask the originator for its consent",
        f"({_FOREIGN}) && !(context has users && context.users.contains(context.recipient))",
    ),
    Safeguard(
        "INF-04/purpose",
        "the originator consented to another purpose",
        "name the purpose that the consent is for, word by word",
        "context has same_purpose && !context.same_purpose",
    ),
    Safeguard(
        "INF-04/law",
        "the article that the originator's consent names is not in force between the originator and this member",
        "ask the originator for a consent under an article in force",
        "context has consent_basis && context has consent_in_force && !context.consent_in_force.contains(context.consent_basis)",
    ),
    Safeguard(
        "INF-04/review",
        "the review date lies after the one the information was given with",
        "choose that date or an earlier one",
        "context has review_days && context has given_review_days && context.review_days > context.given_review_days",
    ),
    Safeguard(
        "INF-04/category",
        "the category of data subject is not the one the information was given with",
        "name the category that it came with",
        "context has given_category && !(context has category && context.category == context.given_category)",
    ),
    # A record that breaks the standard leaves only on an officer's recorded word.
    Safeguard(
        "STIX",
        "the record breaks a rule of STIX 2.1 and was kept as received",
        "give an officer's recorded word for its release",
        "context.faulty && !context.word",
    ),
    Safeguard("SELF", "a member does not release to itself", "name another member", "context.recipient == context.holder"),
)
