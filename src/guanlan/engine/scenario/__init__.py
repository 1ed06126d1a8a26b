"""Scenario files: loading, checking, canonical form."""

from guanlan.engine.scenario.canonical import canonical, digest, from_canonical
from guanlan.engine.scenario.loader import load_scenario, parse_scenario
from guanlan.engine.scenario.positions import Issue, ScenarioError
from guanlan.engine.scenario.vocabulary import (
    currency_decimals,
    is_card_security_name,
    parse_window,
    window_text,
)

__all__ = [
    "Issue",
    "ScenarioError",
    "canonical",
    "currency_decimals",
    "digest",
    "from_canonical",
    "is_card_security_name",
    "load_scenario",
    "parse_scenario",
    "parse_window",
    "window_text",
]
