"""Model fields that are stored sealed.

    class Invitation(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid4)
        email = SealedField(max_length=254)
        email_index = BlindIndex(of="email", kind="email")

A value is bound to table, column and row, so the row must be known before it is written: by a
primary key that we make ourselves, or by the field that the model names as its `seal_row`
(`seal_row: ClassVar[str] = "seal_id"` with `seal_id = SealId()`), which is never changed. A
model with neither stops the start.

A value is opened when it is looked at. What does not open is `Unreadable`: shown as such,
logged, told, and never an exception on a page. `values()` gives `Stored`, which does not know
its row and shows nothing; `open_rows` opens those. A change goes through `save`, `bulk_create`
or `update_sealed`: `QuerySet.update` and `bulk_update` do not know the row and are refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import msgspec
from cryptography.exceptions import InvalidTag
from django.core.exceptions import FieldError
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models.expressions import Expression
from django.db.models.lookups import IsNull, Lookup
from django.db.models.query_utils import DeferredAttribute
from django.forms import CharField, Field, JSONField, Textarea, TextInput
from msgspec import Struct

from guanlan.core.sealing.ciphers import HEAD, key_of
from guanlan.core.sealing.columns import Column, Unreadable
from guanlan.core.sealing.errors import Unopened
from guanlan.core.sealing.installation import keyring
from guanlan.core.sealing.ring import ALTERED, TEXT

SEAL_ROW = "seal_row"

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
    AnyLookup = Lookup[Any]
    _Uuid = models.UUIDField[uuid.UUID, uuid.UUID]
else:  # the classes themselves take no types
    AnyField, AnyLookup, _Uuid = models.Field, Lookup, models.UUIDField


class Stored(Struct, eq=False, gc=False):
    """A value as the database has it. Once opened it remembers what it held, and how that was
    encoded. Nothing in it leads back to it, so the collector need not look."""

    blob: bytes
    plain: Any = None
    encoded: bytes | None = None

    def __str__(self) -> str:
        return "•••"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stored) and other.blob == self.blob

    def __hash__(self) -> int:
        return hash(self.blob)


class SealId(_Uuid):
    """What sealed values of a row are bound to where its primary key is the database's."""

    def __init__(self, **options: Any) -> None:
        options.update(default=uuid.uuid4, unique=True, editable=False)
        super().__init__(**options)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        for option in ("default", "unique", "editable"):
            options.pop(option, None)
        return name, path, args, options


class _Opens(DeferredAttribute):
    """Opens what the instance holds, when it is looked at. Called once a value: every call and
    every look-up saved here is saved a million times."""

    field: Any

    def __init__(self, field: Any) -> None:
        super().__init__(field)
        self.name: str = field.attname

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        values = instance.__dict__
        try:
            held = values[self.name]
        except KeyError:
            held = super().__get__(instance, owner)
        if type(held) is not Stored:
            return held
        if held.plain is not None:  # also Unreadable, and told already
            return held.plain
        field, ring, blob = self.field, keyring(), held.blob
        name, bound = field.place or field.placed()
        row = values.get(name) or getattr(instance, name)
        text = row if type(row) is str else str(row)
        head = blob[:HEAD]
        try:  # as `Keyring.open` does, without a call more
            decrypt = ring.opens["field"].get(head) or ring.opening("field", head)
            plain = decrypt(blob[HEAD:TEXT], blob[TEXT:], head + bound + text.encode())
            found = held.plain = field.decode(plain)
            held.encoded = plain
        except InvalidTag:
            found = held.plain = field.column_of.unreadable(text, blob, ALTERED)
        except Unopened as error:
            found = held.plain = field.column_of.unreadable(text, blob, str(error))
        except ValueError:
            found = held.plain = field.column_of.unreadable(text, blob, "it is of another kind")
        return found

    # With a setter it comes before what the instance holds, which Django's own need not.
    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value


def row_field(model: type[models.Model]) -> models.Field[Any, Any]:
    """The field that sealed values of `model` are bound to."""
    named = getattr(model, SEAL_ROW, "pk")
    field = model._meta.pk if named == "pk" else model._meta.get_field(named)
    return cast("models.Field[Any, Any]", field)


class SealedField(AnyField):
    """A text that is stored sealed."""

    descriptor_class = _Opens
    description = "sealed text"
    empty_strings_allowed = True
    widget: ClassVar[Any] = Textarea
    place: tuple[str, bytes] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        for option in ("unique", "db_index", "primary_key", "unique_for_date"):
            if options.get(option):
                raise TypeError(f"a sealed field cannot be {option}; a BlindIndex beside it can")
        super().__init__(*args, **options)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def get_internal_type(self) -> str:
        return "BinaryField"

    @property
    def column_of(self) -> Column:
        """The column, for values apart from instances."""
        found: Column | None = self.__dict__.get("_column")
        if found is None:
            found = Column(self.model._meta.db_table, str(self.column))
            self.__dict__["_column"] = found
        return found

    def encode(self, value: Any) -> bytes:
        """A value as the bytes to seal. Raises TypeError."""
        if type(value) is not str and not isinstance(value, str):
            raise TypeError(f"{self.model.__name__}.{self.name}: expected a text")
        try:
            return value.encode()
        except UnicodeEncodeError:  # half a pair, which JSON may bring
            return value.encode("utf-8", "surrogatepass")

    def decode(self, plain: bytes) -> Any:
        """The value that `encode` was given."""
        try:
            return plain.decode()
        except UnicodeDecodeError:
            return plain.decode("utf-8", "surrogatepass")

    def placed(self) -> tuple[str, bytes]:
        """The attribute that names the row, and what values are bound to besides it."""
        self.place = row_field(self.model).attname, self.column_of.bound
        return self.place

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """What is written: unchanged what was read and still is, else sealed for this row."""
        values = model_instance.__dict__
        plain = held = values.get(self.attname)
        if held is None:
            return None
        kind = type(held)
        if kind is Stored:
            if held.encoded is None:
                return held
            plain = held.plain
        elif kind is not str and isinstance(held, Unreadable):
            return Stored(held.stored)
        encoded = self.encode(plain)
        ring = keyring()
        same = kind is Stored and encoded == held.encoded and not add
        if same and key_of(held.blob) == ring.current("field").id:
            return held
        name, bound = self.place or self.placed()
        row = values.get(name) or getattr(model_instance, name)
        if row is None:
            raise ValueError(
                f"{self.model.__name__}: {name} must be known before its sealed values are written"
            )
        text = row if type(row) is str else str(row)
        blob = ring.seal("field", encoded, bound + text.encode())
        fresh = values[self.attname] = Stored(blob, plain, encoded)
        return fresh

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Stored):
            return value
        raise self._refused()

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """Refuses to be set to an expression."""
        if hasattr(value, "as_sql"):
            raise self._refused()
        return "%s"

    def _refused(self) -> FieldError:
        return FieldError(
            f"{self.model.__name__}.{self.name} is sealed row by row: an update or a filter cannot"
            " know the row; use save(), bulk_create() or update_sealed()"
        )

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        held = value if type(value) is Stored else self.get_prep_value(value)
        return None if held is None else connection.Database.Binary(held.blob)

    def from_db_value(self, value: Any, expression: Expression, connection: Any) -> Any:
        """What the database gave, not opened yet."""
        if value is None:
            return None
        return Stored(value if type(value) is bytes else bytes(value))

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """What cannot be read is left as it is."""
        if isinstance(value, Unreadable):
            return value
        return super().clean(value, model_instance)

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.name} is sealed and leaves only by guanlan backup")

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        if lookup_name == "isnull":
            return IsNull
        raise FieldError(f"{self.name} is sealed and cannot be searched; search its blind index")

    def get_transform(self, lookup_name: str) -> Any:
        return None

    def formfield(self, *args: Any, **options: Any) -> Field | None:
        short = self.max_length is not None and self.max_length <= 255
        defaults = {
            "form_class": CharField,
            "max_length": self.max_length,
            "widget": TextInput if short else self.widget,
        }
        return super().formfield(*args, **{**defaults, **options})


class SealedJSONField(SealedField):
    """Whatever JSON can say, stored sealed."""

    description = "sealed JSON"
    empty_strings_allowed = False

    def encode(self, value: Any) -> bytes:
        """Raises TypeError for what is not JSON."""
        return msgspec.json.encode(value, order="deterministic")

    def decode(self, plain: bytes) -> Any:
        return msgspec.json.decode(plain)

    def formfield(self, *args: Any, **options: Any) -> Field | None:
        return models.Field.formfield(self, *args, **{"form_class": JSONField, **options})


class SealedBytesField(SealedField):
    """Bytes, stored sealed."""

    description = "sealed bytes"
    empty_strings_allowed = False

    def encode(self, value: Any) -> bytes:
        """Raises TypeError."""
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{self.model.__name__}.{self.name}: expected bytes")
        return bytes(value)

    def decode(self, plain: bytes) -> Any:
        return plain

    def formfield(self, *args: Any, **options: Any) -> Field | None:
        return None


def sealed_fields(model: type[models.Model]) -> list[SealedField]:
    """The sealed fields of a model."""
    return [f for f in model._meta.concrete_fields if isinstance(f, SealedField)]


def open_rows(field: SealedField, rows: Mapping[Any, Stored | None]) -> dict[Any, Any]:
    """Open what `values_list(row, field)` gave: row -> value, None or Unreadable."""
    found: dict[Any, Any] = {}
    for row, held in rows.items():
        plain = field.column_of.read(str(row), held.blob) if held is not None else None
        found[row] = field.decode(plain) if isinstance(plain, bytes) else plain
    return found


def update_sealed(rows: models.QuerySet[Any], **values: Any) -> int:
    """Give every row of a query the same values, each sealed for itself; how many rows."""
    changed = 0
    indexes = [f.name for f in rows.model._meta.concrete_fields if getattr(f, "of", None) in values]
    with transaction.atomic():
        for instance in rows.select_for_update().iterator(chunk_size=500):
            for name, value in values.items():
                setattr(instance, name, value)
            instance.save(update_fields=[*values, *indexes])
            changed += 1
    return changed
