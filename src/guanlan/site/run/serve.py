"""One serving process: the door, the console, or both, with an orderly end.

The port is opened first and the engine beside it, so that a load balancer sees "starting"
while a long log is read. On SIGINT or SIGTERM the door refuses new events, answers what it
holds, then the projector finishes its batch and the engine closes its log.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal

from django.conf import settings
from msgspec import Struct

from guanlan.core.event_log import log_keys
from guanlan.engine import Engine
from guanlan.engine.log import Repair
from guanlan.engine.scenario import ScenarioError, load_scenario
from guanlan.fraud import engine_access, projector
from guanlan.fraud.labelling import Labeller
from guanlan.fraud.projector import Projector
from guanlan.response.restrictions import Follower
from guanlan.site.door import Door, DoorServer, KeyRing, Limits, compose, configure
from guanlan.site.door.asgi import App
from guanlan.site.door.trail import Trail
from guanlan.site.run import console

logger = logging.getLogger("guanlan.run")

PARENT_SECONDS = 0.5
Part = Literal["all", "door", "console"]
Clock = Literal["arrival", "event"]


class CannotStart(Exception):
    """Why the platform cannot serve, in one sentence."""


class Options(Struct, frozen=True, kw_only=True):
    """What one process serves and where."""

    part: Part = "all"
    host: str = "127.0.0.1"
    port: int = 8000
    scenario: Path | None = None  # None: the program last in force, from the log
    clock: Clock = "arrival"
    warm: bool = True  # compile the kernel beside the running one
    parent: int | None = None  # process id of a supervisor; the part ends when it does


def microseconds() -> int:
    """The machine's time in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def open_engine(scenario: Path | None, clock: Clock, *, warm: bool = True) -> Engine:
    """The installation's engine. Raises ScenarioError, LogError, CannotStart."""
    loaded = load_scenario(scenario) if scenario is not None else None
    try:
        engine = Engine.open(
            settings.LOG_DIRECTORY,
            loaded,
            secret=settings.ENGINE_SECRET,
            now=microseconds,
            clock=clock,
            warm=warm,
            cache=settings.CACHE_DIRECTORY,
            keys=log_keys(),
        )
    except ValueError as error:
        raise CannotStart(f"{error}; give one with: guanlan up --scenario FILE") from None
    if engine.repaired is not None:
        tell_repair(engine.repaired)
    return engine


def tell_repair(repair: Repair) -> None:
    """Say what opening the log cut off; a loss of what was acknowledged is an error."""
    if not repair.acknowledged_bytes:
        logger.warning("event log: %s", repair)
        return
    kept = f"; what is left of them is kept in {repair.kept}" if repair.kept else ""
    logger.error(
        "event log: %d bytes of acknowledged events are damaged or gone: %s%s."
        " Check the disk, then run: guanlan doctor",
        repair.acknowledged_bytes,
        repair,
        kept,
    )


class EngineThread:
    """Opens the engine in a thread, gives it to door and screens; closes it at the end."""

    def __init__(self, door: Door, options: Options, failed: Callable[[], None]) -> None:
        self._door = door
        self._options = options
        self._failed = failed
        self._thread = threading.Thread(target=self._open, name="guanlan-open", daemon=True)
        self.engine: Engine | None = None
        self.error: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def _open(self) -> None:
        try:
            self.engine = open_engine(
                self._options.scenario, self._options.clock, warm=self._options.warm
            )
            self._door.attach(self.engine)
            engine_access.register(self.engine)
        except Exception as error:  # noqa: BLE001 - raised again by `close`, in the main thread
            self.error = error
            self._failed()

    def close(self) -> None:
        """Wait for an opening under way, then close the engine. Raises what opening raised."""
        self._thread.join()
        engine_access.register(None)
        if self.engine is not None:
            self.engine.close()
        if self.error is not None:
            raise self.error


class Reloader:
    """Takes the scenario file into force anew on SIGHUP; a bad file changes nothing."""

    def __init__(self, door: Door, opening: EngineThread, file: Path) -> None:
        self._door = door
        self._opening = opening
        self._file = file
        self._task: asyncio.Task[None] | None = None

    def hung_up(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self.reload())

    async def reload(self) -> None:
        engine = self._opening.engine
        if engine is None:
            return
        try:
            scenario = await asyncio.to_thread(load_scenario, self._file)
            await self._door.committer.call(lambda _: engine.reload(scenario), durable=True)
        except ScenarioError as error:
            logger.error("the scenario stays as it was: %s", error.issues[0])
        except Exception:
            logger.exception("the scenario stays as it was")
        else:
            logger.warning("scenario %s %s is in force", scenario.name, scenario.digest[:12])


def serve(options: Options, ready: Callable[[int], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the port once it listens.

    Raises ScenarioError, LogError, CannotStart, or OSError naming the address.
    """
    limits = Limits()
    with signals_kept(), ExitStack() as ends:
        listener = ends.enter_context(listening(options.host, options.port))
        door = None
        if options.part != "console":
            trail = Trail(limits.retry_down_seconds)
            door = Door(None, KeyRing(console.api_keys), limits, trail)
        screens = console.screens(settings.LOG_DIRECTORY) if options.part != "door" else None
        hangup: list[Callable[[], None]] = []

        def listens(port: int) -> None:
            for call in hangup:
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, call)
            if ready is not None:
                ready(port)

        server = DoorServer(
            configure(
                _app(door, screens),
                limits,
                host=options.host,
                port=options.port,
                https=settings.HTTPS,
            ),
            before_stop=[part.stop for part in (screens and screens.stream, door) if part],
            ready=listens,
        )
        if options.parent is not None:
            watch = threading.Thread(target=_end_with, args=(options.parent, server), daemon=True)
            watch.start()
        if screens is not None:
            following = Projector(settings.LOG_DIRECTORY)
            following.start()
            ends.callback(following.stop)
            projector.register(following)
            ends.callback(projector.register, None)
        if door is not None:
            opening = EngineThread(door, options, lambda: setattr(server, "should_exit", True))
            if options.scenario is not None:
                hangup.append(Reloader(door, opening, options.scenario).hung_up)
            opening.start()
            ends.callback(opening.close)
            sinks = Follower()
            sinks.start()
            ends.callback(sinks.stop)
            labels = Labeller()
            labels.start()
            ends.callback(labels.stop)
        try:
            server.run(sockets=[listener])
        except SystemExit:  # uvicorn's way of saying that the door's start failed
            raise CannotStart("the server could not start; see the lines above") from None
        # A second Ctrl-C need not wait for a long log to be read to its end.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _app(door: Door | None, screens: console.Screens | None) -> App:
    if door is None:
        assert screens is not None
        return console.apart(screens)
    return compose(door, screens and screens.stream, screens and screens.pages)


def _end_with(parent: int, server: DoorServer) -> None:
    """A part whose supervisor was killed must not go on holding the log and the port."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    server.should_exit = True


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket; OSError names the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        why = error.strerror or str(error)
        raise OSError(f"{host}:{port} cannot be listened on: {why}; try another --port") from None
    with listener:
        yield listener


@contextmanager
def signals_kept() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the server but not this process, which has more to do.

    uvicorn raises a signal again, after its orderly end, for the handler that was there
    before; the default one would end the process before the log is closed.
    """
    kept = (signal.SIGINT, signal.SIGTERM)

    def received(number: int, frame: FrameType | None) -> None:
        logger.debug("signal %d", number)

    before = {number: signal.signal(number, received) for number in kept}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
