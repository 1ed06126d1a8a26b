"""Decisions raise alerts: once each, whatever breaks, never by a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from guanlan.core.audit import AuditUnavailable
from guanlan.core.event_log import log_keys
from guanlan.engine.log import EVENT
from guanlan.engine.scenario import load_scenario
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import raising
from guanlan.fraud.alerting import Finder
from guanlan.fraud.frames import record as read_record
from guanlan.fraud.models import AlertMark, Cursor, Decision
from guanlan.fraud.projection import Projection
from guanlan.fraud.raising import TRIES, Raiser
from guanlan.fraud.rebuilding import project_anew
from guanlan.fraud.services import project
from guanlan.response.alerts import Finding, raise_alerts
from guanlan.response.models import Alert, AlertEntity, DeadLetter
from guanlan.response.terms import Severity
from tests.fraud.world import SCENARIO, World
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "log", keys=log_keys())
    made.program()
    yield made
    made.close()


def decide(world: World, user: str, outcome: Outcome, *hits: str) -> None:
    world.event("transfer", {"user": user, "device": "d-1"}, {"amount": 5}, outcome, hits=hits)


def test_what_is_to_be_reviewed_raises_an_alert_and_what_passes_does_not(world: World) -> None:
    decide(world, "u-1", Outcome.approve)
    decide(world, "u-2", Outcome.monitor, "transfer.large")
    decide(world, "u-3", Outcome.review, "transfer.large")
    decide(world, "u-3", Outcome.decline, "transfer.large")
    decide(world, "u-4", Outcome.decline)
    world.log.commit()
    project(world.tail())
    rules = dict(Alert.objects.values_list("rule", "count"))
    severe = {rule.id: Severity[rule.severity] for rule in world.scenario.rules}
    monitored = int(severe["transfer.large"] >= Severity.high)
    assert sum(rules.values()) == 3 + monitored
    assert rules["fraud.outcome.decline"] == 1
    assert rules["fraud.transfer.large"] == 2
    alert = Alert.objects.get(rule="fraud.transfer.large")
    assert [ref for _kind, ref, _at in alert.evidence] == ["2", "3"]
    assert alert.severity >= Severity.medium, "a refusal is worth that at least"
    assert not DeadLetter.objects.exists()
    roles = AlertEntity.objects.filter(alert=alert).values_list("role", "entity__kind")
    assert ("user", "user") in set(roles)


def test_an_alert_is_about_the_customer_and_not_about_what_they_share(world: World) -> None:
    for user, payee in (("u-1", "u-8"), ("u-1", "u-9"), ("u-2", "u-9")):
        entities = {"user": user, "payee": payee, "device": "d-1"}
        world.event("transfer", entities, {"amount": 5}, Outcome.decline, hits=("transfer.large",))
    world.log.commit()
    project(world.tail())
    found = {
        (alert.count, *sorted((part.role, part.entity.key) for part in alert.parts.all()))
        for alert in Alert.objects.all()
    }
    assert found == {
        (2, ("device", "d-1"), ("payee", "u-8"), ("payee", "u-9"), ("user", "u-1")),
        (1, ("device", "d-1"), ("payee", "u-9"), ("user", "u-2")),
    }


def test_each_decision_raises_its_alert_once_whatever_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.events(200)
    broken = iter([True, False])

    def once_broken(findings: list[Finding]) -> list[Alert]:
        made = raise_alerts(findings)
        if next(broken, False):
            raise OperationalError("the machine stops here")
        return made

    monkeypatch.setattr(raising, "raise_alerts", once_broken)
    project(world.tail())
    assert not Alert.objects.exists()
    assert Decision.objects.count() == 200, "rows of decisions wait for no alert"
    project(world.tail())
    project(world.tail())
    expected = [one for one in world.decisions() if Outcome[one["outcome"]] >= Outcome.review]
    assert expected
    assert sum(Alert.objects.values_list("count", flat=True)) >= len(expected)
    told = sum(Alert.objects.values_list("evidence_count", flat=True))
    assert told == sum(Alert.objects.values_list("count", flat=True))
    for alert in Alert.objects.all():
        seqs = [int(ref) for _kind, ref, _at in alert.evidence]
        rows = Decision.objects.filter(seq__in=seqs, amount__isnull=False)
        amounts = [row.amount or 0 for row in rows]
        assert alert.amounts == ({"CNY": [sum(amounts), len(amounts)]} if amounts else {})
    assert any(alert.amounts for alert in Alert.objects.all())


@pytest.mark.parametrize(("level", "expected"), [(2, {"CNY": [10, 2]}), (3, {})])
def test_an_amount_is_at_stake_where_its_level_lets_it_be_shown(
    world: World, tmp_path: Path, level: int, expected: dict[str, list[int]]
) -> None:
    text = SCENARIO.read_text()
    path = tmp_path / "pond.yaml"
    path.write_text(
        text.replace("money, required: true, level: 2", f"money, required: true, level: {level}")
    )
    scenario = load_scenario(path)
    for _n in range(2):
        decide(world, "u-1", Outcome.decline, "transfer.large")
    world.log.commit()
    frames, _following = world.tail().poll(0, 100)
    events = [read_record(frame) for frame in frames if frame.kind == EVENT]
    raise_alerts([one for _position, one in Finder(scenario).findings(events)])
    assert Alert.objects.get().amounts == expected


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def waiting(world: World, clock: Clock) -> Raiser:
    """Decisions that are projected and have raised nothing; what may raise them."""
    project_only(world)
    assert Alert.objects.count() == 0
    return Raiser(world.tail(), clock)


def project_only(world: World) -> None:
    tail, made = world.tail(), Projection()
    frames, following = tail.poll(made.position(), 1000)
    made.apply(frames, following)


def test_the_projection_goes_on_while_a_hook_fails_and_alerts_come_when_it_is_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks: list[Any] = []
    monkeypatch.setattr("guanlan.response.alerts.raising._hooks", hooks)
    decide(world, "u-1", Outcome.review)
    decide(world, "u-2", Outcome.hold)
    world.log.commit()
    clock = Clock()
    raiser = waiting(world, clock)

    def broken(_alerts: object, _now: object) -> None:
        raise KeyError("a hook with a fault")

    hooks.append(broken)
    assert raiser.bring_up() == 0
    assert raiser.failure == "KeyError"
    decide(world, "u-3", Outcome.review)
    world.log.commit()
    project_only(world)
    assert Decision.objects.count() == 3
    assert not Alert.objects.exists()

    hooks.clear()
    assert raiser.bring_up() == 0, "not before its pause is over"
    clock.now += 60
    assert raiser.bring_up() == 3
    assert raiser.failure == ""
    assert sum(Alert.objects.values_list("count", flat=True)) == 3
    assert not DeadLetter.objects.exists()
    assert AlertMark.objects.get().position == Cursor.objects.get().position


def test_a_finding_that_always_fails_is_kept_as_a_dead_letter_and_stops_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("u-1", "u-bad", "u-2"):
        decide(world, user, Outcome.review)
    world.log.commit()
    clock = Clock()
    raiser = waiting(world, clock)

    def picky(findings: list[Finding]) -> list[Alert]:
        if any(any(part.key == "u-bad" for _role, part in one.entities) for one in findings):
            raise ValueError("no way")
        return raise_alerts(findings)

    monkeypatch.setattr(raising, "raise_alerts", picky)
    assert raiser.bring_up() == 1, "what comes before it is raised"
    for _one in range(TRIES):
        clock.now += 60
        raiser.bring_up()
    assert sum(Alert.objects.values_list("count", flat=True)) == 2
    letter = DeadLetter.objects.get()
    assert letter.values == {"tries": str(TRIES), "error": "ValueError"}
    assert "u-bad" in str(letter.body)
    assert "u-bad" not in letter.why
    assert raiser.failure == ""
    assert AlertMark.objects.get().position == Cursor.objects.get().position


def test_an_audit_log_that_cannot_be_written_is_waited_for_and_buries_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(world, "u-1", Outcome.decline)
    world.log.commit()
    clock = Clock()
    raiser = waiting(world, clock)

    def unwritable(_findings: list[Finding]) -> list[Alert]:
        raise AuditUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(raising, "raise_alerts", unwritable)
        for _one in range(3 * TRIES):
            clock.now += 60
            assert raiser.bring_up() == 0
    assert raiser.failure == "AuditUnavailable"
    assert not DeadLetter.objects.exists()
    clock.now += 60
    assert raiser.bring_up() == 1


def test_what_waits_is_read_by_the_scenario_that_decided_it(world: World) -> None:
    decide(world, "u-1", Outcome.review)
    world.log.commit()
    project(world.tail())
    decide(world, "u-2", Outcome.review)
    world.program()
    decide(world, "u-3", Outcome.review)
    world.log.commit()
    assert waiting_on_top(world).bring_up() == 2
    parts = AlertEntity.objects.filter(role="user").count()
    assert parts == 3


def waiting_on_top(world: World) -> Raiser:
    project_only(world)
    return Raiser(world.tail())


def test_a_projection_made_anew_raises_nothing(world: World) -> None:
    world.events(120)
    project(world.tail())
    before = sorted(Alert.objects.values_list("pk", "count"))
    project_anew(world.tail())
    assert sorted(Alert.objects.values_list("pk", "count")) == before
    world.events(60)
    project(world.tail())
    assert sorted(Alert.objects.values_list("pk", "count")) != before, "what is new still does"


def test_of_a_projection_that_never_raised_history_raises_nothing(world: World) -> None:
    world.events(60)
    project(world.tail())
    AlertMark.objects.all().delete()
    Alert.objects.all().delete()
    project_anew(world.tail())
    assert not Alert.objects.exists()


def test_an_alert_is_called_and_masked_as_the_scenario_says(world: World, client: Client) -> None:
    decide(world, "u-3", Outcome.review, "transfer.large")
    world.log.commit()
    project(world.tail())

    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "zh-hans"
    text = client.get(reverse("alert", args=[Alert.objects.get().pk])).content.decode()
    rule = next(one for one in world.scenario.rules if one.id == "transfer.large")
    assert rule.title.get("zh-Hans") in text
    assert reverse("decision", args=[0]) in text
