"""`send`: a load of events over HTTP, in order where order matters, with a summary.

Latency is counted from when an event was *due* under `rate`, not from when a late client
got round to it; without a rate, from its sending.
"""

from __future__ import annotations

import asyncio
import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from time import perf_counter

import msgspec
from msgspec import Struct

from guanlan.client.requests import RETRYABLE, Retry
from guanlan.client.wire import Reply, Target, Wire

try:
    import uvloop
except ImportError:  # Windows has none
    LOOP = asyncio.new_event_loop
else:
    LOOP = uvloop.new_event_loop

OnAnswer = Callable[[int, bytes, int, bytes], None]
"""(place of the event from 0, its body, status, decision or error as JSON)"""

_PROGRESS_SECONDS = 0.2
_LOST = Reply(0, b'{"error":{"code":"unreachable","message":"no answer"}}')


class Summary(Struct, frozen=True):
    """What became of a load. Times are seconds.

    `latency` is of requests: of single events, or of whole batches when `batch` > 0.
    """

    events: int
    requests: int
    seconds: float
    statuses: dict[str, int]  # by status of the event; "0" = no answer
    outcomes: dict[str, int]  # by outcome of the decided
    retries: int
    batch: int
    p50: float
    p90: float
    p99: float
    longest: float

    @property
    def rate(self) -> float:
        """Answered events per second."""
        return self.events / self.seconds if self.seconds else 0.0

    @property
    def decided(self) -> int:
        return self.statuses.get("200", 0)


class Progress(Struct, frozen=True):
    """How far a load is: events answered, seconds since its start."""

    events: int
    seconds: float


def send(
    source: Iterable[bytes],
    url: str,
    key: str,
    *,
    rate: float | None = None,
    concurrency: int = 1,
    batch: int = 0,
    retry: Retry | None = None,
    timeout: float = 30.0,
    on_progress: Callable[[Progress], None] | None = None,
    on_answer: OnAnswer | None = None,
) -> Summary:
    """Post every event (JSON bytes, without line ends) of `source`; return what became of it.

    rate: events a second at most; None: as fast as answers come.
    batch: 0 posts events one by one; else that many lines a request.
    concurrency: requests in flight. Order of arrival is the order of `source` only with 1;
        a batch keeps its own order, so history is sent with `batch=1000, concurrency=1`.
    retry: for lost connections, 429 and 503; the same bytes are sent again. An event that
        stays unanswered counts under status "0".
    on_answer: called for each event once its answer is final.

    Raises ValueError for a bad `url` or count.
    """
    if concurrency < 1 or batch < 0 or (rate is not None and rate <= 0):
        raise ValueError("concurrency is at least 1, batch at least 0, rate above 0")
    path, kind = ("/v1/events:batch", "application/x-ndjson") if batch else ("/v1/events", None)
    target = Target.of(url, path, key, kind or "application/json")
    load = _Load(source, target, rate, batch, retry or Retry(attempts=8), timeout, on_answer)
    with asyncio.Runner(loop_factory=LOOP) as runner:
        return runner.run(load.run(concurrency, on_progress))


class _Load:
    def __init__(
        self,
        source: Iterable[bytes],
        target: Target,
        rate: float | None,
        batch: int,
        retry: Retry,
        timeout: float,
        on_answer: OnAnswer | None,
    ) -> None:
        self._parts = self._numbered(iter(source), batch or 1)
        self._target = target
        self._rate = rate
        self._batch = batch
        self._retry = retry
        self._timeout = timeout
        self._on_answer = on_answer
        self._began = 0.0
        self._answered = 0
        self._retries = 0
        self._latencies = array("d")
        self._statuses: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()

    @staticmethod
    def _numbered(source: Iterator[bytes], size: int) -> Iterator[tuple[int, list[bytes]]]:
        place = 0
        while part := list(islice(source, size)):
            yield place, part
            place += len(part)

    async def run(
        self, concurrency: int, on_progress: Callable[[Progress], None] | None
    ) -> Summary:
        self._began = perf_counter()
        telling = None if on_progress is None else asyncio.create_task(self._tell(on_progress))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(self._worker())
        finally:
            if telling is not None:
                telling.cancel()
        if on_progress is not None:
            on_progress(Progress(self._answered, perf_counter() - self._began))
        return self._summary(perf_counter() - self._began)

    async def _tell(self, on_progress: Callable[[Progress], None]) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            on_progress(Progress(self._answered, perf_counter() - self._began))

    async def _worker(self) -> None:
        wire: Wire | None = None
        for place, part in self._parts:
            due = perf_counter()
            if self._rate is not None:
                due = self._began + place / self._rate
                wait = due - perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
            wire = await self._deliver(wire, place, part)
            self._latencies.append(perf_counter() - due)
        if wire is not None:
            wire.close()

    async def _deliver(self, wire: Wire | None, place: int, part: list[bytes]) -> Wire | None:
        """Send a part until every event of it has a final answer; returns a live wire."""
        left = list(range(len(part)))
        attempt = 0
        while True:
            body = part[0] if not self._batch else b"\n".join(part[n] for n in left) + b"\n"
            wire, reply = await self._exchange(wire, body)
            last = attempt + 1 >= self._retry.attempts
            again: list[int] = []
            for n, (status, text) in zip(left, self._answers(reply, len(left)), strict=True):
                if (status == 0 or status in RETRYABLE) and not last:
                    again.append(n)
                else:
                    self._settle(place + n, part[n], status, text)
            if not again:
                return wire
            left = again
            self._retries += 1
            told = None if reply.retry_after is None else f"{reply.retry_after:.0f}"
            await asyncio.sleep(self._retry.wait(attempt, told, random.random))
            attempt += 1

    async def _exchange(self, wire: Wire | None, body: bytes) -> tuple[Wire | None, Reply]:
        try:
            async with asyncio.timeout(self._timeout):
                if wire is None or not wire.usable:
                    wire = await Wire.open(self._target)
                return wire, await wire.post(self._target, body)
        except (OSError, TimeoutError):
            if wire is not None:
                wire.close()
            return None, _LOST

    def _answers(self, reply: Reply, count: int) -> Iterator[tuple[int, bytes]]:
        """(status, decision or error) of each event of a request."""
        if not self._batch:
            yield reply.status, reply.body
            return
        lines = reply.body.splitlines() if reply.status == 200 else []
        for n in range(count):
            if n < len(lines):
                line = _lines.decode(lines[n])
                yield line.status, bytes(line.decision or b'{"error":%b}' % bytes(line.error))
            else:
                yield (0 if reply.status == 200 else reply.status), reply.body

    def _settle(self, place: int, body: bytes, status: int, text: bytes) -> None:
        self._answered += 1
        self._statuses[str(status)] += 1
        if status == 200:
            self._outcomes[_outcomes.decode(text).outcome] += 1
        if self._on_answer is not None:
            self._on_answer(place, body, status, text)

    def _summary(self, seconds: float) -> Summary:
        ordered = sorted(self._latencies)

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

        return Summary(
            events=self._answered,
            requests=len(ordered),
            seconds=seconds,
            statuses=dict(sorted(self._statuses.items())),
            outcomes=dict(sorted(self._outcomes.items())),
            retries=self._retries,
            batch=self._batch,
            p50=at(0.5),
            p90=at(0.9),
            p99=at(0.99),
            longest=at(1.0),
        )


class _Line(Struct):
    status: int
    decision: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw(b"{}")


class _Outcome(Struct):
    outcome: str


_lines = msgspec.json.Decoder(_Line)
_outcomes = msgspec.json.Decoder(_Outcome)
