"""The words that all of response shares, in the console's languages."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from guanlan.risk import terms

Words = str | Promise
CATEGORIES: Final[dict[str, Words]] = terms.CATEGORIES


class Severity(IntEnum):
    """How bad it is, in order; the names are those that rules of scenarios use."""

    info = 0
    low = 1
    medium = 2
    high = 3
    critical = 4


SEVERITIES: Final[dict[str, Words]] = {
    "info": pgettext_lazy("severity", "info"),
    "low": pgettext_lazy("severity", "low"),
    "medium": pgettext_lazy("severity", "medium"),
    "high": pgettext_lazy("severity", "high"),
    "critical": pgettext_lazy("severity", "critical"),
}

# What an alert, a case or a restriction may speak of. Scenarios name more kinds of their own;
# those are shown by their name.
ENTITY_KINDS: Final[dict[str, Words]] = {
    "user": pgettext_lazy("kind of entity", "user"),
    "account": pgettext_lazy("kind of entity", "account"),
    "device": pgettext_lazy("kind of entity", "device"),
    "ip": pgettext_lazy("kind of entity", "network address"),
    "card": pgettext_lazy("kind of entity", "card"),
    "payee": pgettext_lazy("kind of entity", "payee"),
    "merchant": pgettext_lazy("kind of entity", "merchant"),
    "phone": pgettext_lazy("kind of entity", "telephone"),
    "email": pgettext_lazy("kind of entity", "e-mail address"),
    "id_number": pgettext_lazy("kind of entity", "identity number"),
    "source": pgettext_lazy("kind of entity", "source"),
    "product": pgettext_lazy("kind of entity", "product"),
    "third_party": pgettext_lazy("kind of entity", "third party"),
}
