"""The rule language: typed conditions over events and features, with three-valued logic.

expr = parse("user_out_24h > money(50000) and known(device)")
typed = check(expr, env)              # Typed, or a list of LanguageIssue
interpret(typed, values, in_list)     # True, False or None (unknown)
compile_expr(typed, env)              # the same as the source of a Python expression
"""

from __future__ import annotations

from guanlan.engine.language.checker import check
from guanlan.engine.language.compiler import Fragment, compile_expr
from guanlan.engine.language.env import (
    RESERVED_WORDS,
    WORDS,
    Env,
    LanguageError,
    LanguageIssue,
    Name,
    Titled,
    Type,
)
from guanlan.engine.language.functions import FUNCTIONS, Function
from guanlan.engine.language.interpreter import interpret
from guanlan.engine.language.parser import from_json, parse
from guanlan.engine.language.printer import to_source
from guanlan.engine.language.sentences import sentence
from guanlan.engine.language.tree import LANGUAGE_VERSION, Expr, to_json
from guanlan.engine.language.typed import Typed

__all__ = [
    "FUNCTIONS",
    "LANGUAGE_VERSION",
    "RESERVED_WORDS",
    "WORDS",
    "Env",
    "Expr",
    "Fragment",
    "Function",
    "LanguageError",
    "LanguageIssue",
    "Name",
    "Titled",
    "Type",
    "Typed",
    "check",
    "compile_expr",
    "from_json",
    "interpret",
    "parse",
    "sentence",
    "to_json",
    "to_source",
]
