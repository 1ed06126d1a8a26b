"""Opening cases: what every new one gets, and opening one by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.response.cases.clocking import Calendars, begin
from guanlan.response.cases.letters import tell_given
from guanlan.response.cases.priority import set_priority
from guanlan.response.cases.rules import Deadline, Rule, deadlines, rules
from guanlan.response.cases.sharing import Load, every_queue, queue_of
from guanlan.response.cases.timeline import line
from guanlan.response.entities import Named, rows_of
from guanlan.response.models import Case, CaseEntity, CaseEntry, CaseItem
from guanlan.response.terms import CATEGORIES, Severity

LONGEST_TITLE: Final = 120
LONGEST_SUMMARY: Final = 4000


class Arranged:
    """What holds for cases now, read once for many of them."""

    def __init__(self) -> None:
        self.rules: Mapping[str, Rule] = rules()
        self.deadlines: Mapping[int, Deadline] = deadlines()
        self.calendars = Calendars()
        self.queues = every_queue()
        self.load = Load(one for one in self.queues if one.shares)

    def set_up(self, case: Case) -> None:
        """Start the clocks of a case that is not saved yet, and put it into its queue."""
        begin(case, self.deadlines[case.severity], self.calendars)
        queue = queue_of(case.category, self.queues)
        case.queue = queue
        if queue is not None and queue.shares and case.owner_id is None:
            case.owner_id = self.load.least(queue.people)
            if case.owner_id is not None:
                self.load.give(case.owner_id, case.severity)

    def furnish(self, cases: Iterable[Case], by: Subject | None) -> None:
        """Give saved cases their checklists and first lines."""
        made = list(cases)
        CaseItem.objects.bulk_create(
            CaseItem(case=case, place=place, text=text)
            for case in made
            for place, text in enumerate(self.rules[case.category].checklist, 1)
        )
        owners = {case.owner_id for case in made if case.owner_id is not None}
        names = dict(User.objects.filter(pk__in=owners).values_list("pk", "username"))
        lines = []
        for case in made:
            values = {"severity": case.severity}
            lines.append(line(case, "opened", case.opened, by, values=values))
            if case.owner_id is not None:
                said = {"name": names.get(case.owner_id, "")}
                lines.append(line(case, "assigned", case.opened, values=said))
        CaseEntry.objects.bulk_create(lines)


def open_case(
    subject: Subject,
    *,
    title: str,
    category: str,
    severity: Severity,
    summary: str = "",
    entities: Iterable[tuple[str, Named]] = (),
    now: dt.datetime,
) -> Case:
    """Open a case by hand, with entities by role: alerts about them join it. Raises Denied, or
    ValidationError by field."""
    require(subject, "add", "response.case")
    said = title.replace("\0", "").strip()
    wrong: dict[str, str] = {}
    if not 3 <= len(said) <= LONGEST_TITLE:
        wrong["title"] = _("Give a title of 3 to %(n)s characters.") % {"n": LONGEST_TITLE}
    if category not in CATEGORIES:
        wrong["category"] = _("Choose one of the categories of risk.")
    if len(summary) > LONGEST_SUMMARY:
        wrong["summary"] = _("The summary has at most %(n)s characters.") % {"n": LONGEST_SUMMARY}
    if wrong:
        raise ValidationError(wrong)
    parts = list(entities)
    arranged = Arranged()
    case = Case(
        title=said, summary=summary.replace("\0", "").strip(), category=category,
        severity=int(severity), opened=now, last_alert=now, opened_by_id=subject.id,
    )  # fmt: skip
    with act("case.open", case, detail={"severity": int(severity)}):
        refs = rows_of(named for _role, named in parts)
        case.entity_count = len(refs)
        arranged.set_up(case)
        set_priority(case, now)
        case.save()
        arranged.furnish([case], subject)
        roles = {refs[named].pk: role for role, named in reversed(parts)}
        CaseEntity.objects.bulk_create(
            CaseEntity(case=case, entity_id=entity, role=role, grouping=True)
            for entity, role in roles.items()
        )
        tell_given([case], subject, now)
    return case
