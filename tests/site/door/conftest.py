"""A real uvicorn in a thread, on a port the kernel chose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from guanlan.site.door import Door, DoorServer, KeyRing, Limits, Stream, compose, configure
from tests.site.door.fake import TOKEN, HeldEngine, load_keys, memory_engine


class Running:
    """A served door: `url`, `door`, `engine`, and a client that bears a key."""

    def __init__(
        self,
        engine: Any,
        limits: Limits,
        stream: Stream | None,
        load: Any,
        rest: Any = None,
        *,
        https: bool = False,
    ) -> None:
        self.engine = engine
        self.door = Door(engine, KeyRing(load), limits)
        config = configure(compose(self.door, stream, rest), limits, port=0, https=https)
        stops = [self.door.stop] if stream is None else [stream.stop, self.door.stop]
        self._up = threading.Event()
        self.port = 0
        self.server = DoorServer(config, before_stop=stops, ready=self._ready)
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()
        assert self._up.wait(10)
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(
            base_url=self.url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=10
        )

    def _ready(self, port: int) -> None:
        self.port = port
        self._up.set()

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive()
        self.client.close()


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where engines of one test run keep generated code."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def start(cache: Path) -> Iterator[Start]:
    """Serve a door: start(engine=..., limits=..., stream=..., load=...)."""
    running: list[Running] = []

    def begin(
        engine: Any = None,
        limits: Limits | None = None,
        stream: Stream | None = None,
        load: Any = load_keys,
        rest: Any = None,
        https: bool = False,
    ) -> Running:
        held = engine or HeldEngine(memory_engine(cache))
        one = Running(held, limits or Limits(), stream, load, rest, https=https)
        running.append(one)
        return one

    yield begin
    for one in running:
        one.engine.gate.set()
        one.stop()


@pytest.fixture(scope="module")
def shared(cache: Path) -> Iterator[Running]:
    """One door for tests that leave it as they found it."""
    one = Running(HeldEngine(memory_engine(cache)), Limits(), None, load_keys)
    yield one
    one.stop()
