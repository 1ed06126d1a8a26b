"""The authorization code flow: out with a question nobody can guess, back with its answer."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from msgspec import Struct

from guanlan.core.sign_on.faults import Untrusted
from guanlan.core.sign_on.published import Provider, Refusing, provider, read
from guanlan.core.sign_on.tokens import Identity, claims_of, identity_of

SCOPE: Final = "openid email"
ADDRESS: Final = frozenset({"email", "email_verified"})
LONGEST_CODE: Final = 4096
LIFE_SECONDS: Final = 600  # of a flow that has begun


class Begun(Struct, frozen=True):
    """A flow under way; kept in the session that began it, and used once.

    `state` finds it again, `nonce` ties the token to it, `verifier` proves that who brings the
    code is who asked for it. `at`: seconds since 1970 UTC. `fresh`: the person is to prove
    themselves to the provider again, whatever session they have there.
    """

    state: str
    nonce: str
    verifier: str
    at: float
    fresh: bool = False

    def over(self, now: float) -> bool:
        """Whether the answer comes too late."""
        return not self.at <= now <= self.at + LIFE_SECONDS


def begin(redirect_uri: str, *, fresh: bool = False) -> tuple[Begun, str]:
    """A new flow, and the provider's address to which the browser is sent. Raises Unreachable."""
    of = provider()
    begun = Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        at=time.time(),
        fresh=fresh,
    )
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "scope": SCOPE,
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": _base64(hashlib.sha256(begun.verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    if fresh:
        asked |= {"prompt": "login", "max_age": "0"}
    joint = "&" if urlsplit(of.authorization_endpoint).query else "?"
    return begun, f"{of.authorization_endpoint}{joint}{urlencode(asked)}"


def complete(begun: Begun, redirect_uri: str, answer: Mapping[str, str]) -> Identity:
    """Whom the provider vouches for, by the answer it sent the browser back with.

    Raises Untrusted when the answer is not believed, Unreachable when the provider cannot be
    asked about it.
    """
    of = provider()
    # First of all whose answer it is: a code of another provider must not be sent to this one.
    said = answer.get("iss")
    if said != of.issuer and (said is not None or of.names_itself):
        raise Untrusted("issuer")
    if "error" in answer:
        raise Untrusted("declined")
    code = answer.get("code", "")
    if not 1 <= len(code) <= LONGEST_CODE:
        raise Untrusted("answer")
    tokens = _redeemed(of, code, begun.verifier, redirect_uri)
    token = tokens.get("id_token")
    if not isinstance(token, str):
        raise Untrusted("incomplete")
    client: str = settings.OIDC_CLIENT_ID
    claims = claims_of(token, of, client, begun.nonce, begun.at, fresh=begun.fresh)
    if not begun.fresh and not claims.keys() >= ADDRESS and of.userinfo_endpoint:
        claims = _with_userinfo(of, claims, tokens.get("access_token"))
    return identity_of(claims, of.issuer)


def _redeemed(of: Provider, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    pair = f"{quote(settings.OIDC_CLIENT_ID, '')}:{quote(settings.OIDC_CLIENT_SECRET, '')}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        return read(
            "POST", of.token_endpoint, "the token endpoint", content=urlencode(form).encode(),
            headers=headers,
        )  # fmt: skip
    except Refusing as error:
        if error.word == "invalid_grant":  # the code was used, is old, or was made up
            raise Untrusted("code") from None
        raise


def _with_userinfo(of: Provider, claims: dict[str, Any], access: object) -> dict[str, Any]:
    """The claims, with the e-mail address that the provider tells only when asked."""
    if not isinstance(access, str) or not access.isascii() or not access.isprintable():
        raise Untrusted("incomplete")
    headers = {"Authorization": f"Bearer {access}"}
    told = read("GET", of.userinfo_endpoint, "the userinfo endpoint", headers=headers)
    if told.get("sub") != claims["sub"]:  # another person's (OpenID Connect Core, 5.3.2)
        raise Untrusted("token")
    # Both from one place: what is verified is the address that stands beside it.
    return claims | {name: told.get(name) for name in ADDRESS}


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
