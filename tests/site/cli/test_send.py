"""`guanlan send`: a history over HTTP gives the decisions of a backtest of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO, transfer

pytestmark = pytest.mark.usefixtures("migrated")

Guanlan = Callable[..., Result]
Together = Callable[..., list[Result]]
Start = Callable[..., Started]
NOON = 1_767_240_000_000  # 2026-01-01T04:00Z in milliseconds


def test_a_sent_history_is_decided_as_in_a_backtest(
    guanlan: Guanlan, together: Together, start: Start, tmp_path: Path
) -> None:
    scenario, events = tmp_path / "small.yaml", tmp_path / "events.ndjson"
    scenario.write_text(SCENARIO, encoding="utf-8")
    users = [f"u-{n % 3}" for n in range(90)]
    lines = [
        transfer(n, 700 * (n % 7), time=NOON + 150_000 * n, entities={"user": user})
        for n, user in enumerate(users)
    ]
    lines.append(transfer(90, 1, time=NOON + 150_000 * 90, type="refund"))
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))

    key = guanlan("key", "create", "sender").out.strip()
    platform = start("up", "--port", "0", "--no-warm", "--clock", "event", "--scenario", scenario)
    url = platform.ready()
    out, table = tmp_path / "sent.ndjson", tmp_path / "tested.parquet"
    to = ["send", str(events), "--to", url, "--json", "--key", key]
    sent, backtest, again, slow, denied = together(
        [*to, "--batch", "8", "--out", str(out)],
        ["backtest", str(scenario), "--events", str(events), "--out", str(table)],
        [*to, "--limit", "90"],
        [*to, "--batch", "1", "--limit", "6", "--rate", "10"],
        [*to, "--key", "gl_wrong"],
    )
    assert sent.code == 1  # one event was refused
    assert sent.err.count("\n") == 1
    told = sent.json
    assert (told["events"], told["decided"], told["refused"]) == (91, 90, 1)
    assert sum(told["outcomes"].values()) == 90
    assert set(told["milliseconds"]) == {"p50", "p90", "p99", "max"}
    assert sum(told["refusals"].values()) == 1

    assert backtest.code == 0
    tested = pl.read_parquet(table)
    answered = [json.loads(line) for line in out.read_text().splitlines()]
    over_http = [(a["event_id"], a["outcome"], a["score"]) for a in answered]
    assert over_http == tested.select("event_id", "outcome", "score").rows()
    assert {outcome for _, outcome, _ in over_http} == {"approve", "review"}

    assert again.code == 0  # the same ids again: the first decisions, nothing recorded twice
    assert again.json["outcomes"] == told["outcomes"]
    assert slow.json["seconds"] >= 0.5
    assert denied.code == 1
    assert "401" in denied.err
    assert denied.err.count("\n") == 1
    assert platform.end() == 0

    exported = tmp_path / "log.parquet"
    verified, export = together(
        ["log", "verify", "--json"], ["log", "export", str(exported), "--json"]
    )
    assert verified.json["ok"] is True
    assert verified.json["report"]["events"] == export.json["events"] == 90
    assert pl.read_parquet(exported)["seq"].to_list() == list(range(90))


def test_nobody_there_is_one_line(together: Together, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text(json.dumps(transfer(1, 1, time=NOON)) + "\n")
    (result,) = together(["send", str(events), "--to", "http://127.0.0.1:9", "--key", "gl_x"])
    assert result.code == 1
    assert result.err.startswith("guanlan: http://127.0.0.1:9: no answer")
    assert result.err.count("\n") == 1
