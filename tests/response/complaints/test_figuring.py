"""Bursts and figures: limits against a plain sum, alerts of what is too much, figures by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, getcontext

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM
from guanlan.response.complaints.bursts import find_bursts, raise_bursts
from guanlan.response.complaints.figures import figure, open_by_age, rows_since
from guanlan.response.complaints.limits import FLOOR, expected, least, tail
from guanlan.response.incidents.declaring import declare
from guanlan.response.models import Alert, Complaint, ComplaintCategory
from tests.people import person
from tests.response.complaints.rows import NOW, make_complaint

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


def plain_tail(k: int, r: Decimal, p: Decimal) -> Decimal:
    """P(X ≥ k) as one less the sum of everything below, with fifty digits."""
    getcontext().prec = 50
    term = below = (r * p.ln()).exp()
    for n in range(k - 1):
        term *= (n + r) / (n + 1) * (1 - p)
        below += term
    return 1 - below


def plain_limit(past: list[int], alpha: Decimal) -> int:
    """The limit by its definition, from the mean up."""
    getcontext().prec = 50
    n, total = len(past), sum(past)
    models = [(Decimal(total) + Decimal("0.5"), Decimal(n) / (n + 1))]
    mean = Decimal(total) / n
    if n > 1 and total:
        variance = sum(((x - mean) ** 2 for x in past), Decimal(0)) / (n - 1)
        if variance > mean:
            r = mean * mean / (variance - mean)
            models.append((r, r / (r + mean)))
    found = FLOOR
    for r, p in models:
        k = int(r * (1 - p) / p) + 1
        while plain_tail(k, r, p) > alpha:
            k += 1
        found = max(found, k)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=28))
def test_the_limit_is_that_of_a_plain_sum(past: list[int]) -> None:
    assert expected(past).limit == plain_limit(past, Decimal("0.0001"))


@given(st.integers(1, 200), st.floats(0.6, 500), st.floats(0.05, 0.98))
def test_the_tail_falls_and_the_limit_keeps_what_it_says(k: int, r: float, p: float) -> None:
    above = int(r * (1 - p) / p) + k
    assert 0 <= tail(above + 1, r, p) <= tail(above, r, p) <= 1
    limit = least(r, p, 1e-4)
    assert tail(limit, r, p) <= 1e-4


def test_large_counts_are_no_trouble_and_nothing_is_judged_of_nothing() -> None:
    assert 100_000 < expected([100_000] * 28).limit < 102_000
    with pytest.raises(ValueError, match="one day at least"):
        expected([])


def at(n: int, when: dt.datetime, code: str = "payment", product: str = "") -> Complaint:
    row = make_complaint(n)
    category = ComplaintCategory.objects.get(code=code)
    Complaint.objects.filter(pk=row.pk).update(
        received=when, category=category, risk=category.risk, product=product
    )
    return row


@pytest.mark.django_db
def test_a_burst_raises_one_alert_that_names_the_open_incident() -> None:
    for n in range(20):
        at(n, NOW - (n + 2) * DAY + HOUR)  # about one a day until now
    assert raise_bursts(NOW) == 0
    for n in range(8):
        at(100 + n, NOW - HOUR)
    incident = declare(SYSTEM, "Payments stand still", "operations", "major", now=NOW)
    assert raise_bursts(NOW) == 1
    alert = Alert.objects.get()
    assert (alert.rule, alert.category) == ("complaints.burst_category", "operations")
    assert alert.values["n"] == 8
    kinds = [kind for kind, _ref, _at in alert.evidence]
    assert kinds == ["complaint"] * 8 + ["open_incident"]
    assert alert.evidence[-1][1] == str(incident.pk)
    assert raise_bursts(NOW + HOUR) == 0, "nothing new came in"
    at(200, NOW + HOUR)
    assert raise_bursts(NOW + 2 * HOUR) == 1
    assert Alert.objects.get().count == 2


@pytest.mark.django_db
def test_a_product_has_a_past_of_its_own_and_a_week_is_needed() -> None:
    for n in range(8):
        at(n, NOW - HOUR, product="card")
    assert find_bursts(NOW) == [], "there is no past yet"
    at(100, NOW - 9 * DAY, code="other")
    found = find_bursts(NOW)
    assert [(one.kind, one.key, one.number) for one in found] == [
        ("category", "payment", 8), ("product", "card", 8),
    ]  # fmt: skip
    Complaint.objects.filter(product="card").update(outcome="duplicate")
    assert find_bursts(NOW) == []


@pytest.mark.django_db
def test_figures_are_those_of_the_rows() -> None:
    late, good, waits, same = (make_complaint(n) for n in range(4))
    rows = Complaint.objects
    rows.filter(pk=late.pk).update(received=NOW - 40 * DAY, due=NOW - 25 * DAY, told=NOW - 20 * DAY,
                                   state="answered", satisfaction=2)  # fmt: skip
    rows.filter(pk=good.pk).update(received=NOW - 10 * DAY, told=NOW - 6 * DAY, state="closed",
                                   satisfaction=5)  # fmt: skip
    rows.filter(pk=waits.pk).update(received=NOW - 20 * DAY, due=NOW - 5 * DAY)
    rows.filter(pk=same.pk).update(received=NOW - DAY, state="closed", outcome="duplicate")
    found = figure(rows_since(SYSTEM, NOW - 90 * DAY), NOW)
    assert (found.received, found.judged, found.in_time) == (4, 3, 1 / 3)
    assert (found.days, found.rated, found.stars) == (12.0, 2, 3.5)
    assert open_by_age(SYSTEM, NOW) == ([0, 0, 0, 1, 0], 1)


@pytest.mark.django_db
def test_the_page_of_figures_asks_as_often_for_many_as_for_few(client: Client) -> None:
    client.force_login(person("committee_member"))
    client.cookies["guanlan_language"] = "en"
    door = reverse("complaint_figures")
    assert "Nothing came in" in client.get(door).content.decode()
    for n in range(3):
        at(n, timezone.now() - DAY)
    text = client.get(door, {"days": "30"}).content.decode()
    assert "Payment failed or charged twice" in text
    assert "category%3Apayment" in text
