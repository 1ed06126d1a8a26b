"""Random well-typed expressions, as text, and random values for the names they use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from guanlan.engine.language import Type
from tests.engine.language.world import ENV, TYPICAL, Value

T = TypeVar("T")
_INT64 = st.integers(-(2**63), 2**63) | st.integers(-3, 3) | st.integers(-100_000, 100_000)
_FLOATS = st.floats(-(2.0**63), 2.0**63) | st.sampled_from(
    [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 3.5, 5e-324, 1e-300, 89.99, -180.0, 2.0**53, 2.0**63]
)
_TEXTS = st.text(max_size=6) | st.sampled_from(
    ["app", "web", "", "a" * 40, "转账 rent", "u-9", "İ"]
)
_VALUES: dict[Type, st.SearchStrategy[Value]] = {
    Type.BOOL: st.booleans(),
    Type.INT: _INT64,
    Type.NUMBER: _FLOATS,
    Type.MONEY: _INT64,
    Type.STRING: _TEXTS,
    Type.TIME: _INT64 | st.integers(0, 4_000_000_000_000_000),
    Type.DURATION: _INT64 | st.integers(0, 86_400_000_000),
}
_CONSTANTS: dict[Type, list[str]] = {
    Type.BOOL: ["true", "false"],
    Type.INT: ["0", "1", "2", "3", "5", "12", "1000000", "9007199254740992"],
    Type.NUMBER: ["0.0", "0.5", "2.5", "3.0", "0.1", "1e16", "1e160", "1e300", "1e-300"],
    Type.MONEY: ["money(0)", "money(220)", 'money("0.01")', "money(50000.5)"],
    Type.STRING: ['"app"', '"web"', '"branch"'],
    Type.TIME: [],
    Type.DURATION: ["seconds(0)", "minutes(5)", "hours(1.5)", "days(90)"],
}
_PATTERNS = ['"^a+$"', 'r"(a+)+$"', '"转|出"', 'r"\\bp"', '"(?i)WEB"', '""']
_PARTS = ['"a"', '""', '"app"', '"账"', '"İ"', "lower(note)"]
_LISTED = ['in_list(user, "mules")', 'in_list(payee, "mules")', 'in_list(device, "bad_devices")']

_ORDERED = ["min({k}, {k})", "max({k}, {k}, {k})", "coalesce({k}, {k})"]
_SIGNED = [*_ORDERED, "({k}) + ({k})", "({k}) - ({k})", "({k}) % ({k})", "-({k})", "abs({k})"]
_UNIT = [*_SIGNED, "({k}) * ({n})", "({k}) / ({n})", "({n}) * ({k})", "round({k})"]
# {k} is the type itself; b i n m s t d the others, n meaning int or number.
TEMPLATES: dict[Type, list[str]] = {
    Type.BOOL: [
        "({k}) and ({k})", "({k}) and ({k}) and ({k})", "({k}) and not ({k}) and ({k}) and ({k})",
        "({k}) or ({k})", "({k}) or ({k}) or ({k})", "({k}) or ({k}) or not ({k}) or ({k})",
        "not ({k})", "coalesce({k}, {k})", "contains({s}, {part})", "starts_with({s}, {part})",
        "ends_with({s}, {part})", "matches({s}, {pattern})", "{listed}",
        "known({b})", "known({n})", "known({m})", "known({s})", "known({t})", "known({d})",
        *("({?}) {e} ({?})".replace("?", x) for x in "bs"),
        *("({?}) {o} ({?})".replace("?", x) for x in "nmtd"),
        *("({?}) {o} ({?}) {o} ({?})".replace("?", x) for x in "nmtd"),
        *("({?}) {o} ({?}) {o} ({?}) {o} ({?})".replace("?", x) for x in "nm"),
        *("({?}) {in} [{?}]".replace("?", x) for x in "bsnmtd"),
        *("({?}) {in} [{?}, {c?}, {?}]".replace("?", x) for x in "bsnmd"),
        *("({?}) {in} [{c?}, {c?}, {c?}]".replace("?", x) for x in "bsnmd"),
    ],
    Type.INT: [
        *_SIGNED, "({k}) * ({k})", "round({n})", "len({s})", "hour({t})", "weekday({t})",
    ],
    Type.NUMBER: [
        *_SIGNED, "({n}) * ({n})", "({n}) / ({n})", "({n}) + ({n})", "({n}) % ({n})",
        "({m}) / ({m})", "({d}) / ({d})", "min({n}, {n})", "coalesce({n}, {n})",
        "distance_km({n}, {n}, lat, {n})",
    ],
    Type.MONEY: _UNIT,
    Type.STRING: ["lower({k})", "upper({k})", "coalesce({k}, {k})"],
    Type.TIME: [*_ORDERED, "({k}) + ({d})", "({k}) - ({d})", "({d}) + ({k})"],
    Type.DURATION: [*_UNIT, "({t}) - ({t})", "minutes({n})", "days({n})"],
}  # fmt: skip
_LETTERS = {
    "b": Type.BOOL, "n": Type.NUMBER, "m": Type.MONEY, "s": Type.STRING, "t": Type.TIME,
    "d": Type.DURATION,
}  # fmt: skip
_SIGNS = ["==", "!=", "<", "<=", ">", ">="]


def values() -> st.SearchStrategy[dict[str, Value]]:
    """Values for every name; those that may be unknown sometimes are."""
    fixed: dict[str, st.SearchStrategy[Value]] = {}
    for key, name in ENV.names.items():
        one = st.sampled_from(name.values) if name.values else _VALUES[name.type]
        if key == "user_avg":  # an average is a fraction of minor units
            one = _FLOATS | _INT64
        fixed[key] = (st.none() | one | one) if name.optional else one
    return st.fixed_dictionaries(fixed) | st.just(TYPICAL)


def boolean(depth: int = 4) -> st.SearchStrategy[str]:
    """Conditions."""
    return _sources(Type.BOOL, depth)


def of_any_type(depth: int = 4) -> st.SearchStrategy[str]:
    return _sources(None, depth)


def nested(template: str, kind: Type, levels: int) -> str:
    """The template put into its own last place again and again, with names elsewhere."""
    plain = {"o": "<", "e": "==", "in": "not in", "part": '"a"', "pattern": '"a"', "listed": "true"}
    first = {"b": "rooted", "n": "devices", "m": "user_avg", "s": "note", "t": "valid_until"}
    first |= {"d": "since_last"}
    own = next(letter for letter, of in [*_LETTERS.items(), ("n", Type.INT)] if of is kind)
    head, middle, tail = (
        template.rpartition("{k}") if "{k}" in template else template.rpartition(f"{{{own}}}")
    )
    plain |= {"k": first[own], **first, **{f"c{letter}": name for letter, name in first.items()}}
    head, tail = (_named(text, plain) for text in (head, tail))
    return head * levels + first[own] + tail * levels if middle else first[own]


def _named(template: str, names: dict[str, str]) -> str:
    pieces = template.replace("{", "\0").replace("}", "\0").split("\0")
    return "".join(names[piece] if index % 2 else piece for index, piece in enumerate(pieces))


@st.composite
def _sources(draw: st.DrawFn, kind: Type | None, depth: int) -> str:
    return _Writer(draw, depth).write(kind or draw(st.sampled_from(Type)), depth)


class _Writer:
    """Chooses by plain draws: strategies nested in strategies would take minutes."""

    def __init__(self, draw: st.DrawFn, depth: int) -> None:
        self._draw = draw
        self._left = 12 * depth  # operations that may still be written

    def _pick(self, options: Sequence[T]) -> T:
        return options[self._draw(st.integers(0, len(options) - 1))]

    def write(self, kind: Type, depth: int) -> str:
        self._left -= 1
        if depth <= 0 or self._left <= 0 or self._draw(st.integers(0, 7)) == 0:
            names = [key for key, name in ENV.names.items() if name.type is kind]
            return self._pick(names + names + _CONSTANTS[kind])
        return self._fill(self._pick(TEMPLATES[kind]), kind, depth - 1)

    def _fill(self, template: str, kind: Type, depth: int) -> str:
        pieces = template.replace("{", "\0").replace("}", "\0").split("\0")
        return "".join(
            self._part(piece, kind, depth) if index % 2 else piece
            for index, piece in enumerate(pieces)
        )

    def _part(self, key: str, kind: Type, depth: int) -> str:
        if key == "k":
            return self.write(kind, depth)
        if key in _LETTERS:
            other = _LETTERS[key]
            if other is Type.NUMBER:
                other = self._pick([Type.INT, Type.NUMBER])
            return self.write(other, depth)
        if key[0] == "c":
            return self._pick(_CONSTANTS[_LETTERS[key[1]]])
        options = {
            "o": _SIGNS, "e": _SIGNS[:2], "in": ["in", "not in"], "part": _PARTS,
            "pattern": _PATTERNS, "listed": _LISTED,
        }  # fmt: skip
        return self._pick(options[key])
