"""The clients against scripted answers: what they send, retry and give back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanlan.client import (
    AsyncClient,
    Busy,
    Client,
    Conflict,
    Decision,
    Denied,
    Invalid,
    NotFound,
    Refused,
    Retry,
    Unreachable,
    new_event_id,
)

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def decision(event_id: str = "e-1", **more: Any) -> dict[str, Any]:
    return {
        "event_id": event_id, "seq": 4, "type": "transfer", "clock": "2026-11-23T09:00:00.000001Z",
        "outcome": "review", "score": 60, "actions": ["otp"],
        "reasons": [{"rule": "r.1", "score": 60, "outcome": None, "severity": "high"}],
        "lists": [{"list": "mules", "kind": "block", "role": "payee"}], "unknown": [],
        "degraded": False, "scenario": "s", "version": "0", "added_later": 1, **more,
    }  # fmt: skip


def error(status: int, code: str = "c", headers: dict[str, str] | None = None) -> httpx.Response:
    body = {"error": {"code": code, "message": "why", "field": "fields.amount"}}
    return httpx.Response(status, json=body, headers=headers)


class Script:
    """Answers in turn, and notes what was asked and slept."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


class Both:
    """One face for both clients, so that each test holds for both."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, script: Script, call: str, *arguments: Any, **settings: Any) -> Any:
        settings = {"draw": lambda: 1.0, **settings}
        transport = httpx.MockTransport(script)
        if self.kind == "sync":
            with Client(
                "http://g", "gl_k", transport=transport, sleep=script.slept.append, **settings
            ) as client:
                result = getattr(client, call)(*arguments)
                return list(result) if call == "post_many" else result

        async def sleep(seconds: float) -> None:
            script.slept.append(seconds)

        async def run() -> Any:
            async with AsyncClient(
                "http://g", "gl_k", transport=transport, sleep=sleep, **settings
            ) as client:
                if call == "post_many":
                    return [answer async for answer in client.post_many(*arguments)]
                return await getattr(client, call)(*arguments)

        return asyncio.run(run())


@pytest.fixture(params=["sync", "async"])
def do(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


def test_a_decision_is_typed(do: Both) -> None:
    script = Script(httpx.Response(200, json=decision()))
    got = do(script, "post", {"id": "e-1", "type": "transfer"})
    assert isinstance(got, Decision)
    assert (got.event_id, got.outcome, got.score, got.actions) == ("e-1", "review", 60, ("otp",))
    assert got.reasons[0].rule == "r.1"
    assert got.lists[0].role == "payee"
    assert got.clock.microsecond == 1
    assert got.clock.utcoffset() is not None
    (asked,) = script.asked
    assert str(asked.url) == "http://g/v1/events"
    assert asked.headers["authorization"] == "Bearer gl_k"
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.content) == {"id": "e-1", "type": "transfer"}


def test_an_id_is_made_once_and_kept_through_retries(do: Both) -> None:
    event = {"type": "transfer"}
    script = Script(
        httpx.ConnectError("no"), error(503), error(429), httpx.Response(200, json=decision())
    )
    do(script, "post", event)
    bodies = {request.content for request in script.asked}
    assert len(script.asked) == 4
    assert len(bodies) == 1
    assert UUID(json.loads(bodies.pop())["id"]).version == 7
    assert event == {"type": "transfer"}


def test_waits_double_are_spread_and_obey_retry_after(do: Both) -> None:
    script = Script(
        *[error(503)] * 3,
        error(429, headers={"retry-after": "7"}),
        error(429, headers={"retry-after": "9999"}),
        httpx.Response(200, json=decision()),
    )
    do(script, "post", {"id": "e"}, retry=Retry(attempts=6, first=0.1, longest=0.3))
    assert script.slept[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert 7 <= script.slept[3] <= 7.1
    assert 30 <= script.slept[4] <= 30.1
    assert Retry().wait(0, None, lambda: 0.0) == pytest.approx(0.05)


def test_giving_up_tells_that_the_outcome_is_unknown(do: Both) -> None:
    script = Script(*[httpx.ReadTimeout("slow")] * 3)
    with pytest.raises(Unreachable) as caught:
        do(script, "post", {"id": "e-9"}, retry=Retry(attempts=3))
    assert caught.value.event_id == "e-9"
    assert len(script.slept) == 2


@pytest.mark.parametrize(
    ("status", "kind", "asked"),
    [
        (400, Invalid, 1), (401, Denied, 1), (403, Denied, 1), (404, NotFound, 1),
        (409, Conflict, 1), (413, Invalid, 1), (422, Invalid, 1), (429, Busy, 2),
        (500, Refused, 1), (503, Busy, 2),
    ],
)  # fmt: skip
def test_errors_are_typed_and_only_the_passing_ones_retried(
    do: Both, status: int, kind: type[Refused], asked: int
) -> None:
    script = Script(*[error(status, "some_code")] * 2)
    with pytest.raises(Refused) as caught:
        do(script, "post", {"id": "e-1"}, retry=Retry(attempts=2))
    assert type(caught.value) is kind
    assert len(script.asked) == asked
    found = caught.value
    assert (found.status, found.code, found.message) == (status, "some_code", "why")
    assert (found.field, found.event_id) == ("fields.amount", "e-1")


def test_an_error_page_of_a_proxy_is_an_error_too(do: Both) -> None:
    for page in (b"<html>", b"[]", b'{"error":"x"}', b"\xff"):
        with pytest.raises(Refused) as caught:
            do(Script(httpx.Response(418, content=page)), "post", {"id": "e"})
        assert caught.value.status == 418


def test_an_id_is_escaped_in_a_path_and_a_key_stands_in_none(do: Both) -> None:
    script = Script(httpx.Response(200, json={"decision": decision(), "features": {"a": 1}}))
    explained = do(script, "decision", "a/b?c 观")
    assert explained.decision.outcome == "review"
    assert explained.details["features"] == {"a": 1}
    assert script.asked[0].url.raw_path == b"/v1/decisions/a%2Fb%3Fc%20%E8%A7%82"
    script = Script(httpx.Response(200, json={"kind": "user"}))
    assert do(script, "entity", "user", "u/1") == {"kind": "user"}
    assert script.asked[0].url.raw_path == b"/v1/entities/look-up"
    assert script.asked[0].method == "POST"
    assert json.loads(script.asked[0].content) == {"kind": "user", "key": "u/1"}


def batch(request: httpx.Request) -> httpx.Response:
    out = []
    for number, line in enumerate(request.content.splitlines(), 1):
        name = json.loads(line)["id"]
        if name.startswith("bad"):
            out.append({"status": 422, "error": {"code": "c", "message": "m"}, "line": number})
        else:
            out.append({"status": 200, "decision": decision(name)})
    return httpx.Response(200, text="".join(json.dumps(line) + "\n" for line in out))


def test_many_events_are_answered_in_order_each_for_itself(do: Both) -> None:
    events = [{"id": f"{'bad' if n % 7 == 3 else 'ok'}-{n}"} for n in range(2500)]
    script = Script(*[batch] * 3)
    got = do(script, "post_many", events)
    names = [a.event_id for a in got]
    assert names == [e["id"] for e in events]
    assert [isinstance(a, Invalid) for a in got] == [e["id"].startswith("bad") for e in events]
    assert len(script.asked) == 3


def test_lines_that_met_a_busy_server_are_sent_again_with_their_ids(do: Both) -> None:
    def busy(request: httpx.Request) -> httpx.Response:
        lines = [json.dumps({"status": 200, "decision": decision("a")})]
        lines += [json.dumps({"status": 503, "error": {"code": "c", "message": "m"}, "line": 2})]
        return httpx.Response(200, text="\n".join(lines) + "\n")  # the third answer is missing

    script = Script(busy, batch)
    got = do(script, "post_many", [{"id": "a"}, {"id": "b"}, {"id": "bad"}])
    assert [json.loads(x)["id"] for x in script.asked[1].content.splitlines()] == ["b", "bad"]
    assert [a.event_id for a in got] == ["a", "b", "bad"]
    assert [type(a) for a in got] == [Decision, Decision, Invalid]


def test_ids_sort_by_time_and_never_repeat() -> None:
    ids = [new_event_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert [i[:8] for i in ids] == sorted(i[:8] for i in ids)
    assert {UUID(i).variant for i in ids} == {"specified in RFC 4122"}
