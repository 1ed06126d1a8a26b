"""Decisions and entities show what restricts them, and lead to it; the door tells products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from guanlan.core.access import SYSTEM
from guanlan.core.event_log import log_keys
from guanlan.engine import Engine
from guanlan.engine.log import LogReader, LogTail
from guanlan.engine.replay import replay
from guanlan.fraud import engine_access
from guanlan.fraud.models import Decision, DecisionRestriction, Entity
from guanlan.fraud.services import project
from guanlan.response.entities import Named
from guanlan.response.models import Restriction
from guanlan.response.restrictions import Terms, approve, propose
from guanlan.site.door import views
from tests.engine.test_restrictions import ABLE_SCENARIO, decided, event
from tests.people import confirm, person

pytestmark = pytest.mark.django_db(transaction=True)
BLOCK = Terms(effect="block", reason_code="takeover", told="verify")


@pytest.fixture
def live(tmp_path: Path, settings: Settings) -> Iterator[Engine]:
    """An engine whose log and projection the console reads, with a user blocked after an event."""
    settings.LOG_DIRECTORY = tmp_path / "log"
    with Engine.open(
        tmp_path / "log", ABLE_SCENARIO, secret=configured.ENGINE_SECRET,
        now=lambda: 1_800_000_000_000_000, clock="event", warm=False, keys=log_keys(),
    ) as engine:  # fmt: skip
        engine_access.register(engine)
        decided(engine, event(1))
        project(tail())
        approve(SYSTEM, propose(SYSTEM, Named("user", "u-1"), BLOCK))
        decided(engine, event(2), event(3, user="u-5", payee="u-6"))
        project(tail())
        yield engine
        engine_access.register(None)


def tail() -> LogTail:
    return LogTail(configured.LOG_DIRECTORY, log_keys())


def test_a_decision_names_its_restriction_and_leads_to_it(live: Engine, client: Client) -> None:
    row = Restriction.objects.get()
    assert list(DecisionRestriction.objects.values_list("name", "seq")) == [(row.name, 1)]
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    page = client.get(reverse("decision", args=[1])).content.decode()
    assert reverse("restriction", args=[row.pk]) in page
    assert f"The restriction {row.name} (block) asks for “decline”." in page
    free = client.get(reverse("decision", args=[2])).content.decode()
    assert row.name not in free
    listed = client.get(reverse("decisions"), {"q": f"restriction:{row.name}"}).context["rows"]
    assert [one.key for one in listed] == ["1"]
    of_row = client.get(reverse("restriction", args=[row.pk])).content.decode()
    assert reverse("decision", args=[1]) in of_row
    again = client.post(reverse("recompute", args=[1]))
    assert again.context["result"].equal


def test_an_entity_shows_its_restrictions_and_is_restricted_from_its_page(
    live: Engine, client: Client
) -> None:
    client.force_login(person("fraud_analyst"))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    found = Entity.objects.get(kind="user", key_index="u-1")
    page = client.get(reverse("entity", args=["user", "u-1"])).content.decode()
    assert reverse("restriction", args=[Restriction.objects.get().pk]) in page
    address = reverse("entities_do", args=[found.pk, "restrict"])
    assert address in page
    typed = {"effect": "watch", "capabilities": ["any"], "lasts": "24", "reason_code": "inquiry"}
    client.post(address, typed)
    made = Restriction.objects.latest("pk")
    assert (made.effect, made.state, made.entity.key) == ("watch", "in_force", "u-1")
    assert set(live.standing_restrictions()) == {
        one.name for one in Restriction.objects.all()
    }  # fmt: skip
    client.force_login(person("committee_member"))
    assert client.post(address, typed).status_code in (403, 404)
    assert Restriction.objects.count() == 2


def test_a_product_learns_what_is_restricted_and_what_to_say_never_why(live: Engine) -> None:
    found = live.entity("user", "u-1")
    assert found is not None
    (told,) = views.entity(found, ABLE_SCENARIO)["restrictions"]
    assert told["effect"] == "block"
    assert told["capabilities"] == ["any"]
    assert set(told["told"]) == {"en", "zh-Hans", "zh-Hant"}
    assert "takeover" not in msgspec.json.encode(told).decode()


def test_the_log_with_restrictions_replays_and_projects_anew(live: Engine, tmp_path: Path) -> None:
    report = replay(
        LogReader(configured.LOG_DIRECTORY, log_keys()),
        secret=configured.ENGINE_SECRET,
        cache=tmp_path / "cache",
    )
    assert (report.events, report.ok) == (3, True)
    assert Decision.objects.count() == 3
