"""What the audit log keeps of an act beside who, what and when, in words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core.access.naming import noun_name, purpose_name, role_name, verb_name
from guanlan.web.templatetags.console import moment
from guanlan.web.words import labelled

NAMES: Final[dict[str, str | Promise]] = {
    "action": pgettext_lazy("detail of an act", "action"),
    "alerts": pgettext_lazy("detail of an act", "alerts"),
    "approval": pgettext_lazy("detail of an act", "approval"),
    "attachment": pgettext_lazy("detail of an act", "file"),
    "attempt": pgettext_lazy("detail of an act", "attempt"),
    "audience": pgettext_lazy("detail of an act", "told to"),
    "automatic": pgettext_lazy("detail of an act", "automatic"),
    "before": pgettext_lazy("detail of an act", "before"),
    "by": pgettext_lazy("detail of an act", "by"),
    "bytes": pgettext_lazy("detail of an act", "bytes"),
    "category": pgettext_lazy("detail of an act", "category of risk"),
    "changed": pgettext_lazy("detail of an act", "changed"),
    "days": pgettext_lazy("detail of an act", "days"),
    "digest": pgettext_lazy("detail of an act", "digest"),
    "disposition": pgettext_lazy("detail of an act", "what it was"),
    "draft": pgettext_lazy("detail of an act", "draft"),
    "effect": pgettext_lazy("detail of an act", "effect"),
    "enabled": pgettext_lazy("detail of an act", "in use"),
    "field": pgettext_lazy("detail of an act", "field"),
    "from": pgettext_lazy("detail of an act", "from"),
    "how": pgettext_lazy("detail of an act", "how"),
    "ids": pgettext_lazy("detail of an act", "numbers"),
    "inject": pgettext_lazy("detail of an act", "inject"),
    "job": pgettext_lazy("detail of an act", "job"),
    "keys": pgettext_lazy("detail of an act", "keys"),
    "kind": pgettext_lazy("detail of an act", "kind"),
    "kinds": pgettext_lazy("detail of an act", "kinds"),
    "languages": pgettext_lazy("detail of an act", "languages"),
    "letters": pgettext_lazy("detail of an act", "findings not understood"),
    "level": pgettext_lazy("detail of an act", "data level"),
    "lifts": pgettext_lazy("detail of an act", "lifted"),
    "mentions": pgettext_lazy("detail of an act", "mentioned"),
    "method": pgettext_lazy("detail of an act", "method"),
    "minutes": pgettext_lazy("detail of an act", "minutes"),
    "mode": pgettext_lazy("detail of an act", "mode"),
    "most": pgettext_lazy("detail of an act", "at most"),
    "name": pgettext_lazy("detail of an act", "name"),
    "noun": pgettext_lazy("detail of an act", "on what"),
    "number": pgettext_lazy("detail of an act", "number"),
    "of": pgettext_lazy("detail of an act", "row that it speaks of"),
    "opened": pgettext_lazy("detail of an act", "opened"),
    "origin": pgettext_lazy("detail of an act", "for"),
    "owner": pgettext_lazy("detail of an act", "owner"),
    "people": pgettext_lazy("detail of an act", "people"),
    "percent": pgettext_lazy("detail of an act", "percent"),
    "person": pgettext_lazy("detail of an act", "person"),
    "plan": pgettext_lazy("detail of an act", "plan"),
    "position": pgettext_lazy("detail of an act", "place"),
    "purpose": pgettext_lazy("detail of an act", "purpose"),
    "recipients": pgettext_lazy("detail of an act", "recipients"),
    "role": pgettext_lazy("detail of an act", "role"),
    "round": pgettext_lazy("detail of an act", "round"),
    "rows": pgettext_lazy("detail of an act", "rows"),
    "rule": pgettext_lazy("detail of an act", "rule"),
    "scenario": pgettext_lazy("detail of an act", "scenario"),
    "schedule": pgettext_lazy("detail of an act", "schedule"),
    "scope": pgettext_lazy("detail of an act", "scope"),
    "scopes": pgettext_lazy("detail of an act", "scopes"),
    "sessions": pgettext_lazy("detail of an act", "sessions"),
    "severity": pgettext_lazy("detail of an act", "severity"),
    "sink": pgettext_lazy("detail of an act", "sink"),
    "source": pgettext_lazy("detail of an act", "source"),
    "state": pgettext_lazy("detail of an act", "state"),
    "step": pgettext_lazy("detail of an act", "step"),
    "steps": pgettext_lazy("detail of an act", "steps"),
    "template": pgettext_lazy("detail of an act", "template"),
    "times": pgettext_lazy("detail of an act", "times"),
    "to": pgettext_lazy("detail of an act", "to"),
    "until": pgettext_lazy("detail of an act", "until"),
    "urgency": pgettext_lazy("detail of an act", "urgency"),
    "verb": pgettext_lazy("detail of an act", "right"),
    "version": pgettext_lazy("detail of an act", "version"),
    "what": pgettext_lazy("detail of an act", "what"),
    "why": pgettext_lazy("detail of an act", "why"),
}
_CODES: Final[Mapping[str, Callable[[str], str]]] = {
    "noun": noun_name,
    "verb": verb_name,
    "role": role_name,
    "purpose": purpose_name,
}


def details(stored: str) -> list[tuple[str, str]]:
    """The details of an act as (name, value) in words, from the JSON of the log's copy; a name
    without words stands as it is."""
    if not stored:
        return []
    found: dict[str, Any] = json.loads(stored)
    return [(str(NAMES.get(name, name)), _written(name, value)) for name, value in found.items()]


def _written(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, list):
        return ", ".join(_written(name, one) for one in value)
    if isinstance(value, dict):
        return ", ".join(
            labelled(NAMES.get(one, one), _written(one, its)) for one, its in value.items()
        )
    if name in _CODES:
        return str(_CODES[name](str(value)))
    if name == "until":
        try:
            return moment(dt.datetime.fromisoformat(str(value)))
        except ValueError:
            return str(value)
    return str(value)
