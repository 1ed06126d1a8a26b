"""Reading mailboxes: each letter once, whatever happens in between.

A mailbox is opened for reading only, so nothing in it changes: what we refuse is still there. How
far it was read is written in the transaction that takes the letter in.
"""

from __future__ import annotations

import datetime as dt
import imaplib
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core import egress
from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.core.sealing import Unreadable
from guanlan.response.complaints.files import keep_file
from guanlan.response.complaints.history import note
from guanlan.response.complaints.intake import LONGEST, Incoming, take_in
from guanlan.response.complaints.letters import (
    MAIL,
    NotTaken,
    Original,
    keep_letter,
    objection,
    seen_first,
)
from guanlan.response.complaints.parsing import BadLetter, Letter, read_letter, salvaged
from guanlan.response.complaints.replying import acknowledge_letter, customer_wrote
from guanlan.response.models import Complaint, Mailbox
from guanlan.response.terms import Words

AT_ONCE: Final = 100  # letters of a mailbox in one reading
ROOM: Final = 2 << 20  # bytes that a letter may have beside its largest file, as it travels
FAULTS: Final[dict[str, Words]] = {
    "refused": gettext_lazy("the address lies inside the network and is not allowed"),
    "unreachable": gettext_lazy("no connection, or no answer"),
    "certificate": gettext_lazy("the server's certificate is not trusted"),
    "login": gettext_lazy("the server does not accept the account or its password"),
    "folder": gettext_lazy("there is no such folder"),
    "unreadable": gettext_lazy("the stored data cannot be decrypted"),
}
_WHY: Final = {
    "head": gettext_noop("The headers of the letter are too long."),
    "parts": gettext_noop("The letter has too many parts."),
    "depth": gettext_noop("The parts of the letter are nested too deeply."),
    "files": gettext_noop("The letter has too many files."),
    "sender": gettext_noop("The letter names no sender."),
    "empty": gettext_noop("The letter is empty."),
    "automatic": gettext_noop("A program wrote this letter: an absence, a bounce, a list."),
    "fault": gettext_noop("The letter could not be read; it is still in the mailbox."),
}
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE: Final = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
_ERRORS: Final = (imaplib.IMAP4.error, OSError)


class Unpolled(Exception):
    """A mailbox could not be read; the argument is one of `FAULTS`."""


def most_letter() -> int:
    """Bytes of a letter at most: a file of the largest size takes a third more as it travels."""
    return int(settings.ATTACHMENT_LIMIT) * 4 // 3 + ROOM


def poll_all(
    now: dt.datetime,
    step: Callable[[], None] = lambda: None,
    context: ssl.SSLContext | None = None,
) -> int:
    """Read every mailbox in use; how many letters were dealt with. One that fails keeps no other
    from being read."""
    done = 0
    for key in list(Mailbox.objects.filter(enabled=True).values_list("pk", flat=True)):
        step()
        fault = ""
        try:
            done += poll(Mailbox.objects.get(pk=key), now, step, context)
        except Unpolled as error:
            fault = str(error)
        _polled(key, fault, now)
    return done


def _polled(key: int, fault: str, now: dt.datetime) -> None:
    """The beat of a mailbox; that it begins or ceases to fail is written down."""
    rows = Mailbox.objects.filter(pk=key)
    if rows.exclude(fault=fault).exists():
        with act("mailbox.fault", ("response.mailbox", str(key)), detail={"fault": fault}):
            rows.update(fault=fault)
    rows.update(polled=now)


def poll(
    box: Mailbox,
    now: dt.datetime,
    step: Callable[[], None] = lambda: None,
    context: ssl.SSLContext | None = None,
) -> int:
    """Read what is new in a mailbox; how many letters were dealt with. Raises Unpolled."""
    if isinstance(box.account, Unreadable) or isinstance(box.password, Unreadable):
        raise Unpolled("unreadable")
    server = _opened(box, context)
    try:
        validity, nxt = _selected(server, box.folder)
        _begin(box, validity, nxt)
        done = 0
        for uid in _new(server, box.last_uid):
            step()
            _deal(server, box, uid, now)
            done += 1
        return done
    except _ERRORS:
        raise Unpolled("unreachable") from None
    finally:
        with suppress(*_ERRORS):  # it may be gone already
            server.logout()
        with suppress(*_ERRORS):
            server.shutdown()


def _opened(box: Mailbox, context: ssl.SSLContext | None) -> imaplib.IMAP4_SSL:
    try:
        server = egress.imap(box.host, box.port, most=most_letter(), context=context)
    except egress.Refused:
        raise Unpolled("refused") from None
    except ssl.SSLError:
        raise Unpolled("certificate") from None
    except _ERRORS:
        raise Unpolled("unreachable") from None
    try:
        server.login(str(box.account), str(box.password))
    except _ERRORS:
        server.shutdown()
        raise Unpolled("login") from None
    return server


def _selected(server: imaplib.IMAP4_SSL, folder: str) -> tuple[int, int]:
    """The folder's UIDVALIDITY, and the UID that comes next."""
    quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    try:
        answer, _data = server.select(quoted, readonly=True)
    except imaplib.IMAP4.error:
        raise Unpolled("folder") from None
    if answer != "OK":
        raise Unpolled("folder")
    return _number(server, "UIDVALIDITY"), _number(server, "UIDNEXT")


def _number(server: imaplib.IMAP4_SSL, name: str) -> int:
    data = server.response(name)[1]
    said = data[-1] if data else None
    return int(said) if isinstance(said, bytes) and said.isdigit() else 0


def _begin(box: Mailbox, validity: int, following: int) -> None:
    """Where to go on: at the beginning where the server counts anew, and where the mailbox is new
    after what is there already, unless all of it is wanted."""
    if box.uid_validity == validity:
        return
    first = box.uid_validity is None
    box.last_uid = max(0, following - 1) if first and not box.whole else 0
    box.uid_validity = validity
    with act("mailbox.begin", box):
        box.save(update_fields=["uid_validity", "last_uid"])


def _new(server: imaplib.IMAP4_SSL, last: int) -> list[int]:
    _answer, data = server.uid("SEARCH", f"UID {last + 1}:*")
    found = data[0].split() if data and isinstance(data[0], bytes) else []
    # `n:*` always names the newest, be it older than n.
    return sorted(uid for uid in map(int, found) if uid > last)[:AT_ONCE]


def _deal(server: imaplib.IMAP4_SSL, box: Mailbox, uid: int, now: dt.datetime) -> None:
    """Take a letter in, or keep it as a dead letter; then it is behind us."""
    head = _fetched(server, uid, "(RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER]<0.65536>)")
    size = _SIZE.search(head[0])
    if size is None:  # it was removed meanwhile
        _past(box, uid)
        return
    came = received_at(head[0], now)
    if int(size[1]) > most_letter():
        why = NotTaken(
            gettext_noop("The letter is larger than %(most)s; it is still in the mailbox."),
            {"most": filesizeformat(most_letter())},
        )
        _keep(box, uid, why, (head[1], int(size[1])), came, now)
        return
    raw = _fetched(server, uid, "(BODY.PEEK[])")[1]
    whole = raw, int(size[1])
    try:
        with transaction.atomic():
            _take(box, uid, raw, came, now)
            _past(box, uid)
    except NotTaken as why:
        _keep(box, uid, why, whole, came, now)
    except DatabaseError:
        raise  # not the letter's fault: it is read again
    except Exception as error:  # noqa: BLE001 - one bad letter must not stop those behind it
        _keep(box, uid, NotTaken(_WHY["fault"], {"kind": type(error).__name__}), whole, came, now)


def _fetched(server: imaplib.IMAP4_SSL, uid: int, what: str) -> tuple[bytes, bytes]:
    """What the server says of a letter, and the bytes that it gives."""
    _answer, data = server.uid("FETCH", str(uid), what)
    said, given = b"", b""
    for part in data or ():
        if isinstance(part, tuple):
            said += part[0]
            given = part[1]
        elif isinstance(part, bytes):
            said += part
    return said, given


def received_at(said: bytes, now: dt.datetime) -> dt.datetime:
    """When the server took the letter in, as it says; now where it says nothing sensible."""
    found = _DATE.search(said)
    try:
        at = dt.datetime.strptime(
            found[1].decode("ascii").strip() if found else "", "%d-%b-%Y %H:%M:%S %z"
        )
    except ValueError:
        return now
    return min(at, now)


def _past(box: Mailbox, uid: int) -> None:
    """The letter is dealt with."""
    box.last_uid = uid
    box.save(update_fields=["last_uid", "taken", "refused"])


def _keep(
    box: Mailbox,
    uid: int,
    why: NotTaken,
    read: tuple[bytes, int],
    came: dt.datetime,
    now: dt.datetime,
) -> None:
    """Keep the letter, that says why it was not taken in; then it is dealt with. `read` is what
    was read of it, and how many bytes it has."""
    raw, size = read
    letter = salvaged(raw, int(settings.ATTACHMENT_LIMIT), LONGEST)
    draft = _incoming(box, letter, letter.message_id or f"{box.uid_validity} {uid}", None)
    with transaction.atomic():
        keep_letter(why, Original(draft, raw, size, came), now)
        box.refused += 1
        _past(box, uid)


def _take(box: Mailbox, uid: int, raw: bytes, received: dt.datetime, now: dt.datetime) -> None:
    try:
        letter = read_letter(raw, int(settings.ATTACHMENT_LIMIT), LONGEST)
    except BadLetter as error:
        raise NotTaken(_WHY[str(error)]) from None
    name = letter.message_id or f"{box.uid_validity} {uid}"
    if not seen_first(f"{MAIL} {box.pk}", name, now):
        return
    if letter.automatic:
        raise NotTaken(_WHY["automatic"])
    try:
        row = _joined(letter, now) or _made(box, letter, name, received, now)
    except ValidationError as error:
        raise objection(error.messages) from None
    box.taken += 1
    for file in letter.files:
        refusal = keep_file(row, file.name, file.data, int(settings.ATTACHMENT_LIMIT))
        if refusal:
            note(row, "file_refused", now, by=SYSTEM, reason=refusal[:500])


def _joined(letter: Letter, now: dt.datetime) -> Complaint | None:
    """The complaint that its subject names, where it comes from that customer; it is told of it."""
    row = Complaint.objects.filter(pk=letter.ticket).first() if letter.ticket else None
    if row is None or str(row.email or "").casefold() != letter.sender.casefold():
        return None
    return customer_wrote(row, letter.text, "email", now).complaint


def _made(
    box: Mailbox, letter: Letter, name: str, received: dt.datetime, now: dt.datetime
) -> Complaint:
    row = take_in(SYSTEM, _incoming(box, letter, name, received), now).complaint
    acknowledge_letter(row, now)
    return row


def _incoming(box: Mailbox, letter: Letter, name: str, received: dt.datetime | None) -> Incoming:
    return Incoming(
        channel="email", source=f"mailbox {box.pk}", external=name, subject=letter.subject[:120],
        text=letter.text, received=received, email=letter.sender,
    )  # fmt: skip
