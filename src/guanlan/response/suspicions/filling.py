"""What a report begins with: the facts of its case, and a text from them."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from django.db.models import Count, Max, Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Subject
from guanlan.core.people.organisation import organisation
from guanlan.response.alerts.keeping import every_piece
from guanlan.response.alerts.titles import title_of
from guanlan.response.clocks.letters import UNKNOWN
from guanlan.response.models import (
    Alert,
    AlertEvidence,
    Case,
    CaseDecision,
    CaseEntity,
    Restriction,
)
from guanlan.response.restrictions.terms import EFFECTS, STATES
from guanlan.response.suspicions.transactions import transactions
from guanlan.web.words import labelled

MOST_PARTIES: Final = 200
MOST_ALERTS: Final = 1000  # newest ones whose evidence is looked through
MOST_PIECES: Final = 100_000  # of evidence that are looked through, of the newest alerts first
MOST_TRANSACTIONS: Final = 300
MOST_LINES: Final = 20
Facts = dict[str, Any]


def facts_of(case: Case, subject: Subject, language: str) -> Facts:
    """The facts of a case, to be kept with a report: parties by their number and role, never by
    key; transactions, oldest first, with times as ISO 8601 in UTC; what was left out is counted,
    and so are pieces of evidence that were not looked through (`unread`)."""
    with translation.override(language):
        parties = CaseEntity.objects.filter(case=case).order_by("-grouping", "pk")
        found = list(parties.values_list("entity_id", "role")[: MOST_PARTIES + 1])
        pieces = _pieces(case)
        known, more = transactions(pieces, subject, MOST_TRANSACTIONS)
        total = Alert.objects.filter(case=case).aggregate(n=Sum("evidence_count"))["n"] or 0
        return {
            "parties": [[entity, role] for entity, role in found[:MOST_PARTIES]],
            "more_parties": max(0, case.entity_count - MOST_PARTIES),
            "transactions": [
                [one.ref, one.at.isoformat(), one.what, one.amount, one.currency, one.outcome]
                for one in known
            ],
            "more_transactions": more,
            "unread": max(0, total - len(pieces)),
        }


def _pieces(case: Case) -> list[tuple[str, str]]:
    """The evidence that is looked through: all that is kept of its newest alerts."""
    rows = Alert.objects.filter(case=case).order_by("-last_seen", "-pk")
    keys = list(rows.values_list("pk", flat=True)[:MOST_ALERTS])
    chunks = AlertEvidence.objects.filter(alert__in=keys)
    newest = chunks.order_by("-alert__last_seen", "-alert", "-begins")
    return [(one.kind, one.ref) for one in islice(every_piece(newest), MOST_PIECES)]


def first_text(case: Case, language: str) -> str:
    """The text of a report as it begins, in its language: a section each, and what nobody has
    said yet says so. It names no party: those are named by their number."""
    with translation.override(language):
        unknown = UNKNOWN[language]
        opened = timezone.localtime(case.opened)
        parts = [
            (_("Reporting organisation"), organisation().name),
            (
                _("Case"),
                _("#%(n)s, opened %(time)s") % {"n": case.pk, "time": f"{opened:%Y-%m-%d %H:%M}"},
            ),
            (_("What happened"), str(case.summary or "")),
            (_("What was found"), "\n".join(_found(case))),
            (_("Why it is suspicious"), ""),
            (_("Decision on the customer"), "\n".join(_decisions(case))),
            (_("What was done"), "\n".join(_done(case))),
            (_("What we ask for or propose"), ""),
        ]
        lines: list[str] = []
        for title, text in parts:
            lines += [f"## {title}", text.strip() or unknown, ""]
        return "\n".join(lines).strip()


def _found(case: Case) -> list[str]:
    """The rules that raised its alerts, the most frequent first."""
    rows = Alert.objects.filter(case=case).order_by().values("rule")
    counted = list(rows.annotate(n=Count("pk"), one=Max("pk")).order_by("-n", "rule")[:MOST_LINES])
    named = Alert.objects.in_bulk([row["one"] for row in counted])
    return [
        ngettext("- %(what)s: %(n)s alert", "- %(what)s: %(n)s alerts", row["n"])
        % {"what": title_of(named[row["one"]]), "n": row["n"]}
        for row in counted
    ]


def _decisions(case: Case) -> list[str]:
    rows = CaseDecision.objects.filter(case=case).order_by("made", "pk")[:MOST_LINES]
    return [
        f"- {timezone.localtime(one.made):%Y-%m-%d %H:%M} {one.get_what_display()}" for one in rows
    ]


def _done(case: Case) -> list[str]:
    """Restrictions of its entities."""
    about = CaseEntity.objects.filter(case=case).values("entity")
    rows = Restriction.objects.filter(entity__in=about).order_by("proposed", "pk")[:MOST_LINES]
    return [
        "- " + labelled(one.name, f"{EFFECTS[one.effect]}, {STATES[one.state]}") for one in rows
    ]
