"""What people say of targets; and the four that the platform was made for."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.risk.counting import COUNTABLES
from guanlan.risk.measure.terms import said
from guanlan.risk.models import Target
from guanlan.risk.models.targets import TARGET
from guanlan.risk.target.judging import quarter_of

# Title, kind, what is counted, by what, goal. A source that no app counts yet is said to be none.
MISSION: Final[dict[str, tuple[str | Promise, str, str, str, float]]] = {
    "risk_events": (gettext_lazy("Risk events each quarter: down by 20 %"), "fall", "incidents",
                    "decisions", 0.8),
    "vulnerabilities": (gettext_lazy("Vulnerabilities are fixed within 24 hours"), "share",
                        "vulnerabilities", "", 1.0),
    "data_breaches": (gettext_lazy("No data breach"), "zero", "data_breaches", "", 0.0),
    "compliance_reviews": (gettext_lazy("All compliance reviews are passed"), "share",
                           "compliance_reviews", "", 1.0),
}  # fmt: skip
REASON: Final = "The platform was made to reach this."


def title_of(row: Target) -> str:
    """What a target is called; the four of the mission in the reader's language."""
    known = MISSION.get(row.code)
    return str(known[0]) if known is not None else row.title


def ensure_mission(now: dt.datetime) -> int:
    """Write down those of the four that are not there; how many. They are compared with the
    quarter they begin in."""
    there = set(Target.objects.filter(code__in=MISSION).values_list("code", flat=True))
    made = 0
    for code, (title, kind, source, exposure, goal) in MISSION.items():
        if code in there:
            continue
        with override("en"):
            words = str(title)
        _row, new = Target.objects.get_or_create(
            code=code,
            defaults={
                "title": words, "kind": kind, "source": source, "exposure": exposure,
                "goal": goal, "baseline": quarter_of(timezone.localdate(now)), "reason": REASON,
                "created": now,
            },
        )  # fmt: skip
        made += new
    return made


def add_target(
    subject: Subject,
    *,
    title: str,
    kind: str,
    source: str,
    exposure: str,
    goal: float,
    baseline: dt.date | None,
    owner: User | None,
    reason: str,
    now: dt.datetime,
) -> Target:
    """Set a target: a fall or none at all. Without a baseline it is refused. Raises Denied, or
    ValidationError by field."""
    require(subject, "add", TARGET)
    if baseline is None:
        text = _("Say the quarter it is compared with: a target without a baseline is none.")
        raise ValidationError({"baseline": text})
    if baseline > timezone.localdate(now):
        raise ValidationError({"baseline": _("This day is still to come.")})
    if kind not in (Target.Kind.FALL, Target.Kind.ZERO):
        raise ValidationError({"kind": _("Choose one of the list.")})
    if source not in COUNTABLES:
        raise ValidationError({"source": _("Choose one of the list.")})
    if exposure and exposure not in COUNTABLES:
        raise ValidationError({"exposure": _("Choose one of the list.")})
    if kind == Target.Kind.FALL and not 0.0 < goal <= 1.0:
        text = _("Write a ratio above 0, at most 1: 0.8 is a fifth less.")
        raise ValidationError({"goal": text})
    if kind == Target.Kind.ZERO and not 0.0 <= goal <= 1e6:
        raise ValidationError({"goal": _("Write how often, zero or more.")})
    numbers = Target.objects.filter(code__startswith="T-").count()
    row = Target(
        code=f"T-{numbers + 1:03d}", title=said("title", title, 3, 160), kind=kind, source=source,
        exposure=exposure if kind == Target.Kind.FALL else "", goal=goal, owner=owner,
        baseline=quarter_of(baseline), reason=said("reason", reason, 5, 500), created=now,
        created_by_id=subject.id,
    )  # fmt: skip
    with act("target.add", row):
        row.save()
    return row


def switch(subject: Subject, row: Target, active: bool) -> Target:
    """Judge it, or judge it no more; its verdicts stay. Raises Denied."""
    require(subject, "change", TARGET)
    detail: dict[str, Any] = {"active": active}
    with act("target.switch", row, detail=detail):
        kept = Target.objects.select_for_update().get(pk=row.pk)
        kept.active = active
        kept.save(update_fields=["active"])
    return kept
