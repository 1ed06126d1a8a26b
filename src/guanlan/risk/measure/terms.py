"""The words of measures, and what is asked of texts and people."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core.access.table import ROLES
from guanlan.core.models import User

NOUN: Final = "risk.measure"
DUTY: Final = "risk.duty"
LEAST_REASON: Final = 5
# The lines of defence a measure may stand in: of one line the best counts, lines multiply.
LAYERS: Final[dict[str, str | Promise]] = {
    "prevention": pgettext_lazy("line of defence", "keeping out"),
    "detection": pgettext_lazy("line of defence", "noticing"),
    "containment": pgettext_lazy("line of defence", "containing"),
    "recovery": pgettext_lazy("line of defence", "recovering"),
    "governance": pgettext_lazy("line of defence", "rules and training"),
}


def layer_title(layer: str) -> str:
    """What a line of defence is called; its name where it is one of people's own."""
    return str(LAYERS.get(layer, layer))


def role_title(name: str) -> str:
    """A role of the policy in words; another text as it is."""
    return str(ROLES.get(name, name))


def roles_in_words(names: str) -> str:
    """Roles, separated by commas, in words."""
    parts = (part.strip() for part in names.split(","))
    return ", ".join(role_title(part) for part in parts if part)


def said(field: str, text: str, least: int, most: int) -> str:
    """A text of one line within its bounds. Raises ValidationError by field."""
    words = " ".join(text.replace("\0", "").split())
    if not least <= len(words) <= most:
        values = {"low": least, "high": most}
        raise ValidationError({field: _("Write %(low)s to %(high)s characters.") % values})
    return words


def person_named(field: str, name: str) -> User:
    """The active person of a user name. Raises ValidationError by field."""
    found = User.objects.filter(username=name.strip(), is_active=True).first()
    if found is None:
        raise ValidationError({field: _("There is no active person of this name.")})
    return found
