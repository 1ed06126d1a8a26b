"""A small audit log in a directory, and ways to tamper with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from guanlan.core.audit.checkpoints import Checkpointer
from guanlan.core.audit.rows import Row, Who
from guanlan.core.audit.store import ROWS, Store
from guanlan.core.audit.verifying import Proof, verify


class Ticking:
    """A clock that goes on by a second each time it is read."""

    def __init__(self, at: int = 1_700_000_000_000_000) -> None:
        self.at = at

    def __call__(self) -> int:
        self.at += 1_000_000
        return self.at


def row(name: str = "key.revoke", number: int = 0) -> Row:
    return Row(i=0, t=0, who=Who("person", 1, "ann"), act=name, on=("core.apikey", str(number)))


class World(NamedTuple):
    """A log, its checkpoints, and its lines."""

    folder: Path
    store: Store
    checkpointer: Checkpointer

    @property
    def rows(self) -> Path:
        return self.folder / "audit" / ROWS

    def write(self, count: int) -> None:
        for number in range(count):
            self.store.append(row(number=number))

    def sign(self) -> None:
        self.store.checkpoint(lambda f, t: self.checkpointer.grown(f, t, at_once=True))

    def verify(self) -> Proof:
        signer = self.checkpointer.signer
        return verify(self.folder / "audit", self.checkpointer.file, signer.public)

    def tamper(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        lines = self.rows.read_bytes().splitlines()
        self.rows.write_bytes(b"".join(line + b"\n" for line in change(lines)))


def world(folder: Path, now: Callable[[], int] | None = None, *, grown: bool = True) -> World:
    """grown: sign when it is time, too, and not only when told to."""
    checkpointer = Checkpointer(folder / "keys", folder / "elsewhere" / "audit.checkpoints")
    store = Store(
        folder / "audit", now=now or Ticking(), grown=checkpointer.grown if grown else None
    )
    return World(folder, store, checkpointer)
