"""Asks a node what its own description allows, and what it does not, with schemathesis; every answer has to be one that is described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from accord.exchange.description import NODE, OPERATIONS, key_of
from accord.exchange.wire import CHARTER_HEADER, token
from accord.seal.canonical import digest_text
from tests.exchange.tools import Tool, tool_of
from tests.stories.alliance import Alliance

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = {"as described": GenerationMode.POSITIVE, "and otherwise": GenerationMode.NEGATIVE}
# What anyone may ask, with any body, has no otherwise.
KINDS = [(key, mode) for key in sorted(OPERATIONS) for mode in MODES if mode == "as described" or OPERATIONS[key].who != "anyone"]


@dataclass(frozen=True)
class Surface:
    """The node of KZ, by its own description."""

    alliance: Alliance
    tool: Tool
    operations: Mapping[str, Any]

    @classmethod
    def of(cls, alliance: Alliance) -> Surface:
        schema = schemathesis.openapi.from_asgi("/openapi.json", alliance.doors["KZ"].app)
        found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
        return cls(alliance, tool_of(alliance, "KZ", "surface"), {key_of(item.method, item.path): item for item in found})

    def node(self) -> dict[str, str]:
        """The headers of KG's node."""
        means = self.alliance.means("KG")
        bearer = token(member="KG", audience=f"{means.charter.id}/KZ", key=means.signers.transport, now=self.alliance.clock())
        return {"Authorization": f"Bearer {bearer}", CHARTER_HEADER: digest_text(means.charter.digest)}

    def hold(self, key: str, mode: str, *, examples: int, seeded: int) -> None:
        """Ask one operation so many times, as whoever may ask it."""
        operation = self.operations[key]

        @seed(seeded)
        @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=MODES[mode]))
        def ask(case: Any) -> None:
            headers = self.node() if OPERATIONS[key].who == NODE else {"Authorization": self.tool.basic}
            case.validate_response(case.call(headers=headers), checks=CHECKS)

        ask()
