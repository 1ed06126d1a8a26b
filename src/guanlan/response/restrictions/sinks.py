"""Where restrictions take hold: the decision engine, later a firewall, an intrusion detector.

    @sink("engine", title=_("Decision engine"))
    class EngineSink: ...

Response owns the registry, upper apps fill it while they start; then it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol, TypeVar

from django.apps import apps

from guanlan.engine.restrictions import Restriction as Held
from guanlan.response.terms import Words


class SinkFault(Exception):
    """A sink did not take a change or could not be read; the text is shown, and names no key."""


class Sink(Protocol):
    """What holds restrictions. All of it may raise SinkFault."""

    def here(self) -> bool:
        """Whether this process reaches it; where not, another process settles what it holds."""

    def kinds(self) -> Mapping[str, str]:
        """The kinds of entities it can act on, with their titles in the current language."""

    def objection(self, held: Held) -> str:
        """Why it would not act on this one, a sentence; empty where it does."""

    def put(self, held: Held, author: str) -> None:
        """Hold it, or hold it with other terms; the same again changes nothing."""

    def remove(self, name: str, author: str) -> None:
        """Let go of it; it need not be held."""

    def holds(self) -> Mapping[str, Held]:
        """What it holds, by name."""


class Registered(NamedTuple):
    """A sink and how it is called on screens."""

    name: str
    title: Words
    sink: Sink


Made = TypeVar("Made", bound=Sink)
_sinks: Final[dict[str, Registered]] = {}


def sink(name: str, *, title: Words) -> Callable[[type[Made]], type[Made]]:
    """Register a class, made once, as the sink of this name. Raises ValueError for a name that
    is taken, RuntimeError once the start is done."""

    def register(kind: type[Made]) -> type[Made]:
        if apps.ready:
            raise RuntimeError(f"sink {name}: the registry is closed once the start is done")
        if name in _sinks:
            raise ValueError(f"sink {name} is registered twice")
        _sinks[name] = Registered(name, title, kind())
        return kind

    return register


def sinks() -> list[Registered]:
    """All sinks, by name."""
    return [_sinks[name] for name in sorted(_sinks)]


def find_sink(name: str) -> Registered | None:
    """The sink of this name."""
    return _sinks.get(name)


def kinds() -> dict[str, str]:
    """The kinds of entities that some sink can act on, with their titles."""
    return {name: title for one in sinks() for name, title in one.sink.kinds().items()}
