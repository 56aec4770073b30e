"""Forms of other standards, with examples of theirs."""

from __future__ import annotations

import pytest

from accord.stix.standard.values import is_cpe, is_domain_name, is_ipv6, is_mailbox, is_uri


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        # RFC 3986, 1.1.2
        (True, "ftp://ftp.is.co.za/rfc/rfc1808.txt"),
        (True, "ldap://[2001:db8::7]/c=GB?objectClass?one"),
        (True, "mailto:John.Doe@example.com"),
        (True, "tel:+1-816-555-1212"),
        (True, "urn:oasis:names:specification:docbook:dtd:xml:4.1.2"),
        (True, "http://a"),
        (True, "file:///etc/passwd"),
        (True, "http://user:pw@host:8080/%7Ea?q=/?#f?"),
        (False, "www.example.com"),
        (False, "//example.com"),
        (False, "http://a b"),
        (False, "http://a/%zz"),
        (False, "http://пример.рф"),
        (False, "1http://a"),
        (False, "http://[::1"),
        (False, "http://a/|"),
        (False, "http://a/\n"),
        (False, ""),
    ],
)
def test_a_uri_has_its_scheme(expected: bool, text: str) -> None:
    assert expected is is_uri(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "jane.smith@example.com"),
        (True, '"jane smith"@example.com'),
        (True, "почта@пример.рф"),
        (True, "a@[192.0.2.1]"),
        (False, "Jane Smith <jane@example.com>"),
        (False, "jane"),
        (False, "jane@"),
        (False, "@example.com"),
        (False, ".a@example.com"),
        (False, "a@b@c"),
    ],
)
def test_a_mailbox_has_no_display_name(expected: bool, text: str) -> None:
    assert expected is is_mailbox(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "example.com"),
        (True, "EXAMPLE.com."),
        (True, "xn--e1afmkfd.xn--p1ai"),
        (True, "中国.cn"),
        (True, "a" * 63 + ".com"),
        (False, "a" * 64 + ".com"),
        (False, ".".join(["a" * 49] * 6)),
        (False, "a..b"),
        (False, "-a.com"),
        (False, "a-.com"),
        (False, "a_b.com"),
        (False, "пример!.рф"),
        (False, "."),
        (False, ""),
    ],
)
def test_a_domain_name_is_made_of_labels(expected: bool, text: str) -> None:
    assert expected is is_domain_name(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "::"),
        (True, "2001:db8::1/128"),
        (True, "::ffff:192.0.2.1"),
        (True, "fe80::1%eth0"),
        (False, "2001:db8::1/"),
        (False, "2001:db8::1/00"),
        (False, "2001:db8::1/129"),
        (False, "192.0.2.1"),
        (False, ":::"),
        (False, ""),
        (False, "::%" + "a" * 2_000),
    ],
)
def test_an_ipv6_address_may_have_a_mask(expected: bool, text: str) -> None:
    assert expected is is_ipv6(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*"),
        (True, "cpe:2.3:a:foo\\\\bar:big\\$money_2010:*:*:*:*:special:ipod_touch:80gb:*"),
        (True, "cpe:2.3:o:*:*:*:*:*:ru:*:*:*:*"),
        (False, "cpe:/a:microsoft:internet_explorer"),
        (False, "cpe:2.3:a:microsoft"),
        (False, "cpe:2.3:x:a:b:c:*:*:*:*:*:*:*"),
        (False, "cpe:2.3:a:micro soft:b:c:*:*:*:*:*:*:*"),
    ],
)
def test_a_cpe_name_is_the_formatted_string_of_version_2_3(expected: bool, text: str) -> None:
    assert expected is is_cpe(text)


@pytest.mark.parametrize("attack", ["http://" + "a" * 100_000 + " ", "http:" + "/a" * 50_000 + " ", "http://" + "%41" * 50_000 + "@" * 2])
def test_a_long_hostile_uri_is_refused_in_time(attack: str) -> None:
    assert not is_uri(attack)


@pytest.mark.parametrize("attack", ["a." * 50_000, "a" * 100_000, '"' + "\\a" * 50_000, "a@" + "b." * 50_000])
def test_a_long_hostile_mailbox_is_refused_in_time(attack: str) -> None:
    assert not is_mailbox(attack)


@pytest.mark.parametrize("attack", ["cpe:2.3:a:" + "?" * 50_000, "cpe:2.3:a:" + "a?" * 50_000, "cpe:2.3:a:" + "a" * 100_000])
def test_a_long_hostile_cpe_is_refused_in_time(attack: str) -> None:
    assert not is_cpe(attack)
