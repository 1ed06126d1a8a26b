"""The running engine, where this process has one.

`site` registers the engine when it has opened and takes it away before it closes. In a
console that runs apart there is none; what comes from the log and the database is shown
all the same, and the rest says why it is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from guanlan.engine import Answer, Explanation
from guanlan.engine.entity import EntityView
from guanlan.engine.log import Repair
from guanlan.engine.restrictions import Restriction
from guanlan.engine.scenario.model import Scenario


class RunningProgram(Protocol):
    """The program in force."""

    @property
    def scenario(self) -> Scenario: ...
    @property
    def digest(self) -> str: ...


class RunningKernel(Protocol):
    """What keeps the features."""

    @property
    def jitted(self) -> bool: ...
    @property
    def warm_error(self) -> str: ...


class EngineAccess(Protocol):
    """What the screens may ask of a running engine; `guanlan.engine.Engine` is one."""

    @property
    def state(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def stats(self) -> Any: ...
    @property
    def program(self) -> RunningProgram: ...
    @property
    def kernel(self) -> RunningKernel: ...
    @property
    def repaired(self) -> Repair | None: ...
    @property
    def warm_error(self) -> str: ...
    def entity(self, kind: str, key: str) -> EntityView | None: ...
    def explain(self, seq: int) -> Explanation: ...
    def enter(self, bodies: Sequence[bytes]) -> list[Answer]: ...
    def set_restriction(self, held: Restriction, *, author: str) -> None: ...
    def remove_restriction(self, name: str, *, author: str) -> None: ...
    def standing_restrictions(self) -> dict[str, Restriction]: ...


_running: EngineAccess | None = None


def register(engine: EngineAccess | None) -> None:
    """Make `engine` known to the screens; None takes it away."""
    global _running
    _running = engine


def current() -> EngineAccess | None:
    """The engine of this process, if it has one that is ready."""
    return _running
