"""The keys of the installation's event log.

The log draws a data key at each opening and keeps it beside its segments, wrapped by the
installation's key of the purpose `log`; see `guanlan.engine.log.sealing`.
"""

from __future__ import annotations

import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanlan.core.sealing_stub import root
from guanlan.engine.log import KeyWrap


class LogKeys:
    def draw(self) -> bytes:
        return secrets.token_bytes(32)

    def wrap(self, key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(root()).encrypt(nonce, key, b"log")

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return AESGCM(root()).decrypt(wrapped[:12], wrapped[12:], b"log")
        except InvalidTag:
            raise ValueError("another key") from None


def log_keys() -> KeyWrap:
    """What wraps and unwraps the data keys of this installation's event log."""
    return LogKeys()
