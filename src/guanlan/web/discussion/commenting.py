"""Saying something of an object, changing it soon after, taking it back."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access import Denied, Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.web.discussion.models import Comment
from guanlan.web.discussion.topics import find_object, may_see

LONGEST: Final = 8000
EDITABLE_FOR: Final = timedelta(minutes=15)
MOST_MENTIONS: Final = 20
MENTION: Final = re.compile(r"(?<![\w.@])@([\w.+\-]{1,150})")
_UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}  # characters that show nothing or reorder text
_KEPT: Final = "\n\t\u200d"  # the joiner holds emoji together

TEMPLATE: Final = outbox.template(
    "comment.mention",
    names={"who": 2},
    texts={
        "en": ("{who} mentions you", "{who} mentions you in a comment."),
        "zh-hans": ("{who} 提到了您", "{who} 在评论中提到了您。"),
        "zh-hant": ("{who} 提到了您", "{who} 在留言中提到了您。"),
    },
)


def written(text: str) -> str:
    """The text as it is kept: line ends made one, invisible characters dropped.

    Raises ValidationError where nothing is left, or too much.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _UNSEEN)
    plain = plain.strip()
    if not plain:
        raise ValidationError({"text": _("Write something.")})
    if len(plain) > LONGEST:
        raise ValidationError({"text": _("At most %(n)s characters; shorten it.") % {"n": LONGEST}})
    return plain


def mentioned(text: str, noun: str, identity: str) -> list[User]:
    """The people whom the text names with @ and who may see the object.

    A name that is nobody's and the name of one who may not see it are treated alike.
    """
    names = list(dict.fromkeys(name.rstrip(".-") for name in MENTION.findall(text)))
    people = User.objects.filter(username__in=names[:MOST_MENTIONS], is_active=True)
    return [user for user in people if may_see(user, noun, identity)]


def comment(subject: Subject, noun: str, identity: str, text: str) -> Comment:
    """Say `text` of the object, and tell those it mentions.

    Raises Http404 where the subject may not see the object, Denied where it may not comment,
    ValidationError for an empty or too long text.
    """
    require(subject, "add", "web.comment")
    found = find_object(subject, noun, identity)
    made = Comment(noun=noun, object_id=str(found.pk), text=written(text), author_id=subject.id)
    named = mentioned(made.text, noun, made.object_id)
    made.mentions = [user.pk for user in named]
    with act("comment.add", (noun, made.object_id), detail={"mentions": len(named)}):
        made.save()
        _tell(subject, made, named)
    return made


def _tell(subject: Subject, made: Comment, named: list[User]) -> None:
    others = [user for user in named if user.pk != subject.id]
    if others:
        outbox.send(
            TEMPLATE.name,
            to=others,
            context={"who": subject.name.partition("@")[0]},
            about=(made.noun, made.object_id),
            dedup=f"mention:{made.pk}",
        )


def editable(subject: Subject, found: Comment, now: datetime) -> bool:
    """Whether `subject` may still change it: its author, and only for a while."""
    own = subject.id is not None and found.author_id == subject.id
    return own and found.removed is None and now - found.created <= EDITABLE_FOR


def _own(subject: Subject, key: int) -> Comment:
    found = Comment.objects.select_for_update().filter(pk=key, removed=None).first()
    if found is None or found.author_id is None or found.author_id != subject.id:
        raise Denied(f"{subject.name} may not change web.comment", "change", "web.comment")
    find_object(subject, found.noun, found.object_id)
    return found


def edit_comment(subject: Subject, key: int, text: str, now: datetime | None = None) -> Comment:
    """Change one's own comment within `EDITABLE_FOR` of saying it.

    Raises Denied for another's, ValidationError when it is too late or the text does not do.
    """
    at = now or timezone.now()
    plain = written(text)
    with act("comment.edit", ("web.comment", str(key))):
        found = _own(subject, key)
        if not editable(subject, found, at):
            raise ValidationError({"text": _("It can be changed for 15 minutes only.")})
        named = mentioned(plain, found.noun, found.object_id)
        found.text, found.edited = plain, at
        found.mentions = [user.pk for user in named]
        found.save(update_fields=["text", "mentions", "edited"])
        _tell(subject, found, named)  # who was told before is not told again
    return found


def remove_comment(subject: Subject, key: int, now: datetime | None = None) -> Comment:
    """Take one's own comment back: the place stays, the text is gone. Raises Denied."""
    with act("comment.remove", ("web.comment", str(key))):
        found = _own(subject, key)
        found.text, found.mentions, found.removed = "", [], now or timezone.now()
        found.save(update_fields=["text", "mentions", "removed"])
    return found
