"""Putting a file beside an object, reading it, taking it away."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.http import Http404
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, may, require
from guanlan.core.audit import act, record
from guanlan.core.audit.recording import Detail
from guanlan.web.discussion import storing
from guanlan.web.discussion.models import Attachment
from guanlan.web.discussion.receiving import Received
from guanlan.web.discussion.sniffing import TAKEN, safe_name
from guanlan.web.discussion.storing import Writer
from guanlan.web.discussion.topics import find_object

logger = logging.getLogger(__name__)

PER_OBJECT: Final = 100
SCAN_SECONDS: Final = 60


class Refusal(ValidationError):
    """A file is not taken; `status` is the answer's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__({"file": message})
        self.status = status


def refusal_of(fault: str) -> Refusal:
    """Why an upload was not taken, as a sentence."""
    if fault == "size":
        most = filesizeformat(settings.ATTACHMENT_LIMIT)
        return Refusal(_("The file is too large: at most %(most)s.") % {"most": most}, 413)
    if fault == "kind":
        return Refusal(
            _("This kind of file is not taken. Taken are: %(kinds)s.") % {"kinds": TAKEN}, 415
        )
    if fault == "many":
        return Refusal(_("Send one file at a time."))
    if fault == "empty":
        return Refusal(_("Choose a file that is not empty."))
    return Refusal(_("The file did not arrive whole. Send it again."))


def _room(noun: str, identity: str, size: int) -> None:
    kept = Attachment.objects.filter(removed=None)
    if kept.filter(noun=noun, object_id=identity).count() >= PER_OBJECT:
        raise Refusal(
            _("There are %(n)s files here already; remove one first.") % {"n": PER_OBJECT}
        )
    used = kept.aggregate(total=Sum("size"))["total"] or 0
    if used + size > settings.ATTACHMENT_QUOTA:
        raise Refusal(_("The room for attachments is full. Ask an administrator."), 507)


def _scanned(writer: Writer) -> bool:
    """Whether the scanner, where one is set, found nothing; it reads the bytes on its input."""
    command = list(settings.ATTACHMENT_SCANNER)
    if not command:
        return True
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as scanner:
        assert scanner.stdin is not None
        try:
            for plain in writer.read():
                scanner.stdin.write(plain)
            scanner.stdin.close()
        except BrokenPipeError:
            pass  # it has seen enough
        try:
            code = scanner.wait(SCAN_SECONDS)
        except subprocess.TimeoutExpired:
            scanner.kill()
            code = -1
    if code == 0:
        return True
    if code == 1:
        return False
    logger.error("the scanner of attachments failed with %d", code)
    raise Refusal(_("The file could not be checked for viruses now, so it was not taken."), 503)


def attach(subject: Subject, noun: str, identity: str, received: Received) -> Attachment:
    """Keep a received file beside the object. Raises Refusal, Http404, Denied; then nothing
    is left of it."""
    writer = received.writer
    try:
        require(subject, "add", "web.attachment")
        found = find_object(subject, noun, identity)
        if received.fault:
            raise refusal_of(received.fault)
        if not writer.size or received.kind is None:
            raise refusal_of("empty")
        _room(noun, str(found.pk), writer.size)
        if not _scanned(writer):
            record("attachment.infected", (noun, str(found.pk)), detail={"sha256": writer.sha256})
            raise Refusal(_("The virus scanner refused this file. Nothing was stored."))
        made = Attachment(
            noun=noun,
            object_id=str(found.pk),
            author_id=subject.id,
            name=safe_name(received.name or "", received.kind),
            kind=received.kind.media,
            size=writer.size,
            sha256=writer.sha256,
            stored=writer.stored,
        )
        said: Detail = {"size": made.size, "sha256": made.sha256, "kind": made.kind}
        with act("attachment.add", (noun, made.object_id), detail=said):
            made.save()
            writer.keep()
    except BaseException:
        writer.discard()
        storing.forget(writer.stored)
        raise
    return made


def find_attachment(subject: Subject, key: int) -> Attachment:
    """An attachment of an object that `subject` may see, else Http404."""
    found = Attachment.objects.for_user(subject).filter(pk=key, removed=None).first()
    if found is None:
        raise Http404
    find_object(subject, found.noun, found.object_id)
    return found


def read_attachment(subject: Subject, key: int) -> tuple[Attachment, Iterator[bytes]]:
    """The file and its plain bytes; the reading is written to the audit log.

    Raises Http404, and Unreadable before the first byte where the stored bytes were altered.
    """
    found = find_attachment(subject, key)
    record("attachment.read", (found.noun, found.object_id), detail={"attachment": found.pk})
    pieces = storing.opened(found.stored)
    first = next(pieces)

    def whole() -> Iterator[bytes]:
        yield first
        yield from pieces

    return found, whole()


def remove_attachment(subject: Subject, key: int) -> Attachment:
    """Take a file away: by who put it there, or who may delete attachments. Raises Denied."""
    found = find_attachment(subject, key)
    if found.author_id != subject.id and not may(subject, "delete", "web.attachment"):
        raise Denied(f"{subject.name} may not delete web.attachment", "delete", "web.attachment")
    with act("attachment.remove", (found.noun, found.object_id), detail={"attachment": found.pk}):
        found.removed = timezone.now()
        found.save(update_fields=["removed"])
        # Bytes do not come back when a transaction is rolled back. Where the process ends before
        # they are gone, the sweep finds them.
        transaction.on_commit(lambda: storing.forget(found.stored))
    return found
