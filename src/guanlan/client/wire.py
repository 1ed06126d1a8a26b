"""A lean HTTP/1.1 connection for sending load.

httpx costs several times what the server spends on a request, so a load made with it
measures the client. This does one thing: POST a body over a kept-alive connection.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Self, cast
from urllib.parse import urlsplit

import httptools
from msgspec import Struct


class Reply(Struct, frozen=True, gc=False):
    """An answer: `retry_after` in seconds, None if not told."""

    status: int
    body: bytes
    retry_after: float | None = None


class Target(Struct, frozen=True):
    """Where requests go and what their heads hold."""

    host: str
    port: int
    tls: bool
    head: bytes  # up to the value of content-length

    @classmethod
    def of(cls, url: str, path: str, key: str, content_type: str) -> Self:
        """Raises ValueError for what is no http address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address such as http://127.0.0.1:8000 is expected")
        head = (
            f"POST {parts.path.rstrip('/')}{path} HTTP/1.1\r\n"
            f"host: {parts.netloc.rpartition('@')[2]}\r\n"
            f"authorization: Bearer {key}\r\n"
            f"content-type: {content_type}\r\n"
            "content-length: "
        )
        tls = parts.scheme == "https"
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls, head.encode())


class Wire(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._retry_after: float | None = None

    @classmethod
    async def open(cls, target: Target) -> Self:
        """Connect. Raises OSError."""
        context = ssl.create_default_context() if target.tls else None
        _, wire = await asyncio.get_running_loop().create_connection(
            cls, target.host, target.port, ssl=context
        )
        return wire

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def post(self, target: Target, body: bytes) -> asyncio.Future[Reply]:
        """Send; the future yields the Reply or raises ConnectionError."""
        assert self._transport is not None
        assert self._waiter is None, "a wire carries one request at a time"
        self._waiter = self._loop.create_future()
        self._transport.write(b"%b%d\r\n\r\n%b" % (target.head, len(body), body))
        return self._waiter

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # -- called by the event loop --------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's, so this cannot be asserted.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(ConnectionError("the answer is not HTTP"))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(ConnectionError("the connection was lost"))

    def _fail(self, error: Exception) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    # -- called by the parser ------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._body = []
        self._retry_after = None

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit():
            self._retry_after = float(value)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            return  # 100 Continue and its like announce the answer
        if not self._parser.should_keep_alive():
            self.close()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(
                Reply(self._parser.get_status_code(), b"".join(self._body), self._retry_after)
            )
