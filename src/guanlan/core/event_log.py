"""The keys of the installation's event log.

The log draws a data key at each opening and keeps it beside its segments, wrapped by a key of
the installation; see `guanlan.engine.log.sealing`. Wrapped bytes begin with one that says how:
1 is AES-256-GCM under a key derived from the installation's secret, 2 the key ring's current key
for logs. What is wrapped now is 2; 1 still opens.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from guanlan.core.sealing import Keyring, KeysUnusable, Unopened, keyring
from guanlan.core.sealing.ciphers import key_of
from guanlan.engine.log import KeyWrap

BY_SECRET: Final = b"\x01"
BY_RING: Final = b"\x02"
_NONCE: Final = 12
_KEPT: Final = 1024  # data keys remembered; each opening of the log makes one


def log_keys() -> KeyWrap:
    """What wraps and unwraps the data keys of this installation's event log."""
    return LogKeys(settings.SECRET_KEY)


def derived(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, from the installation's secret (HKDF, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=b"guanlan " + purpose.encode()).derive(
        secret.encode()
    )


class LogKeys:
    """Wraps by a key ring, the installation's unless another is given; what one secret's key
    wrapped before still opens."""

    def __init__(self, secret: str, ring: Keyring | None = None) -> None:
        self._secret = secret
        self._ring = ring

    def draw(self) -> bytes:
        return secrets.token_bytes(32)

    def wrap(self, key: bytes) -> bytes:
        return BY_RING + (self._ring or keyring()).wrap("log", key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return _unwrapped(self._ring or keyring(), self._secret, wrapped)


def wrapped_by(wrapped: bytes) -> int | None:
    """The id of the ring's key that wrapped a log's data key; None where it was the secret."""
    return key_of(wrapped[1:]) if wrapped[:1] == BY_RING else None


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(derived(secret, "event log"))


# A page that shows one decision opens the log; it need not open its keys each time.
@lru_cache(maxsize=_KEPT)
def _unwrapped(ring: Keyring, secret: str, wrapped: bytes) -> bytes:
    if wrapped[:1] == BY_RING:
        try:
            return ring.unwrap("log", wrapped[1:])
        except Unopened as error:
            raise ValueError(str(error)) from None
        except KeysUnusable as error:
            raise ValueError(error.args[0]) from None
    if wrapped[:1] != BY_SECRET:
        raise ValueError("it was wrapped by a newer version")
    nonce, text = wrapped[1 : 1 + _NONCE], wrapped[1 + _NONCE :]
    try:
        return _cipher(secret).decrypt(nonce, text, BY_SECRET)
    except (InvalidTag, ValueError):
        raise ValueError("the installation's secret key is not the one it was made with") from None
