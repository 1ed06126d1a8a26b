"""Finding the rows of entities, and making those that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from guanlan.response.models import EntityRef

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
LONGEST_KEY: Final = 256
_AT_ONCE: Final = 500  # keys in one statement


class Named(NamedTuple):
    """An entity as callers name it: `kind` as in a scenario, `key` as in its events."""

    kind: str
    key: str


def checked(named: Named) -> Named:
    """The same. Raises ValidationError that names the kind, or what is wrong with the key, and
    never the key itself."""
    if not _KIND.fullmatch(named.kind):
        text = _("An entity's kind is 1 to 64 small letters, digits and underscores, such as user.")
        raise ValidationError({"kind": text})
    if not named.key.strip() or len(named.key) > LONGEST_KEY or "\0" in named.key:
        text = _("The key of the %(kind)s is empty or longer than 256 characters.")
        raise ValidationError({"key": text % {"kind": named.kind}})
    return named


def rows_of(entities: Iterable[Named]) -> dict[Named, EntityRef]:
    """The row of each entity, made where there is none; those that are there are found together.

    Raises ValidationError as `checked` does; then nothing is made.
    """
    wanted = {checked(one) for one in entities}
    found = _existing(wanted)
    with transaction.atomic():
        for one in sorted(wanted - found.keys()):
            found[one] = _made(one)
    return found


def _existing(wanted: set[Named]) -> dict[Named, EntityRef]:
    keys = sorted({one.key for one in wanted})
    found: dict[Named, EntityRef] = {}
    for first in range(0, len(keys), _AT_ONCE):
        for row in EntityRef.objects.filter(key_index__in=keys[first : first + _AT_ONCE]):
            found[Named(row.kind, row.key)] = row
    return {named: row for named, row in found.items() if named in wanted}


def _made(one: Named) -> EntityRef:
    try:
        with transaction.atomic():
            return EntityRef.objects.create(kind=one.kind, key=one.key)
    except IntegrityError:  # another writer found it missing at the same moment
        return EntityRef.objects.get(kind=one.kind, key_index=one.key)
