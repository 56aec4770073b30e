"""Whatever goes wrong, the answer is the standard's status with an error resource."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

import pytest
from starlette.testclient import TestClient

from accord.exchange.wire import MEDIA_TYPE
from accord.node.build import application
from tests.taxii.site import OLD, Site, is_error


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/taxii2/nothing/", 404),
        ("GET", "/taxii2/accord/nothing/", 404),
        ("GET", "/taxii2/accord/collections/holdings/nothing/", 404),
        ("PUT", "objects/", 405),
        ("PATCH", f"objects/{OLD['id']}/", 405),
        ("POST", "manifest/", 405),
        ("DELETE", "objects/", 405),
        ("POST", "/taxii2/", 405),
        ("GET", "objects/?limit=0", 400),
    ],
)
def test_what_is_not_served_is_an_error_resource(site: Site, method: str, path: str, status: int) -> None:
    """TAXII 2.1, 3.6, 3.6.1"""
    answer = site.tool.ask(method, path)
    assert is_error(answer, status)
    assert (status == 405) == ("allow" in answer.headers)


def test_an_error_says_what_to_do_in_a_dictionary(site: Site) -> None:
    """TAXII 2.1, 3.6.1"""
    details = site.tool.get("objects/?limit=0").json()["details"]
    assert {"remedy": "leave it out for the longest page"} == details


def test_an_error_tells_nothing_of_who_asked_or_of_any_record(site: Site) -> None:
    """TAXII 2.1, 3.6.1"""
    secret = site.tool.credentials.password
    answer = site.tool.get("objects/?match[version]=quincunx", Authorization=site.tool.basic)
    assert (True, False, False) == (is_error(answer, 400), secret in answer.text, "quincunx" in answer.text)


def test_a_mistake_of_ours_is_a_500_that_tells_nothing_of_itself(site: Site) -> None:
    """TAXII 2.1, 3.6"""

    def broken() -> datetime:
        raise TypeError("quincunx")

    with closing(TestClient(application(site.alliance.nodes["KZ"], broken), raise_server_exceptions=False)) as door:
        headers = {"Authorization": site.tool.basic, "Content-Type": MEDIA_TYPE}
        answer = door.post(site.tool.root + "objects/", content=b'{"objects":[]}', headers=headers)
    assert (True, False) == (is_error(answer, 500), "quincunx" in answer.text)
