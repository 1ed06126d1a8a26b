"""Server-sent events for the console: what was decided, as it becomes durable, and the bell.

A page opens one stream: `STREAM_PATH` for decisions and the bell, `BELL_PATH` for the bell alone.
One task reads the tail of the log while somebody watches and hands each new row to the
viewers' bounded queues. The id of a row is the log position behind it, so a browser that
reconnects with `Last-Event-ID` gets what it missed. A viewer who cannot keep up is cut off
and comes back the same way; a burst is thinned, and the viewer is told by how much. Another
task asks, once for all who watch, how many messages each has not read, and tells whom it changed
for; each beat says the number again, so that a page can tell that the stream lives.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from guanlan.engine.log import EVENT, Frame
from guanlan.site.door.asgi import Receive, Scope, Send
from guanlan.site.door.replies import SECURE, Refusal, refuse, unavailable

log = logging.getLogger("guanlan.door")

STREAM_PATH = "/console/stream"
BELL_PATH = "/console/stream/bell"
STREAM_PATHS = (STREAM_PATH, BELL_PATH)

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


class Watcher(NamedTuple):
    """Who watches: `audience` (anything hashable) says which rows are theirs, None that none
    are; the bell is of the person alone."""

    person: int
    audience: Hashable | None = None


class Viewer:
    """One open stream."""

    def __init__(self, watcher: Watcher, since: int, size: int) -> None:
        self.person, self.audience = watcher
        self.unread: int | None = None  # what the bell was last told
        self.since = since  # rows up to this position are known to the viewer
        self.rows: asyncio.Queue[bytes | None] = asyncio.Queue(size)
        self.lost = False


class Stream:
    """ASGI endpoint `GET` of `STREAM_PATH` and `BELL_PATH`.

    tail: where rows come from.
    row: (frame, audience) -> the data of a row (JSON or HTML), or None to leave it out; made
        once per audience.
    check: scope -> who watches, or None when the session may not. Runs in a worker thread, at
        the start and again with each heartbeat, so that a log-out ends the stream.
    unread: people -> how many messages each has not read (left out: none). In a worker thread.
    """

    def __init__(
        self,
        tail: Tail,
        row: Callable[[Frame, Hashable], str | None],
        check: Callable[[Scope], Watcher | None],
        unread: Callable[[Collection[int]], Mapping[int, int]],
        *,
        subscribers: int = 64,
        bells: int = 256,
        poll_seconds: float = 0.2,
        bell_seconds: float = 2.0,
        beat_seconds: float = 15.0,
        queue_rows: int = 256,
        burst_rows: int = 40,
        resume_frames: int = 2000,
    ) -> None:
        self._tail = tail
        self._row = row
        self._check = check
        self._unread = unread
        self._seats = {STREAM_PATH: subscribers, BELL_PATH: bells}
        self._open = dict.fromkeys(STREAM_PATHS, 0)
        self._bell_seconds = bell_seconds
        self._ringing: asyncio.Task[None] | None = None
        self._poll_seconds = poll_seconds
        self._beat_seconds = beat_seconds
        self._queue_rows = queue_rows
        self._burst_rows = burst_rows
        self._resume_frames = resume_frames
        self._viewers: set[Viewer] = set()
        self._position = 0
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def viewers(self) -> int:
        return sum(self._open.values())

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
        path = scope["path"]
        if self._stopping or self._open[path] >= self._seats[path]:
            await refuse(send, unavailable("too many streams are open", 5))
            return
        self._open[path] += 1
        try:
            watcher = await self._admitted(scope)
            if watcher is None:
                await refuse(send, Refusal(401, "unauthorized", "log in to watch"))
                return
            await self._watch(scope, receive, send, watcher)
        finally:
            self._open[path] -= 1

    async def _admitted(self, scope: Scope) -> Watcher | None:
        """Who watches, if they may have what the path gives."""
        watcher = await asyncio.to_thread(self._check, scope)
        if watcher is None or scope["path"] == BELL_PATH:
            return watcher and Watcher(watcher.person)
        return watcher if watcher.audience is not None else None

    async def _watch(self, scope: Scope, receive: Receive, send: Send, watcher: Watcher) -> None:
        await send(_START)
        viewer = Viewer(watcher, 0, self._queue_rows)
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await send(_body(b"retry: 2000\n\n"))
            if viewer.audience is not None:
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
                    await send(_body(_bell(viewer)))
                if monotonic() - checked >= self._beat_seconds:
                    if await self._admitted(scope) is None:
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
        self._viewers.add(viewer)
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring(), name="guanlan-bell")
        if viewer.audience is None:
            return
        if self._task is None or self._task.done():
            self._position = viewer.since
            self._task = asyncio.create_task(self._follow(), name="guanlan-stream")
        elif viewer.since < self._position:
            # The follower is ahead of where this viewer caught up to: go back; the others
            # skip what they know by their own `since`.
            self._position = viewer.since

    def _audiences(self) -> set[Hashable]:
        return {viewer.audience for viewer in self._viewers} - {None}

    async def _ring(self) -> None:
        """Tell people how many messages they have not read while somebody watches."""
        while self._viewers:
            people = {viewer.person for viewer in self._viewers}
            try:
                unread = await asyncio.to_thread(self._unread, people)
            except Exception as error:  # noqa: BLE001 - the next look may find the database again
                log.warning("unread messages could not be counted: %s", type(error).__name__)
            else:
                for viewer in [one for one in self._viewers if one.person in people]:
                    count = unread.get(viewer.person, 0)
                    if count != viewer.unread:
                        viewer.unread = count
                        self._give(viewer, _bell(viewer))
            await asyncio.sleep(self._bell_seconds)

    async def _follow(self) -> None:
        """Hand on the log's tail while somebody watches."""
        while audiences := self._audiences():
            position = self._position
            try:
                news = await asyncio.to_thread(self._read, position, _POLL_FRAMES, audiences)
            except Exception:
                log.exception("the tail of the log could not be read")
            else:
                # A viewer who joined meanwhile, from further back or with an audience of
                # its own, makes this reading void; the next one has it all.
                joined = self._audiences() - audiences
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
        for viewer in [one for one in self._viewers if one.audience is not None]:
            fresh = [row.text for row in news.rows[viewer.audience] if row.end > viewer.since]
            viewer.since = max(viewer.since, news.following)
            if fresh:
                self._give(viewer, _joined(fresh))

    def _give(self, viewer: Viewer, chunk: bytes) -> None:
        try:
            viewer.rows.put_nowait(chunk)
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


def _bell(viewer: Viewer) -> bytes:
    """How many messages are unread: without an id, so that it does not stand for a place in the
    log. Until that is known, a sign of life."""
    if viewer.unread is None:
        return b": still here\n\n"
    return b'event: bell\ndata: {"n":%d}\n\n' % viewer.unread


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
