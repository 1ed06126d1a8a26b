"""Search finds decisions, entities, rules and reports, and shows them masked."""

from __future__ import annotations

from django.test import Client

from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.services import store_backtest
from tests.fraud.reports import report
from tests.fraud.world import World


def test_an_entity_is_found_by_its_whole_key(pond: World, signed_in: Client) -> None:
    text = signed_in.get("/search?q=u-7").content.decode()
    assert "/entities/user/u-7" in text
    assert "/entities/user/u-7" not in signed_in.get("/search?q=u-").content.decode()


def test_a_sensitive_key_is_found_masked(pond: World, signed_in: Client) -> None:
    phone = Entity.objects.filter(kind="phone").first()
    assert phone is not None
    text = signed_in.post("/search", {"q": phone.key}).content.decode()
    assert f"/entities/phone/~{phone.id}" in text
    found = text.split('class="found"')[1]
    assert phone.key not in found
    spaced = f"{phone.key[:3]} {phone.key[3:7]} {phone.key[7:]}"
    assert f"~{phone.id}" in signed_in.post("/search", {"q": spaced}).content.decode()


def test_a_decision_is_found_by_number_and_by_event(pond: World, signed_in: Client) -> None:
    decision = Decision.objects.get(seq=5)
    for asked in ("5", decision.event_id):
        assert (
            "/decisions/5" in signed_in.post("/search", {"q": asked}, follow=True).content.decode()
        )


def test_a_rule_is_found_in_any_language(pond: World, signed_in: Client) -> None:
    for asked in ("unlike the", "transfer.unlike"):
        text = signed_in.get("/search", {"q": asked}).content.decode()
        assert "rule%3Atransfer.unlike" in text


def test_a_report_is_found_by_its_title(signed_in: Client) -> None:
    stored = store_backtest("The autumn", "pond", "abc", report())
    assert f"/backtests/{stored.pk}" in signed_in.get("/search?q=autumn").content.decode()
