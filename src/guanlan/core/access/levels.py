"""The data level of every field of every table; a field without one stops the start.

Our own models carry `data_levels`: level -> field names, separated by spaces. What Django and
other packages bring is classified here, each table once.

1 public, 2 internal, 3 personal or confidential, 4 secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

LEVELS: Final = (1, 2, 3, 4)

# Tables of other packages, by label. Those of packages that are not installed are not looked at.
THIRD_PARTY: Final[dict[str, dict[int, str]]] = {
    "auth.permission": {2: "id name content_type codename"},
    "auth.group": {2: "id name"},
    "contenttypes.contenttype": {2: "id app_label model"},
    "sessions.session": {2: "expire_date", 4: "session_key session_data"},
    "account.emailaddress": {2: "id user verified primary", 3: "email"},
    "account.emailconfirmation": {2: "id email_address created sent", 4: "key"},
    "mfa.authenticator": {2: "id user type created_at last_used_at", 4: "data"},
    "usersessions.usersession": {
        2: "id user created_at last_seen_at data",
        3: "ip user_agent",
        4: "session_key",
    },
    "sites.site": {1: "id domain name"},
}


def faults(found: Iterable[type[models.Model]]) -> list[str]:
    """What is wrong with the levels of these models, a sentence each, naming model.field."""
    wrong = []
    for model in found:
        label = model._meta.label
        named = Counter(name for names in levels_of(model).values() for name in names.split())
        concrete = {field.name for field in model._meta.concrete_fields}
        known = concrete | {field.name for field in model._meta.many_to_many}
        wrong += [f"{label}.{name}: no data level" for name in sorted(concrete - set(named))]
        wrong += [f"{label}.{name}: no such field" for name in sorted(set(named) - known)]
        wrong += [f"{label}.{name}: more than one data level" for name in named if named[name] > 1]
        wrong += [
            f"{label}: data level {level} does not exist, expected 1 to 4"
            for level in levels_of(model)
            if level not in LEVELS
        ]
    return wrong


def check_levels() -> None:
    """Raises ImproperlyConfigured naming every field that is not classified exactly once."""
    wrong = faults(apps.get_models())
    if wrong:
        raise ImproperlyConfigured("\n".join(wrong))


def levels_of(model: type[models.Model]) -> Mapping[int, str]:
    """Level -> field names of a model, as it was declared."""
    own: Mapping[int, str] | None = getattr(model, "data_levels", None)
    return own if own is not None else THIRD_PARTY.get(model._meta.label_lower, {})


@cache
def _by_field(model: type[models.Model]) -> dict[str, int]:
    return {name: level for level, names in levels_of(model).items() for name in names.split()}


def level_of(model: type[models.Model], field: str) -> int:
    """The data level of a field; `pk` and `person_id` stand for their fields.

    A path such as `created_by__username` has the level of its last field. Raises LookupError
    naming model and field for one that does not exist.
    """
    first, _sep, rest = field.partition("__")
    name = model._meta.pk.name if first == "pk" else first
    if rest:
        try:
            related = model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            raise LookupError(f"{model._meta.label}.{name}: no such field") from None
        if not isinstance(related, type):
            raise LookupError(f"{model._meta.label}.{name}: leads to no other table")
        return level_of(related, rest)
    levels = _by_field(model)
    if name not in levels and name.endswith("_id"):
        name = name.removesuffix("_id")
    if name not in levels:
        raise LookupError(f"{model._meta.label}.{name}: no such field")
    return levels[name]
