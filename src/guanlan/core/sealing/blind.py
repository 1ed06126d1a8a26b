"""Equality search over sealed texts.

The index is the key's id (4 bytes) and HMAC-SHA-256 of the normalised value, cut to 16 bytes,
under a key of its own per column. It tells which rows hold equal values, and nothing else to
whoever lacks the key; so it is refused where there are few values to tell apart.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import FieldError
from django.db import models
from django.db.models import signals
from django.db.models.lookups import IsNull, Lookup

from guanlan.core.sealing.columns import Unreadable
from guanlan.core.sealing.fields import AnyField, AnyLookup
from guanlan.core.sealing.installation import keyring
from guanlan.core.sealing.ring import Keyring

DIGEST: Final = 16
_ID: Final = 4
_NOT_DIGITS: Final = re.compile(r"\D+")


def _text(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _phone(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip()
    digits = _NOT_DIGITS.sub("", text)
    if text.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


KINDS: Final[dict[str, Callable[[str], str]]] = {
    "exact": str,
    "text": _text,
    "email": _text,
    "phone": _phone,
}


class BlindIndex(AnyField):
    """The index of the sealed field `of`; filter by it with the plain value.

    `kind` says which writings are one value: exact; text and email (NFKC, case and spaces
    aside); phone (digits, and whether a country is named).
    """

    description = "blind index"

    def __init__(self, of: str = "", kind: str = "text", **options: Any) -> None:
        if kind not in KINDS:
            raise ValueError(f"blind index: expected a kind of {', '.join(KINDS)}")
        self.of = of
        self.kind = kind
        options.update(editable=False, null=True, db_index=True)
        super().__init__(**options)

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        signals.pre_save.connect(self._together, sender=cls, weak=False)

    def _together(self, update_fields: Any = None, **_rest: Any) -> None:
        if (
            update_fields is not None
            and self.of in update_fields
            and self.name not in update_fields
        ):
            raise ValueError(f"update_fields: {self.of} is saved together with {self.name}")

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        for option in ("editable", "null", "db_index"):
            options.pop(option, None)
        return name, path, args, {**options, "of": self.of, "kind": self.kind}

    def get_internal_type(self) -> str:
        return "BinaryField"

    def place(self) -> str:
        """Table and column."""
        return f"{self.model._meta.db_table}.{self.column}"

    def digest(self, value: str) -> bytes:
        """The index of a value under the current key."""
        ring = keyring()
        return _digest(ring, ring.current("index").id, self.place(), KINDS[self.kind](value))

    def digest_many(self, values: Iterable[str]) -> list[bytes]:
        """The indexes of many values under the current key."""
        ring = keyring()
        number, place, normal = ring.current("index").id, self.place(), KINDS[self.kind]
        return [_digest(ring, number, place, normal(value)) for value in values]

    def digests(self, value: str) -> list[bytes]:
        """The indexes of a value under every key that rows may still have."""
        ring = keyring()
        ring.current("index")
        text = KINDS[self.kind](value)
        live = [k.id for k in ring.all_keys() if k.purpose == "index" and k.wrapped]
        return [_digest(ring, number, self.place(), text) for number in live]

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Made of the sealed field beside it; kept where that cannot be read."""
        value = getattr(model_instance, self.of)
        if isinstance(value, Unreadable):
            return model_instance.__dict__.get(self.attname)
        made = None if value is None or value == "" else self.digest(str(value))
        setattr(model_instance, self.attname, made)
        return made

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else connection.Database.Binary(value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bytes):
            return value
        raise FieldError(f"{self.name} is made of {self.of}; set that one")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        """Bytes, whatever the database calls them."""
        return None if value is None else bytes(value)

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        if lookup_name == "isnull":
            return IsNull
        found = {"exact": _Equal, "in": _Among}.get(lookup_name)
        if found is None:
            raise FieldError(f"{self.name} is a blind index: it finds equal values only")
        return found


class _Equal(AnyLookup):
    """The value under any live key."""

    lookup_name = "exact"
    prepare_rhs = False

    def values(self) -> Iterable[Any]:
        """The values looked for."""
        return [self.rhs]

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        return "%s", [value]

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        field = self.lhs.output_field
        wanted: list[Any] = []
        for value in self.values():
            if not isinstance(value, str):
                raise FieldError(f"{field.name}: expected the plain text to look for")
            wanted += [connection.Database.Binary(found) for found in field.digests(value)]
        sql, params = self.process_lhs(compiler, connection)
        if not wanted:
            return "1 = 0", []
        return f"{sql} IN ({', '.join(['%s'] * len(wanted))})", [*params, *wanted]


class _Among(_Equal):
    lookup_name = "in"

    def values(self) -> Iterable[Any]:
        return list(self.rhs)


def _digest(ring: Keyring, number: int, place: str, text: str) -> bytes:
    key = _column_key(ring, number, place)
    found = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
    return number.to_bytes(_ID, "big") + found[:DIGEST]


@lru_cache(maxsize=256)
def _column_key(ring: Keyring, number: int, place: str) -> bytes:
    key = ring.key(number)
    assert key is not None
    derived = HKDF(SHA256(), 32, salt=None, info=b"guanlan blind index " + place.encode())
    return derived.derive(ring.secret(key))
