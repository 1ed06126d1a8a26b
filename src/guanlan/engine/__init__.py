"""The decision engine: events in, decisions out, every one explained and replayable.

    scenario = load_scenario(path)
    engine = Engine.open(directory, scenario, secret=secret, now=now)
    answers = engine.decide([b'{"id": "e-1", "type": "transfer", ...}'])
    engine.commit()

No Django, no network, no clock: time comes in through `now`.
"""

from guanlan.engine.answer import Answer, Reload, Stats
from guanlan.engine.engine import Engine
from guanlan.engine.entity import EntityView, Listed
from guanlan.engine.event import rfc3339
from guanlan.engine.explain import Explanation, RuleExecution, explain
from guanlan.engine.history import Epoch, History
from guanlan.engine.refusal import Refused
from guanlan.engine.restrictions import Restriction, RestrictionChange
from guanlan.engine.scenario.model import Outcome, Scenario

__all__ = [
    "Answer",
    "Engine",
    "EntityView",
    "Epoch",
    "Explanation",
    "History",
    "Listed",
    "Outcome",
    "Refused",
    "Reload",
    "Restriction",
    "RestrictionChange",
    "RuleExecution",
    "Scenario",
    "Stats",
    "explain",
    "rfc3339",
]
