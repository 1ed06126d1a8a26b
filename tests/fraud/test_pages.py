"""The screens: who may see them, what they show, what they never show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import translation
from msgspec import structs
from pytest_django import DjangoAssertNumQueries, Settings

from guanlan.core.models import User
from guanlan.engine.engine import Engine
from guanlan.engine.log import LogTail, Repair
from guanlan.fraud import engine_access, models, projector
from guanlan.fraud.frames import record
from guanlan.fraud.pages.backtests import _precision_recall
from guanlan.fraud.pages.entities import EntityLook
from guanlan.fraud.projector import Projector
from guanlan.fraud.services import project, store_backtest
from guanlan.fraud.stream import stream_row
from tests.fraud.reports import report
from tests.fraud.world import START, World, scenario
from tests.web.resource_suite import still_log


@pytest.mark.parametrize(
    "path",
    ["/decisions/1/recompute", "/settings/keys/abcdefgh/do/revoke", "/settings/keys/act",
     "/settings/keys/new", "/settings/keys/export/csv", "/logout"],
)  # fmt: skip
def test_a_form_without_its_token_is_refused(pond: World, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="somebody"))
    response = client.post(path)
    assert response.status_code == 403


# The guard against a query per row: numbers do not grow with the rows shown.
@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 50),  # every app says a figure or two of the loop, and what waits
        ("/decisions/figures", 25),
        ("/live", 8),
        ("/decisions?q=", 13),
        ("/decisions?q=user:u-1+outcome:approve", 15),
        ("/decisions/5", 30),
        ("/entities", 11),
        ("/entities/user/u-1", 20),
        ("/scenario", 20),
        ("/backtests", 7),
        ("/settings/keys", 8),
        ("/settings/health", 9),
    ],
)
def test_pages_ask_the_database_a_bounded_number_of_times(
    pond: World,
    signed_in: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    most: int,
) -> None:
    still_log(monkeypatch)
    signed_in.get(path)
    with django_assert_max_num_queries(most):
        assert signed_in.get(path).status_code == 200


def test_a_sensitive_key_is_nowhere_in_a_page(pond: World, signed_in: Client) -> None:
    login = next(d for d in pond.decisions() if "phone" in d["entities"])
    phone = login["entities"]["phone"]
    entity = models.Entity.objects.get(kind="phone", key_index=phone)
    pages = [
        f"/decisions/{login['seq']}",
        "/decisions?q=type:login",
        "/entities?q=kind:phone",
        f"/entities/phone/~{entity.id}",
        "/live",
        "/",
    ]
    for path in pages:
        text = signed_in.get(path).content.decode()
        assert phone not in text, path
    detail = signed_in.get(pages[0]).content.decode()
    assert f"{phone[:3]}••••{phone[-4:]}" in detail
    assert f"/entities/phone/~{entity.id}" in detail
    assert "31.2304" not in detail  # a field of level 3
    assert signed_in.get(f"/entities/phone/{phone}").status_code == 404  # nor by its address


def test_the_stream_masks_what_the_pages_mask(pond: World) -> None:
    frames = [f for f in pond.reader().frames() if f.kind == 1]
    frame = next(f for f in frames if "phone" in record(f).event.entities)
    phone = record(frame).event.entities["phone"]
    assert phone is not None
    row = stream_row(frame, pond.scenario)
    assert row["entities"]["phone"] == f"{phone[:3]}••••{phone[-4:]}"
    assert row["entities"]["user"].startswith("u-")
    assert row["kinds"] == {"user": "user", "device": "device"}
    blind = stream_row(frame)
    assert not any(key.startswith(("u-", "d-")) for key in blind["entities"].values())
    assert blind["amount"] is None


def test_the_figures_count_what_was_decided(pond: World, signed_in: Client) -> None:
    text = signed_in.get("/decisions/figures?hours=24").content.decode()
    assert '<span class="value">200</span>' in text
    assert "The newest decision is from" not in text or "2026-11-23" in text


def test_a_decision_explains_itself(pond: World, signed_in: Client) -> None:
    declined = next(d for d in pond.decisions() if d["outcome"] == "decline")
    text = signed_in.get(f"/decisions/{declined['seq']}").content.decode()
    assert "Unlike the customer" in text
    assert "by itself" in text
    assert "Features at that moment" in text
    unsure = next(d for d in pond.decisions() if d["unknown"])
    assert "unknown" in signed_in.get(f"/decisions/{unsure['seq']}").content.decode()


def test_a_decision_whose_log_is_gone_still_shows_what_is_known(
    pond: World, signed_in: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.LOG_DIRECTORY = tmp_path / "elsewhere"
    response = signed_in.get("/decisions/5")
    assert response.status_code == 200
    assert "cannot be read here" in response.content.decode()


def test_labels_give_a_rule_its_precision(pond: World, signed_in: Client) -> None:
    hits = [d for d in pond.decisions() if any(r["rule"] == "login.stuffing" for r in d["reasons"])]
    for index, decision in enumerate(hits[:4]):
        pond.label(decision["event_id"], "legit" if index == 0 else "fraud")
    project(pond.tail())
    text = signed_in.get("/scenario").content.decode()
    assert "75.0%" in text
    assert "of 4 labelled" in text
    told = models.Label.objects.order_by("seq").first()
    assert told is not None
    about = models.Decision.objects.get(event_id=told.target)
    assert signed_in.get(f"/decisions/{told.seq}")["Location"] == f"/decisions/{about.seq}"
    listed = signed_in.get("/decisions?q=label:fraud").content.decode()
    assert listed.count("<tr data-href") == 3


def test_labels_that_are_all_fraud_claim_no_precision(pond: World, signed_in: Client) -> None:
    hits = [d for d in pond.decisions() if any(r["rule"] == "login.stuffing" for r in d["reasons"])]
    for decision in hits[:3]:
        pond.label(decision["event_id"], "fraud")
    project(pond.tail())
    text = signed_in.get("/scenario").content.decode()
    assert "3 fraud<" in text
    assert "the precision is unknown" in text
    assert "100.0%" not in text
    # One honest event reported anywhere shows that honest events are reported at all.
    quiet = next(d for d in pond.decisions() if not d["reasons"])
    pond.label(quiet["event_id"], "legit")
    project(pond.tail())
    assert "100.0%" in signed_in.get("/scenario").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
@pytest.mark.parametrize(
    "path",
    [
        "/decisions/figures",
        "/live",
        "/decisions",
        "/entities",
        "/scenario",
        "/backtests",
        "/settings/health",
    ],
)
def test_an_empty_installation_says_what_will_appear(
    signed_in: Client, settings: Settings, tmp_path: Path, path: str, language: str
) -> None:
    settings.LOG_DIRECTORY = tmp_path / "none"
    signed_in.cookies["guanlan_language"] = language
    response = signed_in.get(path)
    assert response.status_code == 200
    assert 'class="empty"' in response.content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/decisions/999999", 404),
        ("/entities/user/nobody", 404),
        ("/entities/user/~999", 404),
        ("/entities/user/%00", 404),
        ("/entities?q=kind:%00", 200),
        ("/backtests/77", 404),
        ("/no/such/page", 404),
        ("/decisions?q=%00&older=x", 200),
        ("/decisions?q=type:" + "a" * 5000, 200),
        ("/decisions/figures?hours=99999999999999999999", 200),
        ("/entities?q=kind:<script>", 200),
    ],
)
def test_odd_addresses_get_a_page_in_style(
    pond: World, signed_in: Client, path: str, status: int
) -> None:
    response = signed_in.get(path)
    assert response.status_code == status
    text = response.content.decode()
    assert 'class="sidebar"' in text
    assert "<script>" not in text
    assert "<b>" not in text


def test_a_report_is_shown_and_one_without_labels_claims_nothing(signed_in: Client) -> None:
    stored = store_backtest("A year", "pond", "abc", report())
    text = signed_in.get(f"/backtests/{stored.pk}").content.decode()
    assert "0.900" in text
    assert "60.0%" in text
    blank = report()
    blank.update(frauds=0, fraud_rate=0.0, roc=[], precision_recall=[])
    stored = store_backtest("Unlabelled", "pond", "abc", blank)
    text = signed_in.get(f"/backtests/{stored.pk}").content.decode()
    assert "unknown: no labelled fraud" in text


def test_alerts_without_a_fraud_are_said_to_be_all_false(signed_in: Client) -> None:
    found_none = report()
    for name in ("alerts", "stops"):
        found_none[name] = report()[name] | {
            "precision": 0.0, "recall": 0.0, "false_positives_per_fraud": None,
        }  # fmt: skip
    found_none["stops"] |= {"events": 0, "precision": None}
    stored = store_backtest("A bad year", "pond", "abc", found_none)
    response = signed_in.get(f"/backtests/{stored.pk}")
    text = response.content.decode()
    assert text.count("every alert was false") == 1
    assert '<td class="num"></td>' not in text
    curve, _chance, *points = _precision_recall(stored.report).series
    assert [0, 1] not in curve.data  # nothing alerted on, so no precision
    assert [one.name for one in points] == ["alerts"]


@pytest.fixture
def engine(db: None, tmp_path: Path, settings: Settings) -> Iterator[Engine]:
    settings.LOG_DIRECTORY = tmp_path / "log"
    now = iter(range(START, START + 10**12, 1_000_000))
    with Engine.open(
        tmp_path / "log", scenario(), secret=settings.ENGINE_SECRET, now=lambda: next(now),
        warm=False, cache=tmp_path / "cache", reserve_bytes=1 << 28,
    ) as opened:  # fmt: skip
        yield opened


def transfer(number: int, amount: int, user: str = "u-1") -> bytes:
    return (
        f'{{"id":"t-{number}","type":"transfer","entities":{{"user":"{user}","payee":"u-2"}},'
        f'"fields":{{"amount":{amount}}}}}'
    ).encode()


def test_recomputing_gives_the_recorded_bytes(
    engine: Engine, signed_in: Client, settings: Settings
) -> None:
    engine.decide([transfer(1, 1000), transfer(2, 9_000_000)])
    engine.commit()
    engine.set_list_entry("mules", "u-2", author="me", reason="seen before")
    engine.decide([transfer(3, 500)])
    engine.commit()
    project(LogTail(django_settings.LOG_DIRECTORY))
    assert list(models.Decision.objects.order_by("seq").values_list("outcome", flat=True))[2] == 6
    for seq in range(3):
        text = signed_in.post(f"/decisions/{seq}/recompute").content.decode()
        assert re.search(r"all \d+ bytes equal", text), text
    assert "is in “mules”" in signed_in.get("/decisions/2").content.decode()
    settings.ENGINE_SECRET = b"another"
    assert "another row" in signed_in.post("/decisions/1/recompute").content.decode()
    # Had the entry not been known, the decision would have been another: it is what counts.
    models.ListAct.objects.all().delete()
    assert "differs from the record" in signed_in.post("/decisions/2/recompute").content.decode()


def test_an_entity_shows_what_the_running_engine_remembers(
    engine: Engine, signed_in: Client
) -> None:
    engine.decide([transfer(1, 123_456), transfer(2, 100)])
    engine.commit()
    project(LogTail(django_settings.LOG_DIRECTORY))
    assert "No engine is ready" in signed_in.get("/entities/user/u-1").content.decode()
    engine_access.register(engine)
    text = signed_in.get("/entities/user/u-1").content.decode()
    assert "¥1,235.56" in text
    assert "ready" in signed_in.get("/settings/health").content.decode()


def test_health_tells_what_went_wrong(
    engine: Engine, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_access.register(engine)
    following = Projector(django_settings.LOG_DIRECTORY)
    projector.register(following)
    quiet = signed_in.get("/settings/health").content.decode()
    assert "notice" not in quiet

    repair = Repair("0.glog", 4096, 4096, 300, 2, 0, "a torn frame")
    monkeypatch.setattr(engine, "repaired", repair)
    following.failure = "OperationalError"
    monkeypatch.setattr(engine, "warm_error", "the disk is full")
    monkeypatch.setattr(engine.kernel, "warm_error", "no compiler")
    text = signed_in.get("/settings/health").content.decode()
    assert "Nothing acknowledged was lost" in text
    for told in ("two seconds: the database does not answer.", "the disk is full", "no compiler"):
        assert told in text
    assert "OperationalError" not in text

    lost = structs.replace(repair, acknowledged_bytes=300, kept="4096.torn")
    monkeypatch.setattr(engine, "repaired", lost)
    text = signed_in.get("/settings/health").content.decode()
    assert "Acknowledged events are damaged" in text
    assert "4096.torn" in text
    assert "Nothing acknowledged was lost" not in text


def test_a_key_that_is_looked_up_stands_in_no_address(pond: World, signed_in: Client) -> None:
    phone = models.Entity.objects.filter(kind="phone").first()
    assert phone is not None
    answer = signed_in.post("/entities/find", {"key": phone.key})
    assert answer.status_code == 302
    assert phone.key not in answer["Location"]
    assert f"~{phone.id}" in answer["Location"]
    assert 'method="post"' in signed_in.get("/entities").content.decode()


def test_what_the_platform_names_itself_is_translated(pond: World, signed_in: Client) -> None:
    """The demo's backtest, and the kind of entity whose precision is told."""
    stored = store_backtest("A week of the demo company", "pond", "abc", report())
    signed_in.cookies["guanlan_language"] = "zh-hans"
    page = signed_in.get(f"/backtests/{stored.pk}").content.decode()
    assert "演示公司的一周" in page
    assert "演示公司的一周" in signed_in.get("/backtests").content.decode()
    assert "客户精确率@100" in page


@pytest.mark.parametrize(
    ("decisions", "said"), [(1, "in the last 1 decision"), (2, "in the last 2 decisions")]
)
def test_one_decision_is_told_as_one(decisions: int, said: str) -> None:
    look = EntityLook.__new__(EntityLook)
    look.__dict__["recent"] = [models.Decision()] * decisions
    with translation.override("en"):
        assert look.lately == said
