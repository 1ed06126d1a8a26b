"""Complaints for tests: one after the other, and as they come in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from guanlan.core.access import SYSTEM
from guanlan.response.complaints.deadlines import due_of
from guanlan.response.complaints.intake import Incoming, take_in
from guanlan.response.models import (
    Complaint,
    ComplaintCategory,
    ComplaintGateway,
    ComplaintLetter,
    ComplaintTerms,
    Mailbox,
    ReplyTemplate,
)

NOW = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
SECRET = "my husband never slept again"
TITLE = {"en": "title", "zh-hans": "标题", "zh-hant": "標題"}


def taken(text: str = "The refund never came", now: dt.datetime = NOW, **said: Any) -> Complaint:
    """A complaint as it comes in by the interface."""
    incoming = Incoming(**{"channel": "api", "source": "test", "text": text, **said})
    return take_in(SYSTEM, incoming, now).complaint


def make_complaint(n: int) -> Complaint:
    received = NOW + dt.timedelta(seconds=n)
    return Complaint.objects.create(
        origin=f"origin {n}", digest="x", brought_by="system", channel="web", received=received,
        category=ComplaintCategory.objects.get(code="other"), risk="operations",
        subject=f"complaint {n}", text=SECRET, masked="a masked copy", email=f"c{n}@example.com",
        days=15, due=due_of(received, 15), touched=received, priority=n % 3,
    )  # fmt: skip


def make_category(n: int) -> ComplaintCategory:
    return ComplaintCategory.objects.create(
        code=f"category-{n}", title=TITLE, risk="fraud", changed=NOW + dt.timedelta(seconds=n)
    )


def make_answer(n: int) -> ReplyTemplate:
    return ReplyTemplate.objects.create(
        code=f"answer-{n}", title=TITLE, text=TITLE, changed=NOW + dt.timedelta(seconds=n)
    )


def make_terms(n: int) -> ComplaintTerms:
    return ComplaintTerms.objects.create(
        simple=15, complex=30, extension=30, source="the law", reason=f"reason {n}",
        created=NOW + dt.timedelta(seconds=n),
    )  # fmt: skip


def make_mailbox(n: int) -> Mailbox:
    return Mailbox.objects.create(
        name=f"box {n}", host="imap.test", account=SECRET, password="x",
        created=NOW + dt.timedelta(seconds=n),
    )  # fmt: skip


def make_gateway(n: int) -> ComplaintGateway:
    return ComplaintGateway.objects.create(
        name=f"gate {n}", kind="hmac", slug=f"slug-{n}", secret=SECRET,
        created=NOW + dt.timedelta(seconds=n),
    )  # fmt: skip


def make_letter(n: int) -> ComplaintLetter:
    at = NOW + dt.timedelta(seconds=n)
    return ComplaintLetter.objects.create(
        channel="sms", source="gateway 1", why="The body is larger than %(most)s KB.",
        values={"most": "256"}, received=at, came=at, size=9, kept=9, origin=f"origin {n}",
        digest="x", body=SECRET, draft="{}",
    )  # fmt: skip


def seed(many: int) -> None:
    """Some rows of everything that has a list."""
    for n in range(many):
        make_complaint(n)
        make_category(n)
        make_answer(n)
        make_terms(n)
        make_mailbox(n)
        make_gateway(n)
        make_letter(n)
