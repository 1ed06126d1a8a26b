"""A strict look at the text before Python's own parser sees it.

`ast.parse` answers bad input in the words of Python and accepts much that is not this language.
Here every character is accounted for first, so that a person who typed a full-width comma, `&&`
or a lambda is told what to write instead, at the exact place, and so that nothing deep, huge or
strange reaches the parser at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from guanlan.engine.language.env import RESERVED_WORDS, LanguageError, LanguageIssue
from guanlan.engine.language.tree import MAX_DEPTH, MAX_INTEGER

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<quote>[A-Za-z]{0,3}[\"'])"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<wrong>\*\*|//|:=|->|<>|===|!==|&&|\|\||<<|>>|=>|=<|[+\-*/%]=)"
    r"|(?P<sign>[=!<>]=|[-+*/%<>(),\[\]])"
)
_NUMBER = re.compile(r"[0-9]+(_[0-9]+)*(\.([0-9]+(_[0-9]+)*)?)?([eE][+-]?[0-9]+)?|\.[0-9]+")
_WORD_CHARACTER = re.compile(r"[A-Za-z0-9_.]")
_ESCAPES = frozenset("\\\"'ntr")
_OPENING = MappingProxyType({"(": ")", "[": "]"})

WRONG_SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "**": "there is no power: multiply instead",
        "//": "there is no whole division: write round(a / b)",
        ":=": "a condition cannot store a value: write == to compare",
        "->": "`->` has no meaning here",
        "<>": "write != for “is not equal to”",
        "===": "write == to compare",
        "!==": "write != to compare",
        "&&": "write `and` instead of &&",
        "||": "write `or` instead of ||",
        "<<": "there are no bit operations: write < to compare, or multiply",
        ">>": "there are no bit operations: write > to compare, or divide",
        "=>": "write >= for “at least”",
        "=<": "write <= for “at most”",
        "=": "write == to compare; functions take their values by position, without names",
        "!": "write `not` instead of !",
        "&": "there are no bit operations: write `and`",
        "|": "there are no bit operations: write `or`",
        "^": "there are no bit operations and no power: multiply instead",
        "~": "there are no bit operations: write `not`",
        "@": "`@` has no meaning here",
        "#": "a condition holds no comments: put them in the file, outside the condition",
        ";": "a condition is one expression: join two with `and` or `or`",
        ":": "`:` has no meaning here: write two rules, or use `and` and `or`",
        "?": "there is no `a ? b : c`: write two rules, or use `and` and `or`",
        "{": "write a list in [ ]",
        "}": "write a list in [ ]",
        "$": "`$` has no meaning here: write names and numbers bare, money as money(220)",
        "`": "write a text in quotes and a name bare",
        "\\": "`\\` has no meaning outside a text: a condition may simply go on in the next line",
        ".": "names have no parts: write the name of the field or feature alone",
        "\0": "a condition cannot contain the character NUL",
    }
)

_FULL_WIDTH: Mapping[str, str] = MappingProxyType(
    {
        "。": ".", "、": ",", "“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"',
        "』": '"', "‘": "'", "’": "'", "【": "[", "】": "]", "〔": "[", "〕": "]", "《": "<",
        "》": ">", "〈": "<", "〉": ">", "×": "*", "÷": "/", "−": "-", "–": "-", "—": "-",
        "≥": ">=", "≧": ">=", "⩾": ">=", "≤": "<=", "≦": "<=", "⩽": "<=", "≠": "!=", "且": "and",
        "与": "and", "與": "and", "或": "or", "非": "not", "∧": "and", "∨": "or", "¬": "not",
        "∈": "in", "∉": "not in",
    }
)  # fmt: skip

WRONG_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "is": "write == instead of `is`",
        "None": "there is no None: write known(x), or not known(x)",
        "null": "there is no null: write known(x), or not known(x)",
        "nil": "there is no nil: write known(x), or not known(x)",
        "NULL": "there is no NULL: write known(x), or not known(x)",
        "lambda": "there are no functions of your own: write the condition itself",
        "if": "there is no `if … else`: write two rules, or use `and` and `or`",
        "else": "there is no `if … else`: write two rules, or use `and` and `or`",
        "for": "there are no loops: let a feature of the scenario count or sum",
        "await": "there is no `await` in a condition: remove it",
        "async": "there is no `async` in a condition: remove it",
        "yield": "there is no `yield` in a condition: remove it",
        "AND": "write `and` in small letters",
        "OR": "write `or` in small letters",
        "NOT": "write `not` in small letters",
        "IN": "write `in` in small letters",
        "TRUE": "write true",
        "FALSE": "write false",
    }
)
_OWN_WORDS = frozenset({"and", "or", "not", "in", "True", "False", "true", "false"})


def check_text(source: str) -> None:
    """Raise `LanguageError` at the first character, word or bracket that is not the language."""
    brackets: list[tuple[str, int]] = []
    position = prefixes = 0
    before = ""  # kind of the token before this one
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise _refuse(source, position, _about_character(source[position]))
        kind, text = str(match.lastgroup), match.group()
        if kind == "wrong":
            raise _refuse(source, position, WRONG_SIGNS.get(text, f"`{text}` has no meaning here"))
        if kind == "space":
            position = match.end()
            continue
        if kind == "number":
            _check_number(source, position, text)
        elif kind == "word":
            _check_word(source, position, text)
        elif kind == "sign":
            _check_bracket(source, position, text, brackets)
        end = match.end()
        if kind == "quote":
            if before == "quote":
                raise _refuse(source, position, "a comma is missing between two texts")
            end = _end_of_text(source, position, text)
        prefixes = prefixes + 1 if text in ("-", "not") else 0
        if prefixes > MAX_DEPTH:
            raise _refuse(source, position, f"more than {MAX_DEPTH} levels of nesting")
        before, position = kind, end
    if brackets:
        sign, place = brackets[-1]
        raise _refuse(source, place, f"this {sign} is never closed with {_OPENING[sign]}")
    if not before:
        raise _refuse(source, 0, "the condition is empty")


def place(source: str, position: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character of `source`."""
    line_start = source.rfind("\n", 0, position) + 1
    return source.count("\n", 0, position) + 1, position - line_start + 1


def _refuse(source: str, position: int, message: str) -> LanguageError:
    return LanguageError(LanguageIssue(*place(source, position), message))


def _about_character(character: str) -> str:
    if character in WRONG_SIGNS:
        return WRONG_SIGNS[character]
    if character in _FULL_WIDTH:
        return f"“{character}” cannot be used here: write {_FULL_WIDTH[character]} (half-width)"
    code = ord(character)
    if 0xFF01 <= code <= 0xFF5E:
        return f"“{character}” is full-width: write {chr(code - 0xFEE0)} (half-width)"
    if character.isspace() or code in (0xFEFF, 0x200B, 0x2060):
        return f"a special blank (U+{code:04X}) stands here: write a plain space"
    if not character.isprintable():
        return f"the invisible character U+{code:04X} cannot be used here"
    if character.isalpha():
        return (
            f"“{character}” cannot be part of a name: names are written in a-z, 0-9 and _, "
            "so write the id of the field or feature, not its title; texts go in quotes"
        )
    return f"“{character}” has no meaning here"


def _check_number(source: str, position: int, text: str) -> None:
    end = position + len(text)
    if _NUMBER.fullmatch(text) is None or (
        end < len(source) and _WORD_CHARACTER.match(source[end])
    ):
        raise _refuse(source, position, "this is not a number: write it like 220, 0.5 or 1_000_000")
    digits = text.replace("_", "")
    if digits.isdigit():
        if len(digits) > 1 and digits[0] == "0":
            raise _refuse(source, position, "a number does not begin with 0")
        if len(digits) > 16 or int(digits) > MAX_INTEGER:
            raise _refuse(source, position, "this number is too large: at most 2**53")
    elif float(digits) > 1e300:
        raise _refuse(source, position, "this number is too large: at most 1e300")


def _check_word(source: str, position: int, text: str) -> None:
    if text in WRONG_WORDS:
        raise _refuse(source, position, WRONG_WORDS[text])
    if text in _OWN_WORDS:
        return
    if text in RESERVED_WORDS:
        raise _refuse(source, position, f"`{text}` is a reserved word and cannot be used here")
    if text.startswith("_"):
        raise _refuse(source, position, "a name begins with a letter")
    if len(text) > 100:
        raise _refuse(source, position, "a name has at most 100 characters")


def _check_bracket(source: str, position: int, text: str, open_: list[tuple[str, int]]) -> None:
    if text in _OPENING:
        open_.append((text, position))
        if len(open_) > MAX_DEPTH:
            raise _refuse(source, position, f"more than {MAX_DEPTH} levels of nesting")
    elif text in (")", "]"):
        if not open_:
            raise _refuse(source, position, f"this {text} was never opened")
        opening = open_.pop()[0]
        if _OPENING[opening] != text:
            raise _refuse(
                source, position, f"{_OPENING[opening]} was expected here, to close {opening}"
            )


def _end_of_text(source: str, start: int, opening: str) -> int:
    """Position after the closing quote of the text that begins at `start`."""
    prefix, quote = opening[:-1].lower(), opening[-1]
    if prefix == "f":
        raise _refuse(source, start, "there are no f-strings: compare with a plain text")
    if prefix not in ("", "r"):
        raise _refuse(source, start, f"{opening[:-1]} before a quote has no meaning here")
    position = start + len(opening)
    if source.startswith(quote * 2, position):
        raise _refuse(source, start, "write a text in single quotation marks, not in three")
    while position < len(source):
        character = source[position]
        if character == quote:
            return position + 1
        if character in "\n\r":
            break
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise _refuse(source, position, "this character cannot stand in a text")
        if character == "\\":
            if not prefix:
                position += _escape(source, position)
                continue
            if source[position + 1 : position + 2] in (quote, "\\"):
                position += 1
        position += 1
    raise _refuse(source, start, f"this text is never closed with {quote}")


def _escape(source: str, position: int) -> int:
    """Length of the escape that begins at `position`, e.g. 2 for \\n."""
    following = source[position + 1 : position + 2]
    if following in _ESCAPES and following:
        return 2
    if following == "u":
        code = source[position + 2 : position + 6]
        if re.fullmatch(r"[0-9a-fA-F]{4}", code) and not 0xD800 <= int(code, 16) <= 0xDFFF:
            return 6
        raise _refuse(source, position, "\\u needs the four digits of a character, like \\u00e9")
    raise _refuse(
        source,
        position,
        f"\\{following} has no meaning in a text: write \\\\, or put r before the opening quote",
    )
