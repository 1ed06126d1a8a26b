"""The policy judges the door's keys, and a refused call is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import may, subject_of_key
from guanlan.core.access.table import KEY_SCOPES
from guanlan.site.door import Door, KeyRing, keys
from guanlan.site.door.rights import NEEDS, POST_EVENTS, PUBLIC, Need, faults
from guanlan.site.door.trail import Trail
from tests.site.door.conftest import Start
from tests.site.door.fake import READER, record
from tests.site.door.test_trail import rows


def door() -> Door:
    return Door(None, KeyRing(list))


def test_every_route_declares_a_right_that_exists() -> None:
    routes = door().routes
    assert faults((route.label, route.need) for route in routes) == []
    public = {route.label for route in routes if route.need is PUBLIC}
    assert public == {"/healthz", "/readyz", "/v1/openapi.json"}


@pytest.mark.parametrize("need", [None, Need("see", "no.such"), Need("add", "fraud.decision")])
def test_a_door_whose_route_declares_nothing_known_does_not_start(
    monkeypatch: pytest.MonkeyPatch, need: Any
) -> None:
    monkeypatch.setattr("guanlan.site.door.app.READ_ENTITIES", need)
    with pytest.raises(RuntimeError, match="/v1/entities"):
        door()


def test_a_right_on_a_noun_or_with_a_verb_that_is_not_registered_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stray, verbless = Need("see", "no.such"), Need("approve", "fraud.decision")
    monkeypatch.setattr("guanlan.site.door.rights.NEEDS", (stray, verbless))
    assert faults([("/a", stray), ("/b", verbless)]) == [
        "/a: the noun no.such is not registered",
        "/b: fraud.decision has no verb approve",
    ]


@given(st.frozensets(st.sampled_from([*KEY_SCOPES, "unknown"])))
def test_a_key_may_at_the_door_what_the_policy_says(scopes: frozenset[str]) -> None:
    key = keys.judge("aaaaaaaa", scopes)
    subject = subject_of_key("aaaaaaaa", scopes)
    assert key.rights == {need for need in NEEDS if may(subject, need.verb, need.noun)}


def test_each_scope_opens_its_own_routes() -> None:
    """The scopes as they are documented, written out."""
    opened = {scope: keys.judge("aaaaaaaa", frozenset({scope})).rights for scope in KEY_SCOPES}
    assert {scope: {(n.verb, n.noun) for n in needs} for scope, needs in opened.items()} == {
        "events:write": {("add", "fraud.decision")},
        "decisions:read": {("see", "fraud.decision")},
        "entities:read": {("see", "fraud.entity")},
        "lists:write": {("change", "fraud.listact")},
        "metrics:read": {("see", "core.health")},
        "complaints:write": set(),  # for the API beside the console, not for the door
    }


def test_a_verdict_is_kept_while_the_key_is_the_same() -> None:
    live = [record("gl_cccccccc_" + "z" * 43, frozenset({"events:write"}))]
    ring = KeyRing(lambda: live)

    def now() -> keys.Key:
        ring.reload()
        key = ring.check("gl_cccccccc_" + "z" * 43)
        assert key is not None
        return key

    first = now()
    assert now() is first
    live[:] = [record("gl_cccccccc_" + "z" * 43, frozenset({"metrics:read"}))]
    assert POST_EVENTS not in now().rights


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    return tmp_path


def test_refused_calls_are_rows_and_many_of_them_are_few(start: Start, data: Path) -> None:
    running = start()
    running.door.trail = Trail(1)
    reader = {"authorization": f"Bearer {READER}"}
    for _n in range(30):
        answer = running.client.post("/v1/lists/a/entries", headers=reader, json={})
        assert answer.status_code == 403
        assert running.client.post("/v1/events", headers=reader, json={}).status_code == 403
        assert running.client.get("/metrics", headers={"authorization": "no"}).status_code == 401
    running.stop()
    found = sorted((row.who.kind, row.who.name, row.act, row.on[0], row.outcome, row.detail["verb"])
                   for row in rows(data))  # fmt: skip
    assert found == [
        ("key", "key bbbbbbbb", "access.refuse", "fraud.decision", "refused", "add"),
        ("key", "key bbbbbbbb", "access.refuse", "fraud.listact", "refused", "change"),
        ("nobody", "anonymous", "access.refuse", "core.health", "refused", "see"),
    ]
