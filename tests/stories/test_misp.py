"""MISP: what goes out and comes in is counted for its losses; without the converter the command says what to install."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import orjson
import pytest

from accord.desk import misp
from accord.errors import AccordError, LimitReached, Unready
from accord.stix.schema import faults_of
from tests.stories.alliance import indicator

MALWARE = {
    "type": "malware",
    "spec_version": "2.1",
    "id": "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd30",
    "created": "2026-11-20T08:00:00.000Z",
    "modified": "2026-11-20T08:00:00.000Z",
    "name": "Lantern kit (invented)",
    "is_family": True,
}
EVENT: dict[str, Any] = {
    "uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    "info": "An invented event",
    "date": "2026-11-20",
    "timestamp": "1795161600",
    "Orgc": {"uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd31", "name": "Invented organisation"},
    "Attribute": [
        {
            "uuid": "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd32",
            "type": "domain",
            "category": "Network activity",
            "value": "relay.grey-lantern.example",
            "to_ids": True,
            "timestamp": "1795161600",
        }
    ],
}


def test_without_the_converter_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "misp_stix_converter", None)  # Its import fails, as where it is not installed.
    with pytest.raises(Unready, match="misp-stix"):
        misp.event_of([orjson.dumps(indicator(1))], member="KZ", lost=Counter())
    with pytest.raises(Unready, match="misp-stix"):
        list(misp.objects_in(orjson.dumps({"Event": EVENT}), lost=Counter()))


def test_records_become_an_event_and_every_loss_is_counted() -> None:
    lost: Counter[tuple[str, str]] = Counter()
    raw = misp.event_of([orjson.dumps({**indicator(1), "x_own": 1}), orjson.dumps(MALWARE)], member="KZ", lost=lost)
    event = orjson.loads(raw)["Event"]
    assert ("KZ", 1) == (event["Orgc"]["name"], len(event["Attribute"]))
    assert {("indicator", "x_own"): 1, ("indicator", "name"): 1, ("malware", "id"): 1}.items() <= dict(lost).items()


def test_an_event_becomes_objects_that_keep_to_the_standard() -> None:
    lost: Counter[tuple[str, str]] = Counter()
    found = list(misp.objects_in(orjson.dumps({"response": [{"Event": EVENT}]}), lost=lost))
    assert {"indicator", "identity"} <= {item["type"] for item in found if isinstance(item, dict)}
    assert [] == [fault for item in found if isinstance(item, dict) for fault in faults_of(item)]
    assert ("attribute domain", misp.WHOLE) not in lost


@pytest.mark.parametrize("raw", [b"{}", b"[1]", b"\xff", b'{"Event": {"uuid": 7}}'])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    assert [True] == [isinstance(item, AccordError) for item in misp.objects_in(raw, lost=Counter())]


def test_more_than_an_event_takes_is_refused() -> None:
    with pytest.raises(LimitReached):
        misp.event_of([b"{}"] * (misp.MISP_OBJECTS_MAX + 1), member="KZ", lost=Counter())
