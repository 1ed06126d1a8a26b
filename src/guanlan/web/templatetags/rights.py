"""Rights in the reader's words."""

from __future__ import annotations

from django import template
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
