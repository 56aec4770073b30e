"""A third party between two nodes that reads every page and writes it anew: other spacing, other key order, other escapes, the same JSON."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx2

HOPS = (
    {"indent": 2, "ensure_ascii": True},
    {"separators": (" ,\t", " :\n"), "ensure_ascii": False},
    {"separators": (",", ":"), "ensure_ascii": True},
)


class ThirdParty:
    """Three such hops in a row. `pages` and `changed` count what passed and how much of it left with other bytes than it came."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.pages = 0
        self.changed = 0

    def __call__(self, request: httpx2.Request, body: bytes) -> bytes:
        if "/objects/" not in request.url.path:
            return body
        text = body.decode()
        for how in HOPS:
            text = json.dumps(self._mixed(json.loads(text)), **how)
        self.pages += 1
        self.changed += text.encode() != body
        return text.encode()

    def _mixed(self, value: Any) -> Any:
        """The same value with the keys of every object in another order."""
        match value:
            case dict():
                names = list(value)
                self.dice.shuffle(names)
                return {name: self._mixed(value[name]) for name in names}
            case list():
                return [self._mixed(item) for item in value]
            case _:
                return value
