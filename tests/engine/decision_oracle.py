"""Decisions by brute force: conditions as trees, three-valued by the book, outcome by maximum.

Written from the semantics and independent of the rule language and the judge.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from guanlan.engine.scenario.environment import names
from guanlan.engine.scenario.model import (
    Band,
    ListEntry,
    ListSpec,
    Outcome,
    Policy,
    Rule,
    Scenario,
    Text,
)

T = Text("t", "t")
OPERATORS = ("<", "<=", ">", ">=", "==", "!=")


def random_condition(
    rng: random.Random, scenario: Scenario, types: Sequence[str], depth: int
) -> Any:
    """A tree over names that every event type in `types` has."""
    if depth and rng.random() < 0.6:
        kind = rng.choice(["and", "or", "not"])
        if kind == "not":
            return ("not", random_condition(rng, scenario, types, depth - 1))
        return (kind, *(random_condition(rng, scenario, types, depth - 1) for _ in range(2)))
    known = [names(scenario, name, str).names for name in types]
    shared = sorted(set.intersection(*(set(k) for k in known)) - {"event_type", "time", "clock"})
    usable = [
        n
        for n in shared
        if known[0][n].type.value in ("bool", "int", "money", "duration", "number")
    ]
    name = rng.choice(usable)
    kind = known[0][name].type.value
    if kind == "bool":
        return ("is", name, rng.random() < 0.5)
    return ("cmp", name, rng.choice(OPERATORS), rng.choice([0, 1, 2, 5, 20]), kind)


def text_of(tree: Any) -> str:
    """The condition in the rule language."""
    match tree:
        case ("and" | "or" as word, left, right):
            return f"({text_of(left)}) {word} ({text_of(right)})"
        case ("not", inner):
            return f"not ({text_of(inner)})"
        case ("is", name, wanted):
            return f"{name} == {'true' if wanted else 'false'}"
        case ("cmp", name, op, value, kind):
            shown = {"money": f"money({value})", "duration": f"seconds({value})"}.get(
                kind, str(value)
            )
            return f"{name} {op} {shown}"
    raise AssertionError(tree)


def truth(tree: Any, values: Mapping[str, Any]) -> bool | None:
    """Kleene's logic; a missing value makes a comparison unknown."""
    match tree:
        case ("and", left, right):
            sides = truth(left, values), truth(right, values)
            return False if False in sides else None if None in sides else True
        case ("or", left, right):
            sides = truth(left, values), truth(right, values)
            return True if True in sides else None if None in sides else False
        case ("not", inner):
            inside = truth(inner, values)
            return None if inside is None else not inside
        case ("is", name, wanted):
            return None if values.get(name) is None else bool(values[name] == wanted)
        case ("cmp", name, op, constant, kind):
            value = values.get(name)
            if value is None:
                return None
            limit = constant * {"money": 100, "duration": 1_000_000}.get(kind, 1)
            sign = int(value > limit) - int(value < limit)
            return {
                "<": sign < 0, "<=": sign <= 0, ">": sign > 0,
                ">=": sign >= 0, "==": sign == 0, "!=": sign != 0,
            }[op]  # fmt: skip
    raise AssertionError(tree)


def random_policy(rng: random.Random) -> Policy:
    scores = sorted(rng.sample(range(1, 120), 3))
    outcomes = sorted(rng.sample(list(Outcome)[1:], 3))
    bands = tuple(
        Band(score, outcome, ("otp",) if rng.random() < 0.5 else ())
        for score, outcome in zip(scores, outcomes, strict=True)
    )
    return Policy(bands, Outcome.review)


def random_rules(rng: random.Random, scenario: Scenario, n: int) -> tuple[list[Rule], list[Any]]:
    """Rules and the trees of their conditions."""
    rules, trees = [], []
    types = [event.name for event in scenario.events]
    for i in range(n):
        on = tuple(rng.sample(types, rng.randint(1, 2)))
        tree = random_condition(rng, scenario, on, 2)
        trees.append(tree)
        rules.append(
            Rule(
                id=f"r{i}",
                title=T,
                on=on,
                when=text_of(tree),
                reason=T,
                severity="medium",
                score=rng.choice([0, 5, 20, 40, -10]),
                outcome=rng.choice([None, None, Outcome.hold, Outcome.monitor]),
                on_unknown=rng.choice(["no_hit", "no_hit", "hit", "review"]),
            )
        )
    return rules, trees


def random_lists(rng: random.Random, users: Sequence[str]) -> tuple[ListSpec, ...]:
    specs = []
    for kind in rng.sample(["allow", "watch", "block", "immutable_block"], 2):
        outcome = {"watch": Outcome.monitor, "allow": Outcome.approve}.get(kind, Outcome.decline)
        entries = tuple(ListEntry(u, "r", "a") for u in rng.sample(list(users), 1))
        specs.append(ListSpec(f"l_{kind}", T, kind, "user", outcome, entries))  # type: ignore[arg-type]
    return tuple(specs)


def oracle_decision(
    scenario: Scenario, trees: Sequence[Any], event: Mapping[str, Any], features: Mapping[str, Any]
) -> dict[str, Any]:
    """Outcome, score, rules that count and rules that are unknown."""
    values = {**event["fields"], **features, "lateness": event["clock"] - event["time"]}
    score, outcome = 0, Outcome.approve
    counted, unknown = [], []
    for rule, tree in zip(scenario.rules, trees, strict=True):
        if event["type"] not in rule.on:
            continue
        state = truth(tree, values)
        if state is None:
            unknown.append(rule.id)
        if state is True or (state is None and rule.on_unknown == "hit"):
            counted.append(rule.id)
            score += rule.score
            outcome = max(outcome, rule.outcome or Outcome.approve)
        elif state is None and rule.on_unknown == "review":
            counted.append(rule.id)
            outcome = max(outcome, Outcome.review)
    for band in scenario.policy.bands:
        if score >= band.score:
            outcome = max(outcome, band.outcome)
    kinds = {
        role.name: role.kind for e in scenario.events if e.name == event["type"] for role in e.roles
    }
    listed = {
        spec.kind: spec.outcome
        for spec in scenario.lists
        for role, key in event["entities"].items()
        if kinds[role] == spec.entity and key in {entry.key for entry in spec.entries}
    }
    if "immutable_block" in listed:
        outcome = Outcome.decline
    elif "allow" in listed:
        outcome = Outcome.approve
    else:
        outcome = max([outcome, *listed.values()])
    return {
        "outcome": outcome.name,
        "score": score,
        "counted": sorted(counted),
        "unknown": sorted(unknown),
    }
