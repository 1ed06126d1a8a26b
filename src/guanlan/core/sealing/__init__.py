"""Encryption at rest: keys by purpose, sealed model fields, blind indexes.

    from guanlan.core.sealing import BlindIndex, SealedField, keyring

    email = SealedField(max_length=254)                  # a text; JSON and bytes have theirs
    email_index = BlindIndex(of="email", kind="email")   # .filter(email_index="a@example.com")

    wrapped = keyring().wrap("log", key)                 # a data key of your own
    key = keyring().unwrap("log", wrapped)               # raises Unopened

    seal_text(secret, "mfa_authenticator.data")          # inside somebody else's text column

Three floors: a provider (key file, Vault, AWS KMS, a command) keeps the master key; it wraps the
data keys of `DATA/keys/ring.json`, each for one purpose; these seal values. `docs/encryption.md`
tells the rest.
"""

from guanlan.core.sealing.blind import BlindIndex
from guanlan.core.sealing.checking import check_models
from guanlan.core.sealing.columns import Column, Unreadable, on_unreadable, tell_unreadable
from guanlan.core.sealing.errors import KeysUnusable, Unopened
from guanlan.core.sealing.fields import (
    SealedBytesField,
    SealedField,
    SealedJSONField,
    SealId,
    Stored,
    open_rows,
    sealed_fields,
    update_sealed,
)
from guanlan.core.sealing.installation import keyring
from guanlan.core.sealing.ring import DataKey, Keyring, Purpose
from guanlan.core.sealing.texts import open_text, seal_text

__all__ = [
    "BlindIndex",
    "Column",
    "DataKey",
    "Keyring",
    "KeysUnusable",
    "Purpose",
    "SealId",
    "SealedBytesField",
    "SealedField",
    "SealedJSONField",
    "Stored",
    "Unopened",
    "Unreadable",
    "check_models",
    "keyring",
    "on_unreadable",
    "open_rows",
    "open_text",
    "seal_text",
    "sealed_fields",
    "tell_unreadable",
    "update_sealed",
]
