"""Scenarios and events for the kernel's tests: one with every aggregate, and random ones."""

from __future__ import annotations

import random
from typing import Any

from guanlan.engine.scenario.model import (
    EntityKind,
    EntityRole,
    EventType,
    Feature,
    Field,
    Outcome,
    Policy,
    Scenario,
    Text,
)

T = Text("t", "t")
SECOND = 1_000_000
AGGREGATES = ("count", "sum", "avg", "min", "max", "distinct", "stddev",
              "since_first", "since_last", "is_new", "last")  # fmt: skip

EVENTS = (
    EventType("login", T, (EntityRole("user", "user", True), EntityRole("device", "device", False)),
              (Field("success", "bool", T, 1), Field("risk", "number", T, 1, decimals=2))),
    EventType("transfer", T,
              (EntityRole("user", "user", True), EntityRole("payee", "user", True),
               EntityRole("device", "device", False)),
              (Field("amount", "money", T, 2, required=True), Field("fee", "int", T, 1),
               Field("channel", "string", T, 1), Field("success", "bool", T, 1),
               Field("due", "time", T, 1), Field("risk", "number", T, 1, decimals=2))),
    EventType("refund", T, (EntityRole("payee", "user", False),),
              (Field("amount", "money", T, 2, required=True),)),
)  # fmt: skip


def feature(
    name: str,
    agg: Any,
    on: tuple[str, ...] = ("transfer",),
    by: tuple[str, ...] = ("user",),
    window: int | None = None,
    of: str | None = None,
    where: str | None = None,
    lookup: tuple[str, ...] | None = None,
) -> Feature:
    return Feature(name, T, on, by, lookup or by, agg, of, where, window)


def scenario(*features: Feature) -> Scenario:
    kinds = (EntityKind("user", T, 2), EntityKind("device", T, 2))
    return Scenario("w", T, "CNY", "UTC", kinds, EVENTS, features, (), (),
                    Policy((), Outcome.review))  # fmt: skip


def everything() -> Scenario:
    """Every aggregate over two windows and for ever, by one role, by a pair, and crosswise."""
    out: list[Feature] = []
    for agg in AGGREGATES:
        for window in (10 * SECOND, 60 * SECOND, None):
            of = {"count": None, "since_first": None, "since_last": None, "is_new": None,
                  "distinct": "device"}.get(agg, "amount")  # fmt: skip
            end = f"{agg}_{window}"
            out.append(feature(f"user_{end}", agg, window=window, of=of))
            fee = {None: None, "device": "channel"}.get(of, "fee")
            out.append(feature(f"pair_{end}", agg, by=("user", "payee"), window=window, of=fee))
            out.append(feature(f"in_{end}", agg, ("transfer", "refund"), ("payee",), window,
                               "amount" if of else None, lookup=("user",)))  # fmt: skip
    out.append(feature("fails", "count", ("login",), ("device",), 5 * SECOND,
                       where="success == false"))  # fmt: skip
    out.append(feature("risk", "stddev", ("login", "transfer"), window=30 * SECOND, of="risk"))
    out.append(feature("dues", "max", window=30 * SECOND, of="due"))
    out.append(feature("who", "distinct", ("login", "transfer"), ("device",), 9 * SECOND, "user"))
    return scenario(*out)


def one_of_each() -> Scenario:
    """Every aggregate once in a window and once for ever: small, for it has to be compiled."""
    out: list[Feature] = []
    for agg in AGGREGATES:
        of = {"distinct": "device", "count": None, "is_new": None, "since_first": None,
              "since_last": None}.get(agg, "amount")  # fmt: skip
        out.append(feature(f"{agg}_10s", agg, window=10 * SECOND, of=of))
        out.append(feature(f"{agg}_ever", agg, of=of))
    out.append(feature("count_60s", "count", window=60 * SECOND))
    out.append(feature("in_10s", "sum", ("transfer", "refund"), ("payee",), 10 * SECOND, "amount",
                       lookup=("user",)))  # fmt: skip
    out.append(feature("fails", "count", ("login",), ("device",), 5 * SECOND,
                       where="success == false"))  # fmt: skip
    out.append(feature("new_pair", "is_new", by=("user", "payee")))
    return scenario(*out)


def random_feature(rng: random.Random, name: str) -> Feature:
    agg = rng.choice(AGGREGATES)
    on = rng.choice([("transfer",), ("login", "transfer"), ("login",), ("transfer", "refund")])
    roles = {r.name for e in EVENTS if e.name in on for r in e.roles}
    for e in EVENTS:
        if e.name in on:
            roles &= {r.name for r in e.roles}
    by = tuple(rng.sample(sorted(roles), rng.randint(1, min(3, len(roles)))))
    swap = {"user": "payee", "payee": "user"}
    lookup = tuple(swap.get(r, r) for r in by) if rng.random() < 0.3 else by
    fields = [f for e in EVENTS if e.name in on for f in e.fields]
    shared = [f for f in fields if all(f.name in {x.name for x in e.fields}
                                       for e in EVENTS if e.name in on)]  # fmt: skip
    numeric = [f.name for f in shared if f.type in ("money", "int", "number")]
    of: str | None = None
    if agg == "distinct":
        of = rng.choice([*sorted(roles), *(f.name for f in shared)])
    elif agg in ("sum", "avg", "min", "max", "stddev", "last"):
        if not numeric:
            agg = "count"
        else:
            of = rng.choice(numeric)
    wheres = [f"{f.name} == {rng.choice(['true', 'false'])}" for f in shared if f.type == "bool"]
    wheres += [f"{f.name} > {rng.randint(-2, 5)}" for f in shared if f.type in ("money", "int")]
    where = rng.choice(wheres) if wheres and rng.random() < 0.4 else None
    window = rng.choice([None, 1, SECOND, 3 * SECOND, 10 * SECOND, 10 * SECOND, 40 * SECOND])
    return feature(name, agg, on, by, window, of, where, lookup)


def random_scenario(rng: random.Random, n: int) -> Scenario:
    return scenario(*(random_feature(rng, f"f{i}") for i in range(n)))


NAMES = ("a", "b", "c", "张三", "d\u0301", "\U0001f600", "a ", "A", "0", "")


def random_events(
    rng: random.Random, n: int, *, names: int = 4, duplicates: bool = True, largest: int = 10**14
) -> list[dict[str, Any]]:
    """Events with ties, gaps of exactly a window, absent values, big and negative amounts."""
    clock = rng.choice([0, -5 * SECOND, 1_700_000_000 * SECOND])
    out: list[dict[str, Any]] = []
    for i in range(n):
        clock += rng.choice([0, 0, 1, SECOND - 1, SECOND, SECOND, 3 * SECOND, 10 * SECOND])
        type_ = rng.choice(EVENTS)
        entities = {
            r.name: rng.choice(NAMES[:names])
            for r in type_.roles
            if r.required or rng.random() < 0.7
        }
        fields = {
            f.name: _value(rng, f, largest)
            for f in type_.fields
            if f.required or rng.random() < 0.7
        }
        event_id = f"e{i}"
        if duplicates and out and rng.random() < 0.05:
            event_id = rng.choice(out)["id"]
        out.append({"id": event_id, "type": type_.name, "clock": clock,
                    "entities": entities, "fields": fields})  # fmt: skip
    return out


def _value(rng: random.Random, field: Field, largest: int) -> Any:
    match field.type:
        case "bool":
            return rng.random() < 0.5
        case "string":
            return rng.choice(NAMES)
        case "number":
            return round(rng.choice([0.0, -1.5, rng.uniform(-100, 100)]), 2)
        case "time":
            return rng.randint(0, 2 * 10**15)
    return rng.choice([0, 1, 2, 3, -4, rng.randint(-9, 9), rng.randint(-largest, largest)])
