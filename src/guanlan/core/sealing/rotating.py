"""New keys, and everything moved to them in steps that may be interrupted anywhere.

A row is moved when one of its sealed values, or the index of one, is not under the current key.
Each batch is one transaction in which its rows are locked; what was moved is no longer found, so
a run that was killed is simply run again, and nothing is remembered outside the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import BinaryField, F, Func, Q, QuerySet

from guanlan.core.audit import deed, record
from guanlan.core.event_log import log_keys, wrapped_by
from guanlan.core.sealing.belonging import note_keys
from guanlan.core.sealing.blind import BlindIndex
from guanlan.core.sealing.ciphers import HEAD, head_of
from guanlan.core.sealing.columns import Unreadable
from guanlan.core.sealing.errors import Unopened
from guanlan.core.sealing.fields import SealedField, Stored, row_field
from guanlan.core.sealing.files import SealedFiles, sealed_files
from guanlan.core.sealing.installation import keyring
from guanlan.core.sealing.ring import DataKey, Purpose
from guanlan.core.sealing.texts import MARK, open_text, seal_text, text_key
from guanlan.engine.log.sealing import Seals, key_numbers, wrapped_keys

BATCH: Final = 200
NOUN: Final = "core.datakey"
# Purposes whose use can be counted, so that a key of theirs may be destroyed.
COUNTED: Final[tuple[Purpose, ...]] = ("field", "index", "log", "attachment")
# Columns of other packages that hold sealed texts anywhere in them, and what these are bound to.
TEXTS: Final = (("mfa.authenticator", "data", "mfa_authenticator.data"),)
Advance = Callable[[int], None]
Model = type[models.Model]


class Moved(NamedTuple):
    """What a run did: rows and files moved, those left because a value of theirs does not open,
    and keys of the event log moved."""

    rows: int
    unreadable: int
    log_keys: int
    files: int


class InUse(ValueError):
    """A key that is still needed."""


def sealed_models() -> list[Model]:
    """The models with sealed fields, by label."""
    found = [m for m in apps.get_models() if not m._meta.proxy and parts_of(m)]
    return sorted(found, key=lambda m: m._meta.label)


def rotate(purpose: Purpose) -> DataKey:
    """A new key for a purpose; what is written from now on is sealed with it."""
    ring = keyring()
    with deed("key.rotate", (NOUN, purpose)):
        made = ring.new_key(purpose)
        note_keys()
    return made


def rotate_master() -> int:
    """A new master key; how many data keys were wrapped by it."""
    with deed("key.rotate", (NOUN, "master")):
        return keyring().rotate_master()


def destroy(number: int) -> None:
    """Destroy a retired key that nothing uses. Raises InUse, saying what does; ValueError."""
    ring = keyring()
    key = ring.key(number)
    if key is not None and key.purpose not in COUNTED:
        raise InUse(f"key {number}: what is sealed for {key.purpose} is not counted")
    used = uses(number)
    if used:
        raise InUse(f"key {number}: {used} values need it; run guanlan crypto reencrypt first")
    with deed("key.destroy", (NOUN, str(number))):
        ring.destroy(number)


def uses(number: int) -> int:
    """How many sealed values, indexes, files and keys of the log need this key; all are counted."""
    found = sum(
        rows_under(model, field, number).count()
        for model in sealed_models()
        for field in parts_of(model)
    )
    found += sum(number in _text_keys(getattr(row, field)) for row, field, _place in _texts())
    found += sum(key == number for kept in sealed_files() for _name, key in kept.each())
    return found + sum(wrapped_by(w) == number for w in wrapped_keys(settings.LOG_DIRECTORY))


def rows_under(model: Model, field: Any, number: int) -> QuerySet[Any]:
    """The rows whose value in this field was made with this key."""
    begin = 3 if isinstance(field, SealedField) else 1
    rows = model._base_manager.annotate(_key=_bytes(field, begin, 4))
    return rows.filter(_key=number.to_bytes(4, "big"))


def waiting() -> int:
    """How many rows and files are not wholly under the current keys."""
    files = sum(1 for kept in sealed_files() for _name in stale_files(kept))
    return sum(stale(model).count() for model in sealed_models()) + files


def stale_files(kept: SealedFiles) -> Iterator[str]:
    """The files whose own key is not sealed with the current one."""
    current = keyring().current(kept.purpose).id
    return (name for name, key in kept.each() if key != current)


def stale(model: Model) -> QuerySet[Any]:
    """The rows of a model that are not wholly under the current keys."""
    ring = keyring()
    key = ring.current("field")
    head, index = head_of(key.algorithm, key.id), ring.current("index").id.to_bytes(4, "big")
    rows, wanted = model._base_manager.all(), Q(pk__in=())
    for field in parts_of(model):
        sealed = isinstance(field, SealedField)
        name = f"_head_{field.name}"
        rows = rows.annotate(**{name: _bytes(field, 1, HEAD if sealed else 4)})
        there = Q(**{f"{field.name}__isnull": False})
        wanted |= there & ~Q(**{name: head if sealed else index})
    return rows.filter(wanted)


def reencrypt(advance: Advance) -> Moved:
    """Move every row, every file and the keys of the event log; `advance(n)` hears of each batch.

    May be killed at any time and run again, beside a platform that goes on writing.
    """
    rows = unreadable = 0
    for model in sealed_models():
        moved, left = _moved(model, advance)
        rows, unreadable = rows + moved, unreadable + left
    moved, left = _texts_moved()
    rows, unreadable = rows + moved, unreadable + left
    files, left = _files_moved(advance)
    unreadable += left
    directory = settings.LOG_DIRECTORY
    current = keyring().current("log").id if key_numbers(directory) else None
    keys = 0
    if any(wrapped_by(w) != current for w in wrapped_keys(directory)):
        keys = Seals(directory, log_keys()).rewrap()
    detail = {"rows": rows, "files": files, "unreadable": unreadable}
    record("key.reencrypt", (NOUN, "all"), detail=detail)
    return Moved(rows, unreadable, keys, files)


def _files_moved(advance: Advance) -> tuple[int, int]:
    moved = left = 0
    for kept in sealed_files():
        # Named before any is moved: a folder that changes may be walked twice.
        for name in list(stale_files(kept)):
            if kept.move(name):
                moved += 1
            else:
                left += 1
            advance(1)
    return moved, left


def _moved(model: Model, advance: Advance) -> tuple[int, int]:
    moved = left = 0
    last: Any = None
    while True:
        with transaction.atomic():
            found = stale(model).order_by("pk").select_for_update()
            batch = list((found if last is None else found.filter(pk__gt=last))[:BATCH])
            for row in batch:
                fresh = _fresh(model, row)
                if fresh is None:
                    left += 1
                elif fresh:
                    model._base_manager.filter(pk=row.pk).update(**fresh)
                    moved += 1
        if not batch:
            return moved, left
        last = batch[-1].pk
        advance(len(batch))


def _texts() -> Iterator[tuple[Any, str, str]]:
    """The rows that may hold sealed texts, with field and place."""
    for label, field, place in TEXTS:
        if apps.is_installed(f"allauth.{label.partition('.')[0]}"):
            for row in apps.get_model(label)._base_manager.all():
                yield row, field, place


def _text_keys(value: Any) -> set[int | None]:
    """The keys of all sealed texts inside a value."""
    if isinstance(value, str):
        return {text_key(value)} if value.startswith(MARK) else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {key for part in inner for key in _text_keys(part)}


def _texts_moved() -> tuple[int, int]:
    moved = left = 0
    current = keyring().current("field").id
    for found, field, place in _texts():
        if _text_keys(getattr(found, field)) <= {current}:
            continue
        rows = type(found)._base_manager
        with transaction.atomic():
            row = rows.select_for_update().filter(pk=found.pk).first()
            try:
                fresh = _text_anew(getattr(row, field), place) if row is not None else None
            except Unopened:
                left += 1
                continue
            if row is not None:
                rows.filter(pk=row.pk).update(**{field: fresh})
                moved += 1
    return moved, left


def _text_anew(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return seal_text(open_text(value, place), place) if value.startswith(MARK) else value
    if isinstance(value, dict):
        return {name: _text_anew(part, place) for name, part in value.items()}
    return [_text_anew(part, place) for part in value] if isinstance(value, list) else value


def _fresh(model: Model, row: Any) -> dict[str, Any] | None:
    """The row's values under the current keys; None where one does not open (then the row is
    left as it is: its keys must not be destroyed)."""
    place = str(getattr(row, row_field(model).attname))
    fresh: dict[str, Any] = {}
    for field in parts_of(model):
        if isinstance(field, BlindIndex):
            plain = getattr(row, field.of)
            fresh[field.name] = field.digest(str(plain)) if plain else None
            continue
        held = row.__dict__[field.attname]
        if held is None:
            continue
        plain = field.column_of.read(place, held.blob)
        if isinstance(plain, Unreadable):
            return None
        fresh[field.name] = Stored(field.column_of.seal(place, plain))
    return fresh


def parts_of(model: Model) -> list[Any]:
    """The sealed fields and blind indexes of a model."""
    return [f for f in model._meta.concrete_fields if isinstance(f, SealedField | BlindIndex)]


def _bytes(field: Any, begin: int, count: int) -> Func:
    return Func(F(field.name), begin, count, function="SUBSTR", output_field=BinaryField())
