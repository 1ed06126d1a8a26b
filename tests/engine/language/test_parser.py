"""What the language accepts as text, and the sentence it answers to everything else."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.language import LanguageError, from_json, parse, to_json, to_source
from guanlan.engine.language.tree import Call, Comparison, Constant, Logic, Name, children
from tests.engine.language.expressions import boolean


def refusal(source: str) -> tuple[int, int, str]:
    with pytest.raises(LanguageError) as caught:
        parse(source)
    assert len(caught.value.issues) == 1
    issue = caught.value.issues[0]
    return issue.line, issue.column, issue.message


def test_nodes_know_their_place() -> None:
    expr = parse('amount > money(220)\n  and note == "转账" and fails > 3')
    assert isinstance(expr, Logic)
    last = expr.operands[2]
    assert isinstance(last, Comparison)
    assert (last.line, last.column) == (2, 24)
    assert [(one.line, one.column) for one in last.operands] == [(2, 24), (2, 32)]


def test_equality_ignores_layout_and_nothing_else() -> None:
    assert parse("a>1 and b") == parse("( a > 1 )\n and\tb")
    assert hash(parse("a>1")) == hash(parse("a  >  1"))
    assert parse("a > 1") != parse("a > 1.0")
    assert parse("true") != parse("1")
    assert parse("a > 1") != parse("a >= 1")


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("True and  False", "true and false"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("not (a == b)", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("-(-x)", "--x"),
        ("-(a*b)", "-(a * b)"),
        ("(-a)*b", "-a * b"),
        ("a not in[1,2]", "a not in [1, 2]"),
        ("(a < b) == (c < d)", "(a < b) == (c < d)"),
        ("a<b<=c", "a < b <= c"),
        ("f(a,'it\"s',r'\\d+')", 'f(a, "it\\"s", "\\\\d+")'),
        ("x > 1_000_000", "x > 1000000"),
        ("x > 1e3", "x > 1000.0"),
        ('n == "\\u00e9\\n转"', 'n == "é\\n转"'),
        ("a and (b and c)", "a and (b and c)"),
    ],
)
def test_one_way_to_write_it(source: str, canonical: str) -> None:
    assert to_source(parse(source)) == canonical
    assert to_source(parse(canonical)) == canonical


@settings(deadline=None)
@given(boolean())
def test_printing_and_json_keep_the_tree(source: str) -> None:
    expr = parse(source)
    assert parse(to_source(expr)) == expr
    assert from_json(to_json(expr)) == expr
    assert to_json(parse(to_source(expr))) == to_json(expr)


def test_json_is_versioned_and_has_no_positions() -> None:
    document = msgspec.json.decode(to_json(parse("a > 1")))
    assert document == {
        "language": 1,
        "expression": {
            "node": "comparison",
            "operands": [
                {"node": "name", "name": "a"},
                {"node": "constant", "value": 1},
            ],
            "ops": [">"],
        },
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"language":2,"expression":{"node":"name","name":"a"}}',
        b'{"language":1,"expression":{"node":"name","name":"a or b"}}',
        b'{"language":1,"expression":{"node":"name","name":"__import__"}}',
        b'{"language":1,"expression":{"node":"name","name":"true"}}',
        b'{"language":1,"expression":{"node":"constant","value":-1}}',
        b'{"language":1,"expression":{"node":"constant","value":1e999}}',
        b'{"language":1,"expression":{"node":"constant","value":90071992547409930}}',
        b'{"language":1,"expression":{"node":"constant","value":null}}',
        b'{"language":1,"expression":{"node":"logic","op":"and","operands":[]}}',
        b'{"language":1,"expression":{"node":"comparison","operands":[],"ops":["<"]}}',
        (
            b'{"language":1,"expression":{"node":"comparison","operands":[{"node":"name","name":"a"},'
            b'{"node":"name","name":"b"}],"ops":["<","<"]}}'
        ),
        b'{"language":1,"expression":{"node":"constant","value":"\\ud800"}}',
        b'{"language":1,"expression":{"node":"list","items":[]}}',
        b'{"language":1,"expression":' + b'{"node":"not","operand":' * 100_000,
        b'{"language":1,"expression":'
        + b'{"node":"not","operand":' * 60
        + b'{"node":"name","name":"a"}'
        + b"}" * 61,
        b"\xff\xfe",
    ],
)
def test_json_from_elsewhere_cannot_walk_around_the_parser(data: bytes) -> None:
    with pytest.raises(LanguageError):
        from_json(data)


@pytest.mark.parametrize(
    ("source", "line", "column", "says"),
    [
        ("", 1, 1, "empty"),
        (" \n ", 1, 1, "empty"),
        ("amount >", 1, 9, "missing"),
        ("amount > and b", 1, 10, "cannot be read"),
        ("a b", 1, 1, "cannot be read"),
        ("(a", 1, 1, "never closed"),
        ("a)", 1, 2, "never opened"),
        ("f(a]", 1, 4, ") was expected"),
        ("a) or (b", 1, 2, "never opened"),
        ('a == "x', 1, 6, "never closed"),
        ("a = 1", 1, 3, "write =="),
        ("a && b", 1, 3, "`and`"),
        ("a || b", 1, 3, "`or`"),
        ("!a", 1, 1, "`not`"),
        ("a <> b", 1, 3, "!="),
        ("a ** 2", 1, 3, "multiply"),
        ("9**9**9", 1, 2, "multiply"),
        ("a // 2", 1, 3, "round(a / b)"),
        ("a & b", 1, 3, "bit operations"),
        ("a | b", 1, 3, "bit operations"),
        ("a ^ b", 1, 3, "multiply"),
        ("~a", 1, 1, "`not`"),
        ("a << 2", 1, 3, "bit operations"),
        ("a is b", 1, 3, "=="),
        ("a == None", 1, 6, "known(x)"),
        ("lambda: a", 1, 1, "functions of your own"),
        ("a if b else c", 1, 3, "two rules"),
        ("[x for x in a]", 1, 4, "feature"),
        ("await a", 1, 1, "remove"),
        ("(yield a)", 1, 2, "remove"),
        ("a.b", 1, 2, "no parts"),
        ("a[0]", 1, 1, "no [ ] after a name"),
        ('f"{a}"', 1, 1, "f-strings"),
        ('b"x"', 1, 1, "before a quote"),
        ('"""x"""', 1, 1, "not in three"),
        ('"a" "b"', 1, 5, "comma is missing"),
        ("(a := 1)", 1, 4, "write =="),
        ("f(*a)", 1, 3, "one by one"),
        ("f(**a)", 1, 3, "multiply"),
        ("f(x=1)", 1, 4, "by position"),
        ("f(1)(2)", 1, 1, "only functions"),
        ("+a", 1, 1, "leave out the +"),
        ("[a, b]", 1, 1, "right of `in`"),
        ("a in b", 1, 6, "list in [ ]"),
        ("a in (1, 2)", 1, 6, "list in [ ]"),
        ("a, b", 1, 1, "comma too much"),
        ("a < b in [1]", 1, 1, "part of a chain"),
        ("{a}", 1, 1, "[ ]"),
        ("a; b", 1, 2, "one expression"),
        ("a # why", 1, 3, "comments"),
        ("a @ b", 1, 3, "no meaning"),
        ("a ? b : c", 1, 3, "two rules"),
        ("$a", 1, 1, "money(220)"),
        ("a \\\n and b", 1, 3, "next line"),
        ("_a", 1, 1, "begins with a letter"),
        ("class > 1", 1, 1, "reserved word"),
        ("a AND b", 1, 3, "small letters"),
        ("3a", 1, 1, "not a number"),
        ("0x10", 1, 1, "not a number"),
        ("1j", 1, 1, "not a number"),
        ("1.2.3", 1, 1, "not a number"),
        ("1__0", 1, 1, "not a number"),
        ("007", 1, 1, "begin with 0"),
        ("1e999", 1, 1, "too large"),
        ("9007199254740993", 1, 1, "2**53"),
        ("a > " + "9" * 3000, 1, 5, "2**53"),
        ("nan > inf and\n a\0b", 2, 3, "NUL"),
        ('"a\0b"', 1, 3, "cannot stand in a text"),
        ('"\\d"', 1, 2, "put r before"),
        ('"\\ud800"', 1, 2, "four digits"),
        ('r"\\\0"', 1, 4, "cannot stand in a text"),
        ("a\u00a0> 1", 1, 2, "special blank"),
        ("a\u200b> 1", 1, 2, "special blank"),
        ("a\x07", 1, 2, "invisible"),
        ("a ,", 1, 1, "comma too much"),
        ("...", 1, 1, "no parts"),
    ],
)
def test_refusals_say_what_to_write(source: str, line: int, column: int, says: str) -> None:
    found = refusal(source)
    assert found[:2] == (line, column)
    assert says in found[2]
    assert "\n" not in found[2]


@pytest.mark.parametrize(
    ("source", "column", "says"),
    [
        ("max(amount， fails) > 3", 11, "write , (half-width)"),
        ("（a or b） and c", 1, "write ( (half-width)"),
        ("fails ＞ 3", 7, "write > (half-width)"),
        ("fails ≥ 3", 7, "write >= (half-width)"),
        ("note == “x”", 9, 'write " (half-width)'),
        ("note == 「x」", 9, 'write " (half-width)'),
        ("fails > ３", 9, "write 3 (half-width)"),
        ("a 且 b", 3, "write and (half-width)"),
        ("a 或 b", 3, "write or (half-width)"),
        ("fails　> 3", 6, "plain space"),
        ("fails × 3 > 1", 7, "write * (half-width)"),
        ("channel in 【1】", 12, "write [ (half-width)"),
        ("a、b", 2, "write , (half-width)"),
        ("金额 > 3", 1, "write the id of the field"),
        ("amоunt > 3", 3, "write the id of the field"),  # a Cyrillic o
        ("café > 3", 4, "write the id of the field"),
    ],
)
def test_what_a_chinese_keyboard_types_is_understood(source: str, column: int, says: str) -> None:
    found = refusal(source)
    assert found[:2] == (1, column)
    assert says in found[2]


def test_texts_may_hold_any_script() -> None:
    expr = parse('note == "转账，（备注）😀"')
    assert isinstance(expr, Comparison)
    assert expr.operands[1] == Constant(value="转账，（备注）😀")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("(" * 10_000 + "a" + ")" * 10_000, "characters"),
        ("a" * 1_000_000, "characters"),
        ("(" * 1_900 + "a" + ")" * 1_900, "levels"),
        ("[" * 3_000, "levels"),
        ("-" * 3_900 + "1", "levels"),
        ("not " * 990 + "a", "levels"),
        ("not -" * 700 + "a", "levels"),
        ("f(" * 1_000 + "a" + ")" * 1_000, "levels"),
        ("a+" * 1_990 + "a", "levels"),
        ("(not " * 40 + "a" + ")" * 40, "levels"),
        ("a or " * 700 + "a", "parts"),
        ("a<" * 1_900 + "a", "parts"),
        ("x in [" + "1," * 1_500 + "1]", "parts"),
    ],
)
def test_nothing_large_or_deep_is_taken_in(source: str, says: str) -> None:
    began = time.process_time()
    assert says in refusal(source)[2]
    assert time.process_time() - began < 1


def test_the_limits_themselves_are_allowed() -> None:
    deep = "a"
    for _ in range(39):
        deep = f"-{deep}"
    parse(deep)
    parse("(" * 40 + "a" + ")" * 40)
    wide = parse("a or " * 498 + "a")
    assert isinstance(wide, Logic)
    assert len(children(wide)) == 499
    parse("a == 9007199254740992")
    parse(" " * 3_999 + "a")


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("()[]<>=!+-*/%,.'\"\\ \nabnotri01_", max_size=60))
def test_any_text_is_read_or_refused_in_one_sentence(source: str) -> None:
    try:
        expr = parse(source)
    except LanguageError as error:
        lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for issue in error.issues:
            assert 1 <= issue.line <= len(lines)
            assert 1 <= issue.column <= len(lines[issue.line - 1]) + 1
            assert issue.message
            assert "\n" not in issue.message
    else:
        assert parse(to_source(expr)) == expr


def test_calls_keep_their_arguments() -> None:
    expr = parse('in_list(payee, "mules")')
    assert expr == Call(function="in_list", arguments=(Name(name="payee"), Constant(value="mules")))
