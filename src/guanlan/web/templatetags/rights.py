"""Rights in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.apps import apps
from django.utils.translation import gettext as _

from guanlan.core.access.naming import noun_name, purpose_name, role_name, verb_name
from guanlan.core.audit import acts
from guanlan.core.models import AccessGrant

register = template.Library()


@register.filter
def right(grant: AccessGrant) -> str:
    """What a grant lets its person do: the thing, then the verb."""
    return _("%(noun)s: %(verb)s") % {
        "noun": noun_name(grant.noun),
        "verb": verb_name(grant.verb),
    }


@register.filter
def by_app(rows: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """What somebody may do, by the app that the things are of."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["name"].partition(".")[0], []).append(row)
    return [(str(apps.get_app_config(app).verbose_name), found) for app, found in groups.items()]


register.filter("role_name", role_name)
register.filter("purpose_name", purpose_name)


@register.filter("noun_name")
def object_kind(code: str) -> str:
    """What a noun, or another kind of object that acts are done to, is called."""
    return str(acts.OBJECTS[code]) if code in acts.OBJECTS else noun_name(code)


@register.filter
def act_name(code: str) -> str:
    """The name of an act of the audit log."""
    return acts.act_name(code)


@register.filter
def act_outcome(code: str) -> str:
    """How an act ended."""
    return str(acts.OUTCOMES.get(code, code))
