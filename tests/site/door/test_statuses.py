"""Every way a request can be answered, over a real socket."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from guanlan.site.door import Limits
from tests.site.door.conftest import Running, Start
from tests.site.door.fake import READER, TOKEN, HeldEngine, load_keys, record

EVENT = {"id": "e-1", "type": "transfer", "entities": {"user": "u-1"}}


def code(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert set(error) <= {"code", "message", "field"}
    assert response.headers["content-type"] == "application/json"
    return str(error["code"])


def raw(running: Running, data: bytes, *, wait: float = 5.0) -> bytes:
    """Send bytes as they are; everything the server says until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=wait) as sock:
        sock.sendall(data)
        return drain(sock)


def drain(sock: socket.socket) -> bytes:
    out = b""
    try:
        while chunk := sock.recv(65536):
            out += chunk
    except TimeoutError:
        pass
    return out


def head(length: int | None, *more: bytes, path: bytes = b"/v1/events") -> bytes:
    lines = [
        b"POST " + path + b" HTTP/1.1",
        b"host: x",
        b"authorization: Bearer " + TOKEN.encode(),
        b"content-type: application/json",
        *more,
    ]
    if length is not None:
        lines.append(b"content-length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def test_an_event_is_decided_and_the_same_again_gets_the_same_bytes(shared: Running) -> None:
    first = shared.client.post("/v1/events", json=EVENT)
    again = shared.client.post("/v1/events", json=EVENT)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert first.json()["event_id"] == "e-1"
    assert first.headers["content-type"] == "application/json"


def test_the_same_id_with_another_body_is_a_conflict(shared: Running) -> None:
    shared.client.post("/v1/events", json=EVENT)
    other = shared.client.post("/v1/events", json={**EVENT, "entities": {"user": "u-2"}})
    assert other.status_code == 409
    assert code(other) == "id_reused"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 10_000, b'{"a":' * 10_000, b'{"id":"\xff\xfe"}', b"\x00", b'{"id":"a\x00"}'],
    ids=["empty", "cut", "nested", "nested objects", "not utf-8", "nul", "nul in text"],
)
def test_what_is_not_json_is_400(shared: Running, body: bytes) -> None:
    answer = shared.client.post(
        "/v1/events", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert code(answer) in ("bad_json", "bad_encoding")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"id":1,"type":"transfer"}', "id"),
        ('{"id":"x"}', "type"),
        ('{"id":"x","type":"poem"}', "type"),
        ('{"id":"x","type":"transfer"}', "entities"),
        ('{"id":"x","type":"transfer","entities":{"user":7}}', "entities.user"),
        ('{"id":"x","type":"transfer","entities":{"user":"u"},"time":"1234"}', "time"),
        ('{"id":"x","type":"transfer","entities":{"user":"u"},"time":99999999999999}', "time"),
        *(
            (
                f'{{"id":"x","type":"transfer","entities":{{"user":"u"}},"fields":{{"amount":{bad}}}}}',
                "fields.amount",
            )
            for bad in ("1.5", '"12"', "9223372036854775808", "-1", "true", "[]")
        ),
        (
            '{"id":"x","type":"transfer","entities":{"user":"u"},"fields":{"cvv":"987"}}',
            "fields.cvv",
        ),
        (
            '{"id":"x","type":"transfer","entities":{"user":"u"},"fields":{"memo":"cvv 987"}}',
            "fields.memo",
        ),
        ('{"id":"x","type":"transfer","entities":{"user":"a\\u0000b"}}', "entities.user"),
    ],
)
def test_json_that_is_no_event_is_422_and_names_the_field(
    shared: Running, body: str, field: str
) -> None:
    before = shared.engine.seq
    answer = shared.client.post(
        "/v1/events", content=body, headers={"content-type": "application/json; charset=utf-8"}
    )
    assert answer.status_code == 422
    assert code(answer) != ""
    assert answer.json()["error"]["field"].startswith(field)
    assert "987" not in answer.text
    assert shared.engine.seq == before


@pytest.mark.parametrize("body", ["[]", "1", "null", '"text"'])
def test_json_that_is_no_object_is_400(shared: Running, body: str) -> None:
    kind = {"content-type": "application/json"}
    assert shared.client.post("/v1/events", content=body, headers=kind).status_code == 400


def test_ten_megabytes_are_refused_by_their_announced_length(shared: Running) -> None:
    answer = shared.client.post(
        "/v1/events", content=b"x" * 10_000_000, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert code(answer) == "too_large"
    assert shared.client.post("/v1/events", json=EVENT).status_code == 200


def test_a_body_without_a_length_is_refused_while_it_is_read(shared: Running) -> None:
    answer = raw(
        shared,
        head(None, b"transfer-encoding: chunked")
        + (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 3
        + b"0\r\n\r\n",
        wait=0.5,
    )
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_exactly_the_limit_passes(start: Start) -> None:
    running = start(limits=Limits(event_bytes=100))
    body = b'{"id":"","type":"transfer","entities":{"user":"u"}}'
    body = body.replace(b'""', b'"%b"' % (b"x" * (100 - len(body))))
    kind = {"content-type": "application/json"}
    assert running.client.post("/v1/events", content=body, headers=kind).status_code == 200
    body = body.replace(b"xx", b"xxx", 1)
    assert running.client.post("/v1/events", content=body, headers=kind).status_code == 413


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer nonsense", 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {READER}", 403),
        (f"bearer {TOKEN}", 200),
    ],
)
def test_keys(shared: Running, authorization: str | None, status: int) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = httpx.post(f"{shared.url}/v1/events", json=EVENT, headers=headers)
    assert answer.status_code == status
    if status in (401, 403):
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert code(answer) == {401: "unauthorized", 403: "forbidden"}[status]
        assert TOKEN not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/events"),
        ("POST", "/v1/events:batch"),
        ("GET", "/v1/decisions/e-1"),
        ("POST", "/v1/entities/look-up"),
        ("POST", "/v1/lists/mule_payees/entries"),
        ("POST", "/v1/lists/mule_payees/entries/remove"),
        ("GET", "/metrics"),
        ("GET", "/v1/openapi.json"),
    ],
)
def test_nothing_of_the_engine_is_open_without_a_key(
    shared: Running, method: str, path: str
) -> None:
    assert httpx.request(method, shared.url + path).status_code == 401


def test_a_revoked_key_is_refused_within_two_seconds(start: Start) -> None:
    live = [record(TOKEN)]
    running = start(load=lambda: list(live))
    assert running.client.post("/v1/events", json=EVENT).status_code == 200
    live.clear()
    revoked = time.monotonic()
    while running.client.post("/v1/events", json=EVENT).status_code != 401:
        assert time.monotonic() - revoked < 2
        time.sleep(0.05)


def test_an_expired_key_is_refused_within_two_seconds_and_told_why(start: Start) -> None:
    ends = time.time() + 1
    running = start(load=lambda: [record(TOKEN, until=ends), record(READER, until=0)])
    assert running.client.post("/v1/events", json=EVENT).status_code == 200
    while (answer := running.client.post("/v1/events", json=EVENT)).status_code != 401:
        assert time.time() - ends < 2
        time.sleep(0.05)
    assert answer.json()["error"]["message"].startswith("this API key has expired")
    other = running.client.get("/metrics", headers={"authorization": f"Bearer {READER}x"})
    assert "expired" not in other.text


def test_an_expired_key_is_refused_even_where_the_list_cannot_be_read(start: Start) -> None:
    ends, calls = time.time() + 0.3, 0

    def load() -> list[Any]:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError("no database")
        return [record(TOKEN, until=ends)]

    running = start(load=load, limits=Limits(keys_seconds=0.05))
    while running.client.post("/v1/events", json=EVENT).status_code != 401:
        assert time.time() - ends < 2
        time.sleep(0.05)
    assert calls > 1


def test_an_unreadable_key_list_leaves_the_last_one_in_force(start: Start) -> None:
    calls = 0

    def load() -> list[Any]:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError("no database")
        return list(load_keys())

    running = start(load=load, limits=Limits(keys_seconds=0.05))
    time.sleep(0.2)
    assert calls > 1
    assert running.client.post("/v1/events", json=EVENT).status_code == 200


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type_is_415(shared: Running, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    for path in ("/v1/events", "/v1/events:batch"):
        answer = shared.client.post(path, content=b"{}", headers=headers)
        assert answer.status_code == 415
        assert code(answer) == "unsupported_media_type"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/events", "POST"),
        ("PUT", "/v1/events:batch", "POST"),
        ("POST", "/v1/decisions/x", "GET"),
        ("PUT", "/v1/lists/a/entries", "POST"),
        ("DELETE", "/v1/lists/a/entries/remove", "POST"),
        ("GET", "/v1/entities/look-up", "POST"),
        ("POST", "/metrics", "GET"),
        ("DELETE", "/healthz", "GET, HEAD"),
    ],
)
def test_another_method_is_405_and_told_which(
    shared: Running, method: str, path: str, allow: str
) -> None:
    answer = shared.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    assert code(answer) == "method_not_allowed"


@pytest.mark.parametrize(
    "path", ["/v1/", "/v1/nothing", "/v1/decisions", "/v1/decisions/a/b", "/x"]
)
def test_an_unknown_path_is_404(shared: Running, path: str) -> None:
    answer = shared.client.get(path)
    assert answer.status_code == 404
    assert code(answer) == "not_found"


@pytest.mark.parametrize("name", ["%ff", "", "%00", "a%00", "x" * 257])
def test_what_cannot_be_a_name_is_400(shared: Running, name: str) -> None:
    assert shared.client.get(f"/v1/decisions/{name}").status_code == 400


def test_an_escaped_slash_belongs_to_the_id(shared: Running) -> None:
    shared.client.post("/v1/events", json={**EVENT, "id": "a/b 观"})
    answer = shared.client.get("/v1/decisions/a%2Fb%20%E8%A7%82")
    assert answer.status_code == 200
    assert answer.json()["decision"]["event_id"] == "a/b 观"


def test_what_is_not_http_is_400(shared: Running) -> None:
    answer = raw(shared, b"this is not http\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"malformed"' in answer


def test_a_huge_head_is_431(shared: Running) -> None:
    answer = raw(shared, b"GET /healthz HTTP/1.1\r\n" + b"x: " + b"y" * 40_000)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_slow_head_and_a_slow_body_are_408(start: Start) -> None:
    running = start(limits=Limits(head_seconds=0.3, body_seconds=0.3))
    answer = raw(running, b"POST /v1/events HTT")
    assert answer.startswith(b"HTTP/1.1 408 ")
    answer = raw(running, head(100) + b'{"id"')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"timeout"' in answer
    assert running.client.post("/v1/events", json=EVENT).status_code == 200


def test_a_silent_connection_is_closed(start: Start) -> None:
    running = start(limits=Limits(head_seconds=0.3))
    assert raw(running, b"") == b""


def test_one_connection_too_many_is_told_so(start: Start) -> None:
    running = start(limits=Limits(connections=3))
    held = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(3)]
    _until(lambda: len(running.server.server_state.connections) == 3)
    answer = raw(running, b"")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: " in answer
    for sock in held:
        sock.close()
    _until(lambda: len(running.server.server_state.connections) == 0)
    assert running.client.get("/healthz").status_code == 200


def test_a_client_that_leaves_midway_harms_nobody(shared: Running) -> None:
    before = shared.engine.seq
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", shared.port)) as sock:
            sock.sendall(head(100) + b'{"id"')
    fresh = {**EVENT, "id": "after the leavers"}
    assert shared.client.post("/v1/events", json=fresh).status_code == 200
    assert shared.engine.seq == before + 1


def test_a_client_that_leaves_before_its_answer_is_decided_all_the_same(start: Start) -> None:
    running = start()
    running.engine.gate.clear()
    body = b'{"id":"gone","type":"transfer","entities":{"user":"u"}}'
    with socket.create_connection(("127.0.0.1", running.port)) as sock:
        sock.sendall(head(len(body)) + body)
        _until(lambda: running.engine.seq == 1)
    running.engine.gate.set()
    assert running.client.get("/v1/decisions/gone").status_code == 200


def test_a_full_queue_is_429_with_a_time_to_wait(start: Start) -> None:
    running = start(limits=Limits(queue_events=4, commit_events=1))
    running.engine.gate.clear()
    with ThreadPoolExecutor(12) as pool:
        posts = [
            pool.submit(
                httpx.post,
                f"{running.url}/v1/events",
                json={**EVENT, "id": f"q-{n}"},
                headers={"authorization": f"Bearer {TOKEN}"},
                timeout=10,
            )
            for n in range(12)
        ]
        _until(lambda: sum(p.done() for p in posts) >= 7)
        refused = [p.result() for p in posts if p.done()]
        running.engine.gate.set()
        answers = [p.result() for p in posts]
    for answer in refused:
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert code(answer) == "too_many_requests"
    # One in work and four waiting were accepted; none of the refused was recorded.
    assert sorted(a.status_code for a in answers) == [200] * 5 + [429] * 7
    assert running.engine.seq == 5


def test_waiting_bytes_are_bounded_too(start: Start) -> None:
    running = start(limits=Limits(queue_bytes=10, commit_events=1))
    running.engine.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        posts = [
            pool.submit(running.client.post, "/v1/events", json={**EVENT, "id": f"b-{n}"})
            for n in range(4)
        ]
        _until(lambda: sum(p.done() for p in posts) >= 2)
        running.engine.gate.set()
    assert sorted(p.result().status_code for p in posts) == [200, 200, 429, 429]


def test_while_starting_and_after_a_failure_it_is_503(start: Start) -> None:
    running = start()
    running.engine.state = "starting"
    for path in ("/readyz", "/v1/decisions/x"):
        answer = running.client.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert "starting" in answer.json()["error"]["message"]
    assert running.client.post("/v1/events", json=EVENT).status_code == 503
    assert running.client.get("/healthz").status_code == 200
    running.engine.state = "ready"
    assert running.client.get("/readyz").json() == {"status": "ready", "seq": 0}


def test_what_could_not_be_made_durable_is_never_acknowledged(start: Start) -> None:
    running = start()
    running.engine.broken = True
    answer = running.client.post("/v1/events", json=EVENT)
    assert answer.status_code == 503
    assert "not acknowledged" in answer.json()["error"]["message"]
    running.engine.broken = False
    running.engine.state = "ready"
    # The engine in memory is ahead of the log: nothing more until a restart.
    assert running.client.post("/v1/events", json=EVENT).status_code == 503
    assert running.client.get("/v1/decisions/e-1").status_code == 503
    assert running.client.get("/readyz").json()["error"]["message"] == "the engine is failed"


def test_the_unforeseen_is_500_with_a_number_and_without_the_value(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    running = start()
    answer = running.client.post(
        "/v1/events", json={"id": "boom name-of-a-person", "type": "transfer"}
    )
    assert answer.status_code == 500
    assert code(answer) == "internal"
    number = answer.json()["error"]["message"].split()[-1]
    assert number in caplog.text
    assert "KeyError" in caplog.text
    assert "name-of-a-person" not in caplog.text + answer.text
    assert running.client.post("/v1/events", json=EVENT).status_code == 200


def test_shutdown_answers_what_it_took(start: Start) -> None:
    running = start()
    running.engine.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        posts = [
            pool.submit(running.client.post, "/v1/events", json={**EVENT, "id": f"s-{n}"})
            for n in range(8)
        ]
        _until(lambda: running.door.committer.queued_events + running.engine.seq == 8)
        running.server.should_exit = True
        _until(lambda: running.door.committer.state == "stopping")
        running.engine.gate.set()
        assert [p.result().status_code for p in posts] == [200] * 8
    assert running.engine.durable == 8


def test_events_are_made_durable_together(start: Start) -> None:
    running = start()
    engine: HeldEngine = running.engine
    engine.gate.clear()
    with ThreadPoolExecutor(16) as pool:
        posts = [
            pool.submit(running.client.post, "/v1/events", json={**EVENT, "id": f"g-{n}"})
            for n in range(16)
        ]
        _until(lambda: running.door.committer.queued_events + engine.seq == 16)
        engine.gate.set()
        assert {p.result().status_code for p in posts} == {200}
    assert engine.commits == 2


def test_waiting_for_company_is_short_when_nobody_comes(start: Start) -> None:
    running = start()
    with ThreadPoolExecutor(16) as pool:
        running.engine.gate.clear()
        posts = [
            pool.submit(running.client.post, "/v1/events", json={**EVENT, "id": f"w-{n}"})
            for n in range(16)
        ]
        _until(lambda: running.door.committer.queued_events + running.engine.seq == 16)
        time.sleep(0.1)  # a slow disk: the door now expects fifteen others, and waits for them
        running.engine.gate.set()
        assert {p.result().status_code for p in posts} == {200}
    for n in range(5):
        began = time.monotonic()
        assert running.client.post("/v1/events", json={**EVENT, "id": f"alone-{n}"}).is_success
        assert time.monotonic() - began < 0.5


def _until(true: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
