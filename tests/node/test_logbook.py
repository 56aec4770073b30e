"""The log of the process: one event a line, whatever a message holds."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from accord.node import logbook
from accord.node.logbook import LogForm


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """The root logger belongs to everybody: it is left as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_line_of_json_also_when_its_message_breaks_lines_or_is_no_unicode() -> None:
    stream = io.StringIO()
    logbook.begin(LogForm.JSON, stream)
    logging.getLogger("accord.node.worker").warning("%s: first\nsecond \ud800", "KG")
    [line] = stream.getvalue().splitlines()
    event = json.loads(line)
    assert ("WARNING", "accord.node.worker", "KG: first\nsecond \ud800") == (event["level"], event["from"], event["says"])
    assert event["at"].endswith("Z")


def test_a_mistake_of_ours_is_logged_with_its_stack_in_one_line() -> None:
    stream = io.StringIO()
    logbook.begin(LogForm.JSON, stream)
    try:
        raise AssertionError("what cannot be otherwise")
    except AssertionError:
        logging.getLogger("accord").exception("keeping house")
    [line] = stream.getvalue().splitlines()
    assert "what cannot be otherwise" in json.loads(line)["stack"]


def test_text_is_for_a_person() -> None:
    stream = io.StringIO()
    logbook.begin(LogForm.TEXT, stream)
    logging.getLogger("accord").warning("KG does not answer")
    assert stream.getvalue().endswith("WARNING accord KG does not answer\n")
