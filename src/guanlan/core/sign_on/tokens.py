"""ID tokens: signed by the provider, for this console, for this flow, now; or not believed."""

from __future__ import annotations

import hmac
from typing import Any, Final

import jwt
from msgspec import Struct

from guanlan.core.sign_on.faults import Untrusted, Why
from guanlan.core.sign_on.published import Key, Provider, signing_keys

# Algorithm -> type of key. No "none"; nothing with a shared secret: who checks could also sign.
ALGORITHMS: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519"}
LEEWAY_SECONDS: Final = 60
REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat", "nonce")
LONGEST_SUBJECT: Final = 255
LONGEST_ADDRESS: Final = 254

_WORDS: Final[dict[type[jwt.PyJWTError], Why]] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "early",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidIssuerError: "issuer",
    jwt.MissingRequiredClaimError: "incomplete",
    jwt.InvalidSignatureError: "signature",
    jwt.InvalidKeyError: "key",
}


class Identity(Struct, frozen=True):
    """Whom the provider vouches for. `strength`: the words of its `amr`, and its `acr`."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    strength: frozenset[str]


def claims_of(
    token: str, of: Provider, client: str, nonce: str, begun: float, *, fresh: bool
) -> dict[str, Any]:
    """The claims of an ID token.

    `begun` is when the flow began, seconds since 1970 UTC; `fresh` asks that the person proved
    themselves to the provider since then. Raises Untrusted, and Unreachable for keys that cannot
    be had. When no kept key fits, the keys are fetched anew, once: the provider may have changed
    them.
    """
    header = _header(token)
    claims: dict[str, Any] | None = None
    for anew in (False, True):
        key = _key(header, signing_keys(of, anew=anew))
        if key is not None:
            claims = _verified(token, key, of.issuer, client, last=anew)
        if claims is not None:
            break
    if claims is None:
        raise Untrusted("key")
    _of_this_flow(claims, client, nonce, begun)
    if fresh:
        _since(claims.get("auth_time"), begun)
    return claims


def _header(token: str) -> dict[str, Any]:
    try:
        header: dict[str, Any] = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Untrusted("token") from None
    if header.get("alg") not in ALGORITHMS:
        raise Untrusted("algorithm")
    # An access token or a logout token of the same provider is no ID token (RFC 8725, 3.11).
    if str(header.get("typ", "JWT")).upper() != "JWT" or "crit" in header:
        raise Untrusted("type")
    return header


def _key(header: dict[str, Any], published: tuple[Key, ...]) -> jwt.PyJWK | None:
    """The one published key that the header means. What the token itself brings along as a key
    (`jwk`, `jku`, `x5c`) is never looked at."""
    algorithm, wanted = header["alg"], header.get("kid")
    fitting = [
        key
        for key in published
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("crv") == CURVES.get(algorithm)
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and (wanted is None or key.get("kid") == wanted)
    ]
    if len(fitting) != 1:
        return None
    try:
        return jwt.PyJWK(fitting[0], algorithm)
    except jwt.PyJWTError:
        return None


def _verified(
    token: str, key: jwt.PyJWK, issuer: str, client: str, *, last: bool
) -> dict[str, Any] | None:
    """The claims; None for a signature of another key, while a newer one may be published."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=client,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED), "enforce_minimum_key_length": True},
        )
    except jwt.InvalidSignatureError:
        if last:
            raise Untrusted("signature") from None
        return None
    except jwt.PyJWTError as error:
        raise Untrusted(_WORDS.get(type(error), "token")) from None
    return claims


def _of_this_flow(claims: dict[str, Any], client: str, nonce: str, begun: float) -> None:
    told = claims["nonce"]
    if not isinstance(told, str) or not told.isascii() or not hmac.compare_digest(told, nonce):
        raise Untrusted("nonce")
    # A token for several is one that the others hold too: it must say that we asked for it.
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client) != client:
        raise Untrusted("party")
    if int(claims["iat"]) < begun - LEEWAY_SECONDS:
        raise Untrusted("old")
    subject: str = claims["sub"]
    if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isascii():
        raise Untrusted("token")


def _since(proven: object, begun: float) -> None:
    if not isinstance(proven, int | float) or isinstance(proven, bool):
        raise Untrusted("stale")
    if proven < begun - LEEWAY_SECONDS:
        raise Untrusted("stale")


def identity_of(claims: dict[str, Any], issuer: str) -> Identity:
    """What is used of checked claims; what is of another type than it should be is left out."""
    email, methods, context = claims.get("email"), claims.get("amr"), claims.get("acr")
    words = methods if isinstance(methods, list) else []
    address = email if isinstance(email, str) and email.isprintable() else ""
    return Identity(
        issuer=issuer,
        subject=claims["sub"],
        email=address if len(address) <= LONGEST_ADDRESS else "",
        email_verified=claims.get("email_verified") is True,
        strength=frozenset(word for word in [*words, context] if isinstance(word, str)),
    )
