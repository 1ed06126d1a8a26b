from __future__ import annotations
import os, hmac, hashlib
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


def root() -> bytes:
    path = settings.DATA / "stub.key"
    if not path.exists():
        path.write_bytes(os.urandom(32))
    return path.read_bytes()
