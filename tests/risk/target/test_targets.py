"""Targets are judged by an exact test; what nothing counts is unknown, and no quarter is judged
twice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from scipy.stats import binomtest

from guanlan.core.access import SYSTEM
from guanlan.risk.models import Target, TargetVerdict
from guanlan.risk.target import judging
from guanlan.risk.target.judging import Counted, freeze, judge, quarter_after, quarter_of, same
from guanlan.risk.target.keeping import MISSION, add_target, ensure_mission
from tests.people import person

NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)


def fall(before: int, after: int, *exposures: float) -> Counted:
    first, second = exposures or (1.0, 1.0)
    return Counted(
        kind="fall", goal=0.8, before=before, count=after, exposure_before=first, exposure=second
    )


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(50, 40, "not distinguishable"), (300, 200, "met"), (100, 150, "not met"), (0, 3, None)],
)
def test_a_fall_is_judged_by_the_exact_test(before: int, after: int, verdict: str | None) -> None:
    found = judge(fall(before, after))
    assert found.verdict == (verdict or "not distinguishable")
    oracle = binomtest(after, before + after, 0.5, alternative="less").pvalue
    assert found.chance == pytest.approx(oracle)


def test_more_business_is_no_more_risk() -> None:
    assert judge(fall(300, 300, 1_000, 2_000)).verdict == "met"
    assert judge(fall(300, 200, 1_000, 500)).verdict == "not met"


def test_it_says_how_many_quarters_it_would_take() -> None:
    found = judge(fall(50, 40))
    assert found.needed == 6
    assert found.power == pytest.approx(0.24, abs=0.02)


def test_what_nothing_counts_is_unknown_and_none_is_met() -> None:
    assert judge(Counted(kind="zero", goal=0)).verdict == "unknown"
    assert judge(Counted(kind="share", goal=1.0, count=0, whole=0)).verdict == "unknown"
    assert judge(Counted(kind="zero", goal=0, count=1)).verdict == "not met"
    assert judge(Counted(kind="share", goal=1.0, count=9, whole=10)).verdict == "not met"


def test_quarters_follow_each_other() -> None:
    first, seen = dt.date(2026, 1, 1), []
    for _n in range(5):
        seen.append(first.month)
        first = quarter_after(first)
    assert seen == [1, 4, 7, 10, 1]
    assert quarter_of(dt.date(2026, 12, 31)) == dt.date(2026, 10, 1)


@pytest.mark.django_db
def test_the_four_of_the_mission_are_set_once_and_frozen_once() -> None:
    assert ensure_mission(NOW - dt.timedelta(days=300)) == len(MISSION) == 4
    assert ensure_mission(NOW) == 0
    assert freeze(NOW) == 8  # two quarters are over
    assert freeze(NOW) == 0
    rows = TargetVerdict.objects.select_related("target")
    assert all(same(one) for one in rows)
    assert {one.verdict for one in rows.filter(target__code="vulnerabilities")} == {"unknown"}


@pytest.mark.django_db
def test_a_kept_verdict_that_was_tampered_with_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_mission(NOW - dt.timedelta(days=200))
    freeze(NOW)
    row = TargetVerdict.objects.select_related("target").get(target__code="risk_events")
    row.count = 17
    assert not same(row)
    monkeypatch.setattr(judging, "FORMULA", 2)
    row.refresh_from_db()
    assert not same(row)


@pytest.mark.django_db
def test_a_target_without_a_baseline_is_refused_with_a_sentence() -> None:
    said = {
        "title": "Fewer incidents", "kind": "fall", "source": "incidents", "exposure": "",
        "goal": 0.8, "owner": None, "reason": "Asked for by the board.",
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        add_target(SYSTEM, baseline=None, now=NOW, **said)  # type: ignore[arg-type]
    assert list(refused.value.message_dict) == ["baseline"]
    assert "without a baseline" in str(refused.value)
    made = add_target(SYSTEM, baseline=dt.date(2026, 8, 3), now=NOW, **said)  # type: ignore[arg-type]
    assert (made.code, made.baseline) == ("T-001", dt.date(2026, 7, 1))
    with pytest.raises(ValidationError, match="ratio"):
        add_target(SYSTEM, baseline=dt.date(2026, 8, 3), now=NOW, **said | {"goal": 1.2})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_everybody_with_a_role_reads_the_board() -> None:
    ensure_mission(NOW - dt.timedelta(days=200))
    freeze(NOW)
    client = Client()
    client.force_login(person("customer_service"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("targets")).content.decode()
    assert "No data breach" in text
    assert "nothing counts it yet" in text
    for row in Target.objects.all():
        assert client.get(reverse("target", args=[row.pk])).status_code == 200
