"""What went wrong, in words, by the kind of error: screens name no class of a program."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

_DATABASE: Final = gettext_lazy("the database does not answer")
_REFUSED: Final = gettext_lazy("the database refuses what is to be written")
_DISK: Final = gettext_lazy("the disk cannot be read or written")
_WORDS: Final[dict[str, str | Promise]] = {
    "LogCorrupt": pgettext_lazy("the event log", "it is damaged"),
    "LogLocked": pgettext_lazy("the event log", "another process holds it"),
    "LogSealed": pgettext_lazy("the event log", "it is sealed with a key that is not here"),
    "LogFailed": gettext_lazy("the event log cannot be written"),
    "LogError": gettext_lazy("the event log cannot be read"),
    "Unopened": gettext_lazy("something is sealed with a key that is not here"),
    "AuditUnavailable": gettext_lazy("the audit log cannot be written"),
    "OperationalError": _DATABASE,
    "InterfaceError": _DATABASE,
    "IntegrityError": _REFUSED,
    "DataError": _REFUSED,
    "ProgrammingError": _REFUSED,
    "DatabaseError": _REFUSED,
    "PermissionError": pgettext_lazy("the event log", "this process may not read it"),
    "FileNotFoundError": gettext_lazy("a file is missing"),
    "OSError": _DISK,
    "LookupError": gettext_lazy("what it refers to is not here any more"),
    "MemoryError": gettext_lazy("there is not enough memory"),
}


def fault_words(kind: str) -> str:
    """What an error of this kind means; empty for none."""
    if not kind:
        return ""
    return str(_WORDS.get(kind) or _("an internal fault, which the server's log names"))
