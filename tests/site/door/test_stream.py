"""The console's event stream, on a real log."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from guanlan.engine.log import EVENT, Frame, LogTail, LogWriter
from guanlan.site.door import Stream
from guanlan.site.door.asgi import Scope
from guanlan.site.door.stream import BELL_PATH, Viewer, Watcher
from tests.site.door.conftest import Running, Start

PATH = "/console/stream"
EN = Watcher(1, "en")


def row(frame: Frame, audience: Hashable) -> str | None:
    return json.dumps({"seq": frame.seq, "to": audience})


def check(scope: Scope) -> Watcher | None:
    """Two people who may see decisions, and one who may not."""
    cookies = dict(scope["headers"]).get(b"cookie", b"")
    return {
        b"session=en": Watcher(1, "en"),
        b"session=zh": Watcher(2, "zh"),
        b"session=clerk": Watcher(3),
    }.get(cookies)


class Unread:
    """How many messages each person has not read, as the test says; and who was asked about."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.asked: list[set[int]] = []

    def __call__(self, people: Collection[int]) -> Mapping[int, int]:
        self.asked.append(set(people))
        return {person: self.counts[person] for person in people if person in self.counts}


class Feed:
    """A log with a hand on it."""

    def __init__(self, directory: Path) -> None:
        self.writer = LogWriter.open(directory)
        self.tail = LogTail(directory)
        self.seq = 0

    def add(self, count: int) -> None:
        for _ in range(count):
            self.writer.append(EVENT, self.seq, self.seq, (b"", b"", b"{}", b"{}", b"\0" * 16))
            self.seq += 1
        self.writer.commit()


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    one = Feed(tmp_path / "log")
    yield one
    one.writer.close()


class Watching:
    """One viewer; `next` gives (event, data, id) of the next message."""

    def __init__(
        self, running: Running, who: str = "en", since: int | None = None, path: str = PATH
    ) -> None:
        headers = {"cookie": f"session={who}"}
        if since is not None:
            headers["last-event-id"] = str(since)
        self._context = httpx.stream("GET", running.url + path, headers=headers, timeout=5)
        self.response = self._context.__enter__()
        self._lines = self.response.iter_lines()

    def next(self) -> tuple[str, Any, int]:
        """The next message that is not the bell's."""
        while (message := self.any())[0] == "bell":
            pass
        return message

    def bell(self) -> int:
        """The number that the bell tells next."""
        while (message := self.any())[0] != "bell":
            pass
        assert message[2] == -1  # it stands for no place in the log
        return int(message[1]["n"])

    def any(self) -> tuple[str, Any, int]:
        found: dict[str, str] = {}
        for line in self._lines:
            if line == "" and "data" in found:
                return found.get("event", ""), json.loads(found["data"]), int(found.get("id", -1))
            if ": " in line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                found[name] = value
        raise EOFError

    def close(self) -> None:
        self._context.__exit__(None, None, None)


def stream(feed: Feed, **more: Any) -> Stream:
    unread = more.pop("unread", Unread())
    return Stream(feed.tail, row, check, unread, poll_seconds=0.02, bell_seconds=0.02, **more)


def until_open(part: Stream, count: int) -> None:
    # The head is sent before the viewer is among those who get rows.
    end = time.monotonic() + 3
    while len(part._viewers) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_rows_come_as_they_become_durable_each_audience_its_own(start: Start, feed: Feed) -> None:
    feed.add(3)
    part = stream(feed)
    running = start(stream=part)
    english, chinese = Watching(running, "en"), Watching(running, "zh")
    assert english.response.headers["content-type"].startswith("text/event-stream")
    until_open(part, 2)
    feed.add(2)
    assert [english.next()[:2] for _ in range(2)] == [
        ("decision", {"seq": 3, "to": "en"}),
        ("decision", {"seq": 4, "to": "en"}),
    ]
    assert chinese.next()[1] == {"seq": 3, "to": "zh"}
    feed.add(1)
    assert english.next()[1]["seq"] == 5


def test_a_returning_viewer_gets_what_it_missed_and_nothing_twice(start: Start, feed: Feed) -> None:
    part = stream(feed)
    running = start(stream=part)
    first = Watching(running)
    until_open(part, 1)
    feed.add(2)
    first.next()
    _, data, since = first.next()
    assert data["seq"] == 1
    first.close()
    feed.add(3)
    second = Watching(running, since=since)
    assert [second.next()[1]["seq"] for _ in range(3)] == [2, 3, 4]
    feed.add(1)
    assert second.next()[1]["seq"] == 5


def test_who_was_away_too_long_or_comes_from_elsewhere_starts_anew(
    start: Start, feed: Feed
) -> None:
    part = stream(feed, resume_frames=10)
    running = start(stream=part)
    feed.add(50)
    for since in (0, 77, 10**12):
        viewer = Watching(running, since=since)
        assert viewer.next()[0] == "reset"
        viewer.close()


def test_a_burst_is_thinned_and_the_viewer_is_told(start: Start, feed: Feed) -> None:
    part = stream(feed, burst_rows=5)
    running = start(stream=part)
    viewer = Watching(running)
    until_open(part, 1)
    feed.add(100)
    assert viewer.next()[:2] == ("skipped", {"n": 95})
    assert [viewer.next()[1]["seq"] for _ in range(5)] == [95, 96, 97, 98, 99]


def test_without_a_session_there_is_no_stream(start: Start, feed: Feed) -> None:
    running = start(stream=stream(feed))
    assert httpx.get(running.url + PATH).status_code == 401
    assert httpx.post(running.url + PATH).status_code == 405


def test_a_log_out_ends_the_stream(start: Start, feed: Feed) -> None:
    live = True
    part = Stream(
        feed.tail, row, lambda _: Watcher(1, "en") if live else None, Unread(),
        poll_seconds=0.02, beat_seconds=0.1,
    )  # fmt: skip
    running = start(stream=part)
    viewer = Watching(running)
    until_open(part, 1)
    live = False
    with pytest.raises(EOFError):
        viewer.next()


def test_there_are_only_so_many_seats(start: Start, feed: Feed) -> None:
    part = stream(feed, subscribers=2)
    running = start(stream=part)
    seats = [Watching(running), Watching(running)]
    until_open(part, 2)
    full = httpx.get(running.url + PATH, headers={"cookie": "session=en"})
    assert full.status_code == 503
    assert int(full.headers["retry-after"]) >= 1
    seats[0].close()
    end = time.monotonic() + 3
    while part.viewers == 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    Watching(running).close()


def test_the_bell_tells_each_person_their_own_number_as_it_changes(
    start: Start, feed: Feed
) -> None:
    unread = Unread()
    unread.counts = {1: 4, 2: 7}
    running = start(stream=stream(feed, unread=unread))
    mine, hers = Watching(running, "en", path=BELL_PATH), Watching(running, "zh")
    assert (mine.bell(), hers.bell()) == (4, 7)
    unread.counts = {1: 4, 2: 8}
    assert hers.bell() == 8
    unread.counts = {2: 8}
    assert mine.bell() == 0  # not 4 again: nothing had changed for this one
    assert {person for people in unread.asked for person in people} == {1, 2}


def test_the_bell_alone_carries_no_decision_and_needs_no_right_to_them(
    start: Start, feed: Feed
) -> None:
    unread = Unread()
    running = start(stream=stream(feed, unread=unread))
    assert httpx.get(running.url + PATH, headers={"cookie": "session=clerk"}).status_code == 401
    assert httpx.get(running.url + BELL_PATH).status_code == 401
    assert httpx.post(running.url + BELL_PATH).status_code == 405
    clerk, watcher = (
        Watching(running, "clerk", path=BELL_PATH),
        Watching(running, "en", path=BELL_PATH),
    )
    assert (clerk.bell(), watcher.bell()) == (0, 0)
    feed.add(3)
    every = Watching(running, "en", since=0)
    assert every.next()[0] in ("decision", "reset")
    unread.counts = {1: 1, 3: 2}
    assert (clerk.any()[:2], watcher.any()[:2]) == (("bell", {"n": 2}), ("bell", {"n": 1}))


def test_a_beat_says_the_number_again(start: Start, feed: Feed) -> None:
    running = start(stream=stream(feed, beat_seconds=0.05))
    viewer = Watching(running, path=BELL_PATH)
    assert [viewer.bell() for _ in range(3)] == [0, 0, 0]


def test_a_count_that_fails_is_asked_for_again(start: Start, feed: Feed) -> None:
    unread = Unread()
    broken = [OSError(), OSError()]

    def counted(people: Collection[int]) -> Mapping[int, int]:
        if broken:
            raise broken.pop()
        return unread(people)

    running = start(stream=stream(feed, unread=counted))
    assert Watching(running, path=BELL_PATH).bell() == 0


def test_bells_take_no_seat_of_the_decisions(start: Start, feed: Feed) -> None:
    part = stream(feed, subscribers=1, bells=1)
    running = start(stream=part)
    bell = Watching(running, path=BELL_PATH)
    decisions = Watching(running)
    until_open(part, 2)
    for path in (PATH, BELL_PATH):
        full = httpx.get(running.url + path, headers={"cookie": "session=zh"})
        assert full.status_code == 503
    bell.close()
    decisions.close()


def test_an_idle_stream_shows_that_it_lives(start: Start, feed: Feed) -> None:
    def away(people: Collection[int]) -> Mapping[int, int]:
        raise OSError

    part = stream(feed, beat_seconds=0.05, unread=away)
    running = start(stream=part)
    viewer = Watching(running)
    assert any(line.startswith(":") for line, _ in zip(viewer._lines, range(6), strict=False))


def test_shutdown_does_not_wait_for_viewers(start: Start, feed: Feed) -> None:
    part = stream(feed)
    running = start(stream=part)
    viewer = Watching(running)
    until_open(part, 1)
    began = time.monotonic()
    running.server.should_exit = True
    with pytest.raises(EOFError):
        viewer.next()
    assert time.monotonic() - began < 3


async def test_a_viewer_who_joins_from_further_back_repeats_nothing_to_the_others(
    feed: Feed,
) -> None:
    part = stream(feed, queue_rows=8)
    feed.add(4)
    news = part._read(0, 100, {"en"})
    ends = [row.end for row in news.rows["en"]]
    ahead, behind = Viewer(EN, ends[2], 8), Viewer(EN, ends[0], 8)
    part._viewers.update((ahead, behind))
    part._spread(news)
    part._spread(news)
    assert [_seqs(viewer) for viewer in (ahead, behind)] == [[3], [1, 2, 3]]


def _seqs(viewer: Viewer) -> list[int]:
    chunks = []
    while not viewer.rows.empty():
        chunks.append((viewer.rows.get_nowait() or b"").decode())
    return [int(seq) for seq in re.findall(r'"seq": (\d+)', "".join(chunks))]


async def test_a_viewer_who_does_not_read_is_cut_off(feed: Feed) -> None:
    part = stream(feed)
    slow = Viewer(EN, 0, 2)
    part._viewers.add(slow)
    position = 0
    for _ in range(4):
        feed.add(1)
        news = part._read(position, 100, {"en"})
        position = news.following
        part._spread(news)
    assert slow.lost
    assert slow not in part._viewers
    assert slow.rows.qsize() <= 2
