"""The converter between STIX and MISP, `misp-stix`, in a process of its own: `python -I -m accord.desk.misp_converter events|records`.

It reads one JSON value from the standard input and writes one to the standard output, makes every conversion back at once, and is gone. Its
packages change the interpreter that they are loaded into and read what strangers wrote; here they have no key, no database and a bounded memory.
What the answer means, and what was lost, is `desk.misp`.

    events    [event, …]     → [{"objects": […], "back": {…}} or {"error": "KeyError"}, …]
    records   [object, …]    → [{"event": {…}, "back": […]} or {"error": "…"}]
"""

from __future__ import annotations

import importlib
import resource
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

CONVERTER_OCTETS_MAX = (
    4 * 2**30
)  # Bytes of address space: a file that makes the converter swell ends the converter, not the node's machine.


def main() -> None:
    """Convert what stands on the standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (CONVERTER_OCTETS_MAX, CONVERTER_OCTETS_MAX))
    warnings.simplefilter("ignore")  # Its packages warn of themselves.
    asked = orjson.loads(sys.stdin.buffer.read())
    answers = [_tried(_event, event) for event in asked] if sys.argv[1] == "events" else [_tried(_records, asked)]
    sys.stdout.buffer.write(orjson.dumps(answers))


def _tried(convert: Callable[[Any], dict[str, Any]], value: Any) -> dict[str, Any]:
    try:
        return convert(value)
    except Exception as error:  # noqa: BLE001 - one event that makes the converter stumble holds up no other; its kind is told.
        return {"error": type(error).__name__}


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    converter = importlib.import_module("misp_stix_converter")
    objects = _to_stix(event, converter.MISPtoSTIX21Parser())
    return {"objects": objects, "back": _to_misp(objects, converter.InternalSTIX2toMISPParser())}


def _records(objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    converter = importlib.import_module("misp_stix_converter")
    event = _to_misp(objects, converter.ExternalSTIX2toMISPParser())
    return {"event": event, "back": _to_stix(event, converter.MISPtoSTIX21Parser())}


def _to_stix(event: Mapping[str, Any], parser: Any) -> list[Any]:
    parser.parse_misp_event({"Event": dict(event)})
    return list(orjson.loads(parser.bundle.serialize()).get("objects", []))


def _to_misp(objects: Sequence[Mapping[str, Any]], parser: Any) -> dict[str, Any]:
    stix2 = importlib.import_module("stix2")
    bundle = {"type": "bundle", "id": f"bundle--{uuid5(NAMESPACE_URL, str(len(objects)))}", "objects": list(objects)}
    parser.load_stix_bundle(stix2.parse(bundle, allow_custom=True))
    parser.parse_stix_bundle(single_event=True)
    written: dict[str, Any] = orjson.loads(parser.misp_event.to_json())
    return written


if __name__ == "__main__":
    main()
