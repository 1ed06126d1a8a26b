"""Filtering decisions by typing, and paging through them by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.search import Search, fetch, search_of
from guanlan.web.resource.words import read_terms
from tests.fraud.world import World

TO_REVIEW = ("transfer", "review")
KINDS = ("user", "device", "phone")
Check = Callable[[dict[str, Any]], bool]


PAGE = 50


def read(text: str) -> Search:
    terms, problems = read_terms(text)
    search = search_of(terms, kinds=KINDS, currency="CNY")
    search.problems[:0] = problems
    return search


def found(text: str) -> list[int]:
    """Every decision a filter finds, over all its pages, newest first."""
    search = read(text)
    assert search.problems == []
    seqs: list[int] = []
    while page := fetch(search, seqs[-1] if seqs else None, up=False, limit=PAGE):
        seqs += [row.seq for row in page]
    return seqs


def rules(d: dict[str, Any]) -> list[str]:
    return [reason["rule"] for reason in d["reasons"]]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", lambda d: True),
        ("outcome:decline", lambda d: d["outcome"] == "decline"),
        ("outcome:decline,review", lambda d: d["outcome"] in ("decline", "review")),
        ("outcome:>=review", lambda d: Outcome[d["outcome"]] >= Outcome.review),
        ("type:transfer", lambda d: d["type"] == "transfer"),
        ("type:transfer outcome:review", lambda d: (d["type"], d["outcome"]) == TO_REVIEW),
        ("rule:transfer.large", lambda d: "transfer.large" in rules(d)),
        ("unknown:transfer.unlike", lambda d: "transfer.unlike" in d["unknown"]),
        ("rule:transfer.never", lambda d: False),
        ("user:u-7", lambda d: "u-7" in (d["entities"]["user"], d["entities"].get("payee"))),
        ("u-7", lambda d: "u-7" in (d["entities"]["user"], d["entities"].get("payee"))),
        (
            "user:u-7 device:d-3",
            lambda d: (
                "u-7" in (d["entities"]["user"], d["entities"].get("payee"))
                and d["entities"]["device"] == "d-3"
            ),
        ),
        (
            "rule:transfer.large user:u-7",
            lambda d: (
                "transfer.large" in rules(d)
                and "u-7" in (d["entities"]["user"], d["entities"].get("payee"))
            ),
        ),
        ("user:nobody", lambda d: False),
        ("score:>=60", lambda d: d["score"] >= 60),
        ("score:60", lambda d: d["score"] == 60),
        ("amount:>1000.50", lambda d: d["fields"].get("amount", 0) > 100050),
        ("id:transfer-12", lambda d: d["event_id"] == "transfer-12"),
        ("degraded:yes", lambda d: False),
    ],
)  # fmt: skip
def test_a_filter_finds_exactly_what_it_says(pond: World, text: str, fits: Check) -> None:
    wanted = [d["seq"] for d in pond.decisions() if fits(d)]
    assert found(text) == wanted[::-1]


def test_times_are_local_and_half_open(pond: World) -> None:
    everything = found("")
    early = found("before:2026-11-23T09:02")  # the world begins at 09:00 Shanghai time
    late = found("after:2026-11-23T09:02")
    assert early
    assert late
    assert sorted(early + late) == sorted(everything)
    assert max(early) < min(late)
    assert found("after:2020-01-01") == everything
    assert found("before:2030-01-01") == everything
    assert found("after:2030-01-01") == []
    assert found("before:2020-01-01T00:00") == []


@pytest.mark.parametrize(
    "text",
    [
        "outcome:gone",
        "score:many",
        "after:yesterday",
        "colour:red",
        "type:",
        'user:"u-1',
        "score:1e99",
    ],
)
def test_what_cannot_be_read_is_said_and_finds_nothing(pond: World, text: str) -> None:
    search = read(text)
    assert len(search.problems) == 1
    assert fetch(search, None, up=False, limit=PAGE) == []


def test_pages_forward_and_back_are_the_same_pages(pond: World) -> None:
    search = read("")
    first = fetch(search, None, up=False, limit=PAGE)
    second = fetch(search, first[-1].seq, up=False, limit=PAGE)
    back = fetch(search, second[0].seq, up=True, limit=PAGE)
    assert back[::-1] == first
    assert len(first) == PAGE
    assert second[0].seq < first[-1].seq


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("user:u-7 outcome:review", "fraud_entitydecision"),
        ("rule:transfer.large", "fraud_decisionrule"),
    ],
)
def test_a_page_walks_an_index_and_sorts_nothing(pond: World, text: str, index: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("plans are read on SQLite")
    search = read(text)
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT d.*"):
            with connection.cursor() as cursor:
                plan = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
                plans.extend(row[3] for row in plan)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        fetch(search, 150, up=False, limit=PAGE)
    assert f"USING COVERING INDEX sqlite_autoindex_{index}" in plans[0] or "USING INDEX" in plans[0]
    assert not any("TEMP B-TREE" in line or line.startswith("SCAN") for line in plans)
