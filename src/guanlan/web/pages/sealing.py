"""Encryption: what is sealed, with which keys, and how much of it is under the current one."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from guanlan.core.access import may
from guanlan.core.sealing.inventory import Line, taken
from guanlan.core.sealing.moving import JOB
from guanlan.core.sealing.ring import DataKey
from guanlan.web.rights import needs, subject_of_request

KINDS: Final[dict[str, str | Promise]] = {
    "field": _("Sealed field"),
    "blind index": _("Blind index"),
    "event log": _("Keys of the event log"),
    "file": _("Files"),
}
PURPOSES: Final[dict[str, str | Promise]] = {
    "field": _("Sealed fields"),
    "index": _("Blind indexes"),
    "log": _("Event log"),
    "backup": _("Backups"),
    "attachment": _("Attachments"),
}
PROVIDERS: Final[dict[str, str | Promise]] = {
    "file": _("Key file"),
    "vault": "HashiCorp Vault",
    "aws_kms": "AWS KMS",
    "command": _("Command of a key service"),
}


SECRETS: Final[dict[str, str | Promise]] = {
    "sessions": _("sessions"),
    "digests of addresses and sessions in the audit log": _(
        "digests of addresses and sessions in the audit log"
    ),
}


class LineRow(NamedTuple):
    """A place as it is shown; `share` in per cent, None where it was not counted."""

    line: Line
    kind: str | Promise
    days: int | None
    share: int | None
    mark: str


class KeyRow(NamedTuple):
    """A key as it is shown."""

    key: DataKey
    purpose: str | Promise
    state: str | Promise
    mark: str
    used: float


@needs("see", "core.policy")
@require_safe
def encryption(request: HttpRequest) -> HttpResponse:
    """The inventory; what was not counted is said to be unknown."""
    now = timezone.now()
    found = taken()
    context = {
        "found": found,
        "provider": PROVIDERS.get(found.provider, found.provider),
        "lines": [_line(line, now) for line in found.lines],
        "keys": [_key(key, found.budget) for key in found.keys],
        "behind": any(line.values != line.current for line in found.lines),
        "by_secret": [SECRETS.get(one, one) for one in found.by_secret],
        "job": JOB,
        "may_run": may(subject_of_request(request), "change", "core.job"),
    }
    return render(request, "web/encryption.html", context)


def _line(line: Line, now: datetime) -> LineRow:
    share = None
    mark = "none"
    if line.values is not None and line.current is not None:
        share = line.current * 100 // line.values if line.values else 100
        mark = "on" if line.current == line.values else "warn"
    days = (now - line.since).days if line.since is not None else None
    return LineRow(line, KINDS[line.kind], days, share, mark)


def _key(key: DataKey, budget: int) -> KeyRow:
    if key.destroyed is not None:
        state, mark = _("destroyed"), "off"
    elif key.retired is not None:
        state, mark = _("only opens"), "none"
    else:
        state, mark = _("current"), "on"
    return KeyRow(key, PURPOSES[key.purpose], state, mark, key.used * 100 / budget)
