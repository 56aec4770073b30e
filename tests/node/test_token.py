"""Keys in a PKCS#11 token, against SoftHSM2: a node signs with them, their seeds are nowhere, and a token that fails is named."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from accord.errors import Refusal, Unready
from accord.node.build import opened
from accord.node.founding import replace_key
from accord.node.settings import SETTINGS_FILE, read_settings
from accord.node.token import Tokens, TokenUri
from accord.seal.keys import Role
from tests.stories.alliance import Alliance, founded, indicator, restarted

MODULES = [Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")]
PIN = "4711-invented"
SPECIMEN = "pkcs11:token=accord;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/accord/pin"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenUri]:
    """A token of SoftHSM2's, new, and in it no key yet. The module reads its configuration once, when it is first used in this process."""
    module = next((path for path in MODULES if path.exists()), None)
    if module is None:
        if os.environ.get("CI"):
            pytest.fail("softhsm2 is not installed")
        pytest.skip("softhsm2 is not installed (Debian: apt-get install softhsm2)")
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    (folder / "pin").write_text(PIN + "\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    made = ["softhsm2-util", "--init-token", "--free", "--label", "accord", "--pin", PIN, "--so-pin", "invented-so"]
    subprocess.run(made, check=True, capture_output=True)
    yield TokenUri("accord", "log", module, folder / "pin")
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    with founded(tmp_path, ("KZ", "KG")) as found:
        yield found


def named(token: TokenUri, name: str) -> TokenUri:
    return TokenUri(token.token, name, token.module, token.pin)


def test_the_uri_is_read_as_it_is_written() -> None:
    odd = TokenUri("a;b?c&d=e", "ключ/1", Path("/opt/a b/module.so"), Path("/run/pin&1"))
    assert (SPECIMEN, odd) == (str(TokenUri.parse(SPECIMEN)), TokenUri.parse(str(odd)))


@pytest.mark.parametrize(
    "text",
    ["pkcs11:", "pkcs11:token=accord", SPECIMEN + "&x=1", SPECIMEN.replace("file:", "http:"), SPECIMEN + "x" * 1024, "keys/log.key"],
)
def test_another_uri_is_refused_with_the_form_that_is_taken(text: str) -> None:
    with pytest.raises(Refusal, match="not the URI of a key in a token") as caught:
        TokenUri.parse(text)
    assert "RFC 7512" in caught.value.remedy


def test_a_node_signs_with_keys_in_a_token_and_its_partner_holds_every_proof(alliance: Alliance, token: TokenUri) -> None:
    folder = alliance.folder / "KZ"
    alliance.publish("KZ", indicator(1), to="KG")
    alliance.sync("KG", "KZ")
    for role in (Role.LOG, Role.STATEMENT, Role.RECEIPT, Role.WITNESS):
        place = named(token, f"node-{role.value}")
        replace_key(folder, role, root_key=alliance.folder / "KZ.key", now=alliance.clock(), token=place)
        assert place == getattr(read_settings(folder).keys, role.value)
    with restarted(alliance, "KZ"):
        alliance.publish("KZ", indicator(2), to="KG")
        assert 1 == alliance.sync("KG", "KZ").kept
        alliance.publish("KG", indicator(3), to="KZ")
        assert 1 == alliance.sync("KZ", "KG").kept
        alliance.check_everything()


def test_a_key_in_a_token_cannot_be_taken_out(token: TokenUri) -> None:
    import pkcs11

    with closing(Tokens()) as tokens:
        key = tokens.make(named(token, "kept"))
        assert (True, False) == (key.private[pkcs11.Attribute.SENSITIVE], key.private[pkcs11.Attribute.EXTRACTABLE])
        with pytest.raises(pkcs11.AttributeSensitive):
            key.private[pkcs11.Attribute.VALUE]


def test_a_signature_of_a_token_holds_under_its_public_key(token: TokenUri) -> None:
    with closing(Tokens()) as tokens:
        made = tokens.make(named(token, "signing"))
        assert made.public == tokens.key(named(token, "signing")).public
        made.public.verify(signature=made.sign(b"words"), message=b"words")


def test_a_name_that_is_taken_is_not_made_again(token: TokenUri) -> None:
    with closing(Tokens()) as tokens:
        tokens.make(named(token, "taken"))
        with pytest.raises(Refusal, match="the key taken in the token accord is there already"):
            tokens.make(named(token, "taken"))


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        (lambda uri: replace(uri, token="lost"), "the key log in the token lost cannot be used: NoSuchToken"),
        (lambda uri: replace(uri, object="lost"), "the key lost in the token accord cannot be used: NoSuchKey"),
        (lambda uri: replace(uri, pin=Path("lost")), "the PIN cannot be read from lost"),
    ],
)
def test_what_is_not_there_is_named(token: TokenUri, lost: Callable[[TokenUri], TokenUri], says: str) -> None:
    with closing(Tokens()) as tokens, pytest.raises(Unready, match=says):
        tokens.key(lost(token))


def test_a_wrong_pin_is_named_and_not_shown(token: TokenUri, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("another-pin")
    with closing(Tokens()) as tokens, pytest.raises(Unready, match="PinIncorrect") as caught:
        tokens.key(TokenUri(token.token, token.object, token.module, tmp_path / "pin"))
    assert "another-pin" not in caught.value.says + caught.value.remedy


def test_the_transport_key_does_not_go_into_a_token(alliance: Alliance, token: TokenUri) -> None:
    with pytest.raises(Refusal, match="stays in a file"):
        replace_key(alliance.folder / "KZ", Role.TRANSPORT, root_key=alliance.folder / "KZ.key", now=alliance.clock(), token=token)


def test_a_setting_with_another_uri_stops_the_start_and_says_the_form(alliance: Alliance) -> None:
    path = alliance.folder / "KZ" / SETTINGS_FILE
    path.write_text(path.read_text().replace('log = "keys/log.key"', 'log = "pkcs11:token=accord"'))
    with pytest.raises(Unready, match=r"keys\.log.*RFC 7512"), opened(alliance.folder / "KZ"):
        pass
