"""Server-sent events for the console: what was decided, as it becomes durable.

One task reads the tail of the log while somebody watches and hands each new row to the
viewers' bounded queues. The id of a row is the log position behind it, so a browser that
reconnects with `Last-Event-ID` gets what it missed. A viewer who cannot keep up is cut off
and comes back the same way; a burst is thinned, and the viewer is told by how much.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from guanlan.engine.log import EVENT, Frame
from guanlan.site.door.asgi import Receive, Scope, Send
from guanlan.site.door.replies import SECURE, Refusal, refuse, unavailable

log = logging.getLogger("guanlan.door")

_POLL_FRAMES = 4096

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"x-accel-buffering", b"no"),  # a proxy must not hold rows back
        *SECURE,
    ],
}


class Tail(Protocol):
    """`guanlan.engine.log.LogTail`: committed frames from a position on."""

    @property
    def committed(self) -> int:
        """The position behind the last committed frame."""

    def poll(self, position: int, limit: int) -> tuple[Sequence[Frame], int]:
        """Up to `limit` frames from `position`, and the position behind them."""


class _Row(NamedTuple):
    end: int  # the log position behind the frame
    text: bytes | None  # None: thinned out


class _News(NamedTuple):
    following: int
    rows: dict[Hashable, list[_Row]]


class Viewer:
    """One open stream."""

    def __init__(self, audience: Hashable, since: int, size: int) -> None:
        self.audience = audience
        self.since = since  # rows up to this position are known to the viewer
        self.rows: asyncio.Queue[bytes | None] = asyncio.Queue(size)
        self.lost = False


class Stream:
    """ASGI endpoint `GET /console/stream`.

    tail: where rows come from.
    row: (frame, audience) -> the data of a row (JSON or HTML), or None to leave it out.
    check: scope -> the audience (anything hashable, e.g. a language; rows are made once
        per audience), or None when the session may not watch. Runs in a worker thread, at
        the start and again with each heartbeat, so that a log-out ends the stream.
    """

    def __init__(
        self,
        tail: Tail,
        row: Callable[[Frame, Hashable], str | None],
        check: Callable[[Scope], Hashable | None],
        *,
        subscribers: int = 64,
        poll_seconds: float = 0.2,
        beat_seconds: float = 15.0,
        queue_rows: int = 256,
        burst_rows: int = 40,
        resume_frames: int = 2000,
    ) -> None:
        self._tail = tail
        self._row = row
        self._check = check
        self._subscribers = subscribers
        self._poll_seconds = poll_seconds
        self._beat_seconds = beat_seconds
        self._queue_rows = queue_rows
        self._burst_rows = burst_rows
        self._resume_frames = resume_frames
        self._viewers: set[Viewer] = set()
        self._open = 0
        self._position = 0
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def viewers(self) -> int:
        return self._open

    def stop(self) -> None:
        """End every stream; browsers reconnect by themselves."""
        self._stopping = True
        for viewer in list(self._viewers):
            self._cut(viewer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await refuse(
                send,
                Refusal(
                    405, "method_not_allowed", "this path answers GET", headers=[(b"allow", b"GET")]
                ),
            )
            return
        if self._stopping or self._open >= self._subscribers:
            await refuse(send, unavailable("too many streams are open", 5))
            return
        self._open += 1
        try:
            audience = await asyncio.to_thread(self._check, scope)
            if audience is None:
                await refuse(send, Refusal(401, "unauthorized", "log in to watch"))
                return
            await self._watch(scope, receive, send, audience)
        finally:
            self._open -= 1

    async def _watch(self, scope: Scope, receive: Receive, send: Send, audience: Hashable) -> None:
        await send(_START)
        viewer = Viewer(audience, 0, self._queue_rows)
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await send(_body(b"retry: 2000\n\n"))
            missed = await self._caught_up(viewer, _last_id(scope))
            if missed:
                await send(_body(missed))
            self._join(viewer)
            await self._feed(viewer, scope, send, gone)
        finally:
            self._viewers.discard(viewer)
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _feed(
        self, viewer: Viewer, scope: Scope, send: Send, gone: asyncio.Task[None]
    ) -> None:
        checked = monotonic()
        waiting: asyncio.Task[bytes | None] | None = None
        try:
            while not viewer.lost:
                waiting = waiting or asyncio.create_task(viewer.rows.get())
                done, _ = await asyncio.wait(
                    {waiting, gone},
                    timeout=self._beat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if gone in done:
                    return
                if waiting in done:
                    chunk = waiting.result()
                    waiting = None
                    if chunk is None:
                        return
                    await send(_body(chunk))
                else:
                    await send(_body(b": still here\n\n"))
                if monotonic() - checked >= self._beat_seconds:
                    if await asyncio.to_thread(self._check, scope) is None:
                        return
                    checked = monotonic()
        finally:
            if waiting is not None:
                waiting.cancel()

    async def _caught_up(self, viewer: Viewer, since: int | None) -> bytes:
        """The rows a returning viewer missed; sets where it stands now."""
        end = await asyncio.to_thread(lambda: self._tail.committed)
        viewer.since = end
        if since is None or since == end:
            return b""
        try:
            news = await asyncio.to_thread(
                self._read, since, self._resume_frames, {viewer.audience}
            )
        except Exception:  # noqa: BLE001 - the browser's number is no place in this log
            news = _News(since, {})
        if since > end or news.following < end:
            # Too long away, or another log: loading the page anew shows the present state.
            return b"id: %d\nevent: reset\ndata: {}\n\n" % end
        viewer.since = news.following
        rows = news.rows[viewer.audience]
        return _joined([row.text for row in rows]) if rows else b""

    def _join(self, viewer: Viewer) -> None:
        if self._stopping:
            viewer.lost = True
        if self._task is None or self._task.done():
            self._position = viewer.since
            self._task = asyncio.create_task(self._follow(), name="guanlan-stream")
        elif viewer.since < self._position:
            # The follower is ahead of where this viewer caught up to: go back; the others
            # skip what they know by their own `since`.
            self._position = viewer.since
        self._viewers.add(viewer)

    async def _follow(self) -> None:
        """Hand on the log's tail while somebody watches."""
        while self._viewers:
            position = self._position
            audiences = {viewer.audience for viewer in self._viewers}
            try:
                news = await asyncio.to_thread(self._read, position, _POLL_FRAMES, audiences)
            except Exception:
                log.exception("the tail of the log could not be read")
            else:
                # A viewer who joined meanwhile, from further back or with an audience of
                # its own, makes this reading void; the next one has it all.
                joined = {viewer.audience for viewer in self._viewers} - audiences
                if self._position == position and not joined:
                    self._position = news.following
                    self._spread(news)
            await asyncio.sleep(self._poll_seconds)

    def _read(self, position: int, limit: int, audiences: set[Hashable]) -> _News:
        """Poll the log and make its rows, in a worker thread: both may touch disks."""
        frames, following = self._tail.poll(position, limit)
        return _News(following, {a: self._rows(frames, following, a) for a in audiences})

    def _rows(self, frames: Sequence[Frame], following: int, audience: Hashable) -> list[_Row]:
        rows = []
        thinned = sum(frame.kind == EVENT for frame in frames) - self._burst_rows
        for index, frame in enumerate(frames):
            end = frames[index + 1].position if index + 1 < len(frames) else following
            if frame.kind == EVENT and thinned > 0:
                thinned -= 1
                rows.append(_Row(end, None))
                continue
            data = self._row(frame, audience)
            if data is not None:
                lines = b"".join(b"data: %b\n" % line.encode() for line in data.splitlines())
                rows.append(_Row(end, b"id: %d\nevent: decision\n%b\n" % (end, lines)))
        return rows

    def _spread(self, news: _News) -> None:
        for viewer in list(self._viewers):
            fresh = [row.text for row in news.rows[viewer.audience] if row.end > viewer.since]
            viewer.since = max(viewer.since, news.following)
            if fresh:
                try:
                    viewer.rows.put_nowait(_joined(fresh))
                except asyncio.QueueFull:
                    self._cut(viewer)

    def _cut(self, viewer: Viewer) -> None:
        viewer.lost = True
        self._viewers.discard(viewer)
        if viewer.rows.full():
            viewer.rows.get_nowait()
        viewer.rows.put_nowait(None)


def _joined(rows: Sequence[bytes | None]) -> bytes:
    """The rows behind each other; those that were thinned out are told as a number."""
    skipped = rows.count(None)
    told = [b'event: skipped\ndata: {"n":%d}\n\n' % skipped] if skipped else []
    return b"".join([*told, *(row for row in rows if row is not None)])


def _body(chunk: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": chunk, "more_body": True}


def _last_id(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"last-event-id" and value.isdigit() and len(value) <= 19:
            return int(value)
    return None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
