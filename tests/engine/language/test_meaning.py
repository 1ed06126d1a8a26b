"""What expressions mean: Kleene's logic, exact money, unknown instead of a silent 0."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from guanlan.engine.language import (
    LanguageError,
    Type,
    check,
    compile_expr,
    interpret,
    parse,
)
from guanlan.engine.language.compiler import Fragment
from tests.engine.language.expressions import TEMPLATES, nested
from tests.engine.language.world import ENV, TYPICAL, UNKNOWN, compiled, in_list, run, typed

# Kleene (1952): strong logic of indeterminacy; U is None.
AND = {
    (True, True): True, (True, False): False, (True, None): None,
    (False, True): False, (False, False): False, (False, None): False,
    (None, True): None, (None, False): False, (None, None): None,
}  # fmt: skip
NOT = {True: False, False: True, None: None}


def meaning(source: str, **changed: Any) -> Any:
    """The value, which interpreter and compiled form must agree on."""
    values = {**TYPICAL, **changed}
    expected = interpret(typed(source), values, in_list)
    found = compiled(source, values)
    assert type(found) is type(expected)
    assert found == expected
    return expected


@pytest.mark.parametrize(("a", "b"), list(itertools.product([True, False, None], repeat=2)))
def test_kleene(a: bool | None, b: bool | None) -> None:
    assert meaning("new_payee and rooted", new_payee=a, rooted=b) is AND[a, b]
    assert meaning("new_payee or rooted", new_payee=a, rooted=b) is NOT[AND[NOT[a], NOT[b]]]
    assert meaning("not new_payee", new_payee=a) is NOT[a]
    equal = None if a is None or b is None else a == b
    assert meaning("new_payee == rooted", new_payee=a, rooted=b) is equal


def test_three_operands_in_every_combination() -> None:
    for a, b in itertools.product([True, False, None], repeat=2):
        for c in (True, False):
            found = meaning("new_payee and success and rooted", new_payee=a, rooted=b, success=c)
            assert found is AND[AND[a, c], b]
            found = meaning("new_payee or success or rooted", new_payee=a, rooted=b, success=c)
            assert found is NOT[AND[AND[NOT[a], NOT[c]], NOT[b]]]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("devices > 3", None),
        ("devices > 3 or fails == 3", True),
        ("devices > 3 and fails > 3", False),
        ("not devices > 3", None),
        ("user_avg + amount > money(1)", None),
        ("devices in [1, 2]", None),
        ("devices not in [1, 2]", None),
        ("fails in [devices, 3]", True),
        ("fails not in [devices, 3]", False),
        ("fails in [devices, 4]", None),
        ("10 < fails < devices", False),  # the first half decides
        ("devices < fails < 1", False),
        ("1 < fails < devices", None),
        ("1 < devices < 5", None),
        ("known(devices)", False),
        ("not known(devices) and known(fails)", True),
        ("coalesce(devices, 7)", 7),
        ("coalesce(devices, devices, fails)", 3),
        ("coalesce(devices, devices)", None),
        ('in_list(payee, "mules")', None),
        ('contains(note, "x")', None),
        ("max(fails, devices)", None),
        ("hour(valid_until)", None),
    ],
)
def test_unknown_values(source: str, value: object) -> None:
    assert meaning(source, **UNKNOWN) == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("money(123.45) == amount", True),
        ("amount * 2", 24_690),
        ("amount - money(200) < money(0)", True),
        ("amount % money(100)", 2_345),
        ("amount / money(100)", 1.2345),
        ("user_avg * 2 > amount", False),
        ("fails / 2", 1.5),
        ("-fails % 2", 1),
        ("round(2.5) + round(3.5)", 6),
        ("abs(-fails)", 3),
        ("len(note)", 7),
        ('upper(note) == "转账 RENT"', True),
        ('contains(note, "rent") and starts_with(note, "转") and ends_with(note, "t")', True),
        ('contains(note, "Rent")', False),
        (r'matches(note, r"^转.\s\w+$")', True),
        ('matches(note, "^rent")', False),
        ('in_list(payee, "mules") and not in_list(user, "mules")', True),
        ("weekday(time)", 0),
        ("hour(time)", 17),
        ("time + days(1) - time == hours(24)", True),
        ("minutes(1.5) == since_last", True),
        ("lateness / hours(1)", 0.0),
        ("1 < 2 < 3 == 3", True),
        ("min(fails, 2.5)", 2.5),
        ("distance_km(lat, lon, 39.9042, 116.4074) > 1000", True),
        ("distance_km(91, 0, 0, 0)", None),
        ("distance_km(0, 0, 0, 180.001)", None),
        ("true and not false", True),
    ],
)
def test_values(source: str, value: object) -> None:
    assert meaning(source) == value


def test_division_by_zero_is_unknown() -> None:
    for source in ("amount / money(1) / (fails - 3)", "fails % (fails - 3)", "lat / (lat - lat)"):
        assert meaning(source) is None
    assert meaning("amount / user_out_24h > 3", user_out_24h=0) is None


def test_infinity_and_overflow_are_unknown() -> None:
    assert meaning("lat * 1e300 * 1e300", lat=2.0) is None
    assert meaning("lat * 1e300 * 1e300 - lat * 1e300 * 1e300", lat=2.0) is None
    assert meaning("1.0 / lat", lat=5e-324) is None
    huge = "*".join(["fails"] * 20)
    assert meaning(huge, fails=2**63) == 2**1260  # whole numbers stay exact
    assert meaning(f"({huge}) / 3", fails=2**63) is None
    assert meaning(f"({huge}) + lat", fails=2**63) is None
    assert meaning(f"({huge}) > lat", fails=2**63) is True


def test_money_beyond_floats_stays_exact() -> None:
    near = 2**62 + 1
    assert meaning("amount == user_out_24h", amount=near, user_out_24h=near - 1) is False
    assert meaning("amount - user_out_24h", amount=near, user_out_24h=near - 1) == 1


def test_a_regex_bomb_is_linear() -> None:
    fragment = compile_expr(typed('matches(note, "^(a+)+$") or matches(note, "(a|a)*b")'), ENV)
    began = time.process_time()
    assert run(fragment, {**TYPICAL, "note": "a" * 100_000 + "c"}) is False
    assert time.process_time() - began < 1


def test_patterns_see_any_text() -> None:
    assert meaning('matches(note, ".")', note="\ud800") in (True, False)  # a lone surrogate
    assert meaning('matches(note, "^.$")', note="😀") is True
    assert meaning('matches(note, "^a.b$")', note="a\0b") is True


def test_no_test_for_unknown_where_nothing_can_be() -> None:
    def source(text: str) -> str:
        return compile_expr(typed(text), ENV).source

    assert source("amount > money(220) and fails >= 3") == "((e[0] > 22000) and (e[3] >= 3))"
    assert source("1 < fails <= 5") == "(1 < e[3] <= 5)"
    assert source('channel in ["app", "web"]') == "(e[11] in {'app', 'web'})"
    assert source("known(fails)") == "True"
    assert source("amount * 3 > user_out_24h") == "((e[0] * 3) > e[1])"
    assert source("devices > 3") == "(None if (t_1 := e[4]) is None else t_1 > 3)"


def test_a_fragment_carries_only_what_it_needs() -> None:
    plain: Fragment = compile_expr(typed("amount > money(220) or devices in [1]"), ENV)
    assert plain.globals == {}
    two = compile_expr(typed("abs(fails) > abs(devices)"), ENV, prefix="r3_")
    assert two.globals == {"r3__g0": abs}


def test_hostile_texts_stay_texts() -> None:
    for text in ("'", "\\\\", "\\n\\u0000", "') or L('", "{0}", "__import__('os')"):
        assert meaning(f'note == "{text}"') is False
        assert meaning(f'starts_with("{text}", "{text}")') is True


@pytest.mark.parametrize("kind", list(Type))
def test_the_deepest_expressions_compile(kind: Type) -> None:
    """Generated code nests deeper than its source, and Python allows 200 brackets."""
    tried = 0
    for template in TEMPLATES[kind]:
        for levels in range(40, 0, -1):
            source = nested(template, kind, levels)
            try:
                found = check(parse(source), ENV)
            except LanguageError:
                continue  # too deep or too large for the language itself
            if isinstance(found, list):
                break  # not a type that can stand in its own place
            began = time.process_time()
            assert interpret(found, UNKNOWN, in_list) == compiled(source, UNKNOWN)
            assert interpret(found, TYPICAL, in_list) == compiled(source, TYPICAL)
            assert time.process_time() - began < 1
            tried += 1
            break
    assert tried >= 3
