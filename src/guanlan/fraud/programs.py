"""Scenario versions of the log, decoded once and kept."""

from __future__ import annotations

from functools import lru_cache

from guanlan.core.sealing import Unopened
from guanlan.engine.history import Epoch
from guanlan.engine.language import Env
from guanlan.engine.scenario import from_canonical
from guanlan.engine.scenario.environment import names
from guanlan.engine.scenario.model import Scenario
from guanlan.fraud.models import Program
from guanlan.web.once import once


@lru_cache(maxsize=16)
def _epoch(position: int) -> Epoch:
    # A row of Program never changes, so its position names its content.
    program = Program.objects.get(position=position)
    if not program.canonical:
        raise Unopened(f"the scenario at {position} does not open")
    scenario = from_canonical(program.canonical)
    state = from_canonical(program.state) if program.state else scenario
    return Epoch(program.activated_seq, scenario, state, frozenset(program.warming))


def epoch_at(position: int) -> Epoch | None:
    """The program that decided the event whose frame is at `position`."""
    programs = Program.objects.filter(position__lt=position).order_by("-position")
    return _readable(programs.values_list("position", flat=True).first())


@once
def latest() -> Scenario | None:
    """The scenario now in force, as far as it has been projected."""
    programs = Program.objects.order_by("-position")
    epoch = _readable(programs.values_list("position", flat=True).first())
    return None if epoch is None else epoch.scenario


def _readable(position: int | None) -> Epoch | None:
    """The epoch that begins there; None where there is none, or its row cannot be opened."""
    try:
        return None if position is None else _epoch(position)
    except Unopened:
        return None


def at(position: int) -> Epoch | None:
    """The program whose own frame is at `position`."""
    return _readable(position)


def forget() -> None:
    """Drop what is remembered; for a database that was made anew."""
    _epoch.cache_clear()
    _environment.cache_clear()


class _ByDigest:
    """A scenario that is hashed by its digest, which is quick."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __hash__(self) -> int:
        return hash(self.scenario.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and other.scenario.digest == self.scenario.digest


@lru_cache(maxsize=64)
def _environment(scenario: _ByDigest, event_type: str) -> Env:
    return names(scenario.scenario, event_type, lambda name: name)


def environment(scenario: Scenario, event_type: str) -> Env:
    """What rules on this event type may speak of, for sentences."""
    return _environment(_ByDigest(scenario), event_type)
