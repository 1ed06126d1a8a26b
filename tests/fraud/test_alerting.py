"""Decisions raise alerts: once each, in the transaction that projects them, never by a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from guanlan.core.event_log import log_keys
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import projection
from guanlan.fraud.models import AlertMark, Decision
from guanlan.fraud.rebuilding import project_anew
from guanlan.fraud.services import project
from guanlan.response.alerts import Finding, raise_alerts
from guanlan.response.models import Alert, AlertEntity, DeadLetter
from guanlan.response.terms import Severity
from tests.fraud.world import World
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


def test_each_decision_raises_its_alert_once_whatever_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.events(200)
    broken = iter([True, False])

    def once_broken(findings: list[Finding]) -> list[Alert]:
        made = raise_alerts(findings)
        if next(broken, False):
            raise RuntimeError("the machine stops here")
        return made

    monkeypatch.setattr(projection, "raise_alerts", once_broken)
    with pytest.raises(RuntimeError):
        project(world.tail())
    assert not Alert.objects.exists()
    assert not Decision.objects.exists()
    project(world.tail())
    project(world.tail())
    expected = [one for one in world.decisions() if Outcome[one["outcome"]] >= Outcome.review]
    assert expected
    assert sum(Alert.objects.values_list("count", flat=True)) >= len(expected)
    told = sum(Alert.objects.values_list("evidence_count", flat=True))
    assert told == sum(Alert.objects.values_list("count", flat=True))


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
