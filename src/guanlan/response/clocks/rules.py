"""What regulators ask for, as versioned data: shipped, changed by people, checked by people."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.clocks.arithmetic import KINDS, Limit
from guanlan.response.clocks.facts import EVENTS, FLAGS, GRADES, ROLES
from guanlan.response.clocks.facts import KINDS as DATA
from guanlan.response.clocks.terms import LANGUAGES, REPORTS, STARTS
from guanlan.response.models import BusinessCalendar, ClockRule

# What a new version may say otherwise than the one before it.
CHANGED: Final = (
    "obligation", "regulator", "jurisdiction", "title", "trigger", "recipient", "conditions",
    "limit_kind", "limit_amount", "at_once", "start_event", "after", "report_kind", "source",
    "note", "effective_from", "effective_to", "may_pause", "may_extend",
)  # fmt: skip
# What a rule need not say: then its clocks are neither paused nor extended.
_UNSAID: Final = {"may_pause": False, "may_extend": 0}
_CHOICES: Final = {
    "roles": ROLES, "not_roles": ROLES, "events": EVENTS, "kinds": DATA,
}  # fmt: skip


def limit_of(rule: ClockRule) -> Limit:
    """The limit as a value. Raises ValueError where it is none."""
    kind = next(one for one in KINDS if one == rule.limit_kind)
    return Limit(kind, rule.limit_amount)


def in_force(on: dt.date) -> list[ClockRule]:
    """The newest versions of the rules that are in force on a day, by code."""
    rows = ClockRule.objects.filter(current=True, effective_from__lte=on)
    still = Q(effective_to=None) | Q(effective_to__gte=on)
    return list(rows.filter(still).select_related("calendar").order_by("code"))


def check(values: Mapping[str, Any], calendar: BusinessCalendar | None) -> None:
    """Raises ValidationError by field for what makes no rule."""
    wrong: dict[str, str] = {}
    try:
        Limit(values["limit_kind"], values["limit_amount"])
    except ValueError as error:
        wrong["limit_amount"] = str(error)
    if values["limit_kind"].startswith("working") and calendar is None:
        wrong["calendar"] = _("A limit in working time needs a business calendar.")
    if values["start_event"] not in STARTS:
        wrong["start_event"] = _("Choose what starts the clock.")
    if values["start_event"] == "sent" and not values["after"]:
        wrong["after"] = _("Name the obligation whose report starts this clock.")
    if values["report_kind"] not in REPORTS:
        wrong["report_kind"] = _("Choose a kind of report.")
    if any(not any(values[name].get(one) for one in LANGUAGES) for name in ("title", "trigger")):
        wrong["title"] = _("A rule needs a title and a trigger in one language at least.")
    ends = values["effective_to"]
    if ends is not None and ends < values["effective_from"]:
        wrong["effective_to"] = _("It ends before it begins.")
    if fault := _conditions_fault(values["conditions"]):
        wrong["conditions"] = fault
    if wrong:
        raise ValidationError({name: [text] for name, text in wrong.items()})


def _conditions_fault(conditions: Mapping[str, Any]) -> str:
    for name, value in conditions.items():
        if name in _CHOICES:
            if not isinstance(value, list) or not set(value) <= set(_CHOICES[name]):
                return _("%(name)s: expected a list of %(known)s.") % {
                    "name": name, "known": ", ".join(_CHOICES[name]),
                }  # fmt: skip
        elif name == "grade":
            if value not in GRADES:
                return _("grade: expected one of %(known)s.") % {"known": ", ".join(GRADES)}
        elif name != "flags" or not set(value) <= set(FLAGS):
            return _("There is no condition %(name)s.") % {"name": name}
    return ""


def new_rule(
    subject: Subject,
    code: str,
    values: Mapping[str, Any],
    reason: str,
    *,
    calendar: BusinessCalendar | None = None,
) -> ClockRule:
    """A rule of one's own, not verified yet."""
    require(subject, "add", "response.clockrule")
    values = {**_UNSAID, **values}
    check(values, calendar)
    if ClockRule.objects.filter(code=code).exists():
        raise ValidationError({"code": _("This short name is taken.")})
    made = _made(code, 1, values, reason, subject, calendar)
    with act("clockrule.add", made, reason=reason):
        made.save()
    return made


def new_version(
    subject: Subject,
    rule: ClockRule,
    values: Mapping[str, Any],
    reason: str,
    *,
    calendar: BusinessCalendar | None = None,
) -> ClockRule:
    """A version of a rule with what was changed; the one before stays, and clocks that run by
    it go on by it. The new one is not verified until somebody has checked it."""
    require(subject, "change", "response.clockrule")
    values = {**_UNSAID, **values}
    check(values, calendar)
    if not rule.current:
        raise ValidationError(_("Change the newest version, not an old one."))
    old = {name: getattr(rule, name) for name in CHANGED}
    changed = [name for name in CHANGED if old[name] != values[name]]
    if rule.calendar_id != (calendar.pk if calendar else None):
        changed.append("calendar")
    if not changed:
        raise ValidationError(_("Nothing was changed."))
    made = _made(rule.code, rule.version + 1, values, reason, subject, calendar)
    with act("clockrule.change", made, detail={"changed": changed}, reason=reason):
        ClockRule.objects.filter(code=rule.code).update(current=False)
        made.save()
    return made


def _made(
    code: str,
    version: int,
    values: Mapping[str, Any],
    reason: str,
    subject: Subject,
    calendar: BusinessCalendar | None,
) -> ClockRule:
    return ClockRule(
        code=code,
        version=version,
        reason=reason,
        author_id=subject.id,
        calendar=calendar,
        **{name: values[name] for name in CHANGED},
    )


def verify(subject: Subject, rule: ClockRule, now: dt.datetime | None = None) -> None:
    """Say that one has read the source and the rule is right. Not by who wrote it."""
    require(subject, "change", "response.clockrule")
    if rule.author_id is not None and rule.author_id == subject.id:
        raise ValidationError(_("Who wrote a version does not verify it."))
    with act("clockrule.verify", rule):
        rule.verified, rule.checked_by = True, subject.name[:80]
        rule.checked_on = (now or timezone.now()).date()
        rule.save(update_fields=["verified", "checked_by", "checked_on"])


def ship_rules(shipped: Iterable[Mapping[str, Any]]) -> int:
    """Bring in rules that come with the program: new ones, and newer versions of those that
    nobody here has changed; how many."""
    brought = 0
    newest = {one.code: one for one in ClockRule.objects.filter(current=True)}
    for one in shipped:
        digest = hashlib.sha256(msgspec.json.encode(one, order="deterministic")).hexdigest()
        old = newest.get(one["code"])
        if old is not None and (not old.shipped or old.digest == digest):
            continue
        values = dict(one)
        for name in ("effective_from", "effective_to", "checked_on"):
            values[name] = dt.date.fromisoformat(one[name]) if one[name] else None
        with transaction.atomic(), act("clockrule.ship", ("response.clockrule", one["code"])):
            ClockRule.objects.filter(code=one["code"]).update(current=False)
            version = old.version + 1 if old is not None else 1
            ClockRule.objects.create(version=version, shipped=True, digest=digest, **values)
        brought += 1
    return brought
