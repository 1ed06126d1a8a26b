"""What the benches of the door share: servers in processes of their own, and equality.

Not a bench itself. Run with an argument it is such a server.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from math import inf
from pathlib import Path

import django
import msgspec
import polars as pl
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanlan.client.send import send
from guanlan.engine import Engine
from guanlan.engine.scenario import load_scenario
from guanlan.engine.simulate import simulate, wire_events
from guanlan.site.door import Door, KeyRing, Limits, configure
from guanlan.site.door.asgi import App, Receive, Scope, Send
from guanlan.site.door.server import DoorServer

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "examples" / "wallet" / "scenario.yaml"
OUT = ROOT / "bench" / "out"
CACHE = Path.home() / ".cache" / "guanlan"
SECRET = b"bench" * 8
TOKEN = "gl_benchkey_" + "b" * 43
START = 1_780_000_000_000_000  # microseconds; any past time


class BenchKey(msgspec.Struct, frozen=True):
    id: str
    sha256: bytes
    scopes: frozenset[str]
    until: float = inf


class Wrap:
    """Wraps the data keys of a log under a key of this run, as an installation does."""

    def __init__(self) -> None:
        self._cipher = AESGCM(os.urandom(32))

    def draw(self) -> bytes:
        return os.urandom(32)

    def wrap(self, key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, key, None)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._cipher.decrypt(wrapped[:12], wrapped[12:], None)


def events(count: int, seed: int = 5) -> list[bytes]:
    """Simulated wallet traffic as posted bodies, in order of time."""
    frames = pl.concat(list(simulate(count, seed, START, days=20.0)))
    return list(wire_events(frames))


def in_process(bodies: list[bytes]) -> list[bytes]:
    """The answers of an engine without any server around it."""
    engine = Engine.in_memory(
        load_scenario(SCENARIO), secret=SECRET, cache=CACHE, compiled=True, keep=False
    )
    with engine:
        return [answer.body for answer in engine.decide(bodies)]


class Answers:
    """Collects what a server answered, to be compared with `in_process` afterwards."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.texts: list[bytes] = []
        self.refused = 0

    def add(self, place: int, body: bytes, status: int, text: bytes) -> None:
        self.bodies.append(body)
        self.texts.append(text)
        self.refused += status != 200

    def equal(self) -> bool:
        """Whether an engine fed in the server's order of arrival answers the same bytes."""
        if self.refused:
            return False
        seqs = [msgspec.json.decode(text)["seq"] for text in self.texts]
        order = sorted(range(len(seqs)), key=seqs.__getitem__)
        return in_process([self.bodies[n] for n in order]) == [self.texts[n] for n in order]


class Served:
    """A server process."""

    def __init__(self, kind: str, directory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, kind, str(directory)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def cpu(self) -> float:
        """Processor seconds of all threads of the process so far, to the nanosecond."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def spend(
        self, bodies: list[bytes], answers: Answers | None, *, concurrency: int = 1, batch: int = 0
    ) -> float:
        """Processor seconds the server spends on `bodies`."""
        noted = None if answers is None else answers.add
        before = self.cpu()
        found = send(bodies, self.url, TOKEN, concurrency=concurrency, batch=batch, on_answer=noted)
        assert found.decided == len(bodies), found
        return self.cpu() - before

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@contextmanager
def served(*kinds: str) -> Iterator[list[Served]]:
    """Servers of these kinds ("door", "noop"), in a directory that is removed afterwards."""
    OUT.mkdir(exist_ok=True)  # on the project's disk: a directory in memory syncs for nothing
    with tempfile.TemporaryDirectory(dir=OUT) as directory:
        # Compiling the kernel is not what is measured: have it done before a server starts.
        in_process([])
        running = [Served(kind, Path(directory)) for kind in kinds]
        try:
            yield running
        finally:
            for one in running:
                one.close()


async def noop(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads a request, answers a constant of the size of a decision."""
    if scope["type"] != "http":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await receive()
    await send(_NOOP_START)
    await send({"type": "http.response.body", "body": _NOOP})


_NOOP = b'{"outcome":"approve","pad":"%b"}' % (b"x" * 270)
_NOOP_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(_NOOP)),
    ],
}


def policy() -> None:
    """Fill the policy's table, by which the door judges keys: the apps do it when they start."""
    data = tempfile.mkdtemp(prefix="guanlan-bench-")
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["GUANLAN_DATA"] = data
    os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
    django.setup()


def main(kind: str, directory: Path) -> None:
    limits = Limits()
    app: App = noop
    if kind == "door":
        policy()
        engine = Engine.open(
            directory / "log",
            load_scenario(SCENARIO),
            secret=SECRET,
            now=lambda: time.time_ns() // 1000,
            clock="event",
            warm=False,
            cache=CACHE,
            keys=Wrap(),
        )
        engine.kernel.compile_now()
        scopes = frozenset({"events:write", "metrics:read"})
        key = BenchKey("benchkey", sha256(TOKEN.encode()).digest(), scopes)
        app = Door(engine, KeyRing(lambda: [key]), limits)

    def ready(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    DoorServer(configure(app, limits, port=0), ready=ready).run()


if __name__ == "__main__" and len(sys.argv) > 1:
    main(sys.argv[1], Path(sys.argv[2]))
