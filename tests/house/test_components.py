"""What is installed is listed, pinned and expected; nothing else is in what runs."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib

import pytest

from tests.house.tree import ROOT, SOURCE, name, sources, text, tracked, tree

LOCKS = ("base.txt", "dev.txt", "node.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# The name that is imported, where it is not that of the distribution.
IMPORTED = {
    "django-allauth": "allauth", "django-htmx": "django_htmx", "google-re2": "re2",
    "psycopg": "psycopg", "pyyaml": "yaml", "polars": "polars",
}  # fmt: skip
# What comes with a package that is declared, and is used by its own name.
WITH = {
    "httpcore": "httpx", "fido2": "django-allauth", "jwt": "django-allauth", "asgiref": "django",
    "requests": "apprise", "urllib3": "apprise", "uvloop": "uvicorn",
    "httptools": "uvicorn",
}  # fmt: skip
# Formats and patterns that are handed over: what they are made of is in the source all the same.
HANDED = {
    "src/guanlan/engine/language/compiler.py format of template": "texts of functions.py",
    "src/guanlan/fraud/neighbours.py format of part": "parts of one statement",
    "src/guanlan/engine/scenario/reading.py a pattern of pattern": "patterns of vocabulary.py",
}


def bare(requirement: str) -> str:
    return re.split(r"[\[=<>~!;@ ]", requirement, maxsplit=1)[0].lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_is_one_version_with_its_hashes_and_from_no_other_place(lock: str) -> None:
    whole = (ROOT / "requirements" / lock).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in whole.splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9._-]+(?:\[[a-z,]+\])?==[^ ;]+( ;.*?)? +--hash=sha256:", line), line
        assert "://" not in line
        assert set(re.findall(r" --([a-z-]+)", line)) == {"hash"}


def test_what_browsers_load_is_listed_with_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    listed = {where: one for where, one in packages.items() if where}
    assert any("echarts" in where for where in listed)
    for where, one in listed.items():
        assert one["integrity"].startswith("sha512-"), where
        assert "resolved" not in one, where


def test_what_runs_imports_what_is_declared_for_it_and_nothing_of_the_workshop() -> None:
    declared = {bare(one) for one in PROJECT["dependencies"]}
    allowed = {IMPORTED.get(one, one.replace("-", "_")) for one in declared}
    allowed |= {one for one, owner in WITH.items() if owner in declared}
    allowed |= {"guanlan", *sys.stdlib_module_names}
    foreign = set()
    for path in sources():
        if SOURCE not in path.parents:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                words = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                words = [node.module or ""]
            else:
                continue
            foreign |= {
                f"{name(path)}: {word}" for word in words if word.partition(".")[0] not in allowed
            }
    assert foreign == set()


def test_the_workshop_is_not_in_the_list_of_what_runs() -> None:
    base = (ROOT / "requirements" / "base.txt").read_text("utf-8")
    running = {bare(line) for line in base.splitlines() if "==" in line}
    workshop = {bare(one) for one in PROJECT["optional-dependencies"]["dev"]}
    assert workshop & running <= {"setuptools"}


def test_no_source_makes_a_template_or_a_format_of_data() -> None:
    """`.format`, templates and patterns are of constants: data is put in, never made of."""
    bad = []
    for path in sources():
        if SOURCE not in path.parents:
            continue
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            called, on = node.func.attr, ast.unparse(node.func.value)
            if called in ("from_string", "format_map") or (called == "Template" and on != "self"):
                bad.append(f"{name(path)}:{node.lineno} {called}")
            if called == "format" and not _constant(node.func.value):
                bad.append(f"{name(path)} format of {on}")
            if on == "re" and called != "escape" and node.args and not _constant(node.args[0]):
                bad.append(f"{name(path)} a pattern of {ast.unparse(node.args[0])}")
        if "__regex" in (text(path) or "") or "__iregex" in (text(path) or ""):
            bad.append(f"{name(path)} looks up by a pattern")
    assert set(bad) == set(HANDED)


def _constant(node: ast.expr) -> bool:
    """Text in the source itself: a literal, or a name in capitals that stands for one."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    if isinstance(node, ast.JoinedStr):
        return all(
            _constant(one.value) for one in node.values if isinstance(one, ast.FormattedValue)
        )
    word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return bool(word) and word == word.upper()


POLLUTES = re.compile(
    r"__proto__|\bconstructor\s*[\[.]\s*[\"']?prototype|\b\w+\[(?!\d+\]|[\"'])[^\]]+\]\s*=[^=]"
)


def test_no_script_writes_into_an_object_by_a_name_out_of_data() -> None:
    """So no name that came with data can be `__proto__`: what is looked up by one is a Map."""
    scripts = [path for path in tracked() if path.suffix == ".js" and SOURCE in path.parents]
    assert scripts
    found = [
        f"{name(path)}:{number} {hit[0]}"
        for path in scripts
        for number, line in enumerate((text(path) or "").splitlines(), 1)
        for hit in POLLUTES.finditer(line)
    ]
    assert found == []
    for bad in ("target[key] = value", "a['__proto__'].x = 1", "rows[row.id] = row"):
        assert POLLUTES.search(bad)
    for good in ("cells[0] = x", "if (a[key] === b)", "const [a, b] = pair"):
        assert not POLLUTES.search(good)
