"""The published vectors of STIX: validation at MUST level, the syntax of patterns, and every pattern of the corpora."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from accord.errors import AccordError
from accord.stix.pattern import parse
from accord.stix.schema import faults


def read(path: Path) -> Any:
    with gzip.open(path) as file:
        return json.load(file)


def is_pattern(text: str) -> bool:
    try:
        parse(text)
    except AccordError:
        return False
    return True


def test_every_object_conforms_or_not_as_the_vectors_say(shared_data: Path) -> None:
    vectors = read(shared_data / "stix" / "vectors" / "validation.json.gz")
    assert len(vectors) == 190
    assert [] == [vector["test"] for vector in vectors if (faults(json.dumps(vector["object"]).encode()) == []) is not vector["valid"]]


def test_every_pattern_is_read_or_refused_as_the_vectors_say(shared_data: Path) -> None:
    vectors = read(shared_data / "stix" / "vectors" / "patterns.json.gz")["syntax"]
    assert len(vectors) == 53
    assert [] == [vector["pattern"] for vector in vectors if is_pattern(vector["pattern"]) is not vector["valid"]]


def test_every_pattern_of_the_corpora_is_read_and_prints_as_itself(shared_data: Path) -> None:
    with gzip.open(shared_data / "stix" / "stix-patterns.txt.gz", "rt", encoding="utf-8") as lines:
        patterns = [json.loads(line) for line in lines]
    assert len(patterns) == 8_831
    assert [] == [text for text in patterns if parse(text) != parse(str(parse(text)))]
