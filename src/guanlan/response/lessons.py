"""Lessons of what happened, and the actions that come of them.

    lesson = add_lesson(subject, origin=("response.drill", "7"), category="fraud", title=…, now=…)
    action = add_action(subject, lesson, title=…, owner=user, due=…, now=…)
    finish_action(subject, action, note, now)      # by its owner, or whoever may
    verify_action(subject, action, now)            # by another person than who did it

`origin` is the label of a model and a key: drills and incidents have lessons alike.
"""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access import Denied, Subject, may, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.models import Lesson, LessonAction
from guanlan.response.terms import CATEGORIES

State = LessonAction.State
LONGEST_TITLE = 120

outbox.template(
    "lesson.action",
    names={"title": 2},
    texts={
        "en": ("Yours to do: {title}", "An action that comes of a lesson is yours."),
        "zh-hans": ("请您完成：{title}", "一项经验教训的改进行动由您负责。"),
        "zh-hant": ("請您完成：{title}", "一項經驗教訓的改善行動由您負責。"),
    },
)
outbox.template(
    "lesson.late",
    names={"title": 2},
    texts={
        "en": ("Late: {title}", "The time for this action has passed."),
        "zh-hans": ("逾期：{title}", "这项改进行动已超过期限。"),
        "zh-hant": ("逾期：{title}", "這項改善行動已超過期限。"),
    },
)


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not 3 <= len(title) <= LONGEST_TITLE:
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % {"n": LONGEST_TITLE}})
    return title


def add_lesson(
    subject: Subject,
    *,
    origin: tuple[str, str],
    category: str,
    title: str,
    now: dt.datetime,
    detail: str = "",
) -> Lesson:
    """Write down what was learnt. Raises Denied, ValidationError by field."""
    require(subject, "add", "response.lesson")
    if category not in CATEGORIES:
        raise ValidationError({"category": _("Choose one of the kinds of risk.")})
    lesson = Lesson(
        origin_noun=origin[0], origin_id=origin[1], category=category, title=_title(title),
        detail=detail.strip(), created=now, created_by_id=subject.id,
    )  # fmt: skip
    with act("lesson.add", (origin[0], origin[1]), detail={"category": category}):
        lesson.save()
    return lesson


def add_action(
    subject: Subject, lesson: Lesson, *, title: str, owner: User, due: dt.datetime, now: dt.datetime
) -> LessonAction:
    """Have somebody do something by a time. Raises Denied, ValidationError by field."""
    require(subject, "add", "response.lessonaction")
    if due <= now:
        raise ValidationError({"due": _("Choose a time that is still to come.")})
    action = LessonAction(
        lesson=lesson, title=_title(title), owner=owner, due=due, created=now,
        created_by_id=subject.id,
    )  # fmt: skip
    with act("lesson.action", lesson, detail={"owner": owner.pk}):
        action.save()
        outbox.send(
            "lesson.action", to=owner, context={"title": action.title}, about=action,
            dedup=f"lesson-action-{action.pk}", now=now,
        )  # fmt: skip
    return action


def finish_action(subject: Subject, action: LessonAction, note: str, now: dt.datetime) -> None:
    """Say that it is done, and what was done. Raises Denied, ValidationError."""
    require(subject, "change", "response.lessonaction")
    if subject.id != action.owner_id and not may(subject, "approve", "response.lessonaction"):
        raise Denied(f"{subject.name} may not change response.lessonaction", "change",
                     "response.lessonaction")  # fmt: skip
    if not 3 <= len(note.strip()) <= 2000:
        raise ValidationError({"note": _("Say what was done.")})
    with act("lesson.done", action):
        _still(action, State.OPEN)
        action.state, action.done, action.done_by_id = State.DONE, now, subject.id
        action.note = note.strip()
        action.save()


def verify_action(subject: Subject, action: LessonAction, now: dt.datetime) -> None:
    """Close it for good; whoever did it, or owns it, does not verify it. Raises Denied,
    ValidationError."""
    require(subject, "approve", "response.lessonaction")
    if not may_verify(subject, action):
        raise ValidationError(_("Who did it does not verify it."))
    with act("lesson.verify", action):
        _still(action, State.DONE)
        action.state, action.verified, action.verified_by_id = State.VERIFIED, now, subject.id
        action.save()


def may_verify(subject: Subject, action: LessonAction) -> bool:
    """Whether it is for this subject to verify."""
    return subject.id is not None and subject.id not in (action.done_by_id, action.owner_id)


def reopen_action(subject: Subject, action: LessonAction, reason: str) -> None:
    """Give it back as not done. Its time stays. Raises Denied, ValidationError."""
    require(subject, "approve", "response.lessonaction")
    kept = _reason(reason)
    with act("lesson.reopen", action, reason=kept):
        _still(action, State.DONE, State.VERIFIED)
        action.state, action.reason = State.OPEN, kept
        action.done = action.verified = None
        action.done_by = action.verified_by = None
        action.save()


def drop_action(subject: Subject, action: LessonAction, reason: str) -> None:
    """Decide that it is not done. Raises Denied, ValidationError."""
    require(subject, "approve", "response.lessonaction")
    kept = _reason(reason)
    with act("lesson.drop", action, reason=kept):
        _still(action, State.OPEN)
        action.state, action.reason = State.DROPPED, kept
        action.save()


def _reason(text: str) -> str:
    try:
        return checked_reason(text)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None


def _still(action: LessonAction, *states: str) -> None:
    """Lock the row and read it as it is now. Raises ValidationError in another state."""
    found = LessonAction.objects.select_for_update(of=("self",)).get(pk=action.pk)
    if found.state not in states:
        raise ValidationError(_("It is in another state by now: look again."))
    action.refresh_from_db()


def remind_late(now: dt.datetime) -> int:
    """Tell owners, once each, of actions whose time has passed; how many."""
    late = LessonAction.objects.filter(state=State.OPEN, due__lte=now, told=None)
    count = 0
    for action in late.select_related("owner").order_by("due")[:200]:
        with act("lesson.remind", action):
            LessonAction.objects.filter(pk=action.pk).update(told=now)
            if action.owner is not None:
                outbox.send(
                    "lesson.late", to=action.owner, context={"title": action.title},
                    urgency="urgent", about=action, dedup=f"lesson-late-{action.pk}", now=now,
                )  # fmt: skip
        count += 1
    return count
