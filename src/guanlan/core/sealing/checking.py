"""What is true of sealed fields before anything starts."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from guanlan.core.sealing.blind import BlindIndex
from guanlan.core.sealing.fields import SealedField, row_field, sealed_fields


def check_models(found: Iterable[type[models.Model]]) -> None:
    """Raises ImproperlyConfigured with one sentence for the first model that is not right."""
    for model in found:
        fields = sealed_fields(model)
        if fields:
            _row_known(model, fields[0])
        for field in model._meta.concrete_fields:
            if isinstance(field, BlindIndex):
                _worth_hiding(model, field)


def _row_known(model: type[models.Model], field: SealedField) -> None:
    where = f"{model._meta.label}.{field.name}"
    try:
        row = row_field(model)
    except FieldDoesNotExist:
        raise ImproperlyConfigured(f"{where}: seal_row names no field of the model") from None
    if isinstance(row, models.AutoField):
        raise ImproperlyConfigured(
            f"{where}: sealed values are bound to their row, and {row.name} is not known before it"
            " is written; give the model a SealId and name it as seal_row"
        )
    if not (row.unique or row.primary_key) or row.null or isinstance(row, SealedField):
        raise ImproperlyConfigured(f"{where}: the row must be told by a unique field, not null")


def _worth_hiding(model: type[models.Model], index: BlindIndex) -> None:
    where = f"{model._meta.label}.{index.name}"
    try:
        of = model._meta.get_field(index.of)
    except FieldDoesNotExist:
        raise ImproperlyConfigured(f"{where}: {index.of or 'of'} is no field here") from None
    if not isinstance(of, SealedField):
        raise ImproperlyConfigured(f"{where}: {index.of} is not sealed; index it as it is")
    if type(of) is not SealedField or of.choices or (of.max_length or 99) < 6:
        raise ImproperlyConfigured(
            f"{where}: {index.of} has so few values that equal ones give it away; a blind index"
            " is for texts such as phone numbers and addresses"
        )
