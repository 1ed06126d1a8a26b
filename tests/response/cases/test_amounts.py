"""What is at stake in a case: found by its alerts, unless a person typed it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM, subject_of
from guanlan.core.models import Organisation
from guanlan.response.alerts import Finding, raise_alert, raise_alerts
from guanlan.response.alerts.finding import read_back, written
from guanlan.response.cases import closing, handling, joining
from guanlan.response.cases.amounts import Stake, at_stake
from guanlan.response.cases.grouping import group_all
from guanlan.response.cases.priority import parts_of
from guanlan.response.models import Alert, Case, DeadLetter
from guanlan.risk.models import LossEvent
from tests.people import confirm, person
from tests.response.alerts.findings import NOON, finding

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def paid(user: str, amount: int | None, currency: str = "CNY", rule: str = "a") -> Finding:
    return finding(
        user, rule=f"fraud.{rule}", amount=amount, currency=currency if amount is not None else ""
    )


def case_of(*findings: Finding) -> Case:
    """The case that these findings are in."""
    alerts = raise_alerts(findings, NOON)
    group_all(NOON)
    case = Alert.objects.get(pk=alerts[-1].pk).case
    assert case is not None
    return case


PAID = st.tuples(
    st.sampled_from(["u-1", "u-2"]),
    st.sampled_from("ab"),
    st.one_of(st.none(), st.integers(0, 10**15)),
    st.sampled_from(["CNY", "USD", "JPY"]),
)
STEPS = st.lists(st.one_of(PAID, st.sampled_from(["group", "merge", "split"])), max_size=14)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_what_is_found_is_the_sum_of_the_payments_whatever_becomes_of_the_cases(
    steps: list[Any],
) -> None:
    sums: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)
    with transaction.atomic():
        for step in [*steps, "group"]:
            cases = list(Case.objects.filter(live=True).order_by("pk"))
            if step == "group":
                group_all(NOON)
            elif step == "merge":
                if len(cases) > 1:
                    joining.merge(SYSTEM, cases[0], cases[1], "they are one", now=NOON)
            elif step == "split":
                for case in cases:
                    keys = list(case.alerts.order_by("pk").values_list("pk", flat=True))
                    if len(keys) > 1:
                        joining.split(SYSTEM, case, keys[:1], "Another", "they differ", now=NOON)
            else:
                user, rule, amount, currency = step
                raise_alert(paid(user, amount, currency, rule), NOON)
                if amount is not None:
                    there = sums[user, rule].setdefault(currency, [0, 0])
                    there[0] += amount
                    there[1] += 1
        named = {paid(u, None, rule=r).rule: r for u in ("u-1",) for r in "ab"}
        expected: dict[int | None, dict[str, list[int]]] = defaultdict(dict)
        for alert in Alert.objects.prefetch_related("parts__entity"):
            (part,) = alert.parts.all()
            mine = sums[part.entity.key, named[alert.rule]]
            assert alert.amounts == mine
            for currency, (amount, n) in mine.items():
                there = expected[alert.case_id].setdefault(currency, [0, 0])
                there[0] += amount
                there[1] += n
        for case in Case.objects.all():
            assert case.found == expected[case.pk]
            assert case.amount is None
        transaction.set_rollback(True)


def test_priority_goes_by_what_was_found_until_somebody_types_an_amount() -> None:
    without = case_of(paid("u-9", None))
    case = case_of(paid("u-1", 50_000), paid("u-1", 49_900), paid("u-1", 100, rule="b"))
    assert at_stake(case) == Stake(100_000, "CNY", False)
    assert parts_of(case, NOON).money == pytest.approx(0.5, abs=0.001)
    assert case.priority > without.priority
    row = handling.set_amount(SYSTEM, case, 0, "CNY", now=NOON)
    assert at_stake(row) == Stake(0, "CNY", True)
    assert row.priority == without.priority
    row = handling.set_amount(SYSTEM, case, None, "", now=NOON)
    assert at_stake(row) == Stake(100_000, "CNY", False)
    assert row.priority == case.priority


def test_of_several_currencies_only_the_organisations_counts() -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"currency": "CNY"})
    case = case_of(paid("u-1", 700, "USD"), paid("u-1", 900, "CNY"))
    assert case.found == {"USD": [700, 1], "CNY": [900, 1]}
    assert at_stake(case) == Stake(900, "CNY", False)
    other = case_of(paid("u-2", 700, "USD"), paid("u-2", 900, "JPY"))
    assert at_stake(other) is None
    assert parts_of(other, NOON).money == 0
    assert at_stake(case_of(paid("u-3", 700, "USD"))) == Stake(700, "USD", False)


@pytest.mark.parametrize(
    ("typed_in", "typed_into", "currency", "expected"),
    [
        (None, None, "CNY", Stake(700, "CNY", False)),
        (50, None, "CNY", Stake(250, "CNY", True)),  # 50 typed, 200 found in the other
        (None, 50, "CNY", Stake(550, "CNY", True)),
        (50, 60, "CNY", Stake(110, "CNY", True)),
        (50, None, "USD", Stake(700, "CNY", False)),  # never added: what was found stands
        (None, 50, "USD", Stake(50, "USD", True)),
    ],
)
def test_what_was_typed_is_added_to_what_the_other_case_has_at_stake(
    typed_in: int | None, typed_into: int | None, currency: str, expected: Stake
) -> None:
    one, two = case_of(paid("u-1", 500)), case_of(paid("u-2", 200))
    for case, typed in ((one, typed_in), (two, typed_into)):
        if typed is not None:
            handling.set_amount(SYSTEM, case, typed, currency, now=NOON)
    target = joining.merge(SYSTEM, one, two, "they are one", now=NOON)
    assert at_stake(target) == expected
    assert target.found == {"CNY": [700, 2]}


def test_closing_counts_what_came_since_it_was_last_looked_at() -> None:
    case = case_of(paid("u-1", 500))
    raise_alert(paid("u-1", 300), NOON)
    row = closing.close(SYSTEM, case, "confirmed", "it was so", now=NOON)
    assert row.found == {"CNY": [800, 2]}


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(-1, "CNY"), (5, "ABC"), (5, ""), (2**63, "CNY"), (True, "CNY"), ("5", "CNY")],
)
def test_an_amount_that_is_none_is_not_understood(amount: Any, currency: str) -> None:
    assert raise_alert(finding(amount=amount, currency=currency), NOON) is None
    assert "amount" in DeadLetter.objects.get().why


def test_a_dead_letter_keeps_its_amount() -> None:
    one = paid("u-1", 500)
    assert read_back(written(one)) == one


def test_the_page_says_whose_amount_it_is_and_leads_to_the_payments() -> None:
    anna = person("risk_owner", "anna")
    client = Client()
    client.force_login(anna)
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    case = case_of(paid("u-1", 123_450), paid("u-1", 100), paid("u-1", 500, "USD"))
    address, behind = (reverse(name, args=[case.pk]) for name in ("case", "case_evidence"))
    text = client.get(address).content.decode()
    for part in ("1,235.50", "from 2 payments", "$5.00", "from 1 payment<", behind,
                 "only the organisation"):  # fmt: skip
        assert part in text, part
    handling.set_amount(subject_of(anna), case, 7_700, "CNY", now=NOON)
    text = client.get(address).content.decode()
    for part in ("77.00", "typed by anna; found:", "1,235.50", "from 3 payments"):
        assert part in text, part
    alert = Alert.objects.get()
    text = client.get(reverse("alert", args=[alert.pk])).content.decode()
    assert "from 3 payments" in text


def test_a_confirmed_case_proposes_what_it_cost_once() -> None:
    case = case_of(paid("u-1", 500_00), paid("u-1", 700_00, rule="b"))
    closing.close(SYSTEM, case, "confirmed", "it was so", now=NOON)
    loss = LossEvent.objects.get()
    assert (loss.state, loss.gross, loss.currency) == ("proposed", 1200_00, "CNY")
    assert (loss.origin_noun, loss.origin_id) == ("response.case", str(case.pk))
    case.refresh_from_db()
    closing.reopen(SYSTEM, case, "there is more to it", now=NOON)
    closing.close(SYSTEM, case, "confirmed", "it was so", now=NOON)
    assert LossEvent.objects.count() == 1


def test_a_case_that_was_nothing_proposes_no_loss() -> None:
    case = case_of(paid("u-1", 500_00))
    closing.close(SYSTEM, case, "false_positive", "it was nothing", now=NOON)
    assert not LossEvent.objects.exists()
