"""A real OpenID Connect provider on this machine, with keys of its own, that can be told to lie.

It is written from the standards (OpenID Connect Core, RFC 6749, 7636, 9207), signs by hand with
`cryptography`, and checks what a provider checks: the client's secret, the address people come
back to, the code (once), and its verifier.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pytest_django import Settings

from guanlan.core import sign_on

CLIENT = "guanlan:console"  # with what must be encoded in a header
SECRET = "s3cret/+ %"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(number: int = 0, size: int = 2048) -> rsa.RSAPrivateKey:
    """One of some RSA keys, made once a run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(value: int, length: int = 0) -> str:
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def public(key: PrivateKey, kid: str | None) -> dict[str, Any]:
    """The JWK that a provider publishes of a key."""
    named = {} if kid is None else {"kid": kid}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), **named}
    point = key.public_key().public_numbers()
    both = {"x": _number(point.x, 32), "y": _number(point.y, 32)}
    return {"kty": "EC", "crv": "P-256", **both, **named}


def signed(key: PrivateKey | bytes | None, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A compact JWS; without a key its signature is empty, with octets it is an HMAC."""
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    if key is None:
        signature = b""
    elif isinstance(key, bytes):
        signature = hmac.digest(key, text.encode(), "sha256")
    elif isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(text.encode(), padding.PKCS1v15(), SHA256())
    else:
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{text}.{encoded(signature)}"


class Provider:
    """What it says, and how it deviates; tests change it while it runs."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.egress = (f"127.0.0.1:{port}",)
        self.person: dict[str, Any] = {
            "sub": "7f3a", "email": "li.na@example.com", "email_verified": True,
        }  # fmt: skip
        self.description: dict[str, Any] = {}  # what it says differently of itself
        self.key: PrivateKey | bytes | None = rsa_key()
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.keys: list[dict[str, Any]] = [public(rsa_key(), "one")]
        self.claims: dict[str, Any] = {}  # what its tokens say differently; None leaves it out
        self.answer: dict[str, str] = {}  # what it sends back differently; "" leaves it out
        self.token_error: tuple[int, dict[str, Any], dict[str, str]] | None = None
        self.userinfo: dict[str, Any] = {}  # what its userinfo endpoint says differently
        self.renews = True  # asks people again when it is asked to
        self.asked: list[tuple[str, str]] = []  # (method, path) of every call
        self.questions: list[dict[str, str]] = []  # what came to its authorization endpoint
        self._codes: dict[str, dict[str, str]] = {}

    def calls(self, path: str) -> int:
        return sum(1 for _method, asked in self.asked if asked == path)

    def sign_in(self, address: str) -> str:
        """What a person's browser does at the provider: the address it is sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        self.questions.append(asked)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | self.answer
        told = {name: value for name, value in answer.items() if value}
        return f"{asked['redirect_uri']}?{urlencode(told)}"

    def token(self, asked: dict[str, str]) -> str:
        """An ID token for one who came with `asked`."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **self.person,
        }  # fmt: skip
        if "max_age" in asked:
            claims["auth_time"] = now if self.renews else now - 3600
        told = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return signed(self.key, self.header, told)

    def redeem(self, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        kind, _space, pair = headers.get("authorization", "").partition(" ")
        name, _colon, secret = base64.b64decode(pair).decode().partition(":")
        if kind != "Basic" or (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        form = dict(parse_qsl(body))
        asked = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        if (
            asked is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != asked["redirect_uri"]
            or encoded(hashlib.sha256(verifier.encode()).digest()) != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {
            "token_type": "Bearer", "access_token": "for-userinfo", "id_token": self.token(asked),
        }  # fmt: skip

    def described(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        } | self.description
        return {name: value for name, value in told.items() if value is not None}


PAGE = """<!doctype html><html lang="en"><title>Staff directory</title><h1>Staff directory</h1>
<form method="post" action="/authorize?{query}"><button>I am Li Na</button></form></html>"""


def _handler(provider: Callable[[], Provider]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            it, parts = provider(), urlsplit(self.path)
            it.asked.append(("GET", parts.path))
            if parts.path == "/.well-known/openid-configuration":
                self._json(200, it.described())
            elif parts.path == "/keys":
                self._json(200, {"keys": it.keys})
            elif parts.path == "/userinfo":
                if self.headers.get("Authorization") == "Bearer for-userinfo":
                    told = (it.person | it.userinfo).items()
                    self._json(200, {name: value for name, value in told if value is not None})
                else:
                    self._json(401, {"error": "invalid_token"})
            elif parts.path == "/authorize":
                page = PAGE.format(query=escape(parts.query)).encode()
                self._send(200, page, {"Content-Type": "text/html"})
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            it, parts = provider(), urlsplit(self.path)
            it.asked.append(("POST", parts.path))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if parts.path == "/authorize":
                self._send(302, b"", {"Location": it.sign_in(self.path)})
            elif it.token_error is not None:
                status, said, headers = it.token_error
                self._send(status, json.dumps(said).encode(), headers)
            else:
                lower = {name.lower(): value for name, value in self.headers.items()}
                self._json(*it.redeem(lower, body))

        def _json(self, status: int, said: dict[str, Any]) -> None:
            self._send(status, json.dumps(said).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def signing_on_with_one(settings: Settings) -> Iterator[Provider]:
    """An installation whose staff sign on with a provider that runs until the end of the block."""
    with openid_provider() as running:
        settings.OIDC_ISSUER = running.issuer
        settings.OIDC_CLIENT_ID = CLIENT
        settings.OIDC_CLIENT_SECRET = SECRET
        settings.OIDC_NAME = "Staff directory"
        settings.EGRESS_ALLOW = running.egress
        sign_on.forget()
        yield running
    sign_on.forget()


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """A provider that runs until the end of the block."""
    made: list[Provider] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lambda: made[0]))
    server.daemon_threads = True
    made.append(Provider(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
