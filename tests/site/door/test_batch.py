"""POST /v1/events:batch: line in, line out."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.site.door import Limits
from guanlan.site.door.batch import lines
from tests.site.door.conftest import Running, Start

KIND = {"content-type": "application/x-ndjson"}


def event(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "transfer", "entities": {"user": "u-1"}, **more}


def ndjson(*events: Any) -> bytes:
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


def post(running: Running, body: bytes) -> list[dict[str, Any]]:
    answer = running.client.post("/v1/events:batch", content=body, headers=KIND)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text == "" or answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_line_is_answered_in_order_and_fails_alone(shared: Running) -> None:
    body = (
        ndjson(event("l-1"))
        + b"{not json\n\n"
        + ndjson(event("l-4", fields={"amount": "x"}), event("l-1"), event("l-6"))[:-1]
    )
    first, bad, ill, again, last = post(shared, body)
    assert first == {"status": 200, "decision": first["decision"]}
    assert again == first
    assert (bad["status"], bad["line"], bad["error"]["code"]) == (400, 2, "bad_json")
    assert (ill["status"], ill["line"]) == (422, 4)
    assert ill["error"]["field"] == "fields.amount"
    assert last["decision"]["event_id"] == "l-6"


def test_a_batch_decides_what_single_posts_would(start: Start) -> None:
    one, other = start(), start()
    events = [event(f"n-{n}", fields={"amount": n}) for n in range(700)]
    together = post(one, ndjson(*events))
    alone = [other.client.post("/v1/events", json=e).json() for e in events[:20]]
    assert len(together) == 700
    for line, single in zip(together, alone, strict=False):
        assert {**line["decision"], "clock": ""} == {**single, "clock": ""}
    assert [line["decision"]["seq"] for line in together] == list(range(700))
    assert one.engine.largest <= Limits().commit_events


def test_no_lines_no_answers(shared: Running) -> None:
    assert post(shared, b"") == []
    assert post(shared, b"\n \r\n\n") == []


def test_windows_line_ends_are_fine(shared: Running) -> None:
    body = ndjson(event("w-1"), event("w-2")).replace(b"\n", b"\r\n")
    assert [line["status"] for line in post(shared, body)] == [200, 200]


def test_a_line_that_is_too_long_fails_alone(shared: Running) -> None:
    long = b'{"id":"' + b"x" * 70_000 + b'"}\n'
    first, second, third = post(shared, ndjson(event("p-1")) + long + ndjson(event("p-3")))
    assert [first["status"], second["status"], third["status"]] == [200, 413, 200]
    assert second["line"] == 2


def test_a_body_that_is_too_large_decides_nothing(start: Start) -> None:
    running = start(limits=Limits(batch_bytes=1000))
    body = ndjson(*(event(f"h-{n}") for n in range(50)))
    answer = running.client.post("/v1/events:batch", content=body, headers=KIND)
    assert answer.status_code == 413
    # Without an announced length the end is found while reading.
    answer = running.client.post("/v1/events:batch", content=iter([body]), headers=KIND)
    assert answer.status_code == 413
    assert running.engine.seq == 0


def test_a_batch_of_countless_tiny_lines_decides_nothing(start: Start) -> None:
    running = start(limits=Limits(batch_lines=10))
    answer = running.client.post("/v1/events:batch", content=b"{}\n" * 11, headers=KIND)
    assert answer.status_code == 413
    assert post(running, b"{}\n" * 10)[9]["line"] == 10


def test_too_many_batches_at_once_are_429(start: Start) -> None:
    running = start(limits=Limits(batches=0))
    answer = running.client.post("/v1/events:batch", content=b"", headers=KIND)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_lines_that_could_not_be_made_durable_say_so(start: Start) -> None:
    running = start(limits=Limits(commit_events=2))
    assert [x["status"] for x in post(running, ndjson(event("d-1"), event("d-2")))] == [200, 200]
    running.engine.broken = True
    answers = post(running, ndjson(*(event(f"d-{n}") for n in range(3, 8))))
    assert [x["status"] for x in answers] == [503] * 5
    assert [x["line"] for x in answers] == [1, 2, 3, 4, 5]


def test_eight_megabytes_pass_in_bounded_parts(start: Start) -> None:
    running = start()
    pad = "m" * 250
    body = ndjson(*(event(f"big-{n}", fields={"memo": pad}) for n in range(20_000)))[: 8 << 20]
    body = body[: body.rindex(b"\n") + 1]
    answer = running.client.post("/v1/events:batch", content=body, headers=KIND, timeout=60)
    assert answer.text.count("\n") == body.count(b"\n")
    assert running.engine.largest <= Limits().commit_events
    assert running.door.committer.queued_events == running.door.committer.queued_bytes == 0


def test_a_client_that_does_not_read_stops_its_own_batch_only(start: Start) -> None:
    running = start()
    body = ndjson(*(event(f"r-{n}") for n in range(30_000)))
    with running.client.stream("POST", "/v1/events:batch", content=body, headers=KIND) as answer:
        assert answer.status_code == 200
        # Its answers fill the socket; others are served all the same.
        assert running.client.post("/v1/events", json=event("other")).status_code == 200
        assert sum(1 for _ in answer.iter_lines()) == 30_000


@given(st.lists(st.binary(max_size=8).filter(lambda x: b"\n" not in x), max_size=8), st.booleans())
def test_lines_are_numbered_as_an_editor_numbers_them(parts: list[bytes], ended: bool) -> None:
    body = b"\n".join(parts) + (b"\n" if ended else b"")
    told = [(n, x) for n, x in enumerate(body.split(b"\n"), 1) if x and not x.isspace()]
    assert list(lines(body)) == told


def test_a_batch_needs_the_scope(shared: Running) -> None:
    answer = httpx.post(f"{shared.url}/v1/events:batch", content=b"", headers=KIND)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "kind", ["application/ndjson", "application/jsonl", "APPLICATION/X-NDJSON"]
)
def test_the_usual_names_of_the_content_type(shared: Running, kind: str) -> None:
    answer = shared.client.post("/v1/events:batch", content=b"", headers={"content-type": kind})
    assert answer.status_code == 200
