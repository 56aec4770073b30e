"""Three hops through a third party that writes every page anew: what arrives still verifies and is, byte for byte, what was kept."""

from __future__ import annotations

from pathlib import Path

import orjson

from accord.desk import importing, recall
from accord.stix.control import RecallReason
from tests.stories.alliance import OFFICER, Alliance, founded, indicator, offer
from tests.stories.third_party import ThirdParty

AWKWARD = {
    **indicator(1),
    "name": "Фонарь, 灯笼, \U0001f3ee, e\u0301 and \u00e9 (invented)",
    "description": 'Quotes " and \\ and / and \u2028 and \u0007 and \u007f',
    "confidence": 50,
    "extensions": {
        "extension-definition--5b28afbb-e960-50e7-8c0b-7fc7dae0af52": {
            "extension_type": "property-extension",
            "numbers": [1e15, 1.5e-7, 0.1, -0.5, 9007199254740991, 100, 1e3],
            "\u00e9": {"b": None, "a": [True, False, {}]},
            "e\u0301": [],
        }
    },
}


def _give(alliance: Alliance) -> None:
    """KZ gives KG two records of an outside source, one of them with names that the standard does not know."""
    raw = [orjson.dumps([AWKWARD, indicator(2)])]
    importing.import_files(alliance.means("KZ"), raw, source="Invented feed", now=alliance.clock())
    terms = offer("KG", word="seen and wanted")
    importing.release_imported(alliance.means("KZ"), source="Invented feed", officer=OFFICER, offer=terms, now=alliance.clock())


def _bytes(alliance: Alliance, member: str) -> bytes:
    return alliance.show(member, indicator(1)["id"]).content


def test_pages_written_anew_three_times_still_verify_and_bring_the_same_bytes(tmp_path: Path) -> None:
    with founded(tmp_path, ("KZ", "KG")) as alliance:
        line = ThirdParty(seed=1)
        _give(alliance)
        assert 2 == alliance.sync("KG", "KZ", tamper=line).kept
        assert (1, 1) == (line.pages, line.changed)
        assert _bytes(alliance, "KZ") == _bytes(alliance, "KG")
        alliance.check_everything()


def test_a_recall_written_anew_is_obeyed_and_confirmed(tmp_path: Path) -> None:
    with founded(tmp_path, ("KZ", "KG")) as alliance:
        line = ThirdParty(seed=2)
        _give(alliance)
        alliance.sync("KG", "KZ", tamper=line)
        recall.recall(
            alliance.means("KZ"), indicator(1)["id"], officer=OFFICER, reason=RecallReason.CORRECTED, members=(), now=alliance.clock()
        )
        alliance.sync("KG", "KZ", tamper=line)
        alliance.sync("KZ", "KG", tamper=line)
        assert [(1, 1)] == [(one.state.records, one.state.erased) for one in recall.compliance(alliance.means("KZ"))]
        assert line.pages == line.changed
        alliance.check_everything()
