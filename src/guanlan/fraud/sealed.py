"""Sealed columns of the projection, and the index by which a key is found all the same.

A value is AES-256-GCM: one byte for the scheme, a random nonce of 12 bytes, the ciphertext;
column and row are bound to it, so a value copied to another row does not open. Every 2^20 rows
of a column have a key of their own, derived from the installation's secret: random nonces are
safe for 2^32 values under one key, and a projection may be made anew many times.
"""

from __future__ import annotations

import hmac
import logging
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from guanlan.core.event_log import derived

logger = logging.getLogger(__name__)

SCHEME: Final = b"\x01"
INDEX_BYTES: Final = 16
_NONCE: Final = 12
_ROWS: Final = 20  # bits of a row's number that share a key


class Unreadable(Exception):
    """A sealed value does not open: altered, moved, or sealed with another key."""


class Column:
    """One sealed column, by its name in the database."""

    def __init__(self, name: str) -> None:
        self.name = name

    def seal(self, row: int, value: bytes) -> bytes:
        """`value` as it is stored in this row."""
        nonce = os.urandom(_NONCE)
        cipher = _cipher(settings.SECRET_KEY, self.name, row >> _ROWS)
        return SCHEME + nonce + cipher.encrypt(nonce, value, b"%d" % row)

    def open(self, row: int, stored: bytes | memoryview) -> bytes:
        """What was sealed in this row. Raises Unreadable, and says so in the log."""
        sealed = bytes(stored)
        cipher = _cipher(settings.SECRET_KEY, self.name, row >> _ROWS)
        try:
            if sealed[:1] != SCHEME:
                raise InvalidTag
            return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], b"%d" % row)
        except (InvalidTag, ValueError):
            logger.error("%s of row %d does not open: altered or sealed otherwise", self.name, row)
            raise Unreadable(f"{self.name} of row {row} does not open") from None


def entity_index(key: str) -> bytes:
    """By what an entity's key is found without being stored: HMAC-SHA256, cut to 16 bytes."""
    secret = _index_key(settings.SECRET_KEY)
    return hmac.digest(secret, key.encode("utf-8", "surrogatepass"), "sha256")[:INDEX_BYTES]


@lru_cache(maxsize=64)
def _cipher(secret: str, column: str, rows: int) -> AESGCM:
    return AESGCM(derived(secret, f"column {column} {rows}"))


@lru_cache(maxsize=4)
def _index_key(secret: str) -> bytes:
    return derived(secret, "index fraud_entity.key")


ENTITY_KEY: Final = Column("fraud_entity.sealed_key")
DECISION_ENTITIES: Final = Column("fraud_decision.sealed_entities")
LIST_CHANGE: Final = Column("fraud_listact.sealed_change")
PROGRAM_CANONICAL: Final = Column("fraud_program.sealed_canonical")
PROGRAM_STATE: Final = Column("fraud_program.sealed_state")
