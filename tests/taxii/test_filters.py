"""Filters: what a question selects, and what it may not be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.taxii.site import ADDRESS, CURRENT, HELD, MARKING, OLD, OLD_INDICATOR, V1, V2, V3, Site, envelope, is_error, version

ONE = f"match[id]={HELD[0]['id']}"
LISTS = ["objects/", "manifest/"]
OF_ONE = [f"objects/{OLD['id']}/", f"objects/{OLD['id']}/versions/"]


def _versions(site: Site, query: str) -> list[Any]:
    return [item.get("modified") for item in site.objects(query)]


def test_the_newest_version_of_each_object_is_given_unless_another_is_asked_for(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    assert [item for item in CURRENT if item != OLD] == [item for item in site.objects() if item != OLD]
    assert site.objects() == site.objects("match[version]=last")


def test_first_last_and_all_versions_are_what_their_words_say(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    assert [[V1], [V3], [V1, V3, V2]] == [_versions(site, f"{ONE}&match[version]={word}") for word in ("first", "last", "all")]


def test_a_time_selects_the_version_of_that_time_however_it_is_written(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    for text in (V2, "2026-11-20T09:00:00.000000000Z"):
        assert [V2] == _versions(site, f"{ONE}&match[version]={text}")
    assert [] == _versions(site, f"{ONE}&match[version]=2026-11-20T09:00:00.000000001Z")


def test_several_versions_are_given_together_and_all_includes_every_other(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    assert [V1, V3] == _versions(site, f"{ONE}&match[version]=first,last")
    assert [V3, V2] == _versions(site, f"{ONE}&match[version]=last,{V2}")
    assert [V1, V3, V2] == _versions(site, f"{ONE}&match[version]=first,all,{V2}")


def test_an_object_that_is_never_changed_has_the_time_of_its_making_as_version(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    path = f"objects/{MARKING['id']}/"
    assert [MARKING] == envelope(site.tool.get(f"{path}?match[version]={MARKING['created']}"))
    assert [MARKING["created"]] == site.tool.get(path + "versions/").json()["versions"]


def test_an_object_without_a_time_has_the_time_of_its_arrival_as_version(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    [mark] = site.tool.get(f"manifest/?match[id]={ADDRESS['id']}").json()["objects"]
    assert mark["date_added"] == mark["version"]
    assert [ADDRESS] == envelope(site.tool.get(f"objects/?match[id]={ADDRESS['id']}&match[version]={mark['version']}"))


def test_the_newest_version_of_stix_is_given_unless_another_is_asked_for(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    two = f"match[id]={OLD_INDICATOR['id']}"
    assert [HELD[3]] == site.objects(two) == site.objects(two + "&match[version]=all")
    assert [OLD] == site.objects(f"match[id]={OLD['id']}")


def test_versions_of_stix_are_selected_alone_and_together(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    assert [OLD, OLD_INDICATOR] == site.objects("match[spec_version]=2.0")
    assert [HELD[3], OLD_INDICATOR] == site.objects(f"match[id]={OLD_INDICATOR['id']}&match[spec_version]=2.0,2.1")
    assert [] == site.objects("match[spec_version]=3.0")


def test_identifiers_and_types_select(site: Site) -> None:
    """TAXII 2.1, 3.4.1"""
    assert [ADDRESS] == site.objects(f"match[id]={ADDRESS['id']}")
    assert [OLD] == site.objects("match[type]=malware")
    assert [] == site.objects("match[type]=no-such-type") == site.objects("match[id]=malware--31b940d4-6f7f-459a-80ea-9c1f17b58910")


@pytest.mark.parametrize("path", LISTS)
def test_values_of_one_match_widen_and_several_matches_narrow(site: Site, path: str) -> None:
    """TAXII 2.1, 3.4"""
    both = f"match[id]={ADDRESS['id']},{OLD['id']}"

    def ids(query: str) -> list[str]:
        return [item["id"] for item in envelope(site.tool.get(path + "?" + query))]

    assert [ADDRESS["id"], OLD["id"]] == ids(both) == ids(both + "&match[type]=malware,ipv4-addr")
    assert [OLD["id"]] == ids(both + "&match[type]=malware") == ids(both + "&match[spec_version]=2.0&match[version]=first")
    assert [] == ids(both + "&match[type]=indicator")


@pytest.mark.parametrize("path", [*LISTS, *OF_ONE])
@pytest.mark.parametrize("name", ["added_after", "limit", "next", "match[id]", "match[type]", "match[version]", "match[spec_version]"])
def test_a_parameter_that_comes_twice_is_refused(site: Site, path: str, name: str) -> None:
    """TAXII 2.1, 3.4"""
    value = {"added_after": V1, "limit": "1", "match[version]": "all"}.get(name, "x")
    assert is_error(site.tool.get(f"{path}?{name}={value}&{name}={value}"), 400)


def test_a_parameter_of_a_channel_that_comes_twice_is_refused(site: Site) -> None:
    """TAXII 2.1, 3.4"""
    assert is_error(site.node("GET", "objects/?limit=1&limit=2"), 400)


@pytest.mark.parametrize("path", [*LISTS, *OF_ONE])
def test_what_the_standard_does_not_name_is_passed_over(site: Site, path: str) -> None:
    """TAXII 2.1, 3.4"""
    assert site.tool.get(path).content == site.tool.get(path + "?match[unknown]=1&x=2&x=3").content


@pytest.mark.parametrize("path", [*LISTS, *OF_ONE])
@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=x", "limit=1.0", "limit=1_0", "limit=%2B1", "limit="),
        *("added_after=abc", "added_after=", "added_after=2026-02-30T00:00:00Z", "added_after=2026-11-20T09:00:00%2B01:00"),
        *("match[version]=x", "match[version]=", "next=x", "next="),
    ],
)
def test_a_parameter_that_is_not_what_it_must_be_is_refused(site: Site, path: str, query: str) -> None:
    """TAXII 2.1, 3.4"""
    answer = site.tool.get(f"{path}?{query}")
    if path.endswith("versions/") and query.startswith("match[version]"):
        assert 200 == answer.status_code  # 5.8: a list of versions knows no match of versions.
    else:
        assert is_error(answer, 400)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1_0", "next=x", "next=-1", "next=1.0", "added_after=x", "next=" + "9" * 30])
def test_a_question_to_a_channel_that_is_not_what_it_must_be_is_refused(site: Site, query: str) -> None:
    """TAXII 2.1, 3.4"""
    assert is_error(site.node("GET", "objects/?" + query), 400)


@pytest.mark.parametrize("path", [*LISTS, *OF_ONE])
def test_added_after_leaves_out_what_came_at_that_time_and_gives_the_oldest_first(site: Site, path: str) -> None:
    """TAXII 2.1, 3.4"""
    whole = site.tool.get(path + "?limit=2")
    name = "versions" if path.endswith("versions/") else "objects"
    first = whole.headers["x-taxii-date-added-first"]
    rest = site.tool.get(f"{path}?limit=1&added_after={first}").json()
    assert whole.json()[name][1:] == rest.get(name, [])
    before = f"{path}?limit=2&added_after={first[:-2]}"  # The same instant but for its last digit, so a little earlier.
    if first[-2] != "0":
        assert whole.json()[name] == site.tool.get(before + "0Z").json()[name]


@pytest.mark.parametrize("digits", ["000", "999"])
def test_added_after_is_an_instant_to_nine_digits_and_more(site: Site, digits: str) -> None:
    """TAXII 2.1, 2, 3.4"""
    for ask in (site.tool.get, lambda path: site.node("GET", path)):
        first = ask("objects/?limit=1")
        after = first.headers["x-taxii-date-added-last"][:-1] + digits + "Z"
        again = ask(f"objects/?added_after={after}")
        assert first.headers["x-taxii-date-added-last"] < again.headers["x-taxii-date-added-first"]
        assert envelope(ask("objects/"))[1:] == envelope(again)


def test_added_after_alone_walks_through_everything(site: Site) -> None:
    """TAXII 2.1, 3.4, 3.5"""
    for ask in (site.tool.get, lambda path: site.node("GET", path)):
        found: list[dict[str, Any]] = []
        query = "objects/?match[version]=all&limit=1"
        while things := envelope(page := ask(query)):
            found += things
            query = f"objects/?match[version]=all&limit=1&added_after={page.headers['x-taxii-date-added-last']}"
        assert envelope(ask("objects/?match[version]=all")) == found


def test_versions_of_an_object_are_selected_as_objects_are(site: Site) -> None:
    """TAXII 2.1, 5.6, 5.8"""
    path = f"objects/{HELD[0]['id']}/"
    assert [version(1, V3)] == envelope(site.tool.get(path))
    assert [version(1, V1), version(1, V2)] == envelope(site.tool.get(f"{path}?match[version]=first,{V2}"))
    assert [] == envelope(site.tool.get(path + "?match[spec_version]=2.0"))
    two = f"objects/{OLD_INDICATOR['id']}/versions/"
    assert [OLD_INDICATOR["modified"]] == site.tool.get(two + "?match[spec_version]=2.0").json()["versions"]


@pytest.mark.parametrize("name", ["match[id]", "match[type]", "match[spec_version]", "match[version]"])
def test_a_match_that_would_leave_something_out_of_a_channel_is_refused_and_not_passed_over(site: Site, name: str) -> None:
    """TAXII 2.1, 3.4"""
    assert is_error(site.node("GET", f"objects/?{name}=last"), 400)
    assert envelope(site.node("GET", "objects/")) == envelope(site.node("GET", "objects/?match[version]=all"))
