"""Files that come with a complaint, kept beside it like those that people put there."""

from __future__ import annotations

from django.http import HttpRequest

from guanlan.core.access import SYSTEM
from guanlan.response.complaints.terms import NOUN
from guanlan.response.models import Complaint
from guanlan.web.discussion import Refusal, attach
from guanlan.web.discussion.receiving import FIELD, SealingHandler


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
