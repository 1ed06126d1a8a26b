"""What an object was like when a person saw it: whoever acts on it later acts on that, or not."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac

LENGTH = 32  # hexadecimal digits


def stamp(row: models.Model, drifts: Collection[str] = ()) -> str:
    """What an object is like: changes whenever any of its fields does, and tells nothing.

    The fields named by `drifts` are left out: they change by themselves.
    """
    away = row.get_deferred_fields()
    values = "\x1f".join(
        f"{field.attname}={getattr(row, field.attname)!r}"
        for field in row._meta.concrete_fields
        if field.name not in drifts and field.attname not in away
    )
    return salted_hmac("guanlan.resource.stamp", values, algorithm="sha256").hexdigest()[:LENGTH]


def same(seen: str, now: str) -> bool:
    """Whether two stamps are of the same object in the same state."""
    return constant_time_compare(seen, now)
