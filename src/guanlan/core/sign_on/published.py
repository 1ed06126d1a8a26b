"""What the provider publishes of itself: where its doors are, and the keys it signs with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from msgspec import Struct

from guanlan.core import egress
from guanlan.core.sign_on.faults import Unreachable

KEPT_SECONDS: Final = 3600.0  # how long what was published is believed without asking again
LIMIT_BYTES: Final = 256 << 10
WELL_KNOWN: Final = "/.well-known/openid-configuration"
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Provider(Struct, frozen=True):
    """The provider's doors. `names_itself`: its answers must say whose they are (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    names_itself: bool = False


Key = dict[str, Any]
_providers: Final[dict[str, tuple[float, Provider]]] = {}
_keys: Final[dict[str, tuple[float, tuple[Key, ...]]]] = {}


def configured() -> bool:
    """Whether staff may sign in by a provider."""
    return bool(settings.OIDC_ISSUER)


def forget() -> None:
    """Ask for everything anew the next time."""
    _providers.clear()
    _keys.clear()


def provider() -> Provider:
    """The provider of the settings, as it describes itself. Raises Unreachable."""
    issuer: str = settings.OIDC_ISSUER
    kept = _providers.get(issuer)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = _described(issuer, read("GET", issuer.rstrip("/") + WELL_KNOWN, "the description"))
    _providers[issuer] = (time.monotonic(), found)
    return found


def signing_keys(of: Provider, *, anew: bool = False) -> tuple[Key, ...]:
    """The keys the provider signs with now (JWK objects, unchecked). Raises Unreachable."""
    kept = _keys.get(of.jwks_uri)
    if kept is not None and not anew and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = read("GET", of.jwks_uri, "the list of keys").get("keys")
    if not isinstance(found, list):
        raise Unreachable(f"{urlsplit(of.jwks_uri).hostname}: expected a list of keys (JWKS)")
    keys = tuple(key for key in found if isinstance(key, dict))
    _keys[of.jwks_uri] = (time.monotonic(), keys)
    return keys


def read(
    method: str,
    url: str,
    what: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON object at `url`. Raises Unreachable, in a sentence that names host and `what`."""
    host = urlsplit(url).hostname
    sent = {"Accept": "application/json", **(headers or {})}
    try:
        answer = egress.request(method, url, content=content, headers=sent, limit=LIMIT_BYTES)
    except OSError as error:
        raise Unreachable(f"{what} of the sign-on provider: {error}") from error
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not answer.ok:
        word = body.get("error") if isinstance(body, dict) else None
        raise Refusing(f"{host}: {what} is answered with status {answer.status}", word)
    if not isinstance(body, dict):
        raise Unreachable(f"{host}: {what} is no JSON object")
    return body


class Refusing(Unreachable):
    """The provider answered, with an error; `word` is what it calls it (RFC 6749, 5.2)."""

    def __init__(self, sentence: str, word: object) -> None:
        super().__init__(sentence)
        self.word = word if isinstance(word, str) else ""


def _described(issuer: str, found: Mapping[str, Any]) -> Provider:
    host = urlsplit(issuer).hostname
    # Else a provider could describe itself as another one, and be believed in its place.
    if found.get("issuer") != issuer:
        raise Unreachable(f"{host}: calls itself by another issuer than GUANLAN_OIDC_ISSUER says")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _safe(found.get(name)):
            raise Unreachable(f"{host}: describes no {name} that begins with https://")
    ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not isinstance(ways, list) or "client_secret_basic" not in ways:
        raise Unreachable(f"{host}: does not take client_secret_basic at its token endpoint")
    userinfo = found.get("userinfo_endpoint")
    return Provider(
        issuer=issuer,
        authorization_endpoint=found["authorization_endpoint"],
        token_endpoint=found["token_endpoint"],
        jwks_uri=found["jwks_uri"],
        userinfo_endpoint=userinfo if isinstance(userinfo, str) and _safe(userinfo) else "",
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _safe(url: object) -> bool:
    """Whether an address is one of TLS, or leads to this machine itself."""
    # What is pasted into a header and a page has nothing in it that would end them.
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.fragment or parts.username or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
