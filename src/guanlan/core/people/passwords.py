"""What a password must not be: what is guessed soon, and what has leaked.

How soon is estimated by zxcvbn: it knows common passwords, words, names, dates and what people do
with them, and is told the words that are easy to guess here (`context_words`). Leaked passwords
are looked up in a file of hashes, at a service that is asked by the first digits of a hash, or
nowhere: as the settings `leaked_passwords` and `leaked_service` say.
"""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

from guanlan.core import egress
from guanlan.core.people.organisation import organisation

logger = logging.getLogger(__name__)

GUESSES: Final = 10**10  # a password found in fewer is refused
LOOKED_AT: Final = 72  # characters; what comes after only makes it longer
PRODUCT: Final = ("guanlan", "guan lan", "观澜", "觀瀾")
PREFIX: Final = 5  # digits of a hash that the service is told
SECONDS: Final = 3.0
_HASH: Final = re.compile(rb"([0-9A-Fa-f]{40})(?::\d+)?")


def context_words(person: Any = None) -> list[str]:
    """Words that are easy to guess here: the product's, the organisation's name, what the
    setting `password_words` lists (brands, products, towns), and the person's own."""
    own = [getattr(person, name, "") for name in ("username", "first_name", "last_name", "email")]
    said = [*PRODUCT, organisation().name, *settings.PASSWORD_WORDS, *map(str, own)]
    words = [part for text in said for part in (text, *re.split(r"[\W_]+", text))]
    return list(dict.fromkeys(word.lower() for word in words if len(word) > 1))


class Guessable:
    """Refuses what would be guessed in fewer than ten thousand million tries."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        if not password:
            return  # its length is spoken of elsewhere
        found = zxcvbn(password[:LOOKED_AT], user_inputs=context_words(user))
        if found["guesses"] < GUESSES:
            raise ValidationError(
                _(
                    "This password is too easy to guess: it is a common one, a pattern, or made "
                    "of words that lie near. Take a few words that do not belong together."
                )
            )

    def get_help_text(self) -> str:
        """What is asked for."""
        return _("Not common, and not made of words that lie near.")


class Leaked:
    """Refuses what is known from leaks. A service that does not answer refuses nothing; a file
    that cannot be read refuses everything, since somebody relies on it."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        # The hash that lists of leaked passwords are made of; nothing is kept by it.
        digest = hashlib.new("sha1", password.encode(), usedforsecurity=False).hexdigest().upper()
        if in_file(settings.LEAKED_PASSWORDS, digest) or at_service(
            settings.LEAKED_SERVICE, digest
        ):
            raise ValidationError(_("This password is known from a leak: others have it too."))

    def get_help_text(self) -> str:
        """What is asked for."""
        return _("Not known from a leak.")


def in_file(path: Path | None, digest: str) -> bool:
    """Whether a sorted file of hashes holds `digest` (SHA-1, 40 upper-case digits).

    A line is a hash, or a hash, a colon and a number. The file is searched by halves and never
    read whole. Raises ValidationError where it cannot be read or is no such file.
    """
    if path is None:
        return False
    wanted = digest.encode()
    try:
        with path.open("rb") as file:
            low, high = 0, file.seek(0, 2)
            while low < high:
                middle = (low + high) // 2
                file.seek(max(0, middle - 1))
                if middle:
                    file.readline()  # the rest of a line, or the end of the one before
                line = file.readline()
                if not line:
                    high = middle
                    continue
                held = _HASH.fullmatch(line.strip())
                if held is None:
                    raise OSError("a line is no hash")
                if held[1].upper() == wanted:
                    return True
                if held[1].upper() < wanted:
                    low = file.tell()
                else:
                    high = middle
    except OSError as error:
        logger.error("%s: the file of leaked passwords cannot be used (%s)", path, type(error))
        raise ValidationError(
            _(
                "The list of leaked passwords cannot be read, so no password is taken. Tell the"
                " operators."
            )
        ) from None
    return False


def at_service(address: str, digest: str) -> bool:
    """Whether a service knows `digest`; it is told five digits of it, and answers with the rest
    of every hash it knows that begins so."""
    if not address:
        return False
    url = f"{address.rstrip('/')}/{digest[:PREFIX]}"
    try:
        answer = egress.request("GET", url, headers={"Add-Padding": "true"}, timeout=SECONDS)
    except OSError as error:
        logger.warning("leaked passwords were not asked for: %s", error)
        return False
    if not answer.ok:
        logger.warning("leaked passwords were not asked for: status %d", answer.status)
        return False
    rest = digest[PREFIX:]
    for line in answer.body.decode("ascii", "replace").splitlines():
        known, _colon, count = line.strip().partition(":")
        # Padding has a count of nought.
        if known.upper() == rest and count.strip() != "0":
            return True
    return False
