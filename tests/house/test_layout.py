"""Rules about files: how long, how named, what may not stand in them."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, SOURCE, name, sources, text, tracked

FAIL_AT = 800
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}
LEFT_OPEN = re.compile(
    r"\b(?:NotImplementedError|TO" r"DO|FIX" r"ME|XXX)\b|coming soon|lorem ipsum", re.IGNORECASE
)
REGISTRY = re.compile(
    r"https?://[^\s\"'<>]+\.(?:whl|tar\.gz|tgz)\b"
    r"|\"resolved\":\s*\"http"
    r"|--(?:extra-)?index-url|--find-links|^\s*registry\s*=\s*http"
    r"|https?://(?:pypi\.org/simple|registry\.npmjs|files\.pythonhosted)",
    re.MULTILINE,
)
HOME = re.compile(r"(?<![\w.])/(?:home|Users)/[A-Za-z]\w*/")
RULES = "tests/house/test_layout.py"  # the words of the rules stand here, and only here


def test_no_source_file_is_too_long() -> None:
    # A migration is made by a program, one an app, and as long as the app has tables.
    written = [p for p in tracked() if p.suffix == ".py" and p.parent.name != "migrations"]
    lengths = {name(p): (text(p) or "").count("\n") for p in written}
    assert {n: length for n, length in lengths.items() if length > FAIL_AT} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    paths = [p.relative_to(SOURCE) for p in tracked() if SOURCE in p.parents]
    # Templates extend a `base.html`; that is Django's word and means something.
    modules = [p for p in paths if p.suffix == ".py"]
    bad = [p.as_posix() for p in modules if {*p.parts[:-1], p.stem} & SAYS_NOTHING]
    assert bad == []


def test_nothing_is_left_open() -> None:
    bad = [
        f"{name(path)}:{number}"
        for path in sources()
        for number, line in enumerate((text(path) or "").splitlines(), 1)
        if LEFT_OPEN.search(line)
    ]
    assert bad == []


def test_no_file_names_a_package_registry() -> None:
    bad = [name(p) for p in tracked() if name(p) != RULES and REGISTRY.search(text(p) or "")]
    assert bad == []


def test_no_file_bears_a_path_of_this_machine() -> None:
    own = [str(ROOT), str(ROOT.parent / "shared"), str(ROOT.parent / ".library")]
    bad = [
        name(path)
        for path in tracked()
        if name(path) != RULES
        and (HOME.search(text(path) or "") or any(o in (text(path) or "") for o in own))
    ]
    assert bad == []


def test_locks_are_hashed_and_the_front_end_is_not_committed() -> None:
    names = {name(p) for p in tracked()}
    assert "uv.lock" not in names
    assert not any(n.startswith("node_modules/") or n.endswith(".mo") for n in names)
    for lock in ("base", "dev", "node"):
        body = (ROOT / "requirements" / f"{lock}.txt").read_text()
        pinned = re.findall(
            r"^[A-Za-z0-9][\w.-]*==\S+(?: ;[^\\\n]*)? \\\n\s+--hash=sha256:", body, re.MULTILINE
        )
        named = re.findall(r"^[A-Za-z0-9]", body, re.MULTILINE)
        assert len(pinned) == len(named) > 0, lock


def test_the_dev_lock_contains_the_base_lock() -> None:
    def pins(lock: str) -> set[str]:
        body = (ROOT / "requirements" / f"{lock}.txt").read_text()
        return set(re.findall(r"^[A-Za-z0-9][\w.-]*==[\w.]+", body, re.MULTILINE))

    assert pins("base") <= pins("dev")


def test_the_two_commands_are_where_people_look() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text()
