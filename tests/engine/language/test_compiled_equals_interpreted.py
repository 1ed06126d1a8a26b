"""The compiled form and the plain interpreter agree on everything: value and type."""

from __future__ import annotations

import ast
import math
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from guanlan.engine.language import (
    Type,
    Typed,
    check,
    compile_expr,
    from_json,
    interpret,
    parse,
    sentence,
    to_json,
)
from guanlan.engine.language.phrases import LANGUAGES
from tests.engine.language.expressions import boolean, of_any_type, values
from tests.engine.language.world import ENV, Value, in_list, run

_PYTHON: dict[Type, tuple[type, ...]] = {
    Type.BOOL: (bool,),
    Type.INT: (int,),
    Type.NUMBER: (float, int),
    Type.MONEY: (int, float),
    Type.STRING: (str,),
    Type.TIME: (int, float),
    Type.DURATION: (int, float),
}
_REFUSED = ("a division by 0 is always unknown", "this duration is too long")
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def well_typed(source: str) -> Typed:
    """The checked expression; random constants that are refused are thrown away."""
    found = check(parse(source), ENV)
    if isinstance(found, list):
        assert all(issue.message in _REFUSED for issue in found), (source, found)
    assume(isinstance(found, Typed))
    assert isinstance(found, Typed)
    return found


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and repr(a) == repr(b)


@settings(max_examples=400, deadline=None, suppress_health_check=_QUIET)
@given(of_any_type(), st.lists(values(), min_size=1, max_size=3))
def test_same_value_and_same_type(source: str, many: list[dict[str, Value]]) -> None:
    expr = well_typed(source)
    fragment = compile_expr(expr, ENV, prefix="r7_")
    for one in many:
        expected = interpret(expr, one, in_list)
        found = run(fragment, one)
        assert same(found, expected), (fragment.source, one)
        if expected is None:
            assert expr.optional
        else:
            assert type(expected) in _PYTHON[expr.type]
            assert not isinstance(expected, float) or math.isfinite(expected)


@settings(max_examples=150, deadline=None, suppress_health_check=_QUIET)
@given(boolean(depth=6), values())
def test_deep_conditions(source: str, one: dict[str, Value]) -> None:
    expr = well_typed(source)
    assert same(run(compile_expr(expr, ENV), one), interpret(expr, one, in_list))


@settings(max_examples=100, deadline=None, suppress_health_check=_QUIET)
@given(st.lists(boolean(depth=3), min_size=2, max_size=5), values())
def test_fragments_live_together_in_one_function(sources: list[str], one: dict[str, Value]) -> None:
    """Prefixes keep temporaries and globals apart, even r1 and r11."""
    exprs = [well_typed(source) for source in sources]
    prefixes = ["r1", "r11", "r1_", "r", "r1_1"]
    fragments = [
        compile_expr(expr, ENV, prefix=prefix)
        for expr, prefix in zip(exprs, prefixes, strict=False)
    ]
    space: dict[str, Any] = {"__builtins__": {}}
    for fragment in fragments:
        assert not space.keys() & fragment.globals.keys()
        space.update(fragment.globals)
    body = ", ".join(fragment.source for fragment in fragments)
    exec(f"def judge(e, L): return [{body}]\n", space)
    together = space["judge"]([one[name] for name in ENV.names], in_list)
    alone = [interpret(expr, one, in_list) for expr in exprs]
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))


@settings(max_examples=100, deadline=None, suppress_health_check=_QUIET)
@given(of_any_type(), values())
def test_a_stored_expression_means_the_same(source: str, one: dict[str, Value]) -> None:
    expr = well_typed(source)
    stored = check(from_json(to_json(expr.expr)), ENV)
    assert isinstance(stored, Typed)
    assert same(interpret(stored, one, in_list), interpret(expr, one, in_list))
    assert stored.names == expr.names
    assert stored.lists == expr.lists


@settings(max_examples=100, deadline=None, suppress_health_check=_QUIET)
@given(of_any_type())
def test_every_expression_has_a_sentence(source: str) -> None:
    expr = well_typed(source)
    for lang in LANGUAGES:
        text = sentence(expr, ENV, lang)
        assert text
        assert text.count("(") == text.count(")")
        assert text.count("（") == text.count("）")
        assert "{" not in text


@settings(max_examples=100, deadline=None, suppress_health_check=_QUIET)
@given(of_any_type())
def test_generated_code_speaks_only_of_its_own_names(source: str) -> None:
    expr = well_typed(source)
    fragment = compile_expr(expr, ENV, prefix="r7_", in_list="L")
    tree = ast.parse(fragment.source, mode="eval")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert all(name in ("e", "L") or name.startswith("r7__") for name in used)
    assert set(fragment.globals) == {name for name in used if name.startswith("r7__g")}
    methods = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert methods <= {"lower", "upper", "startswith", "endswith"}
