"""Rules, lists and policy of one event type, fused into one generated function.

The generated source contains only integers, names made here and the fragments that
`guanlan.engine.language` compiled from type-checked expressions; no text of a scenario
enters it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from guanlan.engine.kernel import LOAD_GLOBALS
from guanlan.engine.language import Env, check, compile_expr, parse
from guanlan.engine.lists import ListEffect, Lists
from guanlan.engine.scenario.model import Band, Outcome, Rule, Scenario

JudgeFunction = Callable[[Sequence[Any], Sequence[int], Callable[[str, str], bool]], Any]


class RestrictionEffect(Struct, frozen=True):
    """What a restriction asks for in the role whose entity it restricts; of a limit, which of
    its bounds was `reached`."""

    id: str
    effect: str
    role: str
    outcome: Outcome
    reached: str | None = None


class Verdict(Struct, frozen=True):
    """What rules, lists and policy make of one event.

    `hits` and `unknown` are indexes into the rules of the event type. `overridden` is the
    outcome that an allow entry set aside, if it did.
    """

    outcome: int
    score: int
    hits: Sequence[int]
    unknown: Sequence[int]
    lists: Sequence[ListEffect]
    actions: Sequence[str]
    degraded: bool
    overridden: int | None = None
    restrictions: Sequence[RestrictionEffect] = ()


class Judge:
    """Judges the events of one type."""

    def __init__(self, scenario: Scenario, event_type: str, env: Env) -> None:
        self.rules = tuple(rule for rule in scenario.rules if event_type in rule.on)
        self.policy = scenario.policy
        roles = next(e.roles for e in scenario.events if e.name == event_type)
        self._effects = tuple(
            (index, spec.name, ListEffect(spec.name, spec.kind, role.name, spec.outcome))
            for spec in scenario.lists
            for index, role in enumerate(roles)
            if role.kind == spec.entity
        )
        self.source, names = _source(self.rules, env)
        self._function = _function(self.source, names)
        self._rule_actions = any(rule.actions for rule in self.rules)

    def __call__(self, values: Sequence[Any], slots: Sequence[int], lists: Lists) -> Verdict:
        """The verdict on an event with `values` (roles, fields, times) and feature `slots`."""
        score, top, hits, unknown, failed = self._function(values, slots, lists.holds)
        found: list[ListEffect] = []
        until = lists.until
        for index, name, effect in self._effects:
            if until[name] and values[index] is not None and lists.holds(name, values[index]):
                found.append(effect)
        band = None
        for candidate in self.policy.bands:
            if candidate.score > score:
                break
            band = candidate
        if band is not None and band.outcome > top:
            top = int(band.outcome)
        if failed and self.policy.fallback > top:
            top = int(self.policy.fallback)
        overridden = None
        if found:
            top, overridden = _listed(found, top)
        actions = self._actions(band, hits, top) if band or self._rule_actions else ()
        return Verdict(top, score, hits, unknown, found, actions, bool(failed), overridden)

    def _actions(self, band: Band | None, hits: Sequence[int], top: int) -> Sequence[str]:
        if top == Outcome.approve:
            return ()
        asked = list(band.actions) if band is not None else []
        for hit in hits:
            asked.extend(self.rules[hit].actions)
        return tuple(dict.fromkeys(asked))


def _listed(found: Sequence[ListEffect], top: int) -> tuple[int, int | None]:
    """The outcome after lists, and what an allow entry set aside."""
    kinds = {effect.kind for effect in found}
    if "immutable_block" in kinds:
        return int(Outcome.decline), None
    top = max(top, *(int(e.outcome) for e in found if e.kind != "allow"), 0)
    if "allow" in kinds:
        return int(Outcome.approve), (top if top > Outcome.approve else None)
    return top, None


def _source(rules: Sequence[Rule], env: Env) -> tuple[str, Mapping[str, Any]]:
    names: dict[str, Any] = dict(LOAD_GLOBALS)
    lines = [
        "def judge(e, o, L):",
        "    s = 0",
        "    t = 0",
        "    h = []",
        "    u = []",
        "    x = []",
    ]
    for index, rule in enumerate(rules):
        typed = check(parse(rule.when), env)
        if isinstance(typed, list):
            raise ValueError(f"rule {rule.id}: {typed[0].message}")
        fragment = compile_expr(typed, env, prefix=f"r{index}_")
        names.update(fragment.globals)
        hit = [f"h.append({index})"]
        if rule.score:
            hit.append(f"s += {int(rule.score)}")
        if rule.outcome:
            hit.append(f"t = {int(rule.outcome)} if t < {int(rule.outcome)} else t")
        unknown = [f"u.append({index})"]
        if rule.on_unknown == "hit":
            unknown += hit
        elif rule.on_unknown == "review":
            review = int(Outcome.review)
            unknown.append(f"t = {review} if t < {review} else t")
        lines += [
            "    try:",
            f"        v = {fragment.source}",
            f"        if v: {'; '.join(hit)}",
            f"        elif v is None: {'; '.join(unknown)}",
            f"    except OverflowError: {'; '.join(unknown)}",
            f"    except Exception: x.append({index})",
        ]
    lines.append("    return s, t, h, u, x")
    return "\n".join(lines) + "\n", names


def _function(source: str, names: Mapping[str, Any]) -> JudgeFunction:
    space: dict[str, Any] = {
        "__builtins__": {"OverflowError": OverflowError, "Exception": Exception},
        **names,
    }
    exec(compile(source, "<rules>", "exec"), space)  # noqa: S102 - generated, see the module's head
    function: JudgeFunction = space["judge"]
    return function


class Encoder:
    """Writes the verdicts of one event type as the decision JSON that is stored and sent."""

    def __init__(self, scenario: Scenario, event_type: str, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._type = b',"type":' + msgspec.json.encode(event_type) + b',"clock":"'
        self._tail = (
            b',"scenario":'
            + msgspec.json.encode(scenario.name)
            + b',"version":'
            + msgspec.json.encode(scenario.digest[:12])
            + b"}"
        )
        self._reasons = [msgspec.json.encode(_reason(rule)) for rule in rules]
        self._unknown_reasons = [_unknown_reason(rule) for rule in rules]
        self._ids = [msgspec.json.encode(rule.id) for rule in rules]
        self._outcomes = [b'","outcome":"' + o.name.encode() + b'","score":' for o in Outcome]

    def __call__(self, event_id: str, seq: int, clock: bytes, verdict: Verdict) -> bytes:
        """The decision as JSON; the same arguments give the same bytes for ever."""
        if verdict.unknown:
            asked = [
                reason for i in verdict.unknown if (reason := self._unknown_reasons[i]) is not None
            ]
            sure = [self._reasons[i] for i in verdict.hits if i not in verdict.unknown]
            reasons = b",".join(sure + asked)
            unknown = b",".join([self._ids[i] for i in verdict.unknown])
        else:
            reasons = b",".join([self._reasons[i] for i in verdict.hits])
            unknown = b""
        return b"".join(
            (
                b'{"event_id":',
                msgspec.json.encode(event_id),
                b',"seq":%d' % seq,
                self._type,
                clock,
                self._outcomes[verdict.outcome],
                b"%d" % verdict.score,
                b',"actions":',
                msgspec.json.encode(verdict.actions) if verdict.actions else b"[]",
                b',"reasons":[',
                reasons,
                b'],"lists":',
                _lists(verdict) if verdict.lists else b"[]",
                b',"unknown":[',
                unknown,
                b'],"degraded":true' if verdict.degraded else b'],"degraded":false',
                # Absent where nothing is restricted: such decisions read as they always did.
                _restrictions(verdict) if verdict.restrictions else b"",
                self._tail,
            )
        )


def _reason(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "score": rule.score,
        "outcome": rule.outcome.name if rule.outcome is not None else None,
        "severity": rule.severity,
    }


def _unknown_reason(rule: Rule) -> bytes | None:
    if rule.on_unknown == "no_hit":
        return None
    reason = _reason(rule)
    if rule.on_unknown == "review":
        reason["score"] = 0
        reason["outcome"] = Outcome.review.name
    return msgspec.json.encode({**reason, "on_unknown": rule.on_unknown})


def _lists(verdict: Verdict) -> bytes:
    shown = []
    for effect in verdict.lists:
        item = {"list": effect.list, "kind": effect.kind, "role": effect.role}
        if effect.kind == "allow" and verdict.overridden is not None:
            item["instead_of"] = Outcome(verdict.overridden).name
        shown.append(item)
    return msgspec.json.encode(shown)


def _restrictions(verdict: Verdict) -> bytes:
    shown = []
    for one in verdict.restrictions:
        item = {
            "id": one.id,
            "effect": one.effect,
            "role": one.role,
            "outcome": one.outcome.name,
        }
        if one.reached is not None:
            item["reached"] = one.reached
        if one.effect == "allow" and verdict.overridden is not None:
            item["instead_of"] = Outcome(verdict.overridden).name
        shown.append(item)
    return b',"restrictions":' + msgspec.json.encode(shown)
