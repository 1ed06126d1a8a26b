"""A door in a process of its own, on a log that outlives it. Run with a directory."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from guanlan.engine import Engine
from guanlan.engine.scenario import parse_scenario
from guanlan.site.door import Door, KeyRing, Limits, serve
from tests.site.door.fake import SCENARIO, load_keys, microseconds


class Hesitant(Engine):
    """Waits before it writes, so that a kill finds decisions which are in memory only: a door
    that answered too early would be caught with acknowledged events missing."""

    def commit(self) -> None:
        time.sleep(0.01)
        super().commit()


def main(directory: Path) -> None:
    engine = Hesitant.open(
        directory / "log",
        parse_scenario(SCENARIO, "small.yaml"),
        secret=b"s" * 32,
        now=microseconds,
        warm=False,
        cache=directory / "cache",
        reserve_bytes=64 << 20,
    )
    with engine:
        serve(Door(engine, KeyRing(load_keys), Limits()), port=0, ready=_tell)


def _tell(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
