"""What may be shown of a value, by its data level and kind.

From level 3 on, the server sends only a mask, whoever asks; the mask leaves just enough to
recognise what one already knows. The clear value comes from `revealing` alone.
"""

from __future__ import annotations

from typing import Final

from guanlan.core.access.nouns import MASKED_FROM

HIDDEN: Final = "•••"
_PHONES: Final = frozenset({"phone", "mobile"})
_EMAILS: Final = frozenset({"email", "mail"})
_CARDS: Final = frozenset({"card", "account", "iban", "bank_card"})
_IDS: Final = frozenset({"id_number", "identity", "id_card", "passport"})
_NAMES: Final = frozenset({"name", "person_name"})
_TEXTS: Final = frozenset({"text", "free_text", "secret"})


def mask(kind: str, key: str, level: int) -> str:
    """`key` as it may be shown. Values of level 1 and 2 pass unchanged.

    >>> mask("phone", "13800138000", 3)
    '138••••8000'
    >>> mask("email", "li.na@example.com", 3)
    'l•••@example.com'
    >>> mask("card", "6222020200112233", 4)
    '••••2233'
    >>> mask("id_number", "11010519491231002X", 3)
    '110•••002X'
    >>> mask("name", "李娜", 3)
    '李•••'
    >>> mask("name", "Li Na", 3)
    'L•••'
    >>> mask("ip", "192.0.2.17", 3)
    '192.0.•.•'
    >>> mask("text", "called back at noon", 3)
    '•••'
    >>> mask("user", "u-1", 2)
    'u-1'
    """
    if level < MASKED_FROM:
        return key
    if kind in _TEXTS:
        return HIDDEN
    if kind in _PHONES and len(key) >= 10:
        return f"{key[:-8]}••••{key[-4:]}"
    if kind in _EMAILS and "@" in key:
        name, _at, domain = key.rpartition("@")
        return f"{name[:1]}•••@{domain}"
    if kind == "ip":
        return _ip(key)
    if kind in _CARDS and len(key) >= 12:
        return f"••••{key[-4:]}"
    if kind in _IDS and len(key) >= 12:
        return f"{key[:3]}•••{key[-4:]}"
    if kind in _NAMES and len(key) >= 2:
        return f"{key[:1]}•••"
    if len(key) >= 12:
        return f"{key[:2]}•••{key[-2:]}"
    return HIDDEN


def shown(value: object, level: int, kind: str = "text") -> str:
    """Any value of this level as text that may stand on a screen, in a file or an answer.

    >>> shown(None, 3), shown(7, 2), shown(7, 3), shown("a@example.com", 3, "email")
    ('', '7', '•••', 'a•••@example.com')
    """
    return "" if value is None else mask(kind, str(value), level)


def _ip(key: str) -> str:
    if ":" in key:
        return ":".join(key.split(":")[:2]) + ":•••"
    parts = key.split(".")
    return ".".join([*parts[:2], "•", "•"]) if len(parts) == 4 else HIDDEN
