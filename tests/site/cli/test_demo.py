"""`guanlan demo`: a company with a past and live traffic, begun once and gone on with."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.site.cli.database import rows
from tests.site.cli.running import Result, Started

Guanlan = Callable[..., Result]
Start = Callable[..., Started]
DEMO = ("demo", "--port", "0", "--rate", "1", "--no-warm")


def decided(url: str) -> int:
    answer = httpx.get(f"{url}/readyz")
    return int(answer.json()["seq"]) if answer.status_code == 200 else 0


def until_more_than(url: str, count: int) -> int:
    """Wait until live traffic has been decided beyond `count`."""
    until = time.monotonic() + 60
    while (now := decided(url)) <= count:
        assert time.monotonic() < until, f"still {now}"
        time.sleep(0.1)
    return now


def test_the_demo_seeds_once_and_goes_on(guanlan: Guanlan, start: Start, data: Path) -> None:
    first = start(*DEMO)
    url = first.wait_for(r"Guanlan: (http://\S+)", 60)[1]
    first.wait_for(r"Sign in as owner with \S{16,}")
    said = next(m for line in first.lines if (m := re.search(r"([\d,]+) events decided", line)))
    past = int(said[1].replace(",", ""))
    assert past > 9_000
    seen = until_more_than(url, past)
    assert httpx.get(f"{url}/login").status_code == 200
    assert first.end() == 0
    assert not [line for line in first.lines if "Traceback" in line or "WARNING" in line]
    keys = rows(data, "SELECT name FROM core_apikey WHERE revoked IS NULL")
    assert keys == [("demo traffic",)]
    assert rows(data, "SELECT count(*) FROM fraud_backtest") == [(1,)]

    second = start(*DEMO)
    url = second.wait_for(r"Guanlan: (http://\S+)", 60)[1]
    assert until_more_than(url, seen) > seen
    assert second.end() == 0
    assert not [line for line in second.lines if "events decided" in line]
    assert not [line for line in second.lines if "Sign in as owner with" in line]


@pytest.mark.usefixtures("migrated")
def test_fresh_empties_no_directory_but_a_demo(guanlan: Guanlan, data: Path) -> None:
    guanlan("first-run")
    result = guanlan(*DEMO, "--fresh")
    assert result.code == 2
    assert "nothing was removed" in result.err
    assert rows(data, "SELECT count(*) FROM django_migrations") != [(0,)]
