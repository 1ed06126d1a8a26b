"""Thirty rules fused into one generated function, against walking their trees.

Both judge the same events, a third of whose optional values are unknown; every value of every
rule is compared first. Times are CPU seconds of this process, taken in turns.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from guanlan.engine.language import Env, Name, Type, Typed, check, compile_expr, interpret, parse

REACH = 20.0
EVENTS = 400
ROUNDS = 5

MONEY = ["amount", "out_1h", "out_24h", "out_7d", "in_1h", "in_24h", "max_90d"]
MAYBE_MONEY = ["avg_30d", "stddev_30d", "last_amount"]
COUNTS = ["count_5m", "count_1h", "count_24h", "fails_5m", "devices_24h", "ips_24h", "payees_24h"]
DURATIONS = ["since_first", "since_last", "device_age"]
FLAGS = ["new_payee", "new_device", "new_ip", "success"]
MAYBE_TEXTS = ["payee", "device", "ip", "note"]
RULES = [
    "amount > money(50000) and new_payee",
    "out_1h > money(20000) and count_1h >= 5",
    "out_24h > money(100000)",
    "count_5m >= 4 and amount < money(50)",
    "fails_5m >= 5",
    "fails_5m >= 3 and success and new_ip",
    "devices_24h > 3 or ips_24h > 6",
    "amount > avg_30d * 5 and new_payee",
    "amount > avg_30d + 4 * stddev_30d",
    "amount / avg_30d > 10",
    "since_last < seconds(30) and count_1h > 3",
    "since_last > days(90) and amount > money(5000)",
    "since_first < hours(24) and out_24h > money(20000)",
    "device_age < hours(1) and new_payee and amount > money(1000)",
    'channel == "web" and new_device and new_ip',
    'channel in ["app", "web"] and amount >= money(49999)',
    "money(49000) <= amount < money(50000)",
    "amount % money(1000) == money(0) and count_24h > 10",
    "hour(time) < 6 and amount > money(10000)",
    "weekday(time) in [5, 6] and out_7d > money(200000)",
    "in_24h > money(50000) and out_24h > in_24h * 0.9",
    "in_1h > money(10000) and since_last < minutes(10)",
    "payees_24h >= 8 and out_24h / payees_24h < money(500)",
    'in_list(payee, "mules")',
    'in_list(device, "bad_devices") or in_list(ip, "bad_ips")',
    "known(note) and contains(lower(note), \"loan\")",
    "not known(device) and amount > money(2000)",
    "amount > max_90d * 2 and max_90d > money(0)",
    "coalesce(last_amount, money(0)) * 10 < amount and new_device",
    "(new_payee or new_device) and not success and fails_5m > 1",
]  # fmt: skip


class Title:
    def get(self, _lang: str) -> str:
        return ""


def environment() -> Env:
    """Every name with its type; the first half of an event's values is `e`, features are `o`."""
    kinds: dict[str, tuple[Type, bool]] = {
        **dict.fromkeys(MONEY, (Type.MONEY, False)),
        **dict.fromkeys(MAYBE_MONEY, (Type.MONEY, True)),
        **dict.fromkeys(COUNTS, (Type.INT, False)),
        **dict.fromkeys(DURATIONS, (Type.DURATION, True)),
        **dict.fromkeys(FLAGS, (Type.BOOL, False)),
        "channel": (Type.STRING, False),
        **dict.fromkeys(MAYBE_TEXTS, (Type.STRING, True)),
        "time": (Type.TIME, False),
    }
    names = {
        name: Name(kind, optional, Title(), f"e[{place}]", kind=name if name in LISTS else None)
        for place, (name, (kind, optional)) in enumerate(kinds.items())
    }
    lists = {"mules": "payee", "bad_devices": "device", "bad_ips": "ip"}
    return Env(names, lists, "Asia/Shanghai", "CNY")


LISTS = ("payee", "device", "ip")


def event(env: Env, chance: random.Random) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, one in env.names.items():
        value: Any
        if one.optional and chance.random() < 1 / 3:
            value = None
        elif name in FLAGS:
            value = chance.random() < 0.5
        elif name in COUNTS:
            value = chance.randrange(12)
        elif name == "channel":
            value = chance.choice(["app", "web", "branch"])
        elif name in MAYBE_TEXTS:
            value = chance.choice(["x-1", "x-2", "Loan payback", "rent"])
        elif name in DURATIONS:
            value = chance.randrange(200 * 86_400_000_000)
        elif name == "time":
            value = 1_795_000_000_000_000 + chance.randrange(10**13)
        elif name in MAYBE_MONEY:
            value = chance.randrange(10**7) / 7
        else:
            value = chance.randrange(2 * 10**7)
        values[name] = value
    return values


def in_list(name: str, key: str) -> bool:
    return name == "mules" and key == "x-1"


def checked(env: Env) -> list[Typed]:
    rules: list[Typed] = []
    for source in RULES:
        typed = check(parse(source), env, Type.BOOL)
        if isinstance(typed, list):
            raise SystemExit(f"{source}: {typed[0]}")
        rules.append(typed)
    return rules


def fused(rules: Sequence[Typed], env: Env) -> Callable[[Sequence[Any], Any], tuple[Any, ...]]:
    space: dict[str, Any] = {"__builtins__": {}}
    parts: list[str] = []
    for number, typed in enumerate(rules):
        fragment = compile_expr(typed, env, prefix=f"r{number}")
        space.update(fragment.globals)
        parts.append(fragment.source)
    exec(f"def judge(e, L): return ({', '.join(parts)})\n", space)
    judge: Callable[[Sequence[Any], Any], tuple[Any, ...]] = space["judge"]
    return judge


def main() -> int:
    env = environment()
    rules = checked(env)
    chance = random.Random(7)
    events = [event(env, chance) for _ in range(EVENTS)]
    rows = [list(values.values()) for values in events]
    began = time.process_time()
    judge = fused(rules, env)
    compiled = time.process_time() - began

    equal = all(
        repr(judge(row, in_list)) == repr(tuple(interpret(one, values, in_list) for one in rules))
        for row, values in zip(rows, events, strict=True)
    )
    hits = sum(value is True for row in rows for value in judge(row, in_list))
    walking = running = 0.0
    for _ in range(ROUNDS):
        began = time.process_time()
        for values in events:
            for one in rules:
                interpret(one, values, in_list)
        walking += time.process_time() - began
        began = time.process_time()
        for _ in range(10):
            for row in rows:
                judge(row, in_list)
        running += (time.process_time() - began) / 10
    ratio = walking / running
    ok = equal and hits > 0 and ratio >= REACH
    print(
        json.dumps(
            {
                "bench": "rules: interpreted / fused, 30 rules",
                "ratio": round(ratio, 1),
                "reach": REACH,
                "equal": equal,
                "ok": ok,
                "fused_us": round(running / ROUNDS / EVENTS * 1e6, 2),
                "interpreted_us": round(walking / ROUNDS / EVENTS * 1e6, 1),
                "compile_ms": round(compiled * 1e3, 1),
                "hits": hits,
            }
        )
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
