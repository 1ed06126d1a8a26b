"""Many rows written at once say what each saved by itself would say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanlan.core.writing import insert_rows, update_rows
from guanlan.response.models import Case, CaseQueue
from guanlan.risk.models import Indicator

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIELDS = ("queue", "limits", "summary", "first_due", "live", "priority")


def opened(n: int) -> Case:
    case = Case.objects.create(
        category="fraud", severity=n % 5, opened=NOON, last_alert=NOON, text=f"case {n}"
    )
    case.summary = "before"
    case.save(update_fields=["summary"])
    return case


def changed(case: Case, n: int, queue: CaseQueue) -> None:
    case.queue = queue if n % 2 else None
    case.limits = {"first": n, "words": ["一", None, True]}
    case.summary = f"the call-back of {n}"
    case.first_due = NOON + timedelta(minutes=n) if n % 3 else None
    case.live = bool(n % 2)
    case.priority = n
    case.text = "not among the fields"


def told(case: Case) -> list[object]:
    return [getattr(case, name) for name in (*FIELDS, "text", "severity")]


def test_rows_written_at_once_say_what_each_saved_by_itself_says() -> None:
    queue = CaseQueue.objects.create(name="one")
    at_once = [opened(n) for n in range(30)]
    alone = [opened(n) for n in range(30)]
    for n, (one, other) in enumerate(zip(at_once, alone, strict=True)):
        changed(one, n, queue)
        changed(other, n, queue)
        other.save(update_fields=FIELDS)
    with CaptureQueriesContext(connection) as caught:
        update_rows(at_once, FIELDS)
    assert len(caught) == 1
    for n, (one, other) in enumerate(zip(at_once, alone, strict=True)):
        fresh = Case.objects.get(pk=one.pk)
        assert told(fresh) == told(Case.objects.get(pk=other.pk))
        assert fresh.summary == f"the call-back of {n}"
        assert fresh.text == f"case {n}"


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as caught:
        update_rows([], FIELDS)
    assert len(caught) == 0


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(FieldDoesNotExist, match="has no column for one of priority, wrong"):
        update_rows([opened(1)], ("priority", "wrong"))


def test_rows_added_at_once_say_what_each_created_by_itself_says() -> None:
    said = ("name", "category", "unit", "due", "since", "value", "recent", "basis", "created")

    def row(name: str, n: int) -> tuple[object, ...]:
        since = NOON + timedelta(minutes=n % 3) if n % 4 else None
        basis = {"n": [n, "一"]} if n % 2 else {}
        return (f"{name}.{n:02}", "fraud", "count", NOON, since, n / 3, [n, None], basis, NOON)

    with CaptureQueriesContext(connection) as caught:
        insert_rows(Indicator, said, [row("one", n) for n in range(30)])
    assert len(caught) == 1
    for n in range(30):
        Indicator.objects.create(**dict(zip(said, row("other", n), strict=True)))
    names = [
        one.attname for one in Indicator._meta.concrete_fields if one.name not in ("id", "name")
    ]
    added, alone = (
        list(Indicator.objects.filter(name__startswith=f"{name}.").order_by("name").values(*names))
        for name in ("one", "other")
    )
    assert len(added) == 30
    assert added == alone
    insert_rows(Indicator, said, [])
    assert Indicator.objects.filter(name__startswith="one.").count() == 30
