"""The description of the node's surface (OpenAPI 3.1), as `/openapi.json` gives it: who may ask, what is asked, and every kind of answer.

FastAPI knows paths and methods; what stands here is what it cannot see, since handlers read and write bytes: the parameters and resources of
TAXII 2.1, media types, and errors. Tests hold each operation to its words; one that is added without them does not pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fastapi import FastAPI

from accord.exchange.parameters import PARAMETERS
from accord.exchange.wire import CHARTER_HEADER, MEDIA_TYPE

Schema: TypeAlias = Mapping[str, Any]

NODE, TOOL = "node", "tool"
SECURITY: Final[Mapping[str, tuple[Schema, ...]]] = {
    "anyone": (),
    NODE: ({"node": []},),
    TOOL: ({"password": []}, {"bearer": []}),
    "either": ({"password": []}, {"bearer": []}, {"node": []}),
}
TEXT, OCTETS, JSON = "text/plain", "application/octet-stream", "application/json"
SIZE = "text/x.tlog.size"  # C2SP tlog-witness: another size than the one that was named.


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: who may ask, with which parameters and body, and what the answer is where all is well."""

    who: str
    answer: str  # The resource, by its name below; empty where the answer has no body.
    status: int = 200
    media_type: str = MEDIA_TYPE
    parameters: tuple[str, ...] = ()
    body: str = ""  # The media type of what is handed in; empty where nothing is.
    errors: tuple[str, ...] = ()  # Media types of errors beside TAXII's.


_ONE = tuple(name for name in PARAMETERS if name not in {"match[id]", "match[type]"})
_VERSIONS = tuple(name for name in _ONE if name != "match[version]")
OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /taxii2/": Operation("either", "discovery"),
    "GET /taxii2/accord/": Operation("either", "api-root"),
    "GET /taxii2/accord/status/{identifier}/": Operation(TOOL, "status"),
    "GET /taxii2/accord/collections/": Operation("either", "collections"),
    "GET /taxii2/accord/collections/HOLDINGS/": Operation(TOOL, "collection"),
    "GET /taxii2/accord/collections/HOLDINGS/objects/": Operation(TOOL, "envelope", parameters=PARAMETERS),
    "POST /taxii2/accord/collections/HOLDINGS/objects/": Operation(TOOL, "status", status=202, body=MEDIA_TYPE),
    "GET /taxii2/accord/collections/HOLDINGS/manifest/": Operation(TOOL, "manifest", parameters=PARAMETERS),
    "GET /taxii2/accord/collections/HOLDINGS/objects/{identifier}/": Operation(TOOL, "envelope", parameters=_ONE),
    "DELETE /taxii2/accord/collections/HOLDINGS/objects/{identifier}/": Operation(TOOL, "nothing", parameters=_ONE[-2:]),
    "GET /taxii2/accord/collections/HOLDINGS/objects/{identifier}/versions/": Operation(TOOL, "versions", parameters=_VERSIONS),
    "GET /taxii2/accord/collections/{collection}/": Operation(NODE, "collection"),
    "GET /taxii2/accord/collections/{collection}/objects/": Operation(
        NODE, "envelope", parameters=("added_after", "limit", "next", "match[version]")
    ),
    "POST /taxii2/accord/collections/{collection}/objects/": Operation("either", "", body=MEDIA_TYPE),
    "DELETE /taxii2/accord/collections/{collection}/objects/{identifier}/": Operation("either", ""),
    "GET /taxii2/accord/collections/{collection}/manifest/": Operation(NODE, ""),
    "GET /taxii2/accord/collections/{collection}/objects/{identifier}/": Operation(NODE, ""),
    "GET /taxii2/accord/collections/{collection}/objects/{identifier}/versions/": Operation(NODE, ""),
    "GET /accord/v1/keys": Operation("anyone", "object", media_type=JSON),
    "GET /accord/v1/keys/{member}": Operation("anyone", "object", media_type=JSON),
    "PUT /accord/v1/keys/{member}": Operation("anyone", "", status=204, body=JSON),
    "GET /accord/v1/channels/{sender}/{recipient}/checkpoint": Operation(NODE, "text", media_type=TEXT),
    "POST /accord/v1/channels/{sender}/{recipient}/cosignature": Operation(NODE, "text", media_type=TEXT, body=TEXT),
    "GET /accord/v1/channels/{sender}/{recipient}/tile/{name}": Operation(NODE, "octets", media_type=OCTETS),
    "GET /accord/v1/channels/{sender}/{recipient}/held": Operation(NODE, "object", media_type=JSON),
    "GET /accord/v1/channels/{sender}/{recipient}/held/objects": Operation(NODE, "envelope", parameters=("first", "limit")),
    "GET /accord/v1/journal/opening": Operation(NODE, "object", media_type=JSON),
    "GET /accord/v1/journal/checkpoint": Operation(NODE, "text", media_type=TEXT),
    "GET /accord/v1/journal/tile/{name}": Operation(NODE, "octets", media_type=OCTETS),
    "GET /accord/v1/journal/seen": Operation(NODE, "object", media_type=JSON),
    "POST /accord/v1/add-checkpoint": Operation("anyone", "text", media_type=TEXT, body=TEXT, errors=(TEXT, SIZE)),
}

_STRING: Final[Schema] = {"type": "string"}
_TIME: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_FLAG: Final[Schema] = {"type": "boolean"}


def _object(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _page(name: str, items: Schema) -> Schema:
    return _object({"more": _FLAG}, **{"next": _STRING, name: _list(items)})


_COLLECTION = _object({"id": _STRING, "title": _STRING, "can_read": _FLAG, "can_write": _FLAG}, alias=_STRING, media_types=_list(_STRING))
_DETAIL = _list(_object({"id": _STRING, "version": _STRING}, message=_STRING))
RESOURCES: Final[Mapping[str, Schema]] = {
    "nothing": {"type": "object", "maxProperties": 0},
    "object": {"type": "object"},
    "text": _STRING,
    "octets": {"type": "string", "format": "binary"},
    "discovery": _object({"title": _STRING, "default": _STRING, "api_roots": _list(_STRING)}),
    "api-root": _object({"title": _STRING, "versions": _list(_STRING), "max_content_length": {"type": "integer", "minimum": 1}}),
    "collection": _COLLECTION,
    "collections": _object({"collections": _list(_COLLECTION)}),
    "envelope": _page("objects", _object({"type": _STRING, "id": _STRING})),
    "manifest": _page("objects", _object({"id": _STRING, "date_added": _TIME, "version": _TIME, "media_type": _STRING})),
    "versions": _page("versions", _TIME),
    "status": _object(
        {"id": _STRING, "status": {"enum": ["complete"]}, "total_count": _COUNT, "success_count": _COUNT}
        | {"failure_count": _COUNT, "pending_count": _COUNT},
        request_timestamp=_TIME,
        successes=_DETAIL,
        failures=_DETAIL,
        pendings=_DETAIL,
    ),
    "error": _object(
        {"title": _STRING, "description": _STRING, "http_status": {"type": "string", "pattern": "^[45][0-9][0-9]$"}},
        details=_object({"remedy": _STRING}),
    ),
}
_ASKED: Final[Mapping[str, Schema]] = {
    "added_after": _TIME,
    "limit": {"type": "integer", "minimum": 1},
    "first": _COUNT,
    "next": _STRING,
    **{name: _STRING for name in PARAMETERS if name.startswith("match[")},
}
SCHEMES: Final[Mapping[str, Schema]] = {
    "password": {"type": "http", "scheme": "basic", "description": "A tool of this member: `accord client add`."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same tool, by its token."},
    "node": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"Another member's node, with the digest of its charter in {CHARTER_HEADER}.",
    },
}


class Described(FastAPI):
    """An application that describes what it really answers."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = _described(super().openapi())
        return self.openapi_schema


def key_of(method: str, path: str) -> str:
    """The name of an operation above; the holdings, whose identifier differs from node to node, are called so."""
    return f"{method.upper()} " + re.sub(r"(?<=/collections/)[0-9a-f-]{36}(?=/)", "HOLDINGS", path)


def _described(generated: dict[str, Any]) -> dict[str, Any]:
    for path, methods in generated["paths"].items():
        for method, found in methods.items():
            if (operation := OPERATIONS.get(key_of(method, path))) is not None:
                _describe(found, operation)
    resources = {name: dict(schema) for name, schema in RESOURCES.items()}
    generated["components"] = {"schemas": resources, "securitySchemes": {name: dict(scheme) for name, scheme in SCHEMES.items()}}
    return generated


def _describe(found: dict[str, Any], operation: Operation) -> None:
    """Put an operation's words in place of what was guessed."""
    in_path = [item for item in found.get("parameters", ()) if item["in"] == "path"]
    in_query = [{"name": name, "in": "query", "required": False, "schema": _ASKED[name]} for name in operation.parameters]
    found["parameters"] = in_path + in_query
    found["security"] = list(SECURITY[operation.who])
    if operation.body:
        schema = RESOURCES["envelope"] if operation.body == MEDIA_TYPE else {}
        found["requestBody"] = {"required": True, "content": {operation.body: {"schema": schema}}}
    else:
        found.pop("requestBody", None)
    errors = {MEDIA_TYPE: _resource("error"), **{media_type: _resource("text") for media_type in operation.errors}}
    found["responses"] = {"default": {"description": "What went wrong, and what to do.", "content": errors}}
    if operation.answer:
        found["responses"][str(operation.status)] = {
            "description": f"The resource: {operation.answer}.",
            "content": {operation.media_type: _resource(operation.answer)},
        }
    elif operation.status == 204:
        found["responses"]["204"] = {"description": "Done."}


def _resource(name: str) -> Schema:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}
