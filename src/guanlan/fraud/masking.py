"""What may be shown of a key or a value, by its data level.

Levels are 1 (public) to 4 (sensitive). From level 3 on, the server sends only a mask; the
mask leaves just enough to recognise what one already knows.
"""

from __future__ import annotations

from typing import Final

MASKED_FROM: Final = 3
HIDDEN: Final = "•••"


def mask(kind: str, key: str, level: int) -> str:
    """`key` as it may be shown. Keys of level 1 and 2 pass unchanged.

    >>> mask("phone", "13800138000", 3)
    '138••••8000'
    >>> mask("email", "li.na@example.com", 3)
    'l•••@example.com'
    >>> mask("card", "6222020200112233", 4)
    '••••2233'
    >>> mask("user", "u-1", 2)
    'u-1'
    """
    if level < MASKED_FROM:
        return key
    if kind in ("phone", "mobile") and len(key) >= 10:
        return f"{key[:-8]}••••{key[-4:]}"
    if kind in ("email", "mail") and "@" in key:
        name, _at, domain = key.rpartition("@")
        return f"{name[:1]}•••@{domain}"
    if kind == "ip":
        return _ip(key)
    if kind in ("card", "account", "iban") and len(key) >= 12:
        return f"••••{key[-4:]}"
    if len(key) >= 12:
        return f"{key[:2]}•••{key[-2:]}"
    return HIDDEN


def _ip(key: str) -> str:
    if ":" in key:
        return ":".join(key.split(":")[:2]) + ":•••"
    parts = key.split(".")
    return ".".join([*parts[:2], "•", "•"]) if len(parts) == 4 else HIDDEN
