"""The decision engine as a sink of restrictions."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.engine.log import LogError
from guanlan.engine.restrictions import Restriction
from guanlan.fraud import engine_access, programs
from guanlan.fraud.engine_access import EngineAccess
from guanlan.response.restrictions.sinks import SinkFault, sink
from guanlan.web.words import language_tag


@sink("engine", title=gettext_lazy("Decision engine"))
class EngineSink:
    """Restrictions as frames of the event log; reached in the process that has the engine."""

    def here(self) -> bool:
        """Whether this process has an engine that decides."""
        engine = engine_access.current()
        return engine is not None and engine.state == "ready"

    def kinds(self) -> Mapping[str, str]:
        """Kinds of the scenario, and roles that are called otherwise, such as payee."""
        scenario = programs.latest()
        if scenario is None:
            return {}
        language = language_tag()
        found = {kind.name: kind.title.get(language) for kind in scenario.entities}
        for event in scenario.events:
            for role in event.roles:
                title = role.name if role.title is None else role.title.get(language)
                found.setdefault(role.name, title)
        return found

    def objection(self, held: Restriction) -> str:
        """A kind, or a currency, that the scenario in force does not know."""
        scenario = programs.latest()
        if scenario is None:
            return ""
        if held.kind not in self.kinds():
            return _("The scenario in force knows no kind %(kind)s.") % {"kind": held.kind}
        amounts = held.event_amount is not None or held.window_amount is not None
        if amounts and held.currency != scenario.currency:
            text = _("The scenario in force counts in %(currency)s.")
            return text % {"currency": scenario.currency}
        return ""

    def put(self, held: Restriction, author: str) -> None:
        """Durable when this returns."""
        engine = _engine()
        try:
            if engine.standing_restrictions().get(held.id) != held:
                engine.set_restriction(held, author=author)
        except LogError:
            raise SinkFault("log_failed") from None

    def remove(self, name: str, author: str) -> None:
        """Durable when this returns."""
        engine = _engine()
        try:
            if name in engine.standing_restrictions():
                engine.remove_restriction(name, author=author)
        except LogError:
            raise SinkFault("log_failed") from None

    def holds(self) -> Mapping[str, Restriction]:
        """What the engine itself says."""
        return _engine().standing_restrictions()


def _engine() -> EngineAccess:
    engine = engine_access.current()
    if engine is None:
        raise SinkFault("not_running")
    return engine
