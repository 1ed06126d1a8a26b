"""Decisions, entities, lists, health and metrics."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.site.door.conftest import Running, Start


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
    now = running.client.get("/v1/entities/user/u-1")
    then = running.client.get("/v1/decisions/p-2")
    assert now.json()["features"]["sent_1h"] == 18
    assert now.json()["masked"] == ["features.last_lat"]
    for answer in (now, then):
        assert answer.json()["features"]["last_lat"] is None
        assert "31.23" not in answer.text


def test_what_was_never_decided_is_404(shared: Running) -> None:
    assert shared.client.get("/v1/decisions/never").status_code == 404
    assert shared.client.get("/v1/entities/planet/mars").status_code == 404


def test_an_entity_shows_its_features_now_and_its_lists(start: Start) -> None:
    running = start()
    for n in range(3):
        running.client.post("/v1/events", json=event(f"n-{n}", fields={"amount": 10}))
    running.client.put(
        "/v1/lists/mule_payees/entries/u-1",
        json={"reason": "case 12", "expires": "2099-01-01T00:00:00Z"},
    )
    found = running.client.get("/v1/entities/user/u-1").json()
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

    path = "/v1/lists/mule_payees/entries/u-1"
    assert outcome("b-1") == "approve"
    assert running.client.put(path, json={"reason": "case 12"}).json() == {"ok": True}
    assert outcome("b-2") == "decline"
    assert running.client.delete(path).json() == {"ok": True}
    assert outcome("b-3") == "approve"
    assert running.client.delete(path).status_code == 200
    assert running.client.put("/v1/lists/none/entries/x", json={"reason": "r"}).status_code == 404
    assert running.client.delete("/v1/lists/none/entries/x").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, None),
        ({"reason": " "}, "reason"),
        ({"reason": 5}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "r", "author": ""}, "author"),
        ({"reason": "r", "expires": "tomorrow"}, "expires"),
        ({"reason": "r", "expires": "2026-01-01T00:00:00"}, "expires"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "the cvv is 987"}, "reason"),
        ({"reason": "r", "colour": "red"}, None),
    ],
)
def test_a_bad_entry_is_422_and_names_the_field(
    shared: Running, body: dict[str, Any], field: str | None
) -> None:
    answer = shared.client.put("/v1/lists/mule_payees/entries/u-9", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].get("field") == field
    assert "987" not in answer.text


def test_an_entry_that_is_not_json_is_400(shared: Running) -> None:
    kind = {"content-type": "application/json"}
    for body in (b"", b"{", b"\xff", b"\x00"):
        answer = shared.client.put("/v1/lists/mule_payees/entries/u-9", content=body, headers=kind)
        assert answer.status_code == 400


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
