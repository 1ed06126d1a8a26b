"""What changes rows writes it down: a module that writes to the database uses `act`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "src" / "guanlan"
WRITES = {
    "bulk_create", "bulk_update", "create", "create_user", "delete", "get_or_create", "save",
    "update", "update_or_create",
}  # fmt: skip
# Modules that write rows of which no act is told, and why that is right.
UNTOLD = {
    "fraud/projection.py": "the projection of the event log, made anew at will",
    "core/jobs/worker.py": "the beat of a process",
    "core/jobs/sweeping.py": "the states of runs; what a person wishes stands in wanting",
    "core/jobs/progress.py": "the progress of a run",
    "core/people/limiting.py": "tries of the last minutes, by digests",
    "core/sealing/fields.py": "seals the same values with a newer key",
    "web/pages/accounts.py": "the row of a session follows its new key",
    "core/outbox/delivering.py": "the states of deliveries",
    "response/entities.py": "names of entities, which mean nothing without the act that names them",
}


def writes(path: Path) -> list[int]:
    """The lines on which a module writes rows of the database."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _writes(node)]


def _writes(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    text = ast.unparse(call.func.value)
    if "objects" in text or "_default_manager" in text:
        return True
    # `row.save()`, `found.delete()`: of a name or an attribute, and not of a dictionary or file.
    return call.func.attr in {"save", "bulk_create"} and not text.startswith(("default_", "form"))


def modules() -> list[Path]:
    return sorted(
        path
        for path in ROOT.rglob("*.py")
        if "migrations" not in path.parts and path.relative_to(ROOT).parts[0] != "engine"
    )


def test_the_rule_sees_what_it_looks_for(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text(
        "A.objects.filter(a=1).update(a=2)\nrow.save()\n{}.update(a=1)\nA.objects.all().delete()\n"
    )
    assert writes(sample) == [1, 2, 4]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_that_writes_rows_tells_of_it(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    found = writes(path)
    if not found:
        assert name not in UNTOLD, "it writes nothing: take it off the list"
        return
    if name in UNTOLD:
        return
    text = path.read_text("utf-8")
    assert "guanlan.core.audit" in text, f"lines {found}: change rows within `act`"
