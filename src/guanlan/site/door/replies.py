"""Replies made ahead of time, and the one shape of an error.

An error is `{"error": {"code", "message", "field"?}}`. Messages name things, never the
value of a field: a value could be personal data, and errors end up in other people's logs.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from guanlan.site.door.asgi import Message, Send

Headers = list[tuple[bytes, bytes]]

JSON = b"application/json"
NDJSON = b"application/x-ndjson"
# What every answer tells a browser that opens it: it is data, and nobody's to keep or to frame.
SECURE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
]

# Status 200 answers differ only in their length; the start messages of the usual lengths
# are built once. uvicorn copies the list, so sharing is safe.
_LONGEST = 4096
_ok_starts: dict[int, Message] = {}


class Refusal(Exception):
    """A request is answered with an error. `message` holds no value of the request."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = headers

    @property
    def error(self) -> dict[str, str]:
        error = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return error

    @property
    def body(self) -> bytes:
        return msgspec.json.encode({"error": self.error})


def retry_after(seconds: int) -> Headers:
    return [(b"retry-after", b"%d" % seconds)]


def busy(seconds: int) -> Refusal:
    return Refusal(
        429,
        "too_many_requests",
        "too many events are waiting; send this one again later with the same id",
        headers=retry_after(seconds),
    )


def unavailable(message: str, seconds: int) -> Refusal:
    return Refusal(503, "unavailable", message, headers=retry_after(seconds))


def too_large(limit: int, what: str) -> Refusal:
    return Refusal(413, "too_large", f"{what} is larger than {limit} bytes")


def start(status: int, body_length: int, content_type: bytes, headers: Headers) -> Message:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", content_type),
            (b"content-length", b"%d" % body_length),
            *SECURE,
            *headers,
        ],
    }


def ok_start(length: int) -> Message:
    """The start of a 200 JSON answer whose body has `length` bytes."""
    found = _ok_starts.get(length)
    if found is None:
        found = start(200, length, JSON, [])
        if length <= _LONGEST:
            _ok_starts[length] = found
    return found


async def reply(
    send: Send,
    status: int,
    body: bytes,
    *,
    content_type: bytes = JSON,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    await send(start(status, len(body), content_type, list(headers)))
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refusal: Refusal) -> None:
    await reply(send, refusal.status, refusal.body, headers=refusal.headers)
