"""What is sealed, with what, and how much of it is under the current key."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Final

from django.conf import settings
from msgspec import Struct

from guanlan.core.event_log import wrapped_by
from guanlan.core.sealing.blind import BlindIndex
from guanlan.core.sealing.ciphers import SM
from guanlan.core.sealing.fields import SealedField
from guanlan.core.sealing.files import sealed_files
from guanlan.core.sealing.installation import keyring
from guanlan.core.sealing.ring import BUDGET, DataKey, Purpose
from guanlan.core.sealing.rotating import parts_of, rows_under, sealed_models
from guanlan.engine.log.sealing import wrapped_keys

COUNTED_ROWS: Final = 200_000  # a table with more is not counted while somebody waits


class Line(Struct, frozen=True):
    """One place where something is sealed. `values` and `current` (how many of them are under
    the current key) are None where they were not counted."""

    place: str
    kind: str
    key: int | None
    algorithm: str
    since: datetime | None
    values: int | None
    current: int | None


class Inventory(Struct, frozen=True):
    """All there is to say of encryption here."""

    provider: str
    master: str
    algorithm: str
    lines: list[Line]
    keys: list[DataKey]
    budget: int
    sm_keys: int
    live_keys: int
    by_secret: list[str]
    https: bool


# What is sealed under keys derived from secret.key and not from the ring: it has no key id, and
# changes only with that secret.
BY_SECRET: Final = ("sessions", "digests of addresses and sessions in the audit log")


def taken() -> Inventory:
    """The inventory as it is now. Makes no key and changes nothing but the first key ring."""
    ring = keyring()
    keys = ring.all_keys()
    live = [key for key in keys if key.wrapped]
    lines: list[Line] = []
    for model in sealed_models():
        for field in parts_of(model):
            purpose: Purpose = "field" if isinstance(field, SealedField) else "index"
            kind = "field" if purpose == "field" else "blind index"
            place = f"{model._meta.db_table}.{field.column}"
            key = _current(keys, purpose)
            few = model._base_manager.all()[: COUNTED_ROWS + 1].count() <= COUNTED_ROWS
            values = current = None
            if few:
                values = model._base_manager.filter(**{f"{field.name}__isnull": False}).count()
                current = rows_under(model, field, key.id).count() if key is not None else 0
            algorithm = "HMAC-SHA-256" if isinstance(field, BlindIndex) else _algorithm(key)
            lines.append(_line(place, kind, key, algorithm, values, current))
    wrapped = wrapped_keys(settings.LOG_DIRECTORY)
    key = _current(keys, "log")
    under = sum(key is not None and wrapped_by(w) == key.id for w in wrapped)
    lines.append(_line("log/keys/*", "event log", key, _algorithm(key), len(wrapped), under))
    for kept in sealed_files():
        key = _current(keys, kept.purpose)
        ids = [number for _name, number in islice(kept.each(), COUNTED_ROWS + 1)]
        few = len(ids) <= COUNTED_ROWS
        under = sum(key is not None and number == key.id for number in ids)
        place = f"{kept.place}/*"
        values, current = (len(ids), under) if few else (None, None)
        lines.append(_line(place, "file", key, _algorithm(key), values, current))
    return Inventory(
        provider=ring.provider.name,
        master=ring.provider.place,
        algorithm=ring.algorithm,
        lines=lines,
        keys=list(keys),
        budget=BUDGET,
        sm_keys=sum(key.algorithm == SM for key in live),
        live_keys=len(live),
        by_secret=list(BY_SECRET),
        https=bool(settings.HTTPS),
    )


def _line(
    place: str, kind: str, key: DataKey | None, algorithm: str, values: int | None,
    current: int | None,
) -> Line:  # fmt: skip
    number, since = (key.id, key.created) if key is not None else (None, None)
    return Line(place, kind, number, algorithm, since, values, current)


def _current(keys: tuple[DataKey, ...], purpose: Purpose) -> DataKey | None:
    return next((k for k in keys if k.purpose == purpose and k.retired is None), None)


def _algorithm(key: DataKey | None) -> str:
    return key.algorithm if key is not None else ""
