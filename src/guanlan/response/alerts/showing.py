"""How alerts are shown: states by word, entities masked, what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response.alerts import evidence
from guanlan.response.alerts.crossing import state_words
from guanlan.response.alerts.handling import DISPOSITIONS, STATES
from guanlan.response.alerts.history import KINDS
from guanlan.response.alerts.titles import rule_words, title_of
from guanlan.response.kinds import Kind, every_kind, kind_title, masked
from guanlan.response.models import Alert, AlertEntity, AlertHappening, AlertRule
from guanlan.response.pages.reveals import reveal_form
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.pages.revealing import RevealForm
from guanlan.web.resource import Happening, State
from guanlan.web.resource.cells import written
from guanlan.web.words import labelled, until

SHOWN_IN_ROW: Final = 2
LINES: Final = 100  # of what became of an alert

_LOOKS: Final = {"critical": "bad", "high": "warn"}


class ShownPart(NamedTuple):
    """An entity's part in an alert, as it may be shown; `url` leads to its alerts."""

    role: str
    kind: str
    text: str
    url: str
    reveal: RevealForm | None = None


class AlertRow:
    """An alert as a row of a list."""

    def __init__(self, alert: Alert, parts: list[ShownPart]) -> None:
        self.alert = alert
        self.title = title_of(alert)
        self.parts = parts[:SHOWN_IN_ROW]


def rules_in_words(names: Collection[str], subject: Subject) -> dict[str, str]:
    """What rules are called apart from any one alert, by name: one query."""
    known = AlertRule.objects.for_user(subject).filter(name__in=names)
    texts = dict(known.values_list("name", "text"))
    return {name: rule_words(name, texts.get(name, "")) for name in names}


def severity_state(severity: int) -> State:
    """A severity by word and shape."""
    name = Severity(severity).name
    return State(_LOOKS.get(name, "off"), SEVERITIES[name])


def severity_name(severity: int) -> str:
    """A severity by word."""
    return str(SEVERITIES[Severity(severity).name])


def alert_state(alert: Alert) -> State:
    """Where an alert is, and whether it waits too long or nobody is told for the moment."""
    word = STATES[alert.state]
    if not alert.live:
        return State("off", DISPOSITIONS.get(alert.disposition, word))
    if alert.muted:
        return State("unknown", _("snoozed") if alert.muted == "snooze" else _("in maintenance"))
    if alert.state == "new":
        late = alert.deadline is not None and alert.deadline <= timezone.now()
        return State("bad", _("new, overdue")) if late else State("warn", word)
    return State("on", word)


def shown_parts(
    parts: Iterable[AlertEntity], kinds: dict[str, Kind], subject: Subject | None = None
) -> list[ShownPart]:
    """Entities masked, with the form to reveal each where a subject is named."""
    return [
        ShownPart(
            part.role if part.role != part.entity.kind else "",
            kind_title(part.entity.kind, kinds),
            masked(part.entity, kinds),
            alerts_of(part.entity_id),
            None if subject is None else reveal_form(part.entity, kinds, subject),
        )
        for part in parts
    ]


def alerts_of(entity: int) -> str:
    """The list of alerts about an entity, by its number."""
    return f"{reverse('alerts')}?q=entity:~{entity}"


def show_alerts(rows: Sequence[Alert], subject: Subject) -> list[AlertRow]:
    """A page of alerts with titles and masked entities: two queries."""
    kinds = every_kind()
    parts: dict[int, list[AlertEntity]] = {}
    found = AlertEntity.objects.for_user(subject).filter(alert__in=[row.pk for row in rows])
    for part in found.select_related("entity").order_by("pk"):
        parts.setdefault(part.alert_id, []).append(part)
    return [AlertRow(row, shown_parts(parts.get(row.pk, ()), kinds)) for row in rows]


class AlertLook:
    """An alert as its page looks at it, read once."""

    def __init__(self, row: Alert, subject: Subject) -> None:
        self.row = row
        self.subject = subject
        self.title = title_of(row)

    @cached_property
    def parts(self) -> list[ShownPart]:
        found = AlertEntity.objects.for_user(self.subject).filter(alert=self.row)
        rows = found.select_related("entity").order_by("pk")
        return shown_parts(rows, every_kind(), self.subject)

    @cached_property
    def happenings(self) -> list[AlertHappening]:
        found = AlertHappening.objects.for_user(self.subject).filter(alert=self.row)
        return list(found.select_related("by")[:LINES])

    @property
    def severity_mark(self) -> str:
        """Its severity, as safe HTML."""
        return written("state", severity_state(self.row.severity))

    @property
    def category(self) -> str:
        return str(CATEGORIES[self.row.category])

    @property
    def pieces(self) -> list[tuple[str, str, datetime]]:
        """Evidence, newest first: what it is called, its address, and of when."""
        return [
            (*evidence.shown(kind, ref), datetime.fromisoformat(at))
            for kind, ref, at in reversed(self.row.evidence)
        ]


def timeline(look: AlertLook, subject: Subject) -> list[Happening]:
    """What happened and what became of it, newest first."""
    row = look.row
    lines = [_line(one) for one in look.happenings]
    if row.count > 1:
        text = _("found again, %(n)s times in all") % {"n": row.count}
        lines.append(Happening(row.last_seen, text))
    text = _("raised as %(severity)s") % {"severity": severity_name(_first_severity(look))}
    lines.append(Happening(row.first_seen, text, now=True))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _first_severity(look: AlertLook) -> int:
    changes = [one for one in look.happenings if one.kind == "severity"]
    return int(changes[-1].values.get("from", look.row.severity)) if changes else look.row.severity


def _line(one: AlertHappening) -> Happening:
    text = str(KINDS[one.kind])
    said = one.values
    if one.kind == "severity":
        text = _("%(what)s: %(before)s → %(after)s") % {
            "what": text,
            "before": severity_name(said["from"]),
            "after": severity_name(said["to"]),
        }
    elif one.kind == "closed":
        text = labelled(text, DISPOSITIONS[said["disposition"]])
    elif one.kind in ("told", "nobody"):
        text = labelled(text, said["to"])
    elif one.kind == "moved":
        text = _("%(what)s: %(before)s → %(after)s") % {
            "what": text,
            "before": state_words(said["from"]),
            "after": state_words(said["to"]),
        }
    elif one.kind in ("snoozed", "muted"):
        end = until(datetime.fromisoformat(said["until"]))
        text = _("%(what)s, until %(time)s") % {"what": text, "time": end}
    elif one.kind == "assigned":
        text = labelled(text, said["person"] or _("nobody"))
    by = one.by.get_username() if one.by else ""
    note = " · ".join(part for part in (by, str(one.reason or "")) if part)
    return Happening(one.at, text, note=note)
