"""A masked value is shown to whom may see it, once, after that is on record."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from guanlan.core.access import revealing
from guanlan.fraud import models
from tests.fraud.world import World
from tests.people import confirm, person

GOOD = {"value": "entity phone", "purpose": "fraud_investigation", "reason": "case 12, call back"}


@pytest.fixture
def analyst(pond: World, client: Client) -> Client:
    client.force_login(
        person("fraud_analyst", clearance=3, purposes=["fraud_investigation", "audit"])
    )
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []

    def record(name: str, object: Any, **rest: Any) -> None:
        rows.append((name, object, rest))

    monkeypatch.setattr(revealing, "record", record)
    return rows


def login_event(pond: World) -> dict[str, Any]:
    return next(d for d in pond.decisions() if "phone" in d["entities"])


def test_a_key_of_a_decision_is_shown_once_and_written_down_first(
    pond: World, analyst: Client, recorded: list[tuple[Any, ...]]
) -> None:
    event = login_event(pond)
    phone = event["entities"]["phone"]
    page = analyst.get(f"/decisions/{event['seq']}").content.decode()
    assert phone not in page
    assert "Reveal" in page
    answer = analyst.post(f"/decisions/{event['seq']}/reveal", GOOD)
    assert phone in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    [(name, thing, rest)] = recorded
    assert (name, thing) == ("value.reveal", ("fraud.decision", str(event["seq"])))
    assert rest["purpose"] == "fraud_investigation"
    assert phone not in str(rest)
    assert phone not in analyst.get(f"/decisions/{event['seq']}").content.decode()


def test_the_key_of_an_entity_is_shown_by_its_number(
    pond: World, analyst: Client, recorded: list[tuple[Any, ...]]
) -> None:
    phone = login_event(pond)["entities"]["phone"]
    entity = next(e for e in models.Entity.objects.filter(kind="phone") if e.key == phone)
    assert "Reveal" in analyst.get(f"/entities/phone/~{entity.id}").content.decode()
    answer = analyst.post(f"/entities/~{entity.id}/reveal", GOOD)
    assert phone in answer.content.decode()
    assert len(recorded) == 1


def test_nothing_is_shown_when_it_cannot_be_written_down(
    pond: World, analyst: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_rest: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(revealing, "record", full)
    event = login_event(pond)
    answer = analyst.post(f"/decisions/{event['seq']}/reveal", GOOD)
    assert answer.status_code == 503
    assert event["entities"]["phone"] not in answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"purpose": ""}, "Choose a purpose."),
        ({"purpose": "fun"}, "Choose a purpose."),
        ({"reason": "no"}, "Say why"),
        ({"reason": "called 13800138000"}, "seems to hold a phone number"),
        ({"reason": "ask li.na@example.com"}, "seems to hold a phone number"),
    ],
)
def test_a_bad_form_says_why_and_shows_nothing(
    pond: World,
    analyst: Client,
    recorded: list[tuple[Any, ...]],
    changed: dict[str, str],
    says: str,
) -> None:
    event = login_event(pond)
    answer = analyst.post(f"/decisions/{event['seq']}/reveal", GOOD | changed)
    text = answer.content.decode()
    assert says in text
    assert event["entities"]["phone"] not in text
    assert recorded == []


@pytest.mark.parametrize(
    ("role", "clearance", "purposes", "purpose"),
    [
        ("fraud_analyst", 2, ["fraud_investigation"], "fraud_investigation"),
        ("fraud_analyst", 3, ["audit"], "fraud_investigation"),
        ("fraud_analyst", 3, ["audit"], "audit"),
        ("operations", 4, ["fraud_investigation"], "fraud_investigation"),
        ("auditor", 4, ["audit"], "audit"),
    ],
)
def test_who_lacks_role_clearance_or_purpose_is_refused(
    pond: World,
    client: Client,
    recorded: list[tuple[Any, ...]],
    role: str,
    clearance: int,
    purposes: list[str],
    purpose: str,
) -> None:
    client.force_login(person(role, clearance=clearance, purposes=purposes))
    confirm(client)
    event = login_event(pond)
    answer = client.post(f"/decisions/{event['seq']}/reveal", GOOD | {"purpose": purpose})
    assert answer.status_code == 403
    assert event["entities"]["phone"] not in answer.content.decode()
    assert recorded == []


def test_what_does_not_exist_or_is_not_masked_is_not_revealed(
    pond: World, analyst: Client, recorded: list[tuple[Any, ...]]
) -> None:
    event = login_event(pond)
    for value in ("entity user", "entity nobody", "field nothing", ""):
        answer = analyst.post(f"/decisions/{event['seq']}/reveal", GOOD | {"value": value})
        assert answer.status_code == 404
    assert analyst.get(f"/decisions/{event['seq']}/reveal").status_code == 405
    assert recorded == []


def test_a_reveal_asks_who_one_is_once_in_ten_minutes(
    pond: World, analyst: Client, recorded: list[tuple[Any, ...]]
) -> None:
    event = login_event(pond)
    phone, url = event["entities"]["phone"], f"/decisions/{event['seq']}/reveal"
    confirm(analyst, ago=599)
    for _index in range(2):
        assert phone in analyst.post(url, GOOD).content.decode()
    confirm(analyst, ago=601)
    headers = {
        "HX-Request": "true", "HX-Current-URL": f"http://testserver/decisions/{event['seq']}"
    }  # fmt: skip
    asked = analyst.post(url, GOOD, headers=headers)
    said = asked.content.decode()
    assert "no-store" in asked["Cache-Control"]
    assert f'hx-post="{url}"' in said
    assert GOOD["reason"] in said, "what was typed is not lost"
    assert phone not in said
    assert len(recorded) == 2
