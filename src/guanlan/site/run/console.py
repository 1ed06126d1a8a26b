"""The console as parts of a server: Django's pages, the live stream, the projector's source."""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import msgspec
from a2wsgi import WSGIMiddleware
from django.db import connection

from guanlan.core import outbox
from guanlan.core.access import may
from guanlan.core.event_log import log_keys
from guanlan.core.services import KeyRecord, load_api_keys
from guanlan.engine.log import EVENT, PROGRAM, Frame, LogTail
from guanlan.engine.program import read_activation
from guanlan.engine.scenario.model import Scenario
from guanlan.fraud import programs
from guanlan.fraud.stream import stream_row
from guanlan.site.door import Stream
from guanlan.site.door.asgi import App, Receive, Scope, Send
from guanlan.site.door.stream import STREAM_PATHS, Watcher
from guanlan.site.wsgi import application
from guanlan.web.pages.bell import MANY
from guanlan.web.session import session_subject

WATCHER: Final = "watcher"
PAGE_THREADS: Final = 8


class Screens(NamedTuple):
    """What a browser sees."""

    stream: Stream  # decisions as they become durable, for signed-in viewers
    pages: App  # Django under WSGI on a pool of threads


def screens(log_directory: Path) -> Screens:
    """The console of the log in this directory."""
    # a2wsgi spells the same interfaces with types of its own.
    pages = cast(App, WSGIMiddleware(cast(Any, application), workers=PAGE_THREADS))
    stream = Stream(LogTail(log_directory, log_keys()), Rows().row, watcher, unread)
    return Screens(stream, pages)


def watcher(scope: Scope) -> Watcher | None:
    """Who watches, and whether decisions; None refuses. Every viewer gets the same masked rows.

    Asked again with every beat, so that a right that was taken away ends the stream.
    """
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    subject = session_subject(cookies.decode("latin-1"))
    if subject is None or subject.id is None:
        return None
    return Watcher(subject.id, WATCHER if may(subject, "see", "fraud.decision") else None)


def unread(people: Collection[int]) -> Mapping[int, int]:
    """How many messages each of these people has not read, up to what the bell shows."""
    try:
        return {person: min(n, MANY + 1) for person, n in outbox.unread_counts(people).items()}
    finally:
        connection.close()


class Rows:
    """Makes the stream's rows; follows the program in force so as to know the data levels."""

    def __init__(self) -> None:
        self._scenario: Scenario | None = None
        self._lock = threading.Lock()

    def row(self, frame: Frame, audience: Hashable) -> str | None:
        """The JSON of an event's row; None for frames that are not events."""
        if frame.kind == PROGRAM:
            self._scenario = read_activation(frame.sections)[1]
        if frame.kind != EVENT:
            return None
        if self._scenario is None:
            self._scenario = self._projected()
        return msgspec.json.encode(stream_row(frame, self._scenario)).decode()

    def _projected(self) -> Scenario | None:
        with self._lock:
            try:
                return programs.latest()
            finally:
                connection.close()


def api_keys() -> list[KeyRecord]:
    """The live keys, leaving no connection open in the thread that asked."""
    try:
        return load_api_keys()
    finally:
        connection.close()


def apart(screens: Screens) -> App:
    """The console in a process of its own, without a door."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            part = screens.stream if scope["path"] in STREAM_PATHS else screens.pages
            await part(scope, receive, send)

    return app
