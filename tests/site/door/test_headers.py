"""What every answer of the server tells a browser, whoever gives it; and where messages end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from guanlan.site.door import Limits, Stream
from guanlan.site.door.asgi import Receive, Scope, Send
from tests.site.door.conftest import Running, Start
from tests.site.door.fake import READER, TOKEN, HeldEngine, load_keys, memory_engine
from tests.site.door.test_statuses import EVENT, head, raw

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}


async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """In the place of the console."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})


class NoTail:
    committed = 0

    def poll(self, position: int, limit: int) -> tuple[list[Any], int]:
        return [], position


@pytest.fixture(scope="module")
def reached(cache: Any) -> Iterator[Running]:
    """A server that is only reached over https."""
    stream = Stream(NoTail(), lambda frame, audience: None, lambda scope: None, lambda people: {})
    held = HeldEngine(memory_engine(cache))
    one = Running(held, Limits(), stream, load_keys, pages, https=True)
    yield one
    one.stop()


Ask = Callable[[Running], httpx.Response]
ANSWERS: dict[str, Ask] = {
    "decision 200": lambda r: r.client.post("/v1/events", json=EVENT),
    "batch 200": lambda r: r.client.post("/v1/events:batch", content=b"", headers=LINES),
    "read 404": lambda r: r.client.get("/v1/decisions/nothing"),
    "entity 200": lambda r: r.client.post(
        "/v1/entities/look-up", json={"kind": "user", "key": "u-1"}
    ),
    "metrics 200": lambda r: r.client.get("/metrics"),
    "openapi 200": lambda r: r.client.get("/v1/openapi.json"),
    "healthz 200": lambda r: r.client.get("/healthz"),
    "readyz 200": lambda r: r.client.get("/readyz"),
    "not JSON 400": lambda r: r.client.post("/v1/events", content=b"{", headers=JSON),
    "no key 401": lambda r: httpx.post(f"{r.url}/v1/events", json=EVENT),
    "no scope 403": lambda r: httpx.post(
        f"{r.url}/v1/events", json=EVENT, headers={"authorization": f"Bearer {READER}"}
    ),
    "no path 404": lambda r: r.client.get("/v1/nothing"),
    "no method 405": lambda r: r.client.put("/v1/events", json=EVENT),
    "too large 413": lambda r: r.client.post("/v1/events", content=b"x" * 70_000, headers=JSON),
    "other type 415": lambda r: r.client.post("/v1/events", content=b"{}"),
    "no event 422": lambda r: r.client.post("/v1/events", json={"id": 1}),
    "fault 500": lambda r: r.client.post("/v1/events", json={"id": "boom", "type": "transfer"}),
    "stream 401": lambda r: r.client.get("/console/stream"),
    "stream 405": lambda r: r.client.post("/console/stream"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_of_the_door_carries_the_headers(reached: Running, name: str) -> None:
    answer = ANSWERS[name](reached)
    assert str(answer.status_code) == name.rsplit(maxsplit=1)[-1]
    headers = answer.headers
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "object-src 'none'", "base-uri 'none'"} <= set(policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert re.fullmatch(
        r"application/json|application/x-ndjson|text/[a-z-]+;.*charset=utf-8",
        headers["content-type"],
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\nbig: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_answered_with_them_too(
    reached: Running, sent: bytes, status: int
) -> None:
    answer = raw(reached, sent)
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    for name in (
        b"strict-transport-security: max-age=31536000; includeSubDomains\r\n",
        b"x-content-type-options: nosniff\r\n",
        b"frame-ancestors 'none'\r\n",
    ):
        assert answer.count(name) == 1


def test_pages_and_files_are_told_to_stay_on_https_by_the_same_server(reached: Running) -> None:
    told = httpx.get(f"{reached.url}/any/page").headers.get_list("strict-transport-security")
    assert told == ["max-age=31536000; includeSubDomains"]


def test_where_there_is_no_https_nothing_is_said_of_it(shared: Running) -> None:
    assert "strict-transport-security" not in shared.client.get("/healthz").headers


@pytest.mark.parametrize("path", ["/v1/events", "/v1/decisions/x", "/metrics", "/any/page"])
def test_nothing_redirects_what_came_in_the_clear(reached: Running, path: str) -> None:
    """A backend that forgets https is told so by a failure, not led there with its key sent."""
    answer = httpx.get(reached.url + path, headers={"x-forwarded-proto": "http"})
    assert not answer.is_redirect
    assert "location" not in answer.headers


# -- where a message ends ---------------------------------------------------------------------

BODY = b'{"id":"%b","type":"transfer","entities":{"user":"u"}}'
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize(
    "more",
    [
        (b"content-length: 5", b"content-length: 6"),
        (b"content-length: 5, 6",),
        (b"content-length: +5",),
        (b"content-length: 0x5",),
        (b"content-length: -1",),
        (b"content-length: 99999999999999999999999",),
        (b"content-length: 5", b"transfer-encoding: chunked"),
        (b"transfer-encoding: chunked", b"content-length: 5"),
        (b"transfer-encoding: chunked, identity",),
        (b"transfer-encoding: xchunked",),
        (b"transfer-encoding : chunked",),
        (b" transfer-encoding: chunked", b"content-length: 5"),
        (b"transfer-encoding: chunked\nx: y",),
        (b"transfer-encoding:\x0bchunked",),
    ],
    ids=lambda lines: " / ".join(line.decode("latin-1") for line in lines),
)
def test_a_message_whose_end_is_in_doubt_ends_the_connection(
    shared: Running, more: tuple[bytes, ...]
) -> None:
    """Two readers of one stream of bytes may not disagree: so nothing behind it is answered."""
    before = shared.engine.seq
    answer = raw(shared, head(None, *more) + b"5\r\nhello\r\n0\r\n\r\n" + SMUGGLED, wait=0.5)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b"404" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert shared.engine.seq == before


@pytest.mark.parametrize(
    "chunks",
    [b"5\nhello\n0\n\n", b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
     b"5;a\nb\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n", b"g\r\nhello\r\n0\r\n\r\n"],
)  # fmt: skip
def test_chunks_that_are_none_end_the_connection(shared: Running, chunks: bytes) -> None:
    sent = head(None, b"transfer-encoding: chunked") + chunks + SMUGGLED
    answer = raw(shared, sent, wait=0.5)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b"404" not in answer


def test_what_follows_a_whole_message_is_the_next_one(shared: Running) -> None:
    """The same stream, without a doubt: both are answered, in order."""
    one = BODY % b"chunked"
    sent = head(None, b"transfer-encoding: chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(one), one)
    answer = raw(shared, sent + SMUGGLED, wait=0.5)
    assert [line[9:12] for line in re.findall(rb"HTTP/1\.1 \d+", answer)] == [b"200", b"404"]


def test_an_address_is_decoded_once(shared: Running) -> None:
    for name in ("a", "a%2Fb", "%61"):
        shared.client.post("/v1/events", json={**EVENT, "id": f"once {name}"})
    for address, name in (("once%20a", "a"), ("once%20%61", "a"), ("once%20%2561", "%61"),
                          ("once%20a%252Fb", "a%2Fb")):  # fmt: skip
        found = shared.client.get(f"/v1/decisions/{address}").json()
        assert found["decision"]["event_id"] == f"once {name}", address
    assert shared.client.get("/v1/decisions/once%2520a").status_code == 404


# -- a key in the address ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", f"/v1/events?key={TOKEN}"),
        ("POST", f"/v1/events?access_token={TOKEN.replace('_', '%5F')}"),
        ("GET", f"/v1/decisions/e-1?authorization=Bearer%20{TOKEN}"),
        ("GET", f"/v1/decisions/{TOKEN}"),
        ("GET", f"/metrics?key={TOKEN}"),
    ],
)
@pytest.mark.parametrize("also_in_the_header", [False, True])
def test_a_key_in_the_address_is_refused_with_a_sentence_and_stands_in_no_log(
    start: Start,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    method: str,
    address: str,
    also_in_the_header: bool,
) -> None:
    caplog.set_level("DEBUG")
    running = start()
    headers = {"authorization": f"Bearer {TOKEN}"} if also_in_the_header else {}
    answer = httpx.request(
        method, running.url + address, headers=headers, json=EVENT if method == "POST" else None
    )
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert error["code"] == "key_in_address"
    assert "never into an address" in error["message"]
    assert running.engine.seq == 0
    out, err = capfd.readouterr()
    # What the client of this test logs of itself is not the server's.
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    )
    secret = TOKEN.rsplit("_", 1)[1]
    for told in (answer.text, out, err, ours):
        assert secret not in told
    assert "gl_aaaaaaaa_..." in ours
