"""Resolutions with their votes, reviews of measures, and the actions that come of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core import outbox
from guanlan.core.access import Subject, may, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.core.jobs import Progress, Told, job
from guanlan.core.models import User
from guanlan.risk.committee.meeting import in_state
from guanlan.risk.models import CommitteeAction, Measure, Meeting, Resolution
from guanlan.risk.models.committee import ACTION, COMMITTEE

State, Verdict = CommitteeAction.State, Resolution.Verdict
PATIENCE: Final = dt.timedelta(days=3)  # after its owner was told that an action is late
Hook = Callable[[CommitteeAction, dt.datetime], None]
LATE_HOOKS: Final[list[Hook]] = []
SETTLED_HOOKS: Final[list[Hook]] = []

outbox.template(
    "committee.action",
    names={"title": 2, "due": 2},
    texts={
        "en": ("Yours to do: {title}", "The risk committee has resolved it. Due: {due}."),
        "zh-hans": ("请您完成：{title}", "风险管理委员会已作出决议，期限：{due}。"),
        "zh-hant": ("請您完成：{title}", "風險管理委員會已作成決議，期限：{due}。"),
    },
)
outbox.template(
    "committee.late",
    names={"title": 2, "due": 2},
    texts={
        "en": ("Late: {title}", "This action of the risk committee was due on {due}."),
        "zh-hans": ("逾期：{title}", "风险管理委员会的这项行动应于 {due} 前完成。"),
        "zh-hant": ("逾期：{title}", "風險管理委員會的這項行動應於 {due} 前完成。"),
    },
)


def on_late(hook: Hook) -> Hook:
    """Call `hook(action, now)` with an action that stays late after its owner was told, in the
    transaction that writes it down. Raises RuntimeError once the start is done."""
    return _registered(LATE_HOOKS, hook)


def on_settled(hook: Hook) -> Hook:
    """Call `hook(action, now)` with an escalated action that is done or dropped now. Raises
    RuntimeError once the start is done."""
    return _registered(SETTLED_HOOKS, hook)


def _registered(hooks: list[Hook], hook: Hook) -> Hook:
    if apps.ready:
        raise RuntimeError("hooks of late actions are registered while the app starts")
    hooks.append(hook)
    return hook


def _settled(action: CommitteeAction, now: dt.datetime) -> None:
    if action.escalated is not None:
        for hook in SETTLED_HOOKS:
            hook(action, now)


def resolve(
    subject: Subject, meeting: Meeting, *, text: str, votes: tuple[int, int, int], now: dt.datetime,
    recused: str = "", measure: Measure | None = None, verdict: str = "",
) -> Resolution:  # fmt: skip
    """Write down a resolution with its votes (for, against, abstained); carried by more for than
    against. Raises Denied, ValidationError by field."""
    require(subject, "change", COMMITTEE)
    said = " ".join(text.split())
    if not 5 <= len(said) <= 2000:
        values = {"low": 5, "high": 2000}
        raise ValidationError({"text": _("Write %(low)s to %(high)s characters.") % values})
    if (measure is None) != (verdict == ""):
        text = _("A review names a measure and what becomes of it.")
        raise ValidationError({"verdict": text})
    if verdict not in Verdict.values:
        raise ValidationError({"verdict": _("Choose keep, change or retire.")})
    with act("committee.resolve", meeting):
        kept = in_state(meeting, Meeting.State.HELD)
        there = kept.attendance.filter(present=True).count()
        if min(votes) < 0 or not 0 < sum(votes) <= there:
            text = _("%(n)s members were there: so many vote at most, and one at least.")
            raise ValidationError({"votes_for": text % {"n": there}})
        number = (kept.resolutions.aggregate(last=Max("number"))["last"] or 0) + 1
        return Resolution.objects.create(
            meeting=kept, number=number, text=said, votes_for=votes[0], against=votes[1],
            abstained=votes[2], recused=recused.strip(), carried=votes[0] > votes[1],
            measure=measure, verdict=verdict,
            evidence=evidence_of(measure, now) if measure is not None else {},
            created=now, created_by_id=subject.id,
        )  # fmt: skip


def evidence_of(measure: Measure, now: dt.datetime) -> dict[str, Any]:
    """What a committee is shown of a measure: a year's tests, its present effects, its cost."""
    since = now - dt.timedelta(days=365)
    tests = measure.tests.filter(at__gte=since, at__lte=now)
    found = tests.aggregate(passed=Sum("passed"), failed=Sum("failed"))
    cost = measure.costs.filter(at__gte=since.date()).aggregate(all=Sum("amount"))["all"]
    effects = measure.effects.filter(effective__lte=now).select_related("risk")
    newest = {one.risk.code: one for one in effects.order_by("version")}
    return {
        "passed": found["passed"] or 0, "failed": found["failed"] or 0, "cost": cost or 0,
        "yearly": measure.yearly,
        "effects": {code: [one.design, one.coverage] for code, one in sorted(newest.items())},
    }  # fmt: skip


def add_action(
    subject: Subject, resolution: Resolution, *, title: str, owner: User, due: dt.datetime,
    now: dt.datetime,
) -> CommitteeAction:  # fmt: skip
    """Have somebody do something by a time because of a carried resolution. Raises Denied,
    ValidationError by field."""
    require(subject, "add", ACTION)
    said = " ".join(title.split())
    if not 3 <= len(said) <= 160:
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % {"n": 160}})
    if not owner.is_active:
        raise ValidationError({"owner": _("This account is disabled.")})
    if due <= now:
        raise ValidationError({"due": _("Choose a time that is still to come.")})
    if not resolution.carried:
        raise ValidationError(_("The resolution was not carried."))
    with act("committee.action", resolution.meeting, detail={"owner": owner.pk}):
        in_state(resolution.meeting, Meeting.State.HELD)
        made = CommitteeAction.objects.create(
            resolution=resolution, title=said, owner=owner, due=due, created=now,
            created_by_id=subject.id,
        )  # fmt: skip
        outbox.send(
            "committee.action", to=owner,
            context={"title": said, "due": f"{due:%Y-%m-%d}"}, about=made,
            dedup=f"committee-action-{made.pk}", now=now,
        )  # fmt: skip
    return made


def may_finish(subject: Subject, action: CommitteeAction) -> bool:
    own = subject.id is not None and subject.id == action.owner_id
    return (own and may(subject, "change", ACTION)) or may(subject, "approve", ACTION)


def finish(subject: Subject, action: CommitteeAction, note: str, now: dt.datetime) -> None:
    """Say that it is done, and what was done. Raises Denied, ValidationError."""
    if not may_finish(subject, action):
        require(subject, "approve", ACTION)
    said = note.strip()
    if not 3 <= len(said) <= 1000:
        raise ValidationError({"note": _("Say what was done.")})
    with act("committee.done", action):
        _still(action, State.OPEN)
        action.state, action.done, action.done_by_id, action.note = (
            State.DONE,
            now,
            subject.id,
            said,
        )
        action.save()
        _settled(action, now)


def may_verify(subject: Subject, action: CommitteeAction) -> bool:
    """Whether it is for this subject to verify: who did it, or owns it, does not."""
    return subject.id is not None and subject.id not in (action.done_by_id, action.owner_id)


def verify(subject: Subject, action: CommitteeAction, now: dt.datetime) -> None:
    """Close it for good, by another person. Raises Denied, ValidationError."""
    require(subject, "approve", ACTION)
    if not may_verify(subject, action):
        raise ValidationError(_("Who did it does not verify it."))
    with act("committee.verify", action):
        _still(action, State.DONE)
        action.state, action.verified, action.verified_by_id = State.VERIFIED, now, subject.id
        action.save()


def reopen(subject: Subject, action: CommitteeAction, reason: str) -> None:
    """Give it back as not done; its time stays. Raises Denied, ValidationError."""
    require(subject, "approve", ACTION)
    why = _reason(reason)
    with act("committee.reopen", action, reason=why):
        _still(action, State.DONE, State.VERIFIED)
        action.state, action.reason = State.OPEN, why
        action.done = action.verified = None
        action.done_by = action.verified_by = action.escalated = None
        action.save()


def drop(subject: Subject, action: CommitteeAction, reason: str) -> None:
    """Decide that it is not done. Raises Denied, ValidationError."""
    require(subject, "approve", ACTION)
    why = _reason(reason)
    with act("committee.drop", action, reason=why):
        _still(action, State.OPEN)
        action.state, action.reason = State.DROPPED, why
        action.save()
        _settled(action, timezone.now())


def _reason(text: str) -> str:
    try:
        return checked_reason(text)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None


def _still(action: CommitteeAction, *states: str) -> None:
    found = CommitteeAction.objects.select_for_update(of=("self",)).get(pk=action.pk)
    if found.state not in states:
        raise ValidationError(_("It is in another state by now: look again."))
    action.refresh_from_db()


def chase(now: dt.datetime) -> int:
    """Tell owners, once each, of late actions; escalate, once each, what stays late; how many."""
    late = CommitteeAction.objects.filter(state=State.OPEN, due__lte=now).select_related("owner")
    count = 0
    for action in late.filter(told=None).order_by("due")[:200]:
        with act("committee.remind", action):
            fresh = CommitteeAction.objects.filter(pk=action.pk, told=None)
            if fresh.update(told=now) and action.owner is not None:
                outbox.send(
                    "committee.late", to=action.owner, urgency="urgent",
                    context={"title": action.title, "due": f"{action.due:%Y-%m-%d}"},
                    about=action, dedup=f"committee-late-{action.pk}", now=now,
                )  # fmt: skip
        count += 1
    for action in late.filter(told__lte=now - PATIENCE, escalated=None).order_by("due")[:200]:
        with act("committee.escalate", action):
            fresh = CommitteeAction.objects.filter(pk=action.pk, escalated=None)
            if fresh.update(escalated=now):
                for hook in LATE_HOOKS:
                    hook(action, now)
        count += 1
    return count


@job("committee.chase", title=gettext_lazy("Late actions of the committee"), every=900)
def chase_actions(progress: Progress) -> Told | None:
    """Tell of actions that are late."""
    count = chase(timezone.now())
    return Told(gettext_noop("%(n)s late actions told"), {"n": count}) if count else None
