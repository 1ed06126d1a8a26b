"""Ciphers by name, and the form of what is sealed.

A sealed value: version (1 byte), algorithm (1 byte), key id (4 bytes, big-endian), nonce
(12 bytes), ciphertext, tag (16 bytes). The first six bytes, its head, are bound to it together
with what the caller binds. AES-GCM is NIST SP 800-38D, SM4 GB/T 32907, its GCM RFC 8998.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

AES: Final = "aes-256-gcm"
SM: Final = "sm4-gcm"
VERSION: Final = 1
HEAD: Final = 6
NONCE: Final = 12
TAG: Final = 16
LEAST: Final = HEAD + NONCE + TAG

_HEAD: Final = struct.Struct(">BBI")


class Aead(Protocol):
    """An authenticated cipher under one key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """Ciphertext and tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """The plain bytes. Raises InvalidTag."""


class Sm4Gcm:
    """SM4 in Galois counter mode, in the shape of `AESGCM`."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """Ciphertext and tag."""
        sealing = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(associated_data or b"")
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """The plain bytes. Raises InvalidTag."""
        if len(data) < TAG:
            raise InvalidTag
        opening = Cipher(self._algorithm, modes.GCM(nonce, data[-TAG:])).decryptor()
        opening.authenticate_additional_data(associated_data or b"")
        return opening.update(data[:-TAG]) + opening.finalize()


class Algorithm(NamedTuple):
    """An algorithm: its number in the head, the bytes of its keys, and how it begins."""

    number: int
    key_bytes: int
    begin: Callable[[bytes], Aead]


ALGORITHMS: Final[dict[str, Algorithm]] = {
    AES: Algorithm(1, 32, AESGCM),
    SM: Algorithm(2, 16, Sm4Gcm),
}


def head_of(algorithm: str, key: int) -> bytes:
    """The head of every value sealed with this key."""
    return _HEAD.pack(VERSION, ALGORITHMS[algorithm].number, key)


def key_of(blob: bytes) -> int | None:
    """The id of the key that sealed `blob`; None where it is none of ours."""
    if len(blob) < LEAST or blob[0] != VERSION:
        return None
    return int.from_bytes(blob[2:HEAD], "big")
