"""The way of a text: drafted, handed in, approved by another person, sent with proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from difflib import ndiff
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act, record
from guanlan.response.models.papers import Paper


def noun_of(paper: Paper) -> str:
    """The noun that rights on it are asked by."""
    return str(paper._meta.label_lower)


def keep(
    paper: Paper, subject: Subject, at: dt.datetime, more: Mapping[str, Any] | None = None
) -> None:
    """Keep its text as a draft; `more` is what drafts of this kind hold besides."""
    paper.drafts.create(
        number=paper.draft, text=paper.text, author_id=subject.id, at=at, **(more or {})
    )


def rewrite(
    subject: Subject,
    paper: Paper,
    title: str,
    text: str,
    now: dt.datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Another draft, of a text that is being drafted; `more` are further fields of it and of the
    draft. Raises Denied, or ValidationError by field."""
    require(subject, "change", noun_of(paper))
    only(paper, "draft")
    if not text.strip():
        raise ValidationError({"text": _("A report needs a text.")})
    with act(f"{paper.acts}.rewrite", paper, detail={"draft": paper.draft + 1}):
        paper.title, paper.text, paper.draft = title, text, paper.draft + 1
        for name, value in (more or {}).items():
            setattr(paper, name, value)
        paper.save(update_fields=["title", "text", "draft", *(more or {})])
        keep(paper, subject, now or timezone.now(), more)


def hand_in(subject: Subject, paper: Paper, now: dt.datetime | None = None) -> None:
    """Ask for approval; the text stays as it is from here on."""
    require(subject, "change", noun_of(paper))
    only(paper, "draft")
    with act(f"{paper.acts}.hand_in", paper):
        paper.state, paper.handed_in = "review", now or timezone.now()
        paper.save(update_fields=["state", "handed_in"])


def decide(
    subject: Subject,
    paper: Paper,
    *,
    approve: bool,
    answer: str = "",
    now: dt.datetime | None = None,
) -> None:
    """Approve, or send back with an answer. Not by anybody who wrote a draft of it."""
    require(subject, "approve", noun_of(paper))
    only(paper, "review")
    if not may_decide(subject, paper):
        raise ValidationError(_("Who wrote a report does not approve it."))
    if not approve and len(answer.strip()) < 5:
        raise ValidationError({"answer": _("Say why, in five characters at least.")})
    paper.answer, paper.approver_id = answer.strip(), subject.id
    if approve:
        with act(f"{paper.acts}.approve", paper):
            paper.state, paper.approved = "approved", now or timezone.now()
            paper.save(update_fields=["state", "answer", "approver", "approved"])
    else:
        with act(f"{paper.acts}.send_back", paper):
            paper.state = "draft"
            paper.save(update_fields=["state", "answer", "approver"])


def may_decide(subject: Subject, paper: Paper) -> bool:
    """Whether the subject has written no draft of it."""
    writers = {paper.author_id, *paper.drafts.values_list("author_id", flat=True)}
    return subject.id is None or subject.id not in writers


def note_sent(paper: Paper, sent_at: dt.datetime, how: str, receipt: str) -> None:
    """It was sent, with proof; within the caller's act."""
    paper.state, paper.sent_at, paper.sent_how, paper.receipt = "sent", sent_at, how, receipt
    paper.save(update_fields=["state", "sent_at", "sent_how", "receipt"])


def withdraw(subject: Subject, paper: Paper) -> None:
    """A text that will not be sent."""
    require(subject, "change", noun_of(paper))
    if paper.state in ("sent", "withdrawn"):
        raise ValidationError(_("This is not possible for a text in this state."))
    with act(f"{paper.acts}.withdraw", paper):
        paper.state = "withdrawn"
        paper.save(update_fields=["state"])


def only(paper: Paper, state: str) -> None:
    """Raises ValidationError where it is in another state."""
    if paper.state != state:
        raise ValidationError(_("This is not possible for a text in this state."))


def read_text(subject: Subject, paper: Paper) -> str:
    """The text, for who writes or approves; the reading is written down. Raises Denied."""
    noun = noun_of(paper)
    require(subject, "change" if may(subject, "change", noun) else "approve", noun)
    record(f"{paper.acts}.read", paper, outcome="seen")
    return str(paper.text)


def difference(paper: Paper) -> list[tuple[str, str]]:
    """How the newest draft differs from the one before, by lines: (sign, text), where the sign
    is a blank, + or -."""
    texts = [str(one.text) for one in paper.drafts.order_by("-number")[:2]]
    if len(texts) < 2:
        return []
    lines = ndiff(texts[1].splitlines(), texts[0].splitlines())
    return [(line[0], line[2:]) for line in lines if line[0] in " +-"]


def sections(text: str) -> list[tuple[str, str]]:
    """The parts of a text by their titles; what stands before the first has none.

    >>> sections("before\\n## One\\na\\nb\\n\\n## Two")
    [('', 'before'), ('One', 'a\\nb'), ('Two', '')]
    """
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        if line.startswith("## "):
            parts.append((line[3:].strip(), []))
        else:
            parts[-1][1].append(line)
    read = [(title, "\n".join(lines).strip()) for title, lines in parts]
    return [one for one in read if one[0] or one[1]]
