"""What no page of the console does: say markup of data, run inline script, change state by GET."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.tree import SOURCE, name, sources, text, tracked, tree

TEMPLATES = [path for path in tracked() if path.suffix == ".html" and SOURCE in path.parents]
UNSAFE = re.compile(r"\|\s*safe(?:seq)?\b|\{%-?\s*autoescape\s+off")
INLINE = re.compile(r"\s(?:on[a-z]{3,}|style|hx-on[:a-z-]*)\s*=", re.IGNORECASE)
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b", re.IGNORECASE)
EVALUATES = re.compile(
    r"\b(?:eval|Function)\s*\(|\.innerHTML\s*=|insertAdjacentHTML|document\.write"
)
UNESCAPED = {"mark_safe", "SafeString", "SafeText", "safe"}


def found(pattern: re.Pattern[str], paths: list[Path] | None = None) -> list[str]:
    return [
        f"{name(path)}:{number} {hit[0].strip()}"
        for path in (TEMPLATES if paths is None else paths)
        for number, line in enumerate((text(path) or "").splitlines(), 1)
        for hit in pattern.finditer(line)
    ]


def test_no_template_says_data_as_markup() -> None:
    assert found(UNSAFE) == []


def test_no_template_has_inline_script_or_style() -> None:
    assert found(INLINE) == []
    assert found(SCRIPT) == []


def test_no_script_turns_text_into_markup_or_code() -> None:
    scripts = [path for path in tracked() if path.suffix == ".js" and SOURCE in path.parents]
    assert scripts
    assert found(EVALUATES, scripts) == []


def test_no_source_calls_data_safe() -> None:
    """`format_html` escapes what it is given; whatever calls a text safe does not."""
    bad = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                called = node.func
                word = (
                    called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                )
                if word in UNESCAPED:
                    bad.append(f"{name(path)}:{node.lineno} {word}")
                if word == "format_html" and node.args and isinstance(node.args[0], ast.JoinedStr):
                    bad.append(f"{name(path)}:{node.lineno} format_html of an f-string")
    assert bad == []


def test_the_checks_see_what_they_look_for() -> None:
    assert UNSAFE.search("{{ x|safe }}")
    assert UNSAFE.search("{% autoescape off %}")
    assert INLINE.search('<a onclick="x()">')
    assert INLINE.search('<p style="color: red">')
    assert not INLINE.search('<input name="only" data-on="x" autocomplete="off">')
    assert SCRIPT.search("<script>")
    assert not SCRIPT.search('<script src="x.js" defer>')
    assert EVALUATES.search("place.innerHTML = answer")
