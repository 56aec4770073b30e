"""Whatever a tool sends, the answer is an answer: never a 5xx, and always a resource of TAXII."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.exchange.wire import MEDIA_TYPE
from tests.exchange.tools import Tool, tool_of
from tests.stories.alliance import founded, indicator

HOSTILE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
PROPERTIES = st.sampled_from(
    ["type", "id", "created", "modified", "spec_version", "pattern", "extensions", "labels", "object_marking_refs"]
)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    with founded(tmp_path_factory.mktemp("hostile"), ("KZ", "KG")) as alliance:
        made = tool_of(alliance, "KZ", "hostile")
        made.post(indicator(1))
        yield made
        alliance.check_everything()
        assert [indicator(1)["id"]] == made.ids(f"?match[id]={indicator(1)['id']}")


@HOSTILE
@given(content=st.binary(max_size=200) | JSON.map(lambda value: orjson.dumps({"objects": [value]}, option=orjson.OPT_NON_STR_KEYS)))
def test_any_body_is_answered(tool: Tool, content: bytes) -> None:
    answer = tool.ask("POST", "objects/", content=content)
    assert (True, MEDIA_TYPE) == (answer.status_code in {202, 400}, answer.headers["content-type"])
    assert 200 == tool.get("objects/").status_code


@HOSTILE
@given(changes=st.dictionaries(PROPERTIES, JSON, min_size=1, max_size=3))
def test_any_object_of_a_known_type_is_answered_and_can_be_read_back(tool: Tool, changes: dict[str, object]) -> None:
    answer = tool.post({**indicator(2), **changes})
    assert (202, 1) == (answer.status_code, answer.json()["total_count"])
    for path in ("objects/?match[version]=all", "manifest/?match[version]=all&limit=1", f"objects/{indicator(2)['id']}/versions/"):
        assert tool.get(path).status_code in {200, 404}


@HOSTILE
@given(
    name=st.sampled_from(["limit", "next", "added_after", "match[id]", "match[type]", "match[version]", "match[spec_version]", "x"]),
    value=st.text(max_size=40) | st.binary(max_size=20),
    path=st.sampled_from(["objects/", "manifest/", "objects/x/", "objects/x/versions/"]),
)
def test_any_question_is_answered(tool: Tool, name: str, value: str | bytes, path: str) -> None:
    said = quote(value, errors="surrogatepass") if isinstance(value, str) else quote(value)
    answer = tool.get(f"{path}?{quote(name)}={said}")
    assert (True, MEDIA_TYPE) == (answer.status_code in {200, 400, 404}, answer.headers["content-type"])


@HOSTILE
@given(identifier=st.text(min_size=1, max_size=30))
def test_any_identifier_is_answered(tool: Tool, identifier: str) -> None:
    for method in ("GET", "DELETE"):
        answer = tool.ask(method, f"objects/{quote(identifier, safe='', errors='surrogatepass')}/")
        assert answer.status_code in {200, 307, 400, 404, 405}
