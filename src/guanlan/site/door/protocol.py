"""What the door asks of an engine; `guanlan.engine.Engine` fulfils it.

Named apart so that tests can put something in between, and so that it is plain which few
calls cross this line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guanlan.engine import EntityView, Explanation, Stats
from guanlan.engine.kernel import Kernel
from guanlan.engine.program import Program


class Answer(Protocol):
    """The outcome of one posted event: `status` 200 with a decision, or an error."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


class EngineProtocol(Protocol):
    """The door calls everything but `commit` in the event loop's thread.

    `decide` changes the state in memory; nothing it answered may be released before a
    later `commit` has returned. `commit` runs in one worker thread, and the door makes no
    other call meanwhile.
    """

    @property
    def state(self) -> str:
        """ "ready", or why nothing is decided."""

    @property
    def seq(self) -> int: ...

    @property
    def log_position(self) -> int: ...

    @property
    def stats(self) -> Stats: ...

    @property
    def kernel(self) -> Kernel: ...

    @property
    def program(self) -> Program: ...

    def decide(self, bodies: Sequence[bytes]) -> Sequence[Answer]: ...

    def commit(self) -> None: ...

    def decision(self, event_id: str) -> Explanation | None: ...

    def entity(self, kind: str, key: str) -> EntityView | None: ...

    def set_list_entry(
        self, name: str, key: str, *, author: str, reason: str, expires: int | None = None
    ) -> None: ...

    def remove_list_entry(self, name: str, key: str, *, author: str, reason: str) -> None: ...
