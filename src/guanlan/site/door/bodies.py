"""Reading request bodies within a size and a time.

A time-out object per request would cost more than reading the request, so running reads
are noted in one dict in order of their end, and `sweep` (called about twice a second)
cancels those that are late.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from guanlan.site.door.asgi import Receive
from guanlan.site.door.replies import Refusal, too_large


class Disconnected(Exception):
    """The client left before its request was complete: there is nobody to answer."""


class Reader:
    """Reads bodies of one kind: at most `limit` bytes in `seconds` seconds."""

    def __init__(self, what: str, limit: int, seconds: float) -> None:
        self._what = what
        self._limit = limit
        self._seconds = seconds
        self._ends: dict[asyncio.Task[None], float] = {}
        self._late: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        return len(self._ends)

    def declared(self, content_length: bytes | None) -> None:
        """Raises Refusal 413 when the announced length is already too much."""
        if content_length is not None and int(content_length) > self._limit:
            raise too_large(self._limit, self._what)

    async def read(self, receive: Receive) -> bytes:
        """The whole body. Raises Refusal 408 or 413, or Disconnected."""
        task = asyncio.current_task()
        assert task is not None
        self._ends[task] = monotonic() + self._seconds
        try:
            message = await receive()
            if message["type"] != "http.request":
                raise Disconnected
            body: bytes = message["body"]
            if message["more_body"] or len(body) > self._limit:
                return await self._rest(bytearray(body), message["more_body"], receive)
            return body
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise Refusal(
                408,
                "timeout",
                f"{self._what} did not arrive within {self._seconds:g} seconds",
                headers=[(b"connection", b"close")],
            ) from None
        finally:
            del self._ends[task]
            self._late.discard(task)

    async def _rest(self, body: bytearray, more: bool, receive: Receive) -> bytes:
        while True:
            if len(body) > self._limit:
                raise too_large(self._limit, self._what)
            if not more:
                return bytes(body)
            message = await receive()
            if message["type"] != "http.request":
                raise Disconnected
            body += message["body"]
            more = message["more_body"]

    def sweep(self) -> None:
        """Cancel the reads whose time is over."""
        now = monotonic()
        for task, end in self._ends.items():
            if end > now:
                break
            if task not in self._late:
                self._late.add(task)
                task.cancel()
