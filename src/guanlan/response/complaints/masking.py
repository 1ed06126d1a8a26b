"""The masked copy of what a customer wrote: numbers and addresses that name somebody are hidden.

Pure. Names and what is said in words stay, so the copy is for those who work on complaints, and
not for the public.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import re2

from guanlan.core.access.masking import mask

# By re2, which never goes back over what it read: strangers send these texts, and a long word
# without an @ would be read anew from each of its letters. Its \w knows the Latin alphabet only.
_EMAIL: Final = re2.compile(r"[\pL\pN_.+'%-]+@[\pL\pN_-]+(?:\.[\pL\pN_-]+)+")
# Hong Kong: one or two letters, six digits, and a check character, with or without brackets.
_HKID: Final = r"(?P<hkid>(?<![A-Za-z0-9])[A-Za-z]{1,2}\d{6}\s?\(?[0-9Aa]\)?(?![A-Za-z0-9]))"
# A day, with or without its time, is no number of anybody; what goes on with digits is none.
_DAY: Final = (
    r"(?P<day>(?<![\d.\-/])(?:19|20)\d\d(?P<sep>[-/.])(?:0?[1-9]|1[0-2])(?P=sep)"
    r"(?:0?[1-9]|[12]\d|3[01])(?:[ T](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)?"
    r"(?!\s?[\-/.:]*+\d))"
)
# Seven digits or more, however they are set apart: identity cards, cards, accounts, telephones.
_DIGITS: Final = r"(?P<digits>[A-Za-z]?\+?\(?\d(?:[\s\-.()·]{0,3}\d){6,}[Xx]?)"
# The number that we give a complaint names nobody.
_OURS: Final = (
    r"(?P<ours>(?<![A-Za-z0-9])C20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-\d{1,9}"
    r"(?!\s?[\-/.:]*+\d))"
)
_FOUND: Final = re.compile(f"{_OURS}|{_HKID}|{_DAY}|{_DIGITS}")
_NUMBER: Final = re.compile(r"\d")
_WIDE: Final = "０１２３４５６７８９＠．－＋＿" + "".join(
    chr(0xFF21 + n) + chr(0xFF41 + n) for n in range(26)
)
_NARROW: Final = str.maketrans(_WIDE, unicodedata.normalize("NFKC", _WIDE))
_KEPT: Final = 4  # of a number of eleven digits or more


def plain(text: str) -> str:
    """A text as it is kept: full-width digits and letters as usual ones, no control characters
    but for new lines. Punctuation stays as it is written."""
    said = text.replace("\r\n", "\n").replace("\r", "\n").translate(_NARROW)
    return "".join(c for c in said if c in "\n\t" or unicodedata.category(c)[0] != "C").strip()


def masked_text(text: str) -> str:
    """The text with what names somebody hidden, as far as it can be told by its form.

    >>> masked_text("Call 138 0013 8000 or li.na@example.com")
    'Call ••••8000 or l•••@example.com'
    >>> masked_text("身份证11010519491231002X，卡6222 0202 0011 2233")
    '身份证••••002X，卡••••2233'
    >>> masked_text("On 2026-11-27 09:12 I paid 1,250.00")
    'On 2026-11-27 09:12 I paid 1,250.00'
    >>> masked_text("My number is C20261127-95")
    'My number is C20261127-95'
    """
    said = plain(text)
    parts, done = [], 0
    for found in _EMAIL.finditer(said):
        parts += [_FOUND.sub(_hidden, said[done : found.start()]), mask("email", found[0], 3)]
        done = found.end()
    return "".join(parts) + _FOUND.sub(_hidden, said[done:])


def _hidden(found: re.Match[str]) -> str:
    if found["day"] is not None or found["ours"] is not None:
        return found[0]
    if found["hkid"] is not None:
        return "••••"
    compact = re.sub(r"[^0-9Xx]", "", found[0])
    if len(_NUMBER.findall(compact)) < 11:
        return f"••••{compact[-2:]}"
    return f"••••{compact[-_KEPT:]}"
