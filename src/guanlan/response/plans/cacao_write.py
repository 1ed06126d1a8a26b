"""A plan as CACAO 2.0 JSON, its canonical form and its digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from guanlan.response.plans.cacao import (
    COMMAND,
    EXTENSION,
    IDENTITY,
    SPEC_VERSION,
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Start,
    Step,
    Text,
    Variable,
    role_id,
)

_EXTENSION: Final = {
    "type": "extension-definition",
    "name": "Texts in several languages",
    "description": (
        "language: the language of the properties of the standard;"
        " translations: language to property to text."
    ),
    "created_by": IDENTITY,
    "schema": "docs/plans.md",
    "version": "1.0.0",
}


def write(plan: Playbook) -> dict[str, Any]:
    """The plan as a JSON object; `cacao_read.read` gives the same plan back."""
    found: dict[str, Any] = {
        "type": "playbook",
        "spec_version": SPEC_VERSION,
        "id": plan.id,
        **_text("name", plan.name),
        **_text("description", plan.description),
        "playbook_types": list(plan.types),
        "created_by": plan.created_by,
        "created": plan.created,
        "modified": plan.modified,
        "revoked": plan.revoked,
        **({} if plan.severity is None else {"severity": plan.severity}),
        **({} if plan.impact is None else {"impact": plan.impact}),
        "playbook_variables": {f"__{one.name}__": _variable(one) for one in plan.variables},
        "workflow_start": plan.start,
        "workflow": {step.id: _step(step) for step in plan.steps},
        "agent_definitions": {role_id(role): _agent(role) for role in _roles(plan)},
        "extension_definitions": {EXTENSION: _EXTENSION},
    }
    _put(found, "playbook_extensions", {"name": plan.name, "description": plan.description})
    return found


def to_json(plan: Playbook) -> str:
    """The plan as people read JSON: two blanks, the order of the steps, one line at the end."""
    return json.dumps(write(plan), ensure_ascii=False, indent=2) + "\n"


def canonical(plan: Playbook) -> bytes:
    """The bytes that are digested: keys in order, and the order of the steps beside them."""
    said = [write(plan), [step.id for step in plan.steps], [one.name for one in plan.variables]]
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(plan: Playbook) -> str:
    """SHA-256 (hex) of the canonical form."""
    return hashlib.sha256(canonical(plan)).hexdigest()


def _roles(plan: Playbook) -> list[str]:
    roles = (step.role for step in plan.steps if isinstance(step, Manual) and step.role)
    return sorted(set(roles))


def _agent(role: str) -> dict[str, Any]:
    return {"type": "group", "name": role}


def _text(name: str, text: Text) -> dict[str, str]:
    said = text.get(text.main)
    return {name: said} if said else {}


def _put(found: dict[str, Any], where: str, texts: dict[str, Text]) -> None:
    """Put the other languages of these properties into the extension, where there are any."""
    texts = {name: text for name, text in texts.items() if text != Text()}
    if not texts or all(text.main == "en" and len([*text.each()]) == 1 for text in texts.values()):
        return
    languages = {name: text.main for name, text in texts.items()}
    others: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        for lang, said in text.each():
            if lang != text.main:
                others.setdefault(lang, {})[name] = said
    found[where] = {EXTENSION: {"language": languages, "translations": others}}


def _variable(one: Variable) -> dict[str, Any]:
    found: dict[str, Any] = {"type": one.type, **_text("description", one.text)}
    if one.value is not None:
        # In the standard every value of a variable is a text.
        found["value"] = json.dumps(one.value) if one.type != "string" else str(one.value)
    _put(found, "variable_extensions", {"description": one.text})
    return found


def _step(step: Step) -> dict[str, Any]:
    match step:
        case Start():
            found: dict[str, Any] = {"type": "start", "on_completion": step.next}
        case End():
            found = {"type": "end"}
        case Manual():
            found = {
                "type": "action",
                "timeout": step.limit * 1000,
                "on_completion": step.next,
                "on_failure": step.on_failure,
                "commands": [{"type": "manual", **_text("command", step.instruction)}],
                "agent": role_id(step.role) if step.role else "",
                "out_args": [f"__{name}__" for name in step.asks],
            }
        case Automatic():
            command = {
                "type": COMMAND,
                "command": step.command,
                "parameters": dict(sorted(step.parameters.items())),
            }
            found = {
                "type": "action",
                **_text("description", step.description),
                "on_completion": step.next,
                "on_failure": step.on_failure,
                "commands": [command],
            }
        case Parallel():
            found = {
                "type": "parallel",
                "next_steps": list(step.branches),
                "on_completion": step.next,
            }
        case If():
            found = {
                "type": "if-condition",
                "condition": step.condition,
                "on_true": step.on_true,
                "on_false": step.on_false,
                "on_completion": step.next,
            }
    found = {name: value for name, value in found.items() if value not in ("", 0, [])}
    texts = {"name": step.name}
    if isinstance(step, Manual):
        texts["command"] = step.instruction
    if isinstance(step, Automatic):
        texts["description"] = step.description
    _put(found, "step_extensions", texts)
    return {"type": found.pop("type"), **_text("name", step.name), **found}
