"""Pages by key against an oracle that sorts everything in memory."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from msgspec import structs

from guanlan.core.access import SYSTEM, Subject
from guanlan.core.models import ApiKey
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import Ask, Term
from guanlan.web.resource.reading import (
    Beyond,
    counted,
    find,
    groups_of,
    read_key,
    read_time,
    write_key,
)

pytestmark = pytest.mark.django_db
BEGIN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def keys() -> list[ApiKey]:
    """Many keys with few times: most are told apart by their primary key alone."""
    made = [
        ApiKey(
            id=f"k{(n * 7919) % 100_000:05}",
            name=f"name {n}",
            sha256=f"{n}".encode(),
            created=BEGIN + dt.timedelta(days=n % 5),
        )
        for n in range(333)
    ]
    return ApiKey.objects.bulk_create(made)


@pytest.mark.parametrize("sort", ["created", "-created"])
@pytest.mark.parametrize("limit", [7, 50, 333, 400])
def test_forward_and_back_is_the_whole_in_order(keys: list[ApiKey], sort: str, limit: int) -> None:
    down = sort.startswith("-")
    wanted = [k.id for k in sorted(keys, key=lambda k: (k.created, k.id), reverse=down)]
    ask = Ask((), SYSTEM, sort, limit=limit)
    pages = [find(KEYS, ask)]
    while (older := pages[-1].older) is not None:
        through_an_address = read_key(KEYS, sort, write_key(older))
        assert through_an_address == older
        pages.append(find(KEYS, ask._replace(older=older)))
    assert [row.id for page in pages for row in page.rows] == wanted
    assert pages[0].newer is None
    for before, page in pairwise(pages):
        assert page.newer is not None
        back = find(KEYS, ask._replace(newer=page.newer))
        assert [row.id for row in back.rows] == [row.id for row in before.rows]
        assert back.older == (before.rows[-1].created, before.rows[-1].pk)


def test_a_page_walks_its_index_and_sorts_nothing(keys: list[ApiKey]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("plans are read on SQLite")
    start = (BEGIN + dt.timedelta(days=2), "k50000")
    rows = ApiKey.objects.filter(Beyond(["created", "pk"], list(start), "<"))
    plan = rows.order_by("-created", "-pk")[:51].explain()
    assert "SEARCH" in plan
    assert "core_apikey_created" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("text", ["x", "e30", "W10", "WzEsMl0", "A" * 5000, "WyJhIiwgImIiXQ"])
def test_a_key_that_is_none_is_none(text: str) -> None:
    assert read_key(KEYS, "-created", text) is None
    assert read_key(KEYS, "name", write_key((BEGIN, "k1"))) is None


def test_many_rows_are_counted_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guanlan.web.resource.reading.COUNTED", 5)
    ApiKey.objects.bulk_create(
        [ApiKey(id=f"k{n}", name="x", sha256=f"{n}".encode()) for n in range(9)]
    )
    assert counted(KEYS, Ask((), SYSTEM, "-created")) == 6


def test_who_may_see_nothing_finds_and_counts_nothing(keys: list[ApiKey]) -> None:
    ask = Ask((), Subject(id=1, name="stranger"), "-created")
    assert list(find(KEYS, ask).rows) == []
    assert counted(KEYS, ask) == 0


def test_numbers_and_choices_are_compared_as_they_say(keys: list[ApiKey]) -> None:
    few = structs.replace(
        KEYS,
        filters=(
            structs.replace(KEYS.filters[1], name="n", kind="choice", field="name", ordered=True,
                            choices={f"name {n}": "" for n in range(10)}, group=True),
        ),
    )  # fmt: skip

    def found(sign: str, *values: str, negated: bool = False) -> set[str]:
        term = Term("n", sign, values, negated)
        return {r.name for r in find(few, Ask((term,), SYSTEM, "-created", limit=400)).rows}

    assert found("", "name 3", "name 4") == {"name 3", "name 4"}
    assert found(">=", "name 7") == {"name 7", "name 8", "name 9"}
    assert found("<", "name 1") == {"name 0"}
    assert found(">", "name 9") == set()
    assert len(found("", "name 3", negated=True)) == 332
    groups = dict(groups_of(few, few.filters[0], Ask((), SYSTEM, "-created")))
    assert (len(groups), set(groups.values())) == (200, {1})  # no more are shown


def test_a_day_is_all_of_it_and_a_time_has_a_zone() -> None:
    assert isinstance(read_time("after", "soon"), str)
    moment: Any = read_time("after", "2026-11-23")
    assert moment.tzinfo is not None
