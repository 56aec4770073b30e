"""Operational keys that live in a PKCS#11 token: made there, used there, never given out.

A key is named by a URI (RFC 7512), in this form and no other:

    pkcs11:token=accord;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/credentials/accord.service/pin

`module-path` is the library of the token's maker, `pin-source` a file with the PIN. Needs `pip install 'accord[pkcs11]'`; only this module knows
the library behind it. A process opens each token once, so two nodes in one process do not share one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from accord.errors import AccordError, Refusal, SignatureInvalid, Unready
from accord.seal.keys import PublicKey

if TYPE_CHECKING:
    import pkcs11

SCHEME: Final = "pkcs11:"
URI_CHARACTERS_MAX: Final = 1_024  # Characters. Two names and two paths.
PIN_OCTETS_MAX: Final = 256  # Bytes of a PIN's file. Tokens take some dozens.

_FORM: Final = re.compile(r"pkcs11:token=([^;?&]+);object=([^;?&]+)\?module-path=([^;?&]+)&pin-source=file:([^;?&]+)")
_ED25519: Final = bytes.fromhex("06032b6570")  # The object identifier 1.3.101.112 (RFC 8410, 3), as CKA_EC_PARAMS.
_POINT: Final = bytes.fromhex("0420")  # A point of 32 bytes comes as an OCTET STRING, from some tokens bare.


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Where a key is: a token by its label, in it an object by its label; and the files that reach it."""

    token: str
    object: str
    module: Path
    pin: Path

    @classmethod
    def parse(cls, text: str) -> TokenUri:
        found = _FORM.fullmatch(text) if len(text) <= URI_CHARACTERS_MAX else None
        if found is None:
            raise Refusal(
                "not the URI of a key in a token",
                remedy="write pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=file:FILE (RFC 7512)",
            )
        token, name, module, pin = (unquote(part) for part in found.groups())
        return cls(token, name, Path(module), Path(pin))

    def __str__(self) -> str:
        token, name = quote(self.token, safe=""), quote(self.object, safe="")
        module, pin = quote(str(self.module)), quote(str(self.pin))
        return f"{SCHEME}token={token};object={name}?module-path={module}&pin-source=file:{pin}"

    @property
    def name(self) -> str:
        return f"the key {self.object} in the token {self.token}"


@dataclass(frozen=True, slots=True, repr=False)
class TokenKey:
    """A private key in a token. Its public half was read when it was opened."""

    name: str
    public: PublicKey
    private: Any  # The library's own; what it may be is decided by the token.
    lock: Lock  # Of the token: a session does one thing at a time.

    def sign(self, message: bytes) -> bytes:
        """Sign in the token. What comes back is held against the public key, so that a failing token gives no false signature away."""
        with self.lock:
            try:
                signature = bytes(self.private.sign(message, mechanism=_library().Mechanism.EDDSA))
                self.public.verify(signature=signature, message=message)
            except (_library().PKCS11Error, SignatureInvalid) as error:
                raise _unready(self.name, error) from error
        return signature


@dataclass(slots=True)
class Tokens:
    """Sessions with tokens, each opened when the first key in it is asked for; `close` ends them all."""

    _open: dict[tuple[Path, str], tuple[pkcs11.Session, Lock]] = field(default_factory=dict)

    def close(self) -> None:
        while self._open:
            _, (session, _) = self._open.popitem()
            session.close()

    def key(self, uri: TokenUri) -> TokenKey:
        """The key that the URI names; `Unready` says what of it is not there."""
        library = _library()
        session, lock = self._session(uri)
        kinds = library.ObjectClass
        try:
            with lock:
                private, public = (
                    session.get_key(object_class=kind, key_type=library.KeyType.EC_EDWARDS, label=uri.object)
                    for kind in (kinds.PRIVATE_KEY, kinds.PUBLIC_KEY)
                )
                point = bytes(public[library.Attribute.EC_POINT])
        except library.PKCS11Error as error:
            raise _unready(uri.name, error) from error
        return TokenKey(
            uri.name, PublicKey("ed25519", point.removeprefix(_POINT) if len(point) > len(_POINT) + 31 else point), private, lock
        )

    def make(self, uri: TokenUri) -> TokenKey:
        """Make an Ed25519 key in the token, one that cannot be taken out; a name that is taken is refused."""
        library = _library()
        session, lock = self._session(uri)
        try:
            with lock:
                if next(iter(session.get_objects({library.Attribute.LABEL: uri.object})), None) is not None:
                    raise Refusal(f"{uri.name} is there already", remedy="choose another object name")
                curve = session.create_domain_parameters(library.KeyType.EC_EDWARDS, {library.Attribute.EC_PARAMS: _ED25519}, local=True)
                curve.generate_keypair(
                    mechanism=library.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                    store=True,
                    label=uri.object,
                    private_template={library.Attribute.SENSITIVE: True, library.Attribute.EXTRACTABLE: False},
                )
        except library.PKCS11Error as error:
            raise _unready(uri.name, error) from error
        return self.key(uri)

    def _session(self, uri: TokenUri) -> tuple[pkcs11.Session, Lock]:
        place = (uri.module, uri.token)
        if place not in self._open:
            library = _library()
            try:
                token = library.lib(str(uri.module)).get_token(token_label=uri.token)
                self._open[place] = token.open(rw=True, user_pin=_pin(uri.pin)), Lock()
            except (library.PKCS11Error, RuntimeError) as error:
                raise _unready(uri.name, error) from error
        return self._open[place]


def _pin(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError:
        raise Unready(f"the PIN cannot be read from {path}", remedy="put it there, on one line that the node may read") from None
    if len(raw) > PIN_OCTETS_MAX:
        raise Unready(f"{path} is no PIN: it has more than {PIN_OCTETS_MAX} bytes (PIN_OCTETS_MAX)", remedy="put the PIN there")
    return raw.decode("utf-8", errors="replace").strip()


def _unready(name: str, error: Exception) -> AccordError:
    """A fault of a token, by the name that the standard gives it; the library's text may be empty."""
    says = f"{type(error).__name__} {error}".strip()
    return Unready(
        f"{name} cannot be used: {says}", remedy="see that the token is there, its module and PIN are right, and it knows Ed25519"
    )


def _library() -> Any:
    try:
        import pkcs11
    except ImportError:
        raise Unready("keys in a token need a package that is not installed", remedy="pip install 'accord[pkcs11]'") from None
    return pkcs11
