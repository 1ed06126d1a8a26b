"""Policy decisions against casbin on the same rule, and how many queries one takes.

The rule: a role gives the verb on the noun up to a level, for a purpose the person was given,
within their clearance and scope. Both sides first answer a whole grid alike.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

import casbin
from casbin import persist

os.environ.setdefault("GUANLAN_DATA", tempfile.mkdtemp(prefix="guanlan-bench-"))

from guanlan.site.start import platform_module

access = platform_module("guanlan.core.access")
connection = platform_module("django.db").connection

MODEL: Final = """
[request_definition]
r = sub, act, obj, scope, level, purpose
[policy_definition]
p = role, obj, act, level, purpose
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && r.act == p.act && p.role in r.sub.roles && \
    (r.scope in r.sub.scopes || '*' in r.sub.scopes) && r.level <= int(p.level) && \
    (r.level < 3 || (r.level <= r.sub.clearance && r.purpose == p.purpose && \
    r.purpose in r.sub.purposes))
"""
NOUN: Final = "fraud.entity"
ROLES: Final = ("fraud_analyst", "customer_service", "operations")
VERBS: Final = ("see", "export", "reveal", "delete")
SCOPES: Final = ("*", "wallet")
PURPOSES: Final = ("", "fraud_investigation", "customer_request", "audit")
TURNS: Final = 9


class Rows(persist.Adapter):  # type: ignore[misc]
    """The rules of one noun, one line a purpose."""

    def load_policy(self, model: Any) -> None:
        for rule in access.TABLE.rules:
            if rule.noun != NOUN or rule.role not in ROLES:
                continue
            for verb, purpose in itertools.product(rule.verbs, sorted(rule.purposes) or ["-"]):
                line = f"p, {rule.role}, {rule.noun}, {verb}, {rule.level}, {purpose}"
                persist.load_policy_line(line, model)


def subjects() -> list[Any]:
    """People with each role, clearance, purpose and scope."""
    return [
        access.Subject(
            id=1,
            name="x",
            roles=frozenset({role}),
            clearance=clearance,
            purposes=frozenset(purposes),
            scopes=frozenset({scope}),
        )
        for role in ROLES
        for clearance in (2, 3)
        for purposes in ((), ("fraud_investigation",), ("customer_request", "audit"))
        for scope in SCOPES
    ]


def rate(work: Callable[[], None], count: int) -> float:
    """Decisions a second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def main() -> int:
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model, Rows())
    enforcer.add_function("int", int)
    may = access.may
    grid = [
        (subject, verb, scope, level, purpose)
        for subject in subjects()
        for verb, scope, level, purpose in itertools.product(VERBS, SCOPES, (1, 3, 4), PURPOSES)
    ]
    queries: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        ours = [
            may(subject, verb, NOUN, scope=scope, level=level, purpose=purpose)
            for subject, verb, scope, level, purpose in grid
        ]
    theirs = [
        enforcer.enforce(subject, verb, NOUN, scope, level, purpose)
        for subject, verb, scope, level, purpose in grid
    ]
    equal = ours == theirs and any(ours) and not all(ours)

    part = grid[:: len(grid) // 300]

    def quick() -> None:
        for _turn in range(200):
            for subject, verb, scope, level, purpose in part:
                may(subject, verb, NOUN, scope=scope, level=level, purpose=purpose)

    def slow() -> None:
        for subject, verb, scope, level, purpose in part:
            enforcer.enforce(subject, verb, NOUN, scope, level, purpose)

    pairs = [(rate(quick, 200 * len(part)), rate(slow, len(part))) for _turn in range(TURNS)]
    ratio = median(ours / theirs for ours, theirs in pairs)
    results = [
        ("policy.may.speed_over_casbin", ratio, 100.0, ratio >= 100),
        ("policy.may.queries", float(len(queries)), 0.0, not queries),
    ]
    for name, value, reach, ok in results:
        line = {"bench": name, "ratio": round(value, 2), "reach": reach, "equal": equal}
        detail = {"may": round(median(a for a, _b in pairs)), "verdicts": len(grid)}
        print(json.dumps({**line, "ok": ok and equal, "detail": detail}))
    return 0 if equal and all(ok for *_rest, ok in results) else 1


if __name__ == "__main__":
    sys.exit(main())
