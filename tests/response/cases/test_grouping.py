"""Alerts become cases: by entity within a window, and every alert in one case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from guanlan.core.access import Subject, subject_of
from guanlan.response.alerts import handling, muting, raise_alert, raise_alerts
from guanlan.response.cases.grouping import group_all
from guanlan.response.cases.rules import change_rule
from guanlan.response.entities import Named
from guanlan.response.models import Alert, Case, CaseEntity, CaseEntry, CaseItem, CaseQueue
from guanlan.response.terms import Severity
from tests.people import person
from tests.response.alerts.findings import NOON, finding

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def owner() -> Subject:
    return subject_of(person("owner"))


def rule(minutes: int = 60, most: int = 10_000, kinds: str = "user, device, ip") -> None:
    change_rule(
        owner(), "fraud", minutes=minutes, most=most, kinds=kinds, checklist="Look",
        confirm_from=Severity.high,
    )  # fmt: skip


def raised(user: str, at: dt.datetime, name: str, **options: object) -> Alert:
    found = raise_alert(
        finding(user, rule=f"fraud.{name}", at=at, key={"n": name, "u": user}, **options), at
    )
    assert found is not None
    return found


class Seen(NamedTuple):
    """An alert as the brute force sees it."""

    minute: int
    user: str | None
    device: str | None


ALERTS = st.lists(
    st.builds(
        Seen,
        st.integers(0, 400),
        st.sampled_from(["u-1", "u-2", None]),
        st.sampled_from(["d-1", "d-2", None]),
    ),
    min_size=1,
    max_size=14,
)


def by_brute_force(alerts: Sequence[Seen], minutes: int, most: int) -> list[int]:
    """Case numbers, one an alert: every case is looked at for every alert."""
    cases: list[tuple[str, list[int]]] = []
    found = []
    for one in alerts:
        key = f"user {one.user}" if one.user else f"device {one.device}" if one.device else "rule"
        newest = None
        for n, (name, times) in enumerate(cases):
            if name == key and (newest is None or max(times) >= max(cases[newest][1])):
                newest = n
        if (
            newest is not None
            and one.minute - max(cases[newest][1]) <= minutes
            and len(cases[newest][1]) < most
        ):
            cases[newest][1].append(one.minute)
        else:
            newest = len(cases)
            cases.append((key, [one.minute]))
        found.append(newest)
    return found


class TestBruteForce(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(ALERTS, st.integers(1, 200), st.integers(1, 4), st.integers(1, 14))
    def test_every_alert_is_in_the_case_that_the_rule_names(
        self, alerts: list[Seen], minutes: int, most: int, cut: int
    ) -> None:
        rule(minutes, most)
        ordered = sorted(alerts, key=lambda one: one.minute)
        rows = []
        for n, one in enumerate(ordered):
            at = NOON + one.minute * dt.timedelta(minutes=1)
            parts = [Named("user", one.user)] if one.user else []
            parts += [Named("device", one.device)] if one.device else []
            found = raise_alert(
                finding("", rule="fraud.r", key={"n": n}, at=at,
                        entities=tuple((part.kind, part) for part in parts)),
                at,
            )  # fmt: skip
            assert found is not None
            rows.append(found)
            if n % cut == 0:  # swept now and then, which changes nothing
                group_all(at)
        group_all(NOON + 500 * HOUR)
        cases = [Alert.objects.get(pk=row.pk).case_id for row in rows]
        numbers = {case: n for n, case in enumerate(dict.fromkeys(cases))}
        assert [numbers[case] for case in cases] == by_brute_force(ordered, minutes, most)
        for case in Case.objects.all():
            assert case.alert_count == case.alerts.count()
            assert case.entity_count == case.parts.count()


def test_a_case_is_about_who_pays_and_not_about_whom_they_pay() -> None:
    for user, payee in (("u-1", "u-8"), ("u-1", "u-9"), ("u-2", "u-9")):
        people = (("payee", Named("user", payee)), ("user", Named("user", user)))
        raise_alert(finding("", key={"u": user, "p": payee}, at=NOON, entities=people), NOON)
    group_all(NOON)
    leads = CaseEntity.objects.filter(grouping=True).select_related("entity")
    assert {(one.case.alert_count, one.entity.key) for one in leads} == {(2, "u-1"), (1, "u-2")}


def test_a_hundred_findings_are_one_alert_in_one_case() -> None:
    raise_alerts([finding("u-1", at=NOON) for _ in range(100)], NOON)
    raised("u-1", NOON, "other", severity=Severity.high)
    assert group_all(NOON) == 2
    case = Case.objects.get()
    assert (case.alert_count, case.severity) == (2, Severity.high)
    assert group_all(NOON) == 0
    assert CaseItem.objects.filter(case=case).count() > 0
    assert [one.kind for one in CaseEntry.objects.filter(case=case).order_by("pk")] == ["opened"]


def test_what_nobody_is_told_of_waits_and_comes_back() -> None:
    alert = raised("u-1", NOON, "a")
    muting.snooze(owner(), alert, NOON + HOUR, "known fault", now=NOON)
    assert group_all(NOON) == 0
    Alert.objects.filter(pk=alert.pk).update(muted="", muted_until=None)
    assert group_all(NOON + 2 * HOUR) == 1


def test_a_closed_alert_opens_no_case() -> None:
    alert = raised("u-1", NOON, "a")
    handling.close(owner(), alert, "benign", "a test", NOON)
    assert group_all(NOON) == 0
    assert not Case.objects.exists()


def test_a_case_follows_its_alerts() -> None:
    """A worse alert makes it worse, at the earlier deadline; new entities are named."""
    raised("u-1", NOON, "a")
    group_all(NOON)
    case = Case.objects.get()
    before = case.resolve_due
    later = NOON + dt.timedelta(minutes=5)
    raised(
        "u-1", later, "a", severity=Severity.critical,
        entities=(("user", Named("user", "u-1")), ("device", Named("device", "d-9"))),
    )  # fmt: skip
    assert group_all(later) == 1
    case.refresh_from_db()
    assert case.severity == Severity.critical
    assert case.resolve_due == later + 8 * HOUR
    assert before is not None
    assert case.resolve_due < before
    assert case.entity_count == 2
    assert not CaseEntity.objects.get(case=case, entity__kind="device").grouping
    assert case.alert_count == 1


def test_a_queue_that_shares_gives_to_who_has_the_least() -> None:
    people = [person("fraud_analyst", name) for name in ("ann", "ben")]
    gone = person("fraud_analyst", "gone")
    gone.is_active = False
    gone.save()
    CaseQueue.objects.create(
        name="desk", categories=["fraud"], shares=True,
        people=[gone.pk, *(one.pk for one in people)],
    )  # fmt: skip
    Case.objects.create(category="fraud", severity=4, opened=NOON, last_alert=NOON, owner=people[0])
    for n in range(4):
        raised(f"u-{n}", NOON, "a", severity=Severity.medium)
    group_all(NOON)
    given_to = list(Case.objects.filter(severity=2).order_by("pk").values_list("owner__username"))
    # Ann has one that weighs 8; Ben is given four that weigh 2, then they are level.
    assert given_to == [("ben",)] * 4
    raised("u-9", NOON, "b", severity=Severity.low)
    group_all(NOON)
    assert Case.objects.get(severity=1).owner == people[0]  # as heavy, and fewer


def test_grouping_asks_as_often_for_many_as_for_one() -> None:
    counts = []
    for size in (5, 60):
        for n in range(size):
            raised(f"u-{size}-{n}", timezone.now(), "a")
        with CaptureQueriesContext(connection) as caught:
            group_all(timezone.now())
        counts.append(len(caught))
    assert counts[1] <= counts[0] + 4, counts
