"""What holds for cases until somebody changes it, and changing it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.models import BusinessCalendar, CaseDeadline, CaseRule
from guanlan.response.terms import CATEGORIES, Severity

LONGEST_WINDOW: Final = 30 * 24 * 60  # minutes
MOST_ALERTS: Final = 100_000
MOST_ITEMS: Final = 30
LONGEST_DEADLINE: Final = 365 * 24 * 60  # minutes
UNITS: Final = ("elapsed", "working_time")
CHINA: Final = "cn"
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Rule(NamedTuple):
    """What holds for cases of a category: see `CaseRule`."""

    minutes: int = 24 * 60
    most: int = 10_000
    kinds: tuple[str, ...] = ("user", "account", "merchant", "device", "ip")
    checklist: tuple[str, ...] = ()
    confirm_from: int | None = int(Severity.high)


class Deadline(NamedTuple):
    """By when cases of a severity are answered and resolved, in minutes: see `CaseDeadline`."""

    first: int | None
    resolve: int | None
    unit: str = "elapsed"
    calendar: str = CHINA


_EVERYWHERE: Final = (
    gettext_noop("Say in the summary what happened."),
    gettext_noop("Look at what else is tied to the entity."),
)
SHIPPED: Final[dict[str, Rule]] = {
    "fraud": Rule(
        kinds=("user", "account", "card", "payee", "phone", "device", "merchant", "ip"),
        checklist=(
            *_EVERYWHERE,
            gettext_noop("Reach the customer by the number on file, not by one they name."),
            gettext_noop("Restrict what is used: account, device, payee."),
            gettext_noop("Try to recall or freeze what was paid out."),
            gettext_noop("Decide whether a suspicious transaction is to be reported."),
        ),
    ),
    "security": Rule(
        kinds=("source", "device", "ip", "user", "account"),
        checklist=(
            *_EVERYWHERE,
            gettext_noop("Keep logs and images before anything is changed."),
            gettext_noop("Cut off the way in."),
            gettext_noop("Change what was or may be known: keys, passwords, sessions."),
        ),
    ),
    "privacy": Rule(
        kinds=("source", "product", "user", "third_party"),
        checklist=(
            *_EVERYWHERE,
            gettext_noop("Find out which data of how many persons is touched."),
            gettext_noop("Start the clocks of notices to authorities and persons."),
        ),
    ),
    "compliance": Rule(
        kinds=("product", "third_party", "user", "account"),
        checklist=(*_EVERYWHERE, gettext_noop("Name the obligation that is touched.")),
    ),
    "operations": Rule(
        kinds=("product", "source", "third_party"),
        checklist=(*_EVERYWHERE, gettext_noop("Say whether customers notice, and how many.")),
    ),
    "reputation": Rule(
        kinds=("product", "third_party", "user"),
        checklist=(*_EVERYWHERE, gettext_noop("Agree who answers, and with which words.")),
    ),
}
DEADLINES: Final[dict[Severity, Deadline]] = {
    Severity.info: Deadline(None, None),
    Severity.low: Deadline(480, 5 * 540, "working_time"),
    Severity.medium: Deadline(240, 3 * 540, "working_time"),
    Severity.high: Deadline(60, 24 * 60),
    Severity.critical: Deadline(15, 8 * 60),
}


def ensure_rules() -> None:
    """Put what came with the platform where there is nothing; after each migration."""
    CaseRule.objects.bulk_create(
        (
            CaseRule(
                category=name, minutes=one.minutes, most=one.most, kinds=list(one.kinds),
                checklist=list(one.checklist), confirm_from=one.confirm_from,
            )
            for name, one in SHIPPED.items()
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    CaseDeadline.objects.bulk_create(
        (
            CaseDeadline(
                severity=int(severity), first=one.first, resolve=one.resolve, unit=one.unit
            )
            for severity, one in DEADLINES.items()
        ),
        ignore_conflicts=True,
    )


def rules() -> dict[str, Rule]:
    """What holds, by category."""
    found = dict(SHIPPED)
    for row in CaseRule.objects.all():
        found[row.category] = Rule(
            row.minutes, row.most, tuple(row.kinds), tuple(row.checklist), row.confirm_from
        )
    return {name: found.get(name, Rule()) for name in CATEGORIES}


def deadlines() -> dict[int, Deadline]:
    """By when cases are answered and resolved, by severity."""
    found = {int(severity): one for severity, one in DEADLINES.items()}
    for row in CaseDeadline.objects.select_related("calendar"):
        calendar = row.calendar.code if row.calendar else CHINA
        found[row.severity] = Deadline(row.first, row.resolve, row.unit, calendar)
    return found


def change_rule(
    subject: Subject,
    category: str,
    *,
    minutes: int,
    most: int,
    kinds: str,
    checklist: str,
    confirm_from: Severity | None,
) -> CaseRule:
    """Change what holds for a category, for cases from now on; `kinds` with commas or spaces
    between them, `checklist` a line each. Raises Denied, or ValidationError by field."""
    require(subject, "change", "response.caserule")
    names = kinds.replace(",", " ").replace("，", " ").split()
    items = [line.strip() for line in checklist.splitlines() if line.strip()]
    wrong: dict[str, str] = {}
    if not 1 <= minutes <= LONGEST_WINDOW:
        wrong["minutes"] = _("A window of 1 minute to 30 days.")
    if not 1 <= most <= MOST_ALERTS:
        wrong["most"] = _("A case has 1 to %(n)s alerts.") % {"n": MOST_ALERTS}
    if len(names) > 20 or any(not _KIND.fullmatch(name) for name in names):
        wrong["kinds"] = _("Name kinds of entities in small letters, such as: user, device, ip.")
    if len(items) > MOST_ITEMS or any(len(item) > 200 for item in items):
        wrong["checklist"] = _("At most %(n)s lines of 200 characters.") % {"n": MOST_ITEMS}
    if wrong:
        raise ValidationError(wrong)
    row = CaseRule.objects.get(pk=category)
    with act("caserule.change", row, detail={"minutes": minutes, "most": most}):
        row.minutes, row.most, row.kinds, row.checklist = minutes, most, names, items
        row.confirm_from = None if confirm_from is None else int(confirm_from)
        row.changed = timezone.now()
        row.save()
    return row


def change_deadline(
    subject: Subject,
    severity: Severity,
    *,
    first: int | None,
    resolve: int | None,
    unit: str,
    calendar: BusinessCalendar | None,
) -> CaseDeadline:
    """Give a severity other deadlines in minutes, for cases from now on. Raises Denied, or
    ValidationError by field."""
    require(subject, "change", "response.casedeadline")
    wrong: dict[str, str] = {}
    for name, minutes in (("first", first), ("resolve", resolve)):
        if minutes is not None and not 1 <= minutes <= LONGEST_DEADLINE:
            wrong[name] = _("A deadline of 1 minute to 365 days.")
    if first is not None and resolve is not None and first > resolve:
        wrong["resolve"] = _("It is resolved after it was first answered.")
    if unit not in UNITS:
        wrong["unit"] = _("Choose elapsed time or working time.")
    if wrong:
        raise ValidationError(wrong)
    row = CaseDeadline.objects.get(pk=int(severity))
    with act("casedeadline.change", row, detail={"first": first, "resolve": resolve}):
        row.first, row.resolve, row.unit, row.calendar = first, resolve, unit, calendar
        row.changed = timezone.now()
        row.save()
    return row
