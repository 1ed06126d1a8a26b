"""A discussion as its page shows it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from guanlan.core.access import Subject, may
from guanlan.core.models import User
from guanlan.core.outbox.templates import masked
from guanlan.web.discussion.attaching import PER_OBJECT
from guanlan.web.discussion.commenting import LONGEST, MENTION, editable
from guanlan.web.discussion.models import Attachment, Comment
from guanlan.web.discussion.sniffing import TAKEN

NEWEST = 200  # comments of one object that are shown
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z_])\+?\d(?:[ -]?\d){10,18}X?(?![0-9A-Za-z_])"
    r"|[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+"
)


class Said(NamedTuple):
    """A comment as it is shown."""

    comment: Comment
    author: str
    text: SafeString
    plain: str
    own: bool
    editable: bool


def _name(user: User | None) -> str:
    return user.get_username() if user is not None else ""


def written_out(text: str, known: set[str]) -> SafeString:
    """The text as HTML: escaped, mentions of people made bold, personal numbers masked.

    What somebody typed into a comment is of level 3 as far as it holds numbers of people.
    """
    quiet = _PERSONAL.sub(lambda found: masked(found[0]), text)
    parts: list[SafeString | str] = []
    at = 0
    for found in MENTION.finditer(quiet):
        name = found[1].rstrip(".-")
        if name in known:
            parts += [quiet[at : found.start()], format_html('<b class="mention">@{}</b>', name)]
            at = found.start() + 1 + len(name)
    return format_html_join("", "{}", ((part,) for part in [*parts, quiet[at:]]))


def shown(
    subject: Subject, noun: str, found: Any, now: datetime | None = None
) -> dict[str, object]:
    """The context of `web/discussion.html` for an object that the subject was found to see."""
    at, identity = now or timezone.now(), str(found.pk)
    of = {"noun": noun, "object_id": identity}
    newest = (
        Comment.objects.for_user(subject)
        .filter(**of)
        .select_related("author")
        .order_by("-created", "-id")
    )
    comments = list(newest[: NEWEST + 1])
    told = {key for one in comments for key in one.mentions}
    people = User.objects.filter(pk__in=told).values_list("pk", "username") if told else ()
    names = dict(people)
    files = Attachment.objects.for_user(subject).filter(**of, removed=None).select_related("author")
    return {
        "noun": noun,
        "identity": identity,
        "comments": [
            Said(
                one,
                _name(one.author),
                written_out(str(one.text), {names[key] for key in one.mentions if key in names}),
                str(one.text),
                one.author_id == subject.id and one.removed is None,
                editable(subject, one, at),
            )
            for one in reversed(comments[:NEWEST])
        ],
        "older": len(comments) > NEWEST,
        "files": [
            (one, one.author_id == subject.id or may(subject, "delete", "web.attachment"))
            for one in files[:PER_OBJECT]
        ]
        if may(subject, "see", "web.attachment")
        else [],
        "may_comment": may(subject, "add", "web.comment"),
        "may_attach": may(subject, "add", "web.attachment"),
        "longest": LONGEST,
        "limit": settings.ATTACHMENT_LIMIT,
        "taken": TAKEN,
    }
