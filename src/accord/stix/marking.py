"""How far a record may go and how far it may be trusted: TLP, handling codes, classification, grade, category of data subject.

TLP is read from the well-known marking definitions of TLP 1 (STIX 2.1, 7.2.1.4) and TLP 2.0 (FIRST, and the OASIS extension for it).
A marking definition that a record carries within itself counts for nothing: only the well-known identifiers do, since anybody can write
"tlp: clear" into an object of his own. What a marking means for a release is judged by `release`, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from accord.errors import LimitReached, Malformed
from accord.seal.canonical import JSON, Fields

LABEL_CHARACTERS_MAX: Final = 100  # Characters of a state's identifier or classification label; the longest known labels have about 30.


class Tlp(StrEnum):
    """A level of the Traffic Light Protocol 2.0; its value is the label in lower case."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @classmethod
    def parse(cls, text: str) -> Tlp:
        """Read a level. ``white`` is the name that TLP 1 had for clear."""
        try:
            return cls("clear" if text == "white" else text)
        except ValueError:
            raise Malformed(f"TLP: expected one of {', '.join(cls)}") from None

    @property
    def rank(self) -> int:
        """0 for clear up to 4 for red: a greater rank is a narrower circle."""
        return _RANKS[self]

    @classmethod
    def of_rank(cls, rank: int) -> Tlp:
        return list(cls)[rank]


# TLP 2.0 gives amber+strict to what stays within an organisation, and what nobody marked stays within the member.
UNMARKED: Final = Tlp.AMBER_STRICT

_RANKS: Final[Mapping[Tlp, int]] = MappingProxyType({level: rank for rank, level in enumerate(Tlp)})

TLP_OF_MARKING: Final[Mapping[str, Tlp]] = MappingProxyType(
    {
        # TLP 1, STIX 2.1, 7.2.1.4
        "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
        "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
        "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
        # TLP 2.0, extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d
        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
        "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
    }
)


def tlp_of(fields: Mapping[str, JSON]) -> Tlp | None:
    """The strictest well-known TLP level that a record's markings name; None where they name none.

    A level on a part of the record (STIX 2.1, 7.2.3) counts for the whole, because a record travels whole: its bytes are the record.
    """
    levels = [TLP_OF_MARKING[reference] for reference in _marking_references(fields) if reference in TLP_OF_MARKING]
    return max(levels, key=lambda level: level.rank, default=None)


def _marking_references(fields: Mapping[str, JSON]) -> Iterator[str]:
    references = fields.get("object_marking_refs")
    if isinstance(references, list):
        yield from (reference for reference in references if isinstance(reference, str))
    granular = fields.get("granular_markings")
    if isinstance(granular, list):
        for marking in granular:
            if isinstance(marking, dict) and isinstance(reference := marking.get("marking_ref"), str):
                yield reference


class HandlingCode(StrEnum):
    """What a recipient may do with a record (requirement INF-05), after the handling codes of police cooperation."""

    H0 = "H0"  # general use by the competent authorities
    H1 = "H1"  # not in court without the provider's permission
    H2 = "H2"  # no dissemination without the provider's permission
    H3 = "H3"  # another restriction, agreed in writing


@dataclass(frozen=True, slots=True)
class Classification:
    """A state's own classification, in that state's words: no state's levels are translated into another's."""

    state: str
    label: str

    def fields(self) -> Fields:
        return {"state": self.state, "label": self.label}

    @classmethod
    def parse(cls, value: JSON) -> Classification:
        if not isinstance(value, dict) or value.keys() != {"state", "label"}:
            raise Malformed('handling: a classification is {"state": …, "label": …}')
        state, label = value["state"], value["label"]
        if not isinstance(state, str) or not isinstance(label, str) or not state or not label:
            raise Malformed("handling: the state and the label of a classification are texts that are not empty")
        if max(len(state), len(label)) > LABEL_CHARACTERS_MAX:
            raise LimitReached("LABEL_CHARACTERS_MAX", "handling: the state or the label of the classification is too long")
        return cls(state, label)


@dataclass(frozen=True, slots=True)
class Handling:
    """What binds the recipient of a record: its TLP level, handling codes in their order, each once, and a classification."""

    tlp: Tlp
    codes: tuple[HandlingCode, ...] = ()
    classification: Classification | None = None

    def __post_init__(self) -> None:
        if list(self.codes) != sorted(set(self.codes)):
            raise ValueError("handling codes stand in their order, each once")

    def fields(self) -> Fields:
        """The handling as it stands in a statement: ``{"tlp": "amber", "codes": ["H1"], "classification": {…}}``, the last two if any."""
        fields: Fields = {"tlp": self.tlp.value}
        if self.codes:
            fields["codes"] = [code.value for code in self.codes]
        if self.classification is not None:
            fields["classification"] = self.classification.fields()
        return fields

    @classmethod
    def parse(cls, value: JSON) -> Handling:
        """Read back what `fields` writes, and only that."""
        if not isinstance(value, dict) or not value.keys() <= {"tlp", "codes", "classification"}:
            raise Malformed("handling: expected an object with tlp and, where there are any, codes and classification")
        classification = value.get("classification")
        try:
            handling = cls(
                tlp=Tlp(str(value.get("tlp"))),
                codes=_codes(value.get("codes", [])),
                classification=None if classification is None else Classification.parse(classification),
            )
        except ValueError:
            raise Malformed("handling: expected a TLP 2.0 level and handling codes H0 to H3 in their order, each once") from None
        if handling.fields() != value:
            raise Malformed("handling: what is empty is left out")
        return handling


def _codes(value: JSON) -> tuple[HandlingCode, ...]:
    if not isinstance(value, list):
        raise Malformed("handling: codes are a list")
    return tuple(HandlingCode(str(code)) for code in value)


GRADE_SOURCES: Final = ("A", "B", "C", "X")  # Requirement INF-06: from no doubt to not assessed.
GRADE_INFORMATIONS: Final = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Grade:
    """How good the source and the information are (requirement INF-06): ``B2``; unknown is ``X4``."""

    source: str
    information: int

    def __post_init__(self) -> None:
        if self.source not in GRADE_SOURCES or self.information not in GRADE_INFORMATIONS:
            raise ValueError("a grade is A, B, C or X and a number from 1 to 4")

    @classmethod
    def parse(cls, text: str) -> Grade:
        grade = _GRADES.get(text)
        if grade is None:
            raise Malformed("a grade is A, B, C or X and a number from 1 to 4, such as B2")
        return grade

    def __str__(self) -> str:
        return f"{self.source}{self.information}"


_GRADES: Final[Mapping[str, Grade]] = MappingProxyType(
    {f"{source}{information}": Grade(source, information) for source in GRADE_SOURCES for information in GRADE_INFORMATIONS}
)


class SubjectCategory(StrEnum):
    """In what role a person stands in a record (requirement S-13): kept apart, so that a contact is never entered as a suspect."""

    CONVICTED = "convicted"
    SUSPECT = "suspect"
    FACTUAL_INDICATIONS = "factual-indications"
    VICTIM = "victim"
    WITNESS = "witness"
    CONTACT = "contact"
