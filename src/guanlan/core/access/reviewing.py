"""Broken glass is reviewed: reviewers are reminded, and whoever answers for it is told when
nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core import outbox
from guanlan.core.access.assigning import in_force
from guanlan.core.access.granting import named, unreviewed
from guanlan.core.access.naming import noun_name, verb_name
from guanlan.core.audit import act
from guanlan.core.jobs import Progress, Told, job
from guanlan.core.models import AccessGrant, Message, RoleAssignment, User

REMIND_BEFORE: Final = timedelta(hours=4)
ESCALATE_AFTER: Final = timedelta(hours=24)  # past the time by which it had to be reviewed
ANSWERING: Final = ("owner", "privacy_officer")

outbox.template(
    "access.review_due",
    names={"person": 2, "verb": 2, "noun": 2, "due": 2},
    words={"verb": verb_name, "noun": noun_name},
    texts={
        "en": (
            "Review the emergency access of {person}",
            "{person} took access: {noun} ({verb}). The review is due by {due}.",
        ),
        "zh-hans": (
            "请复核 {person} 的紧急访问",
            "{person} 曾自行取得 {noun}（{verb}）权限，须在 {due} 前完成复核。",
        ),
        "zh-hant": (
            "請覆核 {person} 的緊急存取",
            "{person} 曾自行取得 {noun}（{verb}）權限，須在 {due} 前完成覆核。",
        ),
    },
)
outbox.template(
    "access.review_overdue",
    names={"person": 2, "verb": 2, "noun": 2, "due": 2, "days": 2},
    words={"verb": verb_name, "noun": noun_name},
    texts={
        "en": (
            "Not reviewed for {days} days: emergency access of {person}",
            "{person} took access: {noun} ({verb}). The review was due by {due}: see to it.",
        ),
        "zh-hans": (
            "{person} 的紧急访问已逾期 {days} 天未复核",
            "{person} 曾自行取得 {noun}（{verb}）权限，应在 {due} 前复核，至今无人处理，请您督办。",
        ),
        "zh-hant": (
            "{person} 的緊急存取已逾期 {days} 天未覆核",
            "{person} 曾自行取得 {noun}（{verb}）權限，應在 {due} 前覆核，至今無人處理，請您督辦。",
        ),
    },
)


class Chased(NamedTuple):
    """How many reviews were reminded of, and how many escalated."""

    reminded: int
    escalated: int


def chase_reviews(now: datetime | None = None) -> Chased:
    """Remind reviewers four hours before a review is due and when it is late; a day later, and
    each day after that, tell owners and privacy officers. Each of these is said once."""
    at = now or timezone.now()
    reminded = escalated = 0
    for grant in unreviewed().filter(review_due__lte=at + REMIND_BEFORE).select_related("person"):
        if grant.review_due is None:
            continue
        late = at - grant.review_due
        if late >= ESCALATE_AFTER:
            escalated += _escalate(grant, late // ESCALATE_AFTER, at)
        else:
            reminded += _remind(grant, "late" if late >= timedelta(0) else "soon", at)
    return Chased(reminded, escalated)


def _remind(grant: AccessGrant, step: str, at: datetime) -> bool:
    key = f"glass.remind {grant.pk} {step}"
    reviewers = outbox.people_who_may("approve", "core.breakglass")
    others = [one for one in reviewers if one.pk != grant.person_id]
    if not others or Message.objects.filter(dedup=key).exists():
        return False
    with act("glass.remind", named(grant), detail={"step": step}):
        outbox.send(
            "access.review_due",
            to=others,
            context=_said(grant),
            urgency="urgent",
            about=named(grant),
            dedup=key,
            now=at,
        )
    return True


def _escalate(grant: AccessGrant, days: int, at: datetime) -> bool:
    key = f"glass.escalate {grant.pk} {days}"
    if Message.objects.filter(dedup=key).exists():
        return False
    answering = RoleAssignment.objects.filter(in_force(at), role__in=ANSWERING)
    people = list(User.objects.filter(is_active=True, pk__in=answering.values("person")))
    with act("glass.escalate", named(grant), detail={"days": days}):
        outbox.send(
            "access.review_overdue",
            # Where nobody else answers, the person is told that a second one is needed.
            to=[one for one in people if one.pk != grant.person_id] or [grant.person],
            context={**_said(grant), "days": days},
            urgency="critical",
            about=named(grant),
            dedup=key,
            now=at,
        )
    return True


def _said(grant: AccessGrant) -> dict[str, str]:
    due = timezone.localtime(grant.review_due).strftime("%Y-%m-%d %H:%M")
    return {
        "person": grant.person.get_username(), "verb": grant.verb, "noun": grant.noun, "due": due
    }  # fmt: skip


@job("access.reviews", title=_("Reminder of reviews of emergency access"), every=600)
def remind(progress: Progress) -> Told:
    """Every ten minutes."""
    chased = chase_reviews()
    return Told(gettext_noop("%(reminded)s reminded, %(escalated)s escalated"), chased._asdict())
