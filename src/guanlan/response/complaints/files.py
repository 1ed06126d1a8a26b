"""Files that come with a complaint, kept beside it like those that people put there."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from guanlan.core.access import SYSTEM
from guanlan.response.complaints.masking import masked_text
from guanlan.response.complaints.terms import NOUN
from guanlan.response.models import Complaint
from guanlan.web.discussion import Refusal, attach
from guanlan.web.discussion.attaching import refusal_of
from guanlan.web.discussion.models import Attachment
from guanlan.web.discussion.receiving import FIELD, Received, SealingHandler, SealingSeveral
from guanlan.web.discussion.storing import forget

FILES: Final = "enclosed"  # the field of the public form
MOST_SHOWN: Final = 100  # files on the customer's page
MOST: Final = 5  # files that come with the public form
LARGEST: Final = 10 << 20  # bytes of one of them
WHOLE: Final = 25 << 20  # bytes of all of them


def keep_file(row: Complaint, name: str, data: bytes, limit: int) -> str:
    """Keep a file beside the complaint; why it is not taken, as a sentence, where it is not: too
    large, of a kind that is not taken, refused by the scanner."""
    handler = SealingHandler(HttpRequest(), limit)
    handler.new_file(FIELD, name, "application/octet-stream", len(data))
    step = handler.chunk_size
    for start in range(0, min(len(data), limit), step):
        handler.receive_data_chunk(data[start : min(start + step, limit)], start)
    if len(data) > limit:
        handler.fault = "size"
    received = handler.file_complete(len(data))
    if received is None:
        return ""
    try:
        attach(SYSTEM, NOUN, str(row.pk), received)
    except Refusal as refusal:
        return " ".join(refusal.messages)
    return ""


def sent_with(row: Complaint) -> list[tuple[str, int, dt.datetime]]:
    """(name, bytes, when) of the files that the customer sent, oldest first, with what names
    somebody hidden. What staff put beside a complaint is none of these."""
    found = Attachment.objects.filter(noun=NOUN, object_id=str(row.pk), author=None, removed=None)
    return [(masked_text(str(one.name)), one.size, one.created) for one in found[:MOST_SHOWN]]


def several(request: HttpRequest) -> SealingSeveral:
    """What takes the files of the public form as they come."""
    limit = min(LARGEST, int(settings.ATTACHMENT_LIMIT))
    return SealingSeveral(request, FILES, most=MOST, limit=limit, whole=WHOLE)


def why_not(fault: str) -> str:
    """Why the files of the public form are not taken, in one sentence."""
    if fault == "most":
        return _("At most %(n)s files are taken.") % {"n": MOST}
    if fault == "whole":
        most = filesizeformat(WHOLE)
        return _("The files are too large: at most %(most)s in all.") % {"most": most}
    if fault == "size":
        most = filesizeformat(min(LARGEST, int(settings.ATTACHMENT_LIMIT)))
        return _("A file is too large: at most %(most)s each.") % {"most": most}
    return " ".join(refusal_of(fault).messages)


def keep_several(row: Complaint, files: list[Received]) -> None:
    """Keep the files beside the complaint, in the caller's transaction; those that are there
    already are not kept twice. Raises Refusal; then `leave_nothing` is to be called."""
    rows = Attachment.objects.filter(noun=NOUN, object_id=str(row.pk), removed=None)
    there = set(rows.values_list("sha256", flat=True))
    for received in files:
        if received.writer.sha256 not in there:
            there.add(received.writer.sha256)
            attach(SYSTEM, NOUN, str(row.pk), received)


def leave_nothing(files: list[Received]) -> None:
    """Remove the bytes of files whose rows were not written after all."""
    for received in files:
        received.writer.discard()
        forget(received.writer.stored)
