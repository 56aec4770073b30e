"""A stranger's TAXII 2.1 server, small and true, in memory; and the ways in which real ones are known to page badly."""

from __future__ import annotations

from typing import Any

import httpx2
import orjson

from accord.stix.times import instant

ROOT = "https://feed.example/api/"
COLLECTION = "5a2c8f0e-0f0e-4b7e-9d4b-6f1f0c5a7e21"


class Shelf(httpx2.BaseTransport):
    """One collection, its objects in the order and with the times at which they were added."""

    def __init__(self, *shelved: tuple[str, dict[str, Any]], page: int = 2) -> None:
        self.shelved = list(shelved)
        self.page = page
        self.asked: list[httpx2.URL] = []

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=self)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url)
        return self.answer(request.url.path.removeprefix(f"/api/collections/{COLLECTION}/"), request.url.params)

    def answer(self, path: str, where: httpx2.QueryParams) -> httpx2.Response:
        rows = self.rows(path, where)
        first = int(where.get("next") or 0)
        shown = rows[first : first + self.page]
        envelope: dict[str, Any] = {"more": first + self.page < len(rows)}
        if envelope["more"]:
            envelope["next"] = str(first + self.page)
        if shown:
            envelope["objects"] = self.shown(path, shown)
        return self.told(envelope, shown)

    def rows(self, path: str, where: httpx2.QueryParams) -> list[tuple[str, dict[str, Any]]]:
        after = where.get("added_after")
        kept = [row for row in self.shelved if after is None or instant(row[0]) > instant(after)]
        if path.startswith("objects/") and path != "objects/":
            kept = [row for row in kept if row[1]["id"] == path.split("/")[1]]
        return kept

    def shown(self, path: str, rows: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        if path.startswith("manifest"):
            return [{"id": item["id"], "date_added": at, "version": item["modified"]} for at, item in rows]
        return [item for _, item in rows]

    def told(self, envelope: dict[str, Any], rows: list[tuple[str, dict[str, Any]]]) -> httpx2.Response:
        dates = {"X-TAXII-Date-Added-First": rows[0][0], "X-TAXII-Date-Added-Last": rows[-1][0]} if rows else {}
        return httpx2.Response(200, content=orjson.dumps(envelope), headers=dates)


class RefusesItsCursor(Shelf):
    """Answers 400 to the `next` that it gave, as OpenTAXII does behind an object added at a whole second."""

    def answer(self, path: str, where: httpx2.QueryParams) -> httpx2.Response:
        if where.get("next") and path == "objects/":
            return httpx2.Response(400, content=b'{"title": "invalid next"}')
        return super().answer(path, where)


class WithoutCursor(Shelf):
    """Promises more and gives no `next`; who wants more asks by time."""

    def told(self, envelope: dict[str, Any], rows: list[tuple[str, dict[str, Any]]]) -> httpx2.Response:
        envelope.pop("next", None)
        return super().told(envelope, rows)


class OneCursor(Shelf):
    """Gives the same `next` with every page and moves on by itself, as medallion does: a page that is asked for again is gone."""

    at = 0
    is_one = False

    def answer(self, path: str, where: httpx2.QueryParams) -> httpx2.Response:
        if path == "objects/":
            self.at = self.at + self.page if where.get("next") else 0
            where = httpx2.QueryParams({**dict(where), "next": str(self.at)})
        self.is_one = path == "objects/"
        return super().answer(path, where)

    def told(self, envelope: dict[str, Any], rows: list[tuple[str, dict[str, Any]]]) -> httpx2.Response:
        return super().told({**envelope, "next": "the-one"} if self.is_one and "next" in envelope else envelope, rows)


class SamePage(Shelf):
    """Gives the first page again, whatever is asked."""

    def answer(self, path: str, where: httpx2.QueryParams) -> httpx2.Response:
        return super().answer(path, httpx2.QueryParams())

    def told(self, envelope: dict[str, Any], rows: list[tuple[str, dict[str, Any]]]) -> httpx2.Response:
        return super().told({**envelope, "more": True, "next": "again"}, rows)


class Forgets(Shelf):
    """Leaves objects out of its pages; `gives` says whether it has them when asked by name."""

    def __init__(self, *shelved: tuple[str, dict[str, Any]], left_out: str, gives: bool, page: int = 2) -> None:
        super().__init__(*shelved, page=page)
        self.left_out = left_out
        self.gives = gives

    def rows(self, path: str, where: httpx2.QueryParams) -> list[tuple[str, dict[str, Any]]]:
        found = super().rows(path, where)
        if path == "objects/" or (path.startswith("objects/") and not self.gives):
            return [row for row in found if row[1]["id"] != self.left_out]
        return found


class Empty(Shelf):
    """Promises more for ever and holds nothing."""

    def answer(self, path: str, where: httpx2.QueryParams) -> httpx2.Response:
        return httpx2.Response(200, content=orjson.dumps({"more": True, "next": str(len(self.asked))}))


class Says(Shelf):
    """Answers everything with one status."""

    def __init__(self, status: int, headers: dict[str, str] | None = None, content: bytes = b"{}") -> None:
        super().__init__()
        self.status, self.headers, self.content = status, headers or {}, content

    def answer(self, path: str, where: httpx2.QueryParams) -> httpx2.Response:
        return httpx2.Response(self.status, content=self.content, headers=self.headers)
