"""kill -9 under load: whatever was acknowledged is there, byte for byte."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvloop

from guanlan.client.wire import Target, Wire
from guanlan.engine.log import EVENT, LogReader, verify
from tests.site.door.fake import TOKEN

ROOT = Path(__file__).resolve().parents[3]
LAST_BUT_KILL = 400  # acknowledged before the first kill


@contextmanager
def process(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "tests.site.door.process", str(directory)]
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    child = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        yield child, f"http://127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def event(name: str, amount: int) -> bytes:
    return json.dumps(
        {"id": name, "type": "transfer", "entities": {"user": f"u-{amount % 9}"},
         "fields": {"amount": amount}}
    ).encode()  # fmt: skip


async def load(
    url: str, child: subprocess.Popen[str], prefix: str, wanted: int, batch: int
) -> dict[bytes, bytes]:
    """Post from 24 connections until `wanted` events are acknowledged, then kill -9; what
    was acknowledged, body -> decision, also in the moment of dying."""
    acknowledged: dict[bytes, bytes] = {}
    path, kind = ("/v1/events:batch", "application/x-ndjson") if batch else ("/v1/events", "")
    target = Target.of(url, path, TOKEN, kind or "application/json")

    async def worker(number: int) -> None:
        wire = await Wire.open(target)
        for n in range(100_000):
            bodies = [event(f"{prefix}-{number}-{n}-{m}", n + m) for m in range(batch or 1)]
            try:
                answer = await wire.post(target, b"\n".join(bodies))
            except ConnectionError:
                return
            assert answer.status == 200
            texts = answer.body.splitlines() if batch else [answer.body]
            for body, text in zip(bodies, texts, strict=True):
                if batch:
                    assert text.startswith(b'{"status":200,"decision":')
                    text = text[len(b'{"status":200,"decision":') : -1]
                acknowledged[body] = text
            if len(acknowledged) >= wanted and child.poll() is None:
                child.send_signal(signal.SIGKILL)

    async with asyncio.TaskGroup() as group:
        for number in range(24 if not batch else 3):
            group.create_task(worker(number))
    child.wait()
    return acknowledged


def run(
    url: str, child: subprocess.Popen[str], prefix: str, wanted: int, batch: int
) -> dict[bytes, bytes]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(load(url, child, prefix, wanted, batch))


def test_every_acknowledged_decision_survives_kill_9(tmp_path: Path) -> None:
    acknowledged: dict[bytes, bytes] = {}
    for round_, (wanted, batch) in enumerate([(LAST_BUT_KILL, 0), (900, 40)]):
        with process(tmp_path) as (child, url):
            acknowledged |= run(url, child, f"k{round_}", wanted, batch)
            assert child.returncode == -signal.SIGKILL
    assert len(acknowledged) >= LAST_BUT_KILL + 900
    seqs = [json.loads(text)["seq"] for text in acknowledged.values()]
    assert len(set(seqs)) == len(seqs)

    with process(tmp_path) as (_, url):
        client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {TOKEN}"})
        with client:
            bodies = list(acknowledged)
            kind = {"content-type": "application/x-ndjson"}
            again = client.post(
                "/v1/events:batch", content=b"\n".join(bodies), headers=kind, timeout=30
            )
            assert again.content.splitlines() == [
                b'{"status":200,"decision":%b}' % acknowledged[body] for body in bodies
            ]
            for body in bodies[::25]:
                found = client.get(f"/v1/decisions/{json.loads(body)['id']}")
                assert b'{"decision":' + acknowledged[body] in found.content
            before = client.get("/readyz").json()["seq"]
            assert before >= len(acknowledged)

    assert verify(tmp_path / "log").fault is None
    logged = {
        frame.sections[2]: frame.sections[3]
        for frame in LogReader(tmp_path / "log").frames()
        if frame.kind == EVENT
    }
    assert acknowledged.items() <= logged.items()
