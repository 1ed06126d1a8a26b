"""Rights for a few hours: asked for and approved by another person, or taken by breaking the
glass and reviewed afterwards. Each is over by itself: the policy looks at its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access.naming import noun_name, verb_name
from guanlan.core.access.nouns import (
    BREAK_GLASS_FROM,
    MASKED_FROM,
    READING,
    TABLE,
    Verb,
)
from guanlan.core.access.policy import EVERYWHERE, Denied, Subject, may, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.access.scoping import ScopedQuerySet
from guanlan.core.access.table import PURPOSES
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import AccessGrant, User

LONGEST: Final = timedelta(hours=8)
GLASS_FROM, GLASS_TO = timedelta(minutes=15), timedelta(minutes=60)
REVIEW_WITHIN: Final = timedelta(hours=24)
# What lets its holder give rights is never lent.
NOT_LENT: Final = frozenset(
    {"core.roleassignment", "core.clearance", "core.accessgrant", "core.breakglass"}
)

outbox.template(
    "access.asked",
    names={"person": 2, "verb": 2, "noun": 2},
    words={"verb": verb_name, "noun": noun_name},
    texts={
        "en": (
            "{person} asks for access",
            "{person} asks for access for a time: {noun} ({verb}).",
        ),
        "zh-hans": ("{person} 申请权限", "{person} 申请限时权限：{noun}（{verb}）。"),
        "zh-hant": ("{person} 申請權限", "{person} 申請限時權限：{noun}（{verb}）。"),
    },
)
outbox.template(
    "access.glass",
    names={"person": 2, "verb": 2, "noun": 2, "minutes": 2},
    words={"verb": verb_name, "noun": noun_name},
    texts={
        "en": (
            "{person} took emergency access",
            "{person} took access for {minutes} minutes: {noun} ({verb}). Review it today.",
        ),
        "zh-hans": (
            "{person} 启用了紧急访问",
            "{person} 自行取得 {noun}（{verb}）权限 {minutes} 分钟，请在 24 小时内复核。",
        ),
        "zh-hant": (
            "{person} 啟用了緊急存取",
            "{person} 自行取得 {noun}（{verb}）權限 {minutes} 分鐘，請在 24 小時內覆核。",
        ),
    },
)


def ask(
    subject: Subject,
    *,
    verb: str,
    noun: str,
    level: int,
    purpose: str,
    minutes: int,
    reason: str,
    ticket: str = "",
    scope: str = EVERYWHERE,
) -> AccessGrant:
    """Ask for a right for at most eight hours; it holds once another person approves it.

    Raises Denied when `subject` may not ask, ValidationError saying which field is wrong.
    """
    require(subject, "add", "core.accessgrant")
    wrong = _wrong(subject, verb, noun, level, purpose, scope)
    if not 1 <= minutes <= LONGEST // timedelta(minutes=1):
        wrong["minutes"] = _("Ask for 1 minute to 8 hours.")
    if len(ticket) > 80:
        wrong["ticket"] = _("A ticket has at most 80 characters.")
    if level >= BREAK_GLASS_FROM:
        wrong["level"] = _("Level 5 is reached only by emergency access.")
    text = _reason(reason, wrong)
    detail: Detail = {
        "verb": verb,
        "noun": noun,
        "level": level,
        "minutes": minutes,
        "scope": scope,
    }
    person = User.objects.get(pk=subject.id or 0)
    with act("grant.ask", detail=detail, purpose=purpose) as on:
        made = AccessGrant.objects.create(
            person=person, verb=verb, noun=noun, level=level, purpose=purpose,
            scope=scope, minutes=minutes, reason=text, ticket=ticket.strip(),
        )  # fmt: skip
        on(named(made))
        deciders = outbox.people_who_may("approve", "core.accessgrant")
        outbox.send(
            "access.asked",
            to=[one for one in deciders if one.pk != subject.id],
            context={"person": subject.name, "verb": verb, "noun": noun},
            about=made,
        )
    return made


def decide(subject: Subject, grant: AccessGrant, *, approve: bool, answer: str = "") -> None:
    """Approve (it starts now) or refuse what was asked.

    Raises Denied when `subject` may not, is who asked, or has less clearance than is asked for;
    ValidationError when it was decided before.
    """
    require(subject, "approve", "core.accessgrant", scope=grant.scope)
    _another(subject, grant, "approve")
    if approve and grant.level > max(subject.clearance, 2):
        raise Denied(
            f"{subject.name} may not approve more than their own clearance",
            "approve",
            "core.accessgrant",
        )
    now = timezone.now()
    name = "grant.approve" if approve else "grant.refuse"
    with act(name, grant, detail={"verb": grant.verb, "noun": grant.noun}):
        waiting = AccessGrant.objects.filter(pk=grant.pk, decided=None, broken_glass=False)
        found = waiting.select_for_update().first()
        if found is None:
            raise ValidationError(_("This was decided already."))
        found.decided, found.decided_by_id, found.approved = now, subject.id, approve
        found.answer = answer[:500]
        if approve:
            found.starts, found.ends = now, now + timedelta(minutes=found.minutes)
        found.save(update_fields=["decided", "decided_by", "approved", "answer", "starts", "ends"])


def revoke(subject: Subject, grant: AccessGrant) -> None:
    """End a grant now. Who has it may give it back; else the right to take it is needed."""
    if subject.id is None or subject.id != grant.person_id:
        require(subject, "delete", "core.accessgrant", scope=grant.scope)
    with act("grant.revoke", named(grant), detail={"verb": grant.verb, "noun": grant.noun}):
        now = timezone.now()
        running = AccessGrant.objects.filter(pk=grant.pk, ends__gt=now, revoked=None)
        if not running.update(revoked=now, revoked_by_id=subject.id):
            raise ValidationError(_("This grant has ended already."))


def break_glass(
    subject: Subject,
    *,
    verb: str,
    noun: str,
    level: int,
    purpose: str,
    minutes: int,
    reason: str,
    scope: str = EVERYWHERE,
) -> AccessGrant:
    """Take a right at once, for 15 to 60 minutes; owners and reviewers are told immediately.

    The caller has had the person sign in again. Raises Denied and ValidationError as `ask`
    does, and while an earlier one of the person is still to be reviewed.
    """
    require(subject, "add", "core.breakglass")
    wrong = _wrong(subject, verb, noun, level, purpose, scope)
    if not GLASS_FROM <= timedelta(minutes=minutes) <= GLASS_TO:
        wrong["minutes"] = _("Take 15 to 60 minutes.")
    text = _reason(reason, wrong)
    now = timezone.now()
    detail: Detail = {
        "verb": verb,
        "noun": noun,
        "level": level,
        "minutes": minutes,
        "scope": scope,
    }
    with act("glass.break", detail=detail, purpose=purpose) as on:
        # The lock makes two of them wait for each other, so that the second sees the first.
        person = User.objects.select_for_update().get(pk=subject.id or 0)
        if unreviewed().filter(person=person).exists():
            raise ValidationError(_("Your last emergency access must be reviewed first."))
        made = AccessGrant.objects.create(
            person=person, verb=verb, noun=noun, level=level, purpose=purpose,
            scope=scope, minutes=minutes, reason=text, asked=now, starts=now,
            ends=now + timedelta(minutes=minutes), broken_glass=True,
            review_due=now + REVIEW_WITHIN,
        )  # fmt: skip
        on(named(made))
        told = outbox.people_who_may("approve", "core.breakglass")
        outbox.send(
            "access.glass",
            to=[one for one in told if one.pk != subject.id],
            context={"person": subject.name, "verb": verb, "noun": noun, "minutes": minutes},
            urgency="critical",
            about=named(made),
        )
    return made


def review(subject: Subject, grant: AccessGrant, *, justified: bool, answer: str) -> None:
    """Say of a broken glass whether it was right; by another person, once, with a word why."""
    require(subject, "approve", "core.breakglass")
    _another(subject, grant, "approve")
    text = checked_reason(answer)
    with act("glass.review", named(grant), detail={"justified": justified}):
        found = unreviewed().select_for_update().filter(pk=grant.pk).first()
        if found is None:
            raise ValidationError(_("This was reviewed already."))
        found.reviewed, found.reviewed_by_id = timezone.now(), subject.id
        found.justified, found.answer = justified, text
        found.save(update_fields=["reviewed", "reviewed_by", "justified", "answer"])


def named(grant: AccessGrant) -> tuple[str, str]:
    """A grant or broken glass as the audit log and messages name it: (noun, id)."""
    return ("core.breakglass" if grant.broken_glass else "core.accessgrant", str(grant.pk))


def unreviewed() -> ScopedQuerySet[AccessGrant]:
    """Broken glass that nobody has reviewed yet, the most urgent first."""
    return AccessGrant.objects.filter(broken_glass=True, reviewed=None).order_by("review_due")


def grants_for(
    subject: Subject, verb: Verb = "see", *, broken_glass: bool
) -> ScopedQuerySet[AccessGrant]:
    """The grants, or the broken glass, on which `subject` may do `verb`. Who decides on them and
    who sees people sees everybody's; others see their own."""
    noun = "core.breakglass" if broken_glass else "core.accessgrant"
    rows = AccessGrant.objects.filter(broken_glass=broken_glass)
    if not may(subject, verb, noun):
        return rows.none()
    every = may(subject, "approve", noun) or may(subject, "see", "core.user")
    if verb == "add" or (verb in READING and not every):
        return rows.filter(person_id=subject.id)
    return rows


def overdue(grant: AccessGrant, now: datetime | None = None) -> bool:
    """Whether the review of a broken glass is late."""
    moment = now or timezone.now()
    return grant.reviewed is None and grant.review_due is not None and grant.review_due < moment


def _wrong(
    subject: Subject, verb: str, noun: str, level: int, purpose: str, scope: str
) -> dict[str, str]:
    wrong: dict[str, str] = {}
    known = TABLE.nouns.get(noun)
    if subject.id is None:  # an auditor may not even ask
        raise Denied(f"{subject.name} may not be lent a right", "add", "core.accessgrant")
    if known is None or noun in NOT_LENT:
        wrong["noun"] = _("Choose one of the things listed.")
    elif verb not in known.verbs:
        wrong["verb"] = _("This cannot be done with it.")
    if not 1 <= level <= BREAK_GLASS_FROM:
        wrong["level"] = _("Choose a level from 1 to 5.")
    if (purpose or level >= MASKED_FROM) and purpose not in PURPOSES:
        wrong["purpose"] = _("Choose a purpose.")
    if not 1 <= len(scope) <= 64:
        wrong["scope"] = _("Name a product or unit in 1 to 64 characters, or *.")
    return wrong


def _reason(reason: str, wrong: dict[str, str]) -> str:
    text = ""
    try:
        text = checked_reason(reason)
    except ValidationError as error:
        wrong["reason"] = error.messages[0]
    if wrong:
        raise ValidationError(dict(wrong))
    return text


def _another(subject: Subject, grant: AccessGrant, verb: str) -> None:
    if subject.id is None or subject.id == grant.person_id:
        raise Denied(f"{subject.name} may not {verb} what is their own", verb, "core.accessgrant")


def may_decide(subject: Subject, grant: AccessGrant) -> bool:
    """Whether `subject` may approve or refuse this request."""
    return subject.id != grant.person_id and may(
        subject, "approve", "core.accessgrant", scope=grant.scope
    )
