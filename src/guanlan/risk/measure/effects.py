"""What a measure is worth against a risk, as people say it: versions, never edited."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.risk.measure.terms import LEAST_REASON, NOUN, said
from guanlan.risk.models import Measure, MeasureEffect, Risk

MOST_REASON: Final = 500


def set_effect(
    subject: Subject,
    measure: Measure,
    risk: Risk,
    *,
    design: float,
    coverage: float,
    reason: str,
    now: dt.datetime,
) -> MeasureEffect:
    """Say what share of a risk a measure takes away where it works and reaches (`design`), and
    what share of cases it reaches (`coverage`); design 0 takes it off the risk. A new version, in
    force at once. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    for field, value in (("design", design), ("coverage", coverage)):
        if not 0.0 <= value <= 1.0:
            raise ValidationError({field: _("Write a share from 0 to 1: 0.6 is 60 %.")})
    why = said("reason", reason, LEAST_REASON, MOST_REASON)
    if risk.state == Risk.State.CLOSED:
        raise ValidationError({"risk": _("This risk is closed.")})
    detail = {"risk": risk.code, "design": f"{design:g}", "coverage": f"{coverage:g}"}
    with act("measure.effect", measure, reason=why, detail=detail):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        if kept.state == Measure.State.RETIRED:
            raise ValidationError(_("It is retired: nothing of it is changed any more."))
        last = kept.effects.filter(risk=risk).aggregate(at=Max("version"))["at"] or 0
        if last == 0 and design == 0.0:
            raise ValidationError({"design": _("It is not on this risk: there is nothing to end.")})
        others = newest_effects([kept.pk], now).get(kept.pk, [])
        alone = [one.risk_id for one in others] == [risk.pk]
        if design == 0.0 and alone and kept.state == Measure.State.IN_FORCE:
            text = _("It is in force against this risk alone: retire it instead.")
            raise ValidationError({"design": text})
        return MeasureEffect.objects.create(
            measure=kept, risk=risk, version=last + 1, design=design, coverage=coverage,
            reason=why, created=now, created_by_id=subject.id, effective=now,
        )  # fmt: skip


def newest_effects(
    measures: Iterable[int] | None, at: dt.datetime
) -> dict[int, list[MeasureEffect]]:
    """What measures (None: all) do at a time, by measure: of each risk the newest version in
    force, where its design is above 0; in order of the risks' codes. One query."""
    rows = MeasureEffect.objects.filter(effective__lte=at)
    if measures is not None:
        rows = rows.filter(measure_id__in=[*measures])
    newest: dict[tuple[int, int], MeasureEffect] = {}
    for row in rows.select_related("risk").order_by("effective", "version"):
        newest[row.measure_id, row.risk_id] = row
    found: dict[int, list[MeasureEffect]] = defaultdict(list)
    for (measure, _risk), row in sorted(newest.items(), key=lambda one: one[1].risk.code):
        if row.design > 0.0:
            found[measure].append(row)
    return dict(found)


def on_risk(risk: Risk) -> Q:
    """The measures that were ever said to do something about a risk."""
    return Q(pk__in=MeasureEffect.objects.filter(risk=risk).values("measure"))
