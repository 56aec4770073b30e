"""The log of the process: one event a line, as text for a person or as JSON for a collector. Names of members and duties, never content.

What was done with records stands in the journal of acts, which is proof; this log is for whoever keeps the machine running and may be thrown away.

    {"at": "2026-11-25T09:00:00.000001Z", "level": "WARNING", "from": "accord.node.worker", "says": "KG: contact: KG does not answer"}
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

from accord.stix.statement import timestamp

FAULT_CHARACTERS_MAX = 20_000  # Characters of a stack. A deep one has half of them.


class LogForm(StrEnum):
    """How a line is written."""

    TEXT = "text"
    JSON = "json"


class JsonLines(logging.Formatter):
    """Each event as one line of JSON; a line break inside a message cannot begin another one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "from": record.name,
            "says": record.getMessage(),
        }
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)[:FAULT_CHARACTERS_MAX]
        return json.dumps(line)  # In ASCII: whatever a message holds, the line is one line and can be written.


def begin(form: LogForm, stream: TextIO | None = None) -> None:
    """Write warnings and worse to the standard error, in this form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form is LogForm.JSON else logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
