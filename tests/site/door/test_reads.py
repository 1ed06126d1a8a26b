"""Decisions, entities, lists, health and metrics; and no address names an entity."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.store import ROWS
from guanlan.site.door import Limits
from guanlan.site.door.trail import Trail
from tests.site.door.conftest import Running, Start
from tests.site.door.fake import HeldEngine, memory_engine

LOOK_UP = "/v1/entities/look-up"
ENTRIES = "/v1/lists/mule_payees/entries"
PHONE = "13800138000"


def event(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "transfer", "entities": {"user": "u-1"}, **more}


def test_a_decision_is_explained_and_its_own_bytes_are_in_the_answer(shared: Running) -> None:
    posted = shared.client.post("/v1/events", json=event("x-1 “观澜” é", fields={"amount": 5}))
    found = shared.client.get("/v1/decisions/x-1 “观澜” é")
    assert found.status_code == 200
    assert posted.content in found.content
    explained = found.json()
    assert explained["decision"] == posted.json()
    assert explained["features"]["sent_1h"] == 5
    assert [rule["rule"] for rule in explained["rules"]] == ["transfer.many"]
    assert explained["rules"][0]["state"] == "no_hit"
    assert explained["rules"][0]["title"]["zh-Hans"] == "多"


def test_values_of_high_level_are_named_but_not_shown(shared: Running) -> None:
    secret = "110101199003070012"
    entities = {"user": "u-1", "id_number": secret}
    shared.client.post(
        "/v1/events", json=event("m-1", entities=entities, fields={"memo": "rent", "amount": 7})
    )
    found = shared.client.get("/v1/decisions/m-1")
    assert secret not in found.text
    assert "rent" not in found.text
    assert found.json()["masked"] == ["entities.id_number", "fields.memo", "features.last_lat"]
    assert found.json()["event"]["fields"]["amount"] == 7


def test_a_feature_made_of_a_masked_field_is_masked_too(start: Start) -> None:
    running = start()
    for name in ("p-1", "p-2"):
        running.client.post("/v1/events", json=event(name, fields={"lat": 31.2304, "amount": 9}))
    now = running.client.post(LOOK_UP, json={"kind": "user", "key": "u-1"})
    then = running.client.get("/v1/decisions/p-2")
    assert now.json()["features"]["sent_1h"] == 18
    assert now.json()["masked"] == ["features.last_lat"]
    for answer in (now, then):
        assert answer.json()["features"]["last_lat"] is None
        assert "31.23" not in answer.text


def test_what_was_never_decided_is_404(shared: Running) -> None:
    assert shared.client.get("/v1/decisions/never").status_code == 404
    assert shared.client.post(LOOK_UP, json={"kind": "planet", "key": "mars"}).status_code == 404


def test_an_entity_shows_its_features_now_and_its_lists(start: Start) -> None:
    running = start()
    for n in range(3):
        running.client.post("/v1/events", json=event(f"n-{n}", fields={"amount": 10}))
    running.client.post(
        ENTRIES,
        json={"key": "u-1", "reason": "case 12", "expires": "2099-01-01T00:00:00Z"},
    )
    found = running.client.post(LOOK_UP, json={"kind": "user", "key": "u-1"}).json()
    assert found["features"]["sent_1h"] == 30
    assert found["features"]["times_1h"] == 3
    (listed,) = found["lists"]
    assert listed["list"] == "mule_payees"
    assert listed["author"] == "key aaaaaaaa"
    assert listed["expires"].startswith("2099-01-01")


def test_a_list_entry_decides_from_the_next_event_on(start: Start) -> None:
    running = start()

    def outcome(name: str) -> str:
        return str(running.client.post("/v1/events", json=event(name)).json()["outcome"])

    entry, key = {"key": "u-1", "reason": "case 12"}, {"key": "u-1"}
    assert outcome("b-1") == "approve"
    assert running.client.post(ENTRIES, json=entry).json() == {"ok": True}
    assert outcome("b-2") == "decline"
    assert running.client.post(f"{ENTRIES}/remove", json=key).json() == {"ok": True}
    assert outcome("b-3") == "approve"
    assert running.client.post(f"{ENTRIES}/remove", json=key).status_code == 200
    assert running.client.post("/v1/lists/none/entries", json=entry).status_code == 404
    assert running.client.post("/v1/lists/none/entries/remove", json=key).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"key": None}, "key"),
        ({"key": 987}, "key"),
        ({"key": ""}, "key"),
        ({"key": "9" * 257}, "key"),
        ({"key": "a\x00b"}, "key"),
        ({"key": "the cvv is 987"}, "key"),
        ({"reason": " "}, "reason"),
        ({"reason": 5}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "r", "author": ""}, "author"),
        ({"reason": "r", "expires": "tomorrow"}, "expires"),
        ({"reason": "r", "expires": "2026-01-01T00:00:00"}, "expires"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "the cvv is 987"}, "reason"),
        ({"reason": "r", "987": "red"}, None),
    ],
)
def test_a_bad_entry_is_422_and_names_the_field(
    shared: Running, body: dict[str, Any], field: str | None
) -> None:
    answer = shared.client.post(ENTRIES, json={"key": "u-9", "reason": "r"} | body)
    assert answer.status_code == 422
    assert answer.json()["error"].get("field") == field
    assert "987" not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (ENTRIES, {"reason": "r"}, "key"),
        (ENTRIES, {"key": "k"}, "reason"),
        (f"{ENTRIES}/remove", {}, "key"),
        (f"{ENTRIES}/remove", {"key": 987}, "key"),
        (f"{ENTRIES}/remove", {"key": "987", "reason": "r"}, None),
        (LOOK_UP, {"kind": "user"}, "key"),
        (LOOK_UP, {"key": "987"}, "kind"),
        (LOOK_UP, {"kind": "user", "key": 987}, "key"),
        (LOOK_UP, {"kind": "user", "key": ["987"]}, "key"),
        (LOOK_UP, {"kind": "", "key": "987"}, "kind"),
        (LOOK_UP, {"kind": "user", "key": "9" * 257}, "key"),
        (LOOK_UP, {"kind": "user", "key": "987\x00"}, "key"),
        (LOOK_UP, {"kind": "user", "key": "k", "987": 1}, None),
        (LOOK_UP, [987], None),
    ],
)
def test_a_body_that_names_no_entity_is_422_and_its_value_is_not_repeated(
    shared: Running, path: str, body: Any, field: str | None
) -> None:
    answer = shared.client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].get("field") == field
    assert "987" not in answer.text


@pytest.mark.parametrize("path", [ENTRIES, f"{ENTRIES}/remove", LOOK_UP])
def test_a_body_that_is_not_json_is_400_415_or_413(start: Start, path: str) -> None:
    running = start(limits=Limits(event_bytes=300))
    kind = {"content-type": "application/json"}
    for body in (b"", b"{", b"\xff", b"\x00"):
        assert running.client.post(path, content=body, headers=kind).status_code == 400
    assert running.client.post(path, content=b"{}").status_code == 415
    assert running.client.post(path, content=b" " * 301, headers=kind).status_code == 413


def test_no_route_takes_the_key_of_an_entity_in_its_path(shared: Running) -> None:
    described = shared.client.get("/v1/openapi.json").json()["paths"]
    named = {
        tuple("" if part.startswith("{") else part for part in path[1:].split("/")): path
        for path in described
    }
    assert set(named) == {route.pattern for route in shared.door.routes}
    assert {name for path in described for name in re.findall(r"\{(\w+)\}", path)} == {
        "event_id", "list",
    }  # fmt: skip
    assert not any(
        parameter["in"] != "path"
        for operations in described.values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
    )
    for method, path, status in (
        ("GET", f"/v1/entities/phone/{PHONE}", 404),
        ("GET", LOOK_UP, 405),
        ("PUT", f"{ENTRIES}/{PHONE}", 404),
        ("DELETE", f"{ENTRIES}/{PHONE}", 404),
        ("DELETE", f"{ENTRIES}/remove", 405),
    ):
        answer = shared.client.request(method, path)
        assert answer.status_code == status, (method, path)
        assert PHONE not in answer.text


def test_no_log_holds_the_key_of_whom_was_looked_up_or_listed(
    start: Start,
    cache: Path,
    tmp_path: Path,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.DATA, settings.CHECKPOINTS = tmp_path, tmp_path / "elsewhere"
    held = Torn(memory_engine(cache))
    running = start(engine=held)
    running.door.trail = Trail(1)
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn.error", "uvicorn.access"):  # the second is off unless somebody asks
        caplog.set_level(logging.DEBUG, name)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    with httpx.Client(base_url=running.url, headers=running.client.headers) as client:
        asked = [
            client.post(LOOK_UP, json={"kind": "user", "key": PHONE}),
            client.post(LOOK_UP, json={"kind": "user", "key": PHONE, "more": 1}),
            client.post(LOOK_UP, json={"kind": "planet", "key": PHONE}),
            client.post(LOOK_UP, json={"kind": "torn", "key": PHONE}),
            client.post(ENTRIES, json={"key": PHONE, "reason": "case 12"}),
            client.post(f"{ENTRIES}/remove", json={"key": PHONE}),
        ]
    assert [answer.status_code for answer in asked] == [200, 422, 404, 500, 200, 200]
    assert "unexpected error" in caplog.text
    assert '"POST /v1/entities/look-up HTTP/1.1" 200' in caplog.text
    assert PHONE not in caplog.text
    rows = (tmp_path / DIRECTORY / ROWS).read_bytes()
    assert b"entry.set" in rows
    assert PHONE.encode() not in rows


class Torn(HeldEngine):
    """An engine that fails at one kind of entity, with the key in its error."""

    def entity(self, kind: str, key: str) -> Any:
        if kind == "torn":
            raise ValueError(key)
        return self._engine.entity(kind, key)


def test_metrics_are_prometheus_text_and_count(start: Start) -> None:
    running = start()
    running.client.post("/v1/events", json=event("c-1"))
    running.client.post("/v1/events", json=event("c-1"))
    running.client.post("/v1/events", json={})
    running.client.get("/nowhere")
    answer = running.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    sample = re.compile(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.e]+(inf)?')
    values = {}
    for line in answer.text.splitlines():
        assert line.startswith("# ") or sample.fullmatch(line), line
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in values
            values[name] = float(value)
    assert values['guanlan_http_requests_total{route="/v1/events",status="200"}'] == 2
    assert values['guanlan_http_requests_total{route="/v1/events",status="422"}'] == 1
    assert values['guanlan_http_requests_total{route="other",status="404"}'] == 1
    assert values["guanlan_engine_events_total"] == 1
    assert values["guanlan_engine_duplicates_total"] == 1
    assert values["guanlan_log_position"] > 0
    assert values["guanlan_event_seconds_count"] == 3
    assert values['guanlan_event_seconds_bucket{le="+Inf"}'] == 3
    assert values["guanlan_commit_seconds_count"] >= 2
    assert values["guanlan_queue_events"] == 0
    assert values["guanlan_ready"] == 1
    assert values["process_resident_memory_bytes"] > 1e6


def test_health_is_answered_without_a_body_to_head(shared: Running) -> None:
    assert shared.client.head("/healthz").status_code == 200
    assert shared.client.head("/readyz").content == b""
