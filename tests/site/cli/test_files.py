"""simulate, scenario, backtest and log: what they write and say about files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from tests.site.cli.running import Result
from tests.site.cli.small import SCENARIO, transfer

Together = Callable[..., list[Result]]
NOON = 1_767_240_000_000  # 2026-01-01T04:00Z in milliseconds


def written(folder: Path) -> tuple[Path, Path]:
    """A scenario and a history: u-1 sends 60.00 three times, then an unknown type."""
    scenario, events = folder / "small.yaml", folder / "events.ndjson"
    scenario.write_text(SCENARIO, encoding="utf-8")
    lines = [transfer(n, 6_000, time=NOON + 60_000 * n) for n in range(3)]
    lines.append(transfer(3, 1, time=NOON + 180_000, type="refund"))
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return scenario, events


def test_simulate_writes_what_was_asked_for_and_repeats_itself(
    together: Together, tmp_path: Path
) -> None:
    one, two, wire = (tmp_path / name for name in ("one.parquet", "two.parquet", "wire.ndjson"))
    asked = ["simulate", "--events", "300", "--seed", "7", "--out"]
    results = together([*asked, str(one)], [*asked, str(two), "--json"], [*asked, str(wire)])
    assert [result.code for result in results] == [0, 0, 0]
    told = results[1].json
    frame = pl.read_parquet(one)
    assert told == {"out": str(two), "events": 300, "fraud": frame["is_fraud"].sum(), "seed": 7}
    assert frame.height == 300
    assert frame["time"].is_sorted()
    assert one.read_bytes() == two.read_bytes()
    events = [json.loads(line) for line in wire.read_text().splitlines()]
    assert [e["id"] for e in events if e["type"] != "label"] == frame["event_id"].to_list()


def test_a_quiet_simulation_has_no_fraud(together: Together, tmp_path: Path) -> None:
    out = tmp_path / "quiet.parquet"
    (result,) = together(["simulate", "--events", "300", "--quiet", "--out", str(out), "--json"])
    assert result.json["fraud"] == 0


def test_a_backtest_decides_judges_and_keeps_its_report(together: Together, tmp_path: Path) -> None:
    scenario, events = written(tmp_path)
    out, report = tmp_path / "decisions.parquet", tmp_path / "report.json"
    asked = ["backtest", str(scenario), "--events", str(events)]
    plain, told = together(
        [*asked, "--out", str(out), "--report", str(report), "--store", "trial"],
        [*asked, "--json"],
    )
    assert plain.code == 0, plain.err
    assert "1 events refused" in plain.err
    assert "transfer.much" in plain.out
    decisions = pl.read_parquet(out)
    assert decisions["event_id"].to_list() == ["t-0", "t-1", "t-2"]
    assert decisions["outcome"].to_list() == ["approve", "review", "review"]
    kept = json.loads(report.read_bytes())
    assert kept == told.json["report"]
    assert kept["events"] == 3
    assert told.json["refused"][0]["first"] == "t-3"


def test_a_faulty_history_is_told_with_its_line(together: Together, tmp_path: Path) -> None:
    scenario, events = written(tmp_path)
    with events.open("a") as file:
        file.write("{not json\n")
    map_file = tmp_path / "map.yaml"
    map_file.write_text("guanlan_map: 1\nevent: transfer\nid: [\n")
    asked = ["backtest", str(scenario), "--events", str(events)]
    broken, mapped = together(asked, [*asked, "--map", str(map_file)])
    assert (broken.code, mapped.code) == (2, 2)
    assert f"{events}: line 5" in broken.err
    assert f"{map_file}:" in mapped.err
    assert broken.err.count("\n") == mapped.err.count("\n") == 1


def test_scenario_check_names_every_fault_at_its_place(together: Together, tmp_path: Path) -> None:
    good, _ = written(tmp_path)
    bad = tmp_path / "bad.yaml"
    bad.write_text(SCENARIO.replace("score: 80", "score: much").replace("by: user", "by: usr"))
    fine, faulty, as_json = together(
        ["scenario", "check", str(good)],
        ["scenario", "check", str(bad)],
        ["scenario", "check", str(bad), "--json"],
    )
    assert (fine.code, fine.err) == (0, "")
    assert "1 rules" in fine.out
    assert faulty.code == as_json.code == 1
    lines = faulty.err.splitlines()
    assert len(lines) == len(as_json.json["issues"]) >= 2
    assert all(line.startswith(f"guanlan: {bad}:") for line in lines)
    places = {(issue["line"], issue["column"]) for issue in as_json.json["issues"]}
    by = SCENARIO.splitlines().index("    by: user") + 1
    assert by in {line for line, _ in places}


def test_the_schema_describes_the_scenarios_of_the_examples(together: Together) -> None:
    (schema,) = together(["scenario", "schema"])
    assert schema.code == 0
    assert {"guanlan", "events", "features", "rules"} <= set(schema.json["properties"])
