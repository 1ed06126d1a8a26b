"""A wrapping key for tests, and a spy on what is sealed with which key and nonce."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanlan.engine.log import sealing


class Wrap:
    """Wraps under one key, made from `name`; another name is another installation."""

    def __init__(self, name: str = "ours") -> None:
        self._cipher = AESGCM(name.encode().ljust(32, b"."))

    def draw(self) -> bytes:
        return os.urandom(32)

    def wrap(self, key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, key, None)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:12], wrapped[12:], None)
        except InvalidTag:
            raise ValueError("it was wrapped by another key") from None


class Spy:
    """Every (key, nonce) that was used to seal, with what was sealed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used: list[tuple[bytes, bytes]] = []
        spy = self

        class Watched:
            def __init__(self, key: bytes) -> None:
                self._key, self._cipher = key, AESGCM(key)
                self.decrypt = self._cipher.decrypt

            def encrypt(self, nonce: bytes, data: bytes, head: bytes) -> bytes:
                spy.used.append((self._key, nonce))
                return self._cipher.encrypt(nonce, data, head)

        watched: Any = Watched
        monkeypatch.setattr(sealing, "AESGCM", watched)
