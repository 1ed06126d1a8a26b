"""The rows of the live stream follow the program in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from guanlan.engine.log import LogReader
from guanlan.engine.scenario.model import Outcome
from guanlan.site.run.console import WATCHER, Rows
from tests.fraud.world import World


def test_a_scenario_reloaded_while_the_stream_is_read_changes_what_is_masked(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "log")
    world.program()
    world.event("login", {"user": "u-123456"}, {"success": True}, Outcome.approve)
    kinds = [
        msgspec.structs.replace(kind, level=3) if kind.name == "user" else kind
        for kind in world.scenario.entities
    ]
    world.scenario = msgspec.structs.replace(world.scenario, entities=tuple(kinds))
    world.program()
    world.event("login", {"user": "u-123456"}, {"success": True}, Outcome.approve)
    world.log.commit()

    rows = Rows()
    seen: list[dict[str, Any]] = []
    for frame in LogReader(world.log.directory).frames():
        text = rows.row(frame, WATCHER)
        if text is not None:
            seen.append(json.loads(text))
    world.close()
    assert [row["seq"] for row in seen] == [0, 1]
    assert seen[0]["entities"]["user"] == "u-123456"
    assert "u-123456" not in seen[1]["entities"]["user"]
    assert seen[1]["kinds"] == {}
