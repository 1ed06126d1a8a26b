"""`Client` and `AsyncClient`: the same calls, waiting and awaiting.

with Client("http://127.0.0.1:8000", key) as guanlan:
    decision = guanlan.post({"type": "login", "entities": {"user": "u-1"}, "fields": {}})
    if decision.outcome == "decline":
        ...
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

from guanlan.client import answers, requests
from guanlan.client.answers import Decision, Explained
from guanlan.client.errors import Refused, Unreachable, refusal
from guanlan.client.requests import JSON, LOOK_UP, NDJSON, RETRYABLE, Event, Retry

BATCH_LINES = 1000
BATCH_BYTES = 4 << 20
_Part = list[tuple[str, bytes]]


class _Exchange:
    """One request through all its attempts, without doing any waiting itself."""

    def __init__(self, retry: Retry, draw: Callable[[], float]) -> None:
        self._retry = retry
        self._draw = draw
        self._attempt = 0

    def judge(self, result: httpx.Response | httpx.TransportError) -> float | None:
        """Seconds to wait before the next attempt, or None: `result` is final."""
        again = (
            result.status_code in RETRYABLE
            if isinstance(result, httpx.Response)
            else not isinstance(result, httpx.UnsupportedProtocol)
        )
        if not again or self._attempt + 1 >= self._retry.attempts:
            return None
        told = result.headers.get("retry-after") if isinstance(result, httpx.Response) else None
        wait = self._retry.wait(self._attempt, told, self._draw)
        self._attempt += 1
        return wait


def _finish(result: httpx.Response | httpx.TransportError, event_id: str | None) -> bytes:
    if isinstance(result, httpx.TransportError):
        failure = Unreachable(f"no answer: {type(result).__name__}")
        failure.event_id = event_id
        raise failure from result
    if result.status_code != 200:
        error = answers.parse_error(result.status_code, result.content)
        error.event_id = event_id
        raise error
    return result.content


def _read_part(part: _Part, body: bytes) -> tuple[list[Decision | Refused], list[int]]:
    """The answers of a part, and the places of those that are worth another attempt."""
    lines = body.splitlines()
    if len(lines) != len(part):
        # The answer broke off: what is missing is asked for again, with the same ids.
        lines = lines[: len(part)]
    found: list[Decision | Refused] = []
    again: list[int] = []
    for place, (event_id, _) in enumerate(part):
        if place < len(lines):
            answer = answers.parse_line(lines[place])
        else:
            answer = refusal(503, "broken_off", "the answer broke off")
        if isinstance(answer, Refused):
            answer.event_id = event_id
            if answer.status in RETRYABLE:
                again.append(place)
        found.append(answer)
    return found, again


def _body(part: _Part) -> bytes:
    return b"\n".join(body for _, body in part) + b"\n"


class _Settings:
    def __init__(
        self, key: str, timeout: float, retry: Retry | None, draw: Callable[[], float]
    ) -> None:
        self.headers = {"authorization": f"Bearer {key}", "user-agent": "guanlan-client/1"}
        self.timeout = httpx.Timeout(timeout)
        self.retry = retry or Retry()
        self.draw = draw

    def exchange(self) -> _Exchange:
        return _Exchange(self.retry, self.draw)


class Client:
    """Talks to one Guanlan. Thread-safe; keep one and close it.

    url: e.g. "https://guanlan.example". key: an API key, "gl_...".
    timeout: seconds of silence after which an attempt counts as failed.
    retry: when to try again; connection errors, 429 and 503 are retried with the same id.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 5.0,
        retry: Retry | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = requests.draw,
    ) -> None:
        self._set = _Settings(key, timeout, retry, draw)
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=url,
            headers=self._set.headers,
            timeout=self._set.timeout,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def post(self, event: Event) -> Decision:
        """Record `event` and get its decision. An id is made if `event` has none.

        Raises Invalid, Denied, Conflict, Busy, Unreachable.
        """
        event_id, body = requests.encode_event(event)
        return answers.parse_decision(self._call("POST", "/v1/events", body, JSON, event_id))

    def post_many(self, events: Iterable[Event]) -> Iterator[Decision | Refused]:
        """Record `events` in order; yields a decision or the refusal of each, in order.

        A refused event does not stop the others. Raises Denied, Busy, Unreachable.
        """
        for part in requests.parts(events, BATCH_LINES, BATCH_BYTES):
            yield from self._post_part(part)

    def decision(self, event_id: str) -> Explained:
        """The decision on an event and how it came about. Raises NotFound."""
        return answers.parse_explained(self._call("GET", requests.decision_path(event_id)))

    def entity(self, kind: str, key: str) -> dict[str, Any]:
        """What is known of an entity now. Raises NotFound."""
        body = requests.look_up(kind, key)
        return answers.parse_object(self._call("POST", LOOK_UP, body, JSON))

    def _post_part(self, part: _Part) -> list[Decision | Refused]:
        found: list[Decision | Refused] = []
        places = list(range(len(part)))
        for attempt in range(self._set.retry.attempts):
            asked = [part[place] for place in places]
            got, again = _read_part(
                asked, self._call("POST", "/v1/events:batch", _body(asked), NDJSON)
            )
            found = _merged(found, places, got)
            places = [places[index] for index in again]
            if not places:
                break
            self._sleep(self._set.retry.wait(attempt, None, self._set.draw))
        return found

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str | None = None,
        event_id: str | None = None,
    ) -> bytes:
        exchange = self._set.exchange()
        headers = None if kind is None else {"content-type": kind}
        while True:
            result: httpx.Response | httpx.TransportError
            try:
                result = self._http.request(method, path, content=body, headers=headers)
            except httpx.TransportError as error:
                result = error
            wait = exchange.judge(result)
            if wait is None:
                return _finish(result, event_id)
            self._sleep(wait)


class AsyncClient:
    """`Client` for asyncio: the same arguments and calls, awaited.

    async with AsyncClient(url, key) as guanlan:
        decision = await guanlan.post({"type": "login", ...})
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 5.0,
        retry: Retry | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Any] = asyncio.sleep,
        draw: Callable[[], float] = requests.draw,
    ) -> None:
        self._set = _Settings(key, timeout, retry, draw)
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=self._set.headers,
            timeout=self._set.timeout,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, event: Event) -> Decision:
        """See `Client.post`."""
        event_id, body = requests.encode_event(event)
        return answers.parse_decision(await self._call("POST", "/v1/events", body, JSON, event_id))

    async def post_many(self, events: Iterable[Event]) -> AsyncIterator[Decision | Refused]:
        """See `Client.post_many`."""
        for part in requests.parts(events, BATCH_LINES, BATCH_BYTES):
            for answer in await self._post_part(part):
                yield answer

    async def decision(self, event_id: str) -> Explained:
        """See `Client.decision`."""
        return answers.parse_explained(await self._call("GET", requests.decision_path(event_id)))

    async def entity(self, kind: str, key: str) -> dict[str, Any]:
        """See `Client.entity`."""
        body = requests.look_up(kind, key)
        return answers.parse_object(await self._call("POST", LOOK_UP, body, JSON))

    async def _post_part(self, part: _Part) -> list[Decision | Refused]:
        found: list[Decision | Refused] = []
        places = list(range(len(part)))
        for attempt in range(self._set.retry.attempts):
            asked = [part[place] for place in places]
            got, again = _read_part(
                asked, await self._call("POST", "/v1/events:batch", _body(asked), NDJSON)
            )
            found = _merged(found, places, got)
            places = [places[index] for index in again]
            if not places:
                break
            await self._sleep(self._set.retry.wait(attempt, None, self._set.draw))
        return found

    async def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str | None = None,
        event_id: str | None = None,
    ) -> bytes:
        exchange = self._set.exchange()
        headers = None if kind is None else {"content-type": kind}
        while True:
            result: httpx.Response | httpx.TransportError
            try:
                result = await self._http.request(method, path, content=body, headers=headers)
            except httpx.TransportError as error:
                result = error
            wait = exchange.judge(result)
            if wait is None:
                return _finish(result, event_id)
            await self._sleep(wait)


def _merged(
    found: list[Decision | Refused], places: list[int], got: list[Decision | Refused]
) -> list[Decision | Refused]:
    """`found` with `got` put at `places` (the first time `got` is all there is)."""
    if not found:
        return got
    merged = list(found)
    for place, answer in zip(places, got, strict=True):
        merged[place] = answer
    return merged
