"""What the buttons of a case's page and of the inbox do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Subject
from guanlan.response.cases import closing, deciding, handling, joining, leading_on, opening
from guanlan.response.cases.finding import colleague
from guanlan.response.entities import Named
from guanlan.response.models import Case
from guanlan.response.terms import Severity
from guanlan.web.resource import Saved

Values = Mapping[str, Any]


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    """Open a case."""
    kind, key = values["kind"], values["key"].strip()
    if bool(kind) != bool(key):
        text = _("An entity is named by its kind and its key, both of them.")
        raise ValidationError({"key" if kind else "kind": text})
    parts = [(kind, Named(kind, key))] if kind else []
    row = opening.open_case(
        subject,
        title=values["title"],
        category=values["category"],
        severity=Severity[values["severity"]],
        summary=values["summary"],
        entities=parts,
        now=timezone.now(),
    )
    return Saved(row, _("Case %(n)s is opened.") % {"n": row.pk})


def change(subject: Subject, row: Case, values: dict[str, Any]) -> Saved:
    """Change its title and what happened."""
    made = handling.retitle(subject, row, values["title"], values["summary"], now=timezone.now())
    return Saved(made, _("It is kept."))


def acknowledge(row: Case, subject: Subject) -> str:
    """Answer it."""
    handling.acknowledge(subject, row, now=timezone.now())
    return _("Case %(n)s is acknowledged.") % {"n": row.pk}


def take(row: Case, subject: Subject) -> str:
    """Make it one's own."""
    handling.take(subject, row, now=timezone.now())
    return _("Case %(n)s is yours.") % {"n": row.pk}


def share(row: Case, subject: Subject) -> str:
    """Give it to who has the least to do."""
    made = handling.share(subject, row, now=timezone.now())
    return _given(made)


def give(row: Case, subject: Subject, values: Values) -> str:
    """Give it to a person."""
    person = colleague(values["person"], subject)
    made = handling.assign(subject, row, person, now=timezone.now(), reason=values["reason"])
    return _given(made)


def _given(row: Case) -> str:
    if row.owner is None:
        return _("Case %(n)s belongs to nobody now.") % {"n": row.pk}
    return _("Case %(n)s belongs to %(person)s.") % {"n": row.pk, "person": row.owner}


def contain(row: Case, subject: Subject) -> str:
    """Say that it does no more harm."""
    handling.contain(subject, row, now=timezone.now())
    return _("Case %(n)s is contained.") % {"n": row.pk}


def wait(row: Case, subject: Subject, values: Values) -> str:
    """Have it wait for the customer."""
    handling.wait(subject, row, values["reason"], now=timezone.now())
    return _("The clock of case %(n)s stands still.") % {"n": row.pk}


def resume(row: Case, subject: Subject) -> str:
    """Go on."""
    handling.resume(subject, row, now=timezone.now())
    return _("The clock of case %(n)s runs again.") % {"n": row.pk}


def severity(row: Case, subject: Subject, values: Values) -> str:
    """Make it more or less severe."""
    chosen = Severity[values["severity"]]
    handling.change_severity(subject, row, chosen, values["reason"], now=timezone.now())
    return _("Case %(n)s has another severity.") % {"n": row.pk}


def amount(row: Case, subject: Subject, values: Values) -> str:
    """Say what is at stake."""
    said, currency = values["amount"], values["currency"]
    minor = None if said is None else int(said * Decimal(10) ** get_currency_precision(currency))
    handling.set_amount(subject, row, minor, currency, now=timezone.now())
    return _("The amount at stake is kept.")


def queue(row: Case, subject: Subject, values: Values) -> str:
    """Put it into a queue."""
    handling.put_into(subject, row, values["queue"], now=timezone.now())
    return _("Case %(n)s is in another queue.") % {"n": row.pk}


def tick(row: Case, subject: Subject, values: Values) -> str:
    """Say that an item is done, or is not after all."""
    done = values["done"] == "yes"
    handling.tick(subject, row, values["place"], done=done, now=timezone.now())
    return _("It is done.") if done else _("It is open again.")


def item(row: Case, subject: Subject, values: Values) -> str:
    """Put something on the checklist."""
    handling.add_item(subject, row, values["text"], now=timezone.now())
    return _("It stands on the checklist.")


def decide(row: Case, subject: Subject, values: Values) -> str:
    """Decide on the customer."""
    made = deciding.decide(
        subject,
        row,
        values["what"],
        values["reason"],
        entity=values["entity"],
        reason_code=values["reason_code"],
        days=values["days"],
        way=values["way"],
        told=values["told"],
        now=timezone.now(),
    )
    if made.restriction is not None and made.restriction.state == "proposed":
        return _("The decision is written down; the restriction waits for another's approval.")
    return _("The decision is written down.")


def merge(row: Case, subject: Subject, values: Values) -> str:
    """Merge it into another."""
    into = numbered(values["into"], subject, "into")
    joining.merge(subject, row, into, values["reason"], now=timezone.now())
    return _("Case %(n)s is part of case %(into)s now.") % {"n": row.pk, "into": into.pk}


def merge_all(rows: Sequence[Case], subject: Subject) -> str:
    """Merge the chosen ones into the eldest of them."""
    eldest, *others = sorted(rows, key=lambda one: one.pk)
    if not others:
        raise ValidationError(_("Choose at least two cases."))
    for one in others:
        joining.merge(subject, one, eldest, _("merged from the list"), now=timezone.now())
    n = len(others)
    text = ngettext(
        "%(n)s case is part of case %(into)s now.", "%(n)s cases are part of case %(into)s now.", n
    )
    return text % {"n": n, "into": eldest.pk}


def link(row: Case, subject: Subject, values: Values) -> str:
    """Tie it to another."""
    joining.link(subject, row, numbered(values["other"], subject, "other"), now=timezone.now())
    return _("They are tied.")


def split(row: Case, subject: Subject, values: Values) -> str:
    """Move alerts into a case of their own."""
    words = [one for one in re.split(r"[\s,，、#]+", values["alerts"]) if one]
    if any(not one.isdecimal() or len(one) > 18 for one in words):
        raise ValidationError({"alerts": _("Write numbers, such as 12, 15, 18.")})
    keys = [int(one) for one in words]
    made = joining.split(subject, row, keys, values["title"], values["reason"], now=timezone.now())
    return _("Case %(n)s is opened.") % {"n": made.pk}


def numbered(number: int, subject: Subject, field: str) -> Case:
    """A case that the subject sees, by its number. Raises ValidationError by field."""
    found = Case.objects.for_user(subject).filter(pk=number).first()
    if found is None:
        raise ValidationError({field: _("There is no case with this number.")})
    return found


def close(row: Case, subject: Subject, values: Values) -> Saved:
    """Close it, or ask that another confirms it."""
    made = closing.close(subject, row, values["disposition"], values["reason"], now=timezone.now())
    return _closed(made)


def close_false(row: Case, subject: Subject) -> Saved:
    """Close it as a false positive."""
    reason = _("closed from the list")
    return _closed(closing.close(subject, row, "false_positive", reason, now=timezone.now()))


def _closed(row: Case) -> Saved:
    if row.live:
        return Saved(row, _("Case %(n)s waits for a second person to confirm.") % {"n": row.pk})
    return Saved(row, _("Case %(n)s is closed.") % {"n": row.pk})


def closed_or_waits(row: Case) -> str:
    """What became of one of many that were to be closed."""
    return _("a second person has to confirm") if row.live else _("closed")


def confirm(row: Case, subject: Subject) -> Saved:
    """Agree that it is closed."""
    return _closed(closing.confirm(subject, row, now=timezone.now()))


def refuse(row: Case, subject: Subject, values: Values) -> str:
    """Refuse that it is closed."""
    closing.refuse(subject, row, values["reason"], now=timezone.now())
    return _("Case %(n)s stays open.") % {"n": row.pk}


def reopen(row: Case, subject: Subject, values: Values) -> str:
    """Open it again."""
    closing.reopen(subject, row, values["reason"], now=timezone.now())
    return _("Case %(n)s is open again.") % {"n": row.pk}


def plan(row: Case, subject: Subject, values: Values) -> str:
    """Start a plan."""
    leading_on.start_plan(subject, row, values["plan"], now=timezone.now())
    return _("The plan runs. Its people have been told.")


def incident(row: Case, subject: Subject, values: Values) -> str:
    """Declare an incident."""
    made = leading_on.declare_incident(
        subject, row, values["title"], values["impact"], values["urgency"], now=timezone.now()
    )
    return _("Incident %(n)s is declared, and you command it.") % {"n": made.pk}
