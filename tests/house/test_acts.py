"""What changes rows writes it down: a module that writes to the database uses `act`; and every
act has a name that people can read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.audit.acts import ACTS, OUTCOMES, act_name

ROOT = Path(__file__).resolve().parents[2] / "src" / "guanlan"
WRITES = {
    "bulk_create", "bulk_update", "create", "create_user", "delete", "get_or_create", "save",
    "update", "update_or_create",
}  # fmt: skip
# Modules that write rows of which no act is told, and why that is right.
UNTOLD = {
    "fraud/projection.py": "the projection of the event log, made anew at will",
    "fraud/raising.py": "the mark up to where alerts were raised; raising them is told",
    "core/jobs/worker.py": "the beat of a process",
    "core/jobs/sweeping.py": "the states of runs; what a person wishes stands in wanting",
    "core/jobs/progress.py": "the progress of a run",
    "core/people/limiting.py": "tries of the last minutes, by digests",
    "core/people/session_store.py": "what a session holds; events tell of its ends",
    "core/remembering.py": "the cache: codes and tries of minutes",
    "core/sealing/fields.py": "seals the same values with a newer key",
    "web/pages/accounts.py": "the row of a session follows its new key",
    "core/outbox/delivering.py": "the states of deliveries",
    "response/restrictions/following.py": "the beat of a sink",
    "response/models/incidents.py": "lets no line of a timeline be saved twice; services save",
    "risk/jobs.py": "samples of years ago, of which nothing is asked any more",
    "site/run/risks.py": "the past of the demo company",
    "risk/stillness.py": "whether limits tell anything; what people do about it is told",
    "risk/target/judging.py": "the verdict of a quarter that is over, with its digest",
    "risk/value/keeping.py": "what the register comes to; what people change of it is told",
    "risk/measuring.py": "what indicators come to; what people say of them is told",
    "response/alerts/keeping.py": "evidence of alerts, of which raising them tells",
    "response/entities.py": "names of entities, which mean nothing without the act that names them",
}


def writes(path: Path) -> list[int]:
    """The lines on which a module writes rows of the database."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _writes(node)]


def _writes(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id == "update_rows":
        return True
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
        "update_rows(rows, ['a'])\n"
    )
    assert writes(sample) == [1, 2, 4, 5]


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


# Acts whose code is put together, or handed on: each module's part of a code, and what it means.
MADE = {
    "web/accounts/factors.py": {"factor.add", "factor.remove", "factor.renew"},
    "core/outbox/managing.py": {
        "channel.add", "channel.change", "channel.disable", "channel.enable",
    },
    "response/clocks/changing.py": {"clock.grant", "clock.refuse"},
    "core/access/granting.py": {"grant.approve", "grant.refuse"},
    "core/audit/recording.py": {"audit.gap"},
    "core/audit/refusals.py": {"access.refuse", "input.refuse"},
    "response/alerts/handling.py": {
        "alert.acknowledge", "alert.assign", "alert.close", "alert.contain", "alert.reopen",
        "alert.severity",
    },
    "response/complaints/handling.py": {
        "complaint.assign", "complaint.close", "complaint.complex", "complaint.distinct",
        "complaint.duplicate", "complaint.extend", "complaint.extend_ask", "complaint.label",
        "complaint.reopen", "complaint.tie", "complaint.told", "complaint.triage",
    },
    "risk/value/reassessing.py": {"reassessment.accepted", "reassessment.refused"},
    "response/papers.py": {
        f"{paper}.{act}"
        for paper in ("report", "suspicion")
        for act in ("approve", "hand_in", "read", "rewrite", "send_back", "withdraw")
    },
    "site/door/trail.py": {"entry.remove", "entry.set"},
}  # fmt: skip


def told(path: Path) -> tuple[set[str], bool]:
    """The codes that a module writes down, and whether it also writes some that it makes up."""
    codes, made = set(), False
    text = path.read_text("utf-8")
    if "guanlan.core.audit" not in text and "core/audit" not in str(path):
        return set(), False
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        if node.func.id not in ("act", "deed", "record"):
            continue
        first = node.args[0]
        either = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
        if all(isinstance(one, ast.Constant) for one in either):
            codes |= {str(one.value) for one in either if isinstance(one, ast.Constant)}
        elif isinstance(first, ast.Name | ast.JoinedStr | ast.Attribute):
            made = True
    return codes, made


def test_every_act_has_a_name_and_every_name_an_act() -> None:
    codes: set[str] = set()
    for path in modules():
        found, made = told(path)
        name = str(path.relative_to(ROOT))
        assert not made or name in MADE, f"{name}: say which codes it makes"
        codes |= found | MADE.get(name, set())
    assert codes == set(ACTS)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_the_name_of_an_act_is_translated(language: str) -> None:
    with translation.override(language):
        for code in [*ACTS, *OUTCOMES]:
            name = act_name(code) if code in ACTS else str(OUTCOMES[code])
            assert not name.isascii(), code
