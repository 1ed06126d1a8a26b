"""Bursts: more complaints of a category or a product within a day than its own past lets expect.

Each look takes the last 24 hours and the days before them, of 24 hours each, up to 28. With fewer
than seven whole days since the first complaint nothing is judged: there is no past yet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.access import SYSTEM
from guanlan.response.alerts import Evidence, Finding, raise_alert
from guanlan.response.alerts.finding import fingerprint
from guanlan.response.alerts.titles import name_rule
from guanlan.response.complaints.limits import FLOOR, expected
from guanlan.response.complaints.sorting import category_titles
from guanlan.response.models import Alert, Complaint, Incident
from guanlan.response.terms import Severity

DAY: Final = dt.timedelta(days=1)
DAYS: Final = 28
LEAST_DAYS: Final = 7
SHOWN: Final = 20  # of the newest complaints, as evidence
RULES: Final = {
    "category": "complaints.burst_category",
    "product": "complaints.burst_product",
}
TEXT: Final = gettext_noop(
    "%(n)s complaints of “%(what)s” in 24 hours; up to %(most)s were to be expected"
)

name_rule(RULES["category"], gettext_lazy("Many complaints of one category within 24 hours"))
name_rule(RULES["product"], gettext_lazy("Many complaints of one product within 24 hours"))


class Burst(NamedTuple):
    """A group with too many: `kind` is category or product, `key` its code or name."""

    kind: str
    key: str
    risk: str
    number: int
    limit: int
    mean: float
    newest: tuple[tuple[int, dt.datetime], ...]


def find_bursts(now: dt.datetime) -> list[Burst]:
    """The bursts of the last 24 hours, the largest first; one query, and one for the first day."""
    first = Complaint.objects.order_by("received").values_list("received", flat=True).first()
    if first is None:
        return []
    days = min(DAYS, (now - DAY - first) // DAY)
    if days < LEAST_DAYS:
        return []
    counts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * (days + 1))
    newest: defaultdict[tuple[str, str], list[tuple[int, dt.datetime]]] = defaultdict(list)
    risks: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    rows = Complaint.objects.filter(received__gt=now - (days + 1) * DAY, received__lte=now)
    for key, code, product, risk, at in (
        rows.exclude(outcome="duplicate").order_by("-received", "-id")
        .values_list("pk", "category__code", "product", "risk", "received").iterator()
    ):  # fmt: skip
        age = (now - at) // DAY
        for group in (("category", code), ("product", product)):
            if not group[1] or age > days:
                continue
            counts[group][age] += 1
            if age == 0:
                risks[group][risk] += 1
                if len(newest[group]) < SHOWN:
                    newest[group].append((key, at))
    found = []
    for group, per_day in counts.items():
        if per_day[0] < FLOOR:
            continue
        mean, limit = expected(per_day[1:])
        if per_day[0] >= limit:
            risk = min(risks[group].most_common(), key=lambda one: (-one[1], one[0]))[0]
            found.append(Burst(*group, risk, per_day[0], limit, mean, tuple(newest[group])))
    return sorted(found, key=lambda one: (-one.number, one.kind, one.key))


def raise_bursts(now: dt.datetime) -> int:
    """Raise an alert of each burst that grew since it was last raised; how many. An open incident
    of the same kind of risk is named beside the complaints: it may be the cause."""
    raised = 0
    titles = category_titles()
    for burst in find_bursts(now):
        rule, key = RULES[burst.kind], {burst.kind: burst.key}
        at = burst.newest[0][1]
        there = Alert.objects.filter(fingerprint=fingerprint(rule, key), current=True)
        if there.filter(last_seen__gte=at).exists():
            continue
        what = titles.get(burst.key, burst.key) if burst.kind == "category" else burst.key
        evidence = [Evidence("complaint", str(pk), when) for pk, when in reversed(burst.newest)]
        if (incident := open_incident(burst.risk)) is not None:
            evidence.append(Evidence("open_incident", str(incident.pk), at))
        finding = Finding(
            rule=rule,
            category=burst.risk,
            severity=Severity.high if burst.number >= 2 * burst.limit else Severity.medium,
            text=TEXT,
            values={"n": burst.number, "what": what, "most": burst.limit - 1},
            key=key,
            evidence=tuple(evidence),
            at=at,
            window=DAY,
        )
        raised += raise_alert(finding, now) is not None
    return raised


def open_incident(risk: str) -> Incident | None:
    """The newest open incident of a kind of risk, unless it is confidential."""
    rows = Incident.objects.for_user(SYSTEM).filter(category=risk, confidential=False)
    return rows.exclude(state="closed").order_by("-declared", "-id").first()
