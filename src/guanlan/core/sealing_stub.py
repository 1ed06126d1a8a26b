from __future__ import annotations

import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


@lru_cache
def root() -> bytes:
    path = settings.DATA / "stub.key"
    if not path.exists():
        path.write_bytes(os.urandom(32))
    return bytes(path.read_bytes())


@lru_cache
def cipher() -> AESGCM:
    return AESGCM(root())
