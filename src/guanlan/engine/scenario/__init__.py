"""Scenario files: loading, checking, canonical form, names that rules may use."""

from guanlan.engine.scenario.canonical import canonical, digest, from_canonical, normalised
from guanlan.engine.scenario.changes import Changed, Changes, Delta, diff
from guanlan.engine.scenario.environment import feature_optional, names, readable, where_names
from guanlan.engine.scenario.loader import load_scenario, parse_scenario
from guanlan.engine.scenario.positions import Issue, ScenarioError
from guanlan.engine.scenario.schema import json_schema, json_schema_text
from guanlan.engine.scenario.vocabulary import (
    currency_decimals,
    is_card_security_name,
    parse_window,
    window_text,
)

__all__ = [
    "Changed",
    "Changes",
    "Delta",
    "Issue",
    "ScenarioError",
    "canonical",
    "currency_decimals",
    "diff",
    "digest",
    "feature_optional",
    "from_canonical",
    "is_card_security_name",
    "json_schema",
    "json_schema_text",
    "load_scenario",
    "names",
    "normalised",
    "parse_scenario",
    "parse_window",
    "readable",
    "where_names",
    "window_text",
]
