"""Group commit: many requests, one decision call, one fdatasync.

Requests put their event in a queue and wait. One task takes what has gathered, has the
engine decide it in the event loop, has one worker thread make it durable, and only then
releases the answers. While the disk works the next group gathers, so the groups grow with
the load and the cost of a commit is shared.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from time import perf_counter
from typing import Any

from guanlan.core.faults import without_values
from guanlan.site.door.incidents import incident
from guanlan.site.door.limits import Limits
from guanlan.site.door.metrics import Metrics
from guanlan.site.door.protocol import Answer, EngineProtocol
from guanlan.site.door.replies import Refusal, busy, unavailable

log = logging.getLogger("guanlan.door")

Waiter = asyncio.Future[Any]
_GATHER_ROUNDS = 8
_WAIT_SHARE = 0.25  # of a usual commit
_LONGEST_WAIT = 0.002
_SHORTEST_WAIT = 0.001  # timers of the loop count in milliseconds
NOT_DURABLE = "the event could not be made durable and is not acknowledged"


class Committer:
    """Owns the engine's single line of work. `run` is its task; `start` creates it."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits = limits
        self._most_events, self._most_bytes = limits.queue_events, limits.queue_bytes
        self._metrics = metrics
        self._engine: EngineProtocol | None = None
        self._events: deque[tuple[bytes | list[bytes], Waiter]] = deque()
        self._calls: deque[tuple[Callable[[EngineProtocol], object], bool, Waiter]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._handoff: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._expected = 0  # events likely to come by themselves before the next commit
        self._wake_at = 1  # queued events that end a wait
        self._commit_seconds = 0.0  # of late
        self._stopping = False
        self._closed = False  # `_run` has ended: what were queued now would wait for ever
        self.failed = False
        self.queued_events = 0
        self.queued_bytes = 0

    # -- what requests call ------------------------------------------------------------

    def attach(self, engine: EngineProtocol) -> None:
        self._engine = engine

    @property
    def engine(self) -> EngineProtocol | None:
        return self._engine

    @property
    def state(self) -> str:
        """ "starting", "ready", "failed" or "stopping"."""
        if self._stopping:
            return "stopping"
        if self.failed:
            return "failed"
        return "starting" if self._engine is None else self._engine.state

    def ready(self) -> EngineProtocol:
        """The engine. Raises Refusal 503 when it cannot decide now."""
        engine = self._engine
        if engine is None or self._stopping or self.failed or engine.state != "ready":
            raise unavailable(f"the engine is {self.state}", self._limits.retry_down_seconds)
        return engine

    def admit(self) -> None:
        """Raises Refusal 503 when no event can be decided, 429 when the queue is full."""
        engine = self._engine
        if engine is None or self._stopping or self.failed or engine.state != "ready":
            self.ready()
        self._room()

    def _room(self) -> None:
        if self.queued_events >= self._most_events or self.queued_bytes >= self._most_bytes:
            raise busy(self._limits.retry_busy_seconds)

    def submit(self, body: bytes) -> asyncio.Future[Answer]:
        """Queue one event; the future yields its Answer once durable, or raises Refusal.

        Raises Refusal 429 when the queue is full, 503 when no work is taken any more.
        """
        self._room()
        if self._closed:
            raise unavailable(f"the engine is {self.state}", self._limits.retry_down_seconds)
        waiter: Waiter = self._loop.create_future()
        self._events.append((body, waiter))
        self.queued_events += 1
        self.queued_bytes += len(body)
        if self.queued_events >= self._wake_at:
            self._wake.set()
        return waiter

    def submit_lines(self, bodies: list[bytes]) -> asyncio.Future[list[Answer]]:
        """Queue a part of a batch (at most `commit_events`); yields its Answers in order."""
        if self._closed:
            raise unavailable(f"the engine is {self.state}", self._limits.retry_down_seconds)
        waiter: Waiter = self._loop.create_future()
        self._events.append((bodies, waiter))
        self.queued_events += len(bodies)
        self.queued_bytes += sum(map(len, bodies))
        self._wake.set()
        return waiter

    def call(
        self, work: Callable[[EngineProtocol], object], *, durable: bool = False
    ) -> asyncio.Future[Any]:
        """Run `work(engine)` when nothing undurable is in memory; yields its result.

        With `durable` the result is held back until a commit has followed. Raises
        Refusal 429 when too many calls wait.
        """
        if self._closed:
            raise unavailable(f"the engine is {self.state}", self._limits.retry_down_seconds)
        if len(self._calls) >= self._limits.queue_events:
            raise busy(self._limits.retry_busy_seconds)
        waiter: Waiter = self._loop.create_future()
        self._calls.append((work, durable, waiter))
        self._wake.set()
        return waiter

    # -- life --------------------------------------------------------------------------

    def start(self) -> None:
        """Start the task and the thread in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._sync, name="guanlan-commit", daemon=True)
        self._thread.start()
        self._task = self._loop.create_task(self._run(), name="guanlan-committer")

    def stop(self) -> None:
        """Refuse new work from now on; what is queued is still done."""
        self._stopping = True
        self._wake.set()

    async def drain(self) -> None:
        """`stop`, then wait until everything queued is decided, durable and answered."""
        self.stop()
        if self._task is not None:
            await self._task
        self._handoff.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # -- the line of work --------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._work()
        except Exception as error:  # noqa: BLE001 - told by every later request
            self.failed = True
            told = "the line of work broke; the door decides nothing until a restart: %s"
            log.error(told, without_values(error))
        finally:
            self._closed = True
            self._refuse_all(unavailable(NOT_DURABLE, self._limits.retry_down_seconds))

    async def _work(self) -> None:
        while True:
            if not self._events and not self._calls:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            engine = self._engine
            if engine is None or self.failed:
                self._refuse_all(unavailable(NOT_DURABLE, self._limits.retry_down_seconds))
                continue
            await self._gather()
            held = self._run_calls(engine)
            if self._events:
                await self._run_events(engine, held)
            elif held:
                await self._durable(held)

    async def _gather(self) -> None:
        """Let others join this group: a commit costs about as much for one event as for fifty.

        Callers who were just answered are likely to come back at once. Without waiting for
        them the callers fall into two halves that take turns at the disk, and each waits for
        two commits. So wait for them, but for a small part of a commit only, and not at all
        where the disk is quick.
        """
        wait = min(_LONGEST_WAIT, self._commit_seconds * _WAIT_SHARE)
        if self.queued_events < self._expected and wait >= _SHORTEST_WAIT and not self._stopping:
            self._wake_at = self._expected
            self._wake.clear()
            timer = self._loop.call_later(wait, self._wake.set)
            await self._wake.wait()
            timer.cancel()
            self._wake_at = 1
        for _ in range(_GATHER_ROUNDS):  # whoever is in the loop already
            before = self.queued_events
            await asyncio.sleep(0)
            if self.queued_events == before or before >= self._limits.commit_events:
                return

    def _run_calls(self, engine: EngineProtocol) -> list[tuple[Waiter, object]]:
        held: list[tuple[Waiter, object]] = []
        while self._calls and len(held) < self._limits.commit_events:
            work, durable, waiter = self._calls.popleft()
            try:
                result = work(engine)
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                if not waiter.done():
                    waiter.set_exception(error)
                continue
            if durable:
                held.append((waiter, result))
            elif not waiter.done():
                waiter.set_result(result)
            if held and self._calls and not self._calls[0][1]:
                break  # a read behind a write must not see it before it is durable
        return held

    async def _run_events(self, engine: EngineProtocol, held: list[tuple[Waiter, object]]) -> None:
        events = self._events
        limit = self._limits.commit_events
        bodies: list[bytes] = []
        single: list[Waiter | None] = []
        groups: list[tuple[Waiter, int, int]] = []
        while events and len(bodies) < limit:
            payload, waiter = events[0]
            if isinstance(payload, bytes):
                bodies.append(payload)
                single.append(waiter)
            else:
                if bodies and len(bodies) + len(payload) > limit:
                    break
                groups.append((waiter, len(bodies), len(bodies) + len(payload)))
                bodies.extend(payload)
                single.extend([None] * len(payload))
            events.popleft()
        self.queued_events -= len(bodies)
        self.queued_bytes -= sum(map(len, bodies))

        began = perf_counter()
        try:
            answers: Sequence[Answer] = engine.decide(bodies)
            if len(answers) != len(bodies):
                raise RuntimeError("the engine answered another number of events")
        except Exception as error:  # noqa: BLE001 - whoever waits must get an answer
            self._metrics.internal_errors += 1
            self._fail(_waiting(single, groups), incident("decide", error))
            if held:
                await self._durable(held)
            return
        self._metrics.decide_seconds.observe(perf_counter() - began)
        self._metrics.commit_events.observe(len(bodies))

        if not await self._durable(held):
            refusal = unavailable(NOT_DURABLE, self._limits.retry_down_seconds)
            self._fail(_waiting(single, groups), refusal)
            return
        company = (len(bodies) + self.queued_events) * 9 // 10
        self._expected = min(company, limit) if company > 2 else 0
        for one, answer in zip(single, answers, strict=True):
            if one is not None and not one.done():
                one.set_result(answer)
        for group, begin, end in groups:
            if not group.done():
                group.set_result(answers[begin:end])

    async def _durable(self, held: list[tuple[Waiter, object]]) -> bool:
        """Commit in the worker thread, then release `held`. False when it failed."""
        began = perf_counter()
        done: asyncio.Future[None] = self._loop.create_future()
        self._handoff.put(done)
        try:
            await done
        except Exception as error:  # noqa: BLE001 - told by every later request
            # What is in memory is no longer what is on disk: nothing may be decided on it.
            self.failed = True
            self._metrics.commit_failures += 1
            told = "commit failed; the door decides nothing until a restart: %s"
            log.error(told, without_values(error))
            refusal = unavailable(NOT_DURABLE, self._limits.retry_down_seconds)
            self._fail([waiter for waiter, _ in held], refusal)
            return False
        seconds = perf_counter() - began
        self._metrics.commit_seconds.observe(seconds)
        self._commit_seconds += (seconds - self._commit_seconds) / 8
        for waiter, result in held:
            if not waiter.done():
                waiter.set_result(result)
        return True

    def _sync(self) -> None:
        while (done := self._handoff.get()) is not None:
            error: Exception | None = None
            try:
                assert self._engine is not None
                self._engine.commit()
            except Exception as caught:  # noqa: BLE001 - handed to the event loop
                error = caught
            try:
                self._loop.call_soon_threadsafe(_settle, done, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return

    def _refuse_all(self, refusal: Refusal) -> None:
        waiters = [w for _, w in self._events] + [w for _, _, w in self._calls]
        self._events.clear()
        self._calls.clear()
        self.queued_events = self.queued_bytes = 0
        self._fail(waiters, refusal)

    def _fail(self, waiters: list[Waiter], refusal: Refusal) -> None:
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(refusal)


def _waiting(single: list[Waiter | None], groups: list[tuple[Waiter, int, int]]) -> list[Waiter]:
    return [w for w in single if w is not None] + [w for w, _, _ in groups]


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
