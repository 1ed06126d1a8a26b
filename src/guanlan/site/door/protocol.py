"""What the door asks of an engine, so that it can be tested without one.

`guanlan.engine.Engine` fulfils `EngineProtocol`; nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Answer(Protocol):
    """The outcome of one posted event: `status` 200 with a decision, or an error."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


class EngineProtocol(Protocol):
    """The calls the door makes. All of them run in the event loop's thread but `commit`.

    `decide` changes the state in memory; nothing it answered may be released before a
    later `commit` has returned. `commit` runs in one worker thread, never at the same
    time as another call.
    """

    @property
    def state(self) -> str:
        """ "starting", "ready" or "failed"."""

    @property
    def seq(self) -> int: ...

    @property
    def stats(self) -> Mapping[str, float]: ...

    def decide(self, bodies: Sequence[bytes]) -> Sequence[Answer]: ...

    def commit(self) -> object: ...

    def decision(self, event_id: str) -> object | None: ...

    def entity(self, kind: str, key: str) -> object | None: ...

    def set_list_entry(
        self, name: str, key: str, *, reason: str, author: str, expires: int | None, remove: bool
    ) -> object: ...
