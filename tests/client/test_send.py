"""The load client against a real server, in order and with honest numbers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from guanlan.client import Retry
from guanlan.client.send import Progress, send


class Handler(BaseHTTPRequestHandler):
    """Decides by id; `trouble` holds answers to give first: a status, or 0 to hang up."""

    protocol_version = "HTTP/1.1"
    trouble: ClassVar[list[int]] = []
    seen: ClassVar[list[str]] = []
    delay: ClassVar[float] = 0.0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(self.delay)
        if self.trouble:
            status = self.trouble.pop(0)
            if not status:
                self.close_connection = True
                return
            self._say(status, b'{"error":{"code":"busy","message":"m"}}', {"retry-after": "0"})
            return
        if self.path == "/v1/events":
            answer = self._decide(body)
            member = answer.get("decision") or {"error": answer["error"]}
            self._say(answer["status"], json.dumps(member).encode())
        else:
            lines = [json.dumps(self._decide(line)) + "\n" for line in body.splitlines()]
            self._say(200, "".join(lines).encode())

    def _decide(self, body: bytes) -> dict[str, Any]:
        name = json.loads(body)["id"]
        self.seen.append(name)
        if name.startswith("bad"):
            return {"status": 422, "error": {"code": "bad_type", "message": "m"}}
        outcome = "decline" if name.endswith("7") else "approve"
        return {"status": 200, "decision": {"event_id": name, "seq": len(self.seen), "type": "t",
                "outcome": outcome, "score": 5, "reasons": [{"rule": "r"}]}}  # fmt: skip

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    Handler.trouble, Handler.seen, Handler.delay = [], [], 0.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


QUICK = Retry(attempts=4, first=0.01, longest=0.02)


def bodies(count: int) -> list[bytes]:
    return [json.dumps({"id": f"e-{n}"}).encode() for n in range(count)]


@pytest.mark.parametrize("batch", [0, 7])
def test_order_is_kept_and_everything_counted(url: str, batch: int) -> None:
    told: list[Progress] = []
    found = send(bodies(50), url, "k", batch=batch, on_progress=told.append)
    assert Handler.seen == [f"e-{n}" for n in range(50)]
    assert found.events == found.decided == 50
    assert found.requests == (8 if batch else 50)
    assert found.outcomes == {"approve": 45, "decline": 5}
    assert 0 < found.p50 <= found.p90 <= found.p99 <= found.longest
    assert told[-1].events == 50


@pytest.mark.parametrize("batch", [0, 4])
def test_trouble_is_retried_and_nothing_is_lost(url: str, batch: int) -> None:
    Handler.trouble = [503, 0, 429]
    found = send(bodies(10), url, "k", batch=batch, retry=QUICK)
    assert found.statuses == {"200": 10}
    assert found.retries == 3
    assert Handler.seen == [f"e-{n}" for n in range(10)]


def test_what_stays_unanswered_is_counted_and_the_rest_goes_on(url: str) -> None:
    Handler.trouble = [0] * 4 + [503] * 4
    found = send(bodies(3), url, "k", retry=QUICK)
    assert found.statuses == {"0": 1, "200": 1, "503": 1}
    gone = send(bodies(2), "http://127.0.0.1:9", "k", retry=QUICK)
    assert gone.statuses == {"0": 2}


def test_refused_events_do_not_stop_the_others(url: str) -> None:
    source = [b'{"id":"a"}', b'{"id":"bad"}', b'{"id":"c"}']
    for batch in (0, 3):
        found = send(source, url, "k", batch=batch)
        assert found.statuses == {"200": 2, "422": 1}


def test_a_rate_is_held_and_lateness_counts(url: str) -> None:
    began = time.monotonic()
    found = send(bodies(20), url, "k", rate=100)
    assert time.monotonic() - began >= 0.19
    assert found.rate < 110
    Handler.delay = 0.02
    late = send(bodies(20), url, "k", rate=1000)
    # The last event was due at 19 ms and answered after 20 answers of 20 ms.
    assert late.longest > 0.3


def test_requests_are_in_flight_together(url: str) -> None:
    Handler.delay = 0.1
    began = time.monotonic()
    found = send(bodies(32), url, "k", concurrency=16)
    assert found.decided == 32
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("address", ["", "ftp://x", "127.0.0.1:80", "http://"])
def test_a_bad_address_is_a_sentence(address: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        send([], address, "k")
