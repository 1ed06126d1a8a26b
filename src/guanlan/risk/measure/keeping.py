"""What people say of a measure: what it is, whose, and whether it is in force.

    measure = add_measure(subject, Said(title=…, owner=user, …), now)
    add_step(subject, measure, SaidStep(title=…, responsible="operations"), now)
    set_effect(subject, measure, risk, design=0.6, coverage=0.9, reason=…, now=now)
    bring_into_force(subject, measure, now)

A measure without an owner is refused. One comes into force only with an owner whose account is
active, a step that says what is done, and a risk that it does something about.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.risk.measure.duties import end_duties, first_duty
from guanlan.risk.measure.effects import newest_effects
from guanlan.risk.measure.terms import LAYERS, LEAST_REASON, NOUN, said
from guanlan.risk.measure.testing import TESTS
from guanlan.risk.models import Measure, MeasureStep
from guanlan.risk.terms import CATEGORIES

State = Measure.State
MOST_DAYS: Final = 1_096  # three years between two turns
MOST_MONEY: Final = 10**15  # minor units
MOST_STEPS: Final = 40
_OWN_LAYER: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Said(Struct, frozen=True, kw_only=True):
    """What a person says of a measure; see `Measure`."""

    title: str
    purpose: str
    category: str
    acts: str
    layer: str
    owner: User | None
    deputy: User | None = None
    every_days: int | None = None
    setup: int = 0
    yearly: int = 0
    test: str = ""
    planned: dt.date | None = None


class SaidStep(Struct, frozen=True, kw_only=True):
    """What a person says of a step; see `MeasureStep`."""

    title: str
    responsible: str
    instruction: str = ""
    when: str = ""
    evidence: str = ""
    accountable: str = ""
    consulted: str = ""
    informed: str = ""


def _checked(wanted: Said) -> dict[str, object]:
    """The fields of a measure. Raises ValidationError by field."""
    if wanted.owner is None:
        raise ValidationError({"owner": _("Name a person: a measure without an owner is none.")})
    for field, one in (("owner", wanted.owner), ("deputy", wanted.deputy)):
        if one is not None and not one.is_active:
            raise ValidationError({field: _("This account is disabled.")})
    if wanted.deputy is not None and wanted.deputy.pk == wanted.owner.pk:
        raise ValidationError({"deputy": _("Name another person than the owner.")})
    if wanted.category not in CATEGORIES:
        raise ValidationError({"category": _("Choose one of the kinds of risk.")})
    if wanted.acts not in Measure.Acts.values:
        raise ValidationError({"acts": _("Choose what it works on.")})
    if wanted.layer not in LAYERS and _OWN_LAYER.fullmatch(wanted.layer) is None:
        raise ValidationError({"layer": _("Write a short name of letters, digits and _.")})
    if wanted.every_days is not None and not 1 <= wanted.every_days <= MOST_DAYS:
        text = _("Write a number from 1 to %(n)s.") % {"n": MOST_DAYS}
        raise ValidationError({"every_days": text})
    for field, amount in (("setup", wanted.setup), ("yearly", wanted.yearly)):
        if not 0 <= amount <= MOST_MONEY:
            raise ValidationError({field: _("Write an amount of zero or more.")})
    if wanted.test and wanted.test not in TESTS:
        raise ValidationError({"test": _("There is no automatic test of this name.")})
    return {
        "title": said("title", wanted.title, 3, 160),
        "purpose": said("purpose", wanted.purpose, 3, 1000),
        "category": wanted.category,
        "acts": wanted.acts,
        "layer": wanted.layer,
        "owner": wanted.owner,
        "deputy": wanted.deputy,
        "every_days": wanted.every_days,
        "setup": wanted.setup,
        "yearly": wanted.yearly,
        "test": wanted.test,
        "planned": wanted.planned,
    }


def next_code() -> str:
    """The code of the next measure: M-001, M-002, and on."""
    codes = Measure.objects.filter(code__startswith="M-").values_list("code", flat=True)
    numbers = [int(code[2:]) for code in codes if code[2:].isdecimal()]
    return f"M-{max(numbers, default=0) + 1:03d}"


def add_measure(subject: Subject, wanted: Said, now: dt.datetime) -> Measure:
    """Write a measure down, as planned. Raises Denied, or ValidationError by field."""
    require(subject, "add", NOUN)
    fields = _checked(wanted)
    measure = Measure(code=next_code(), created=now, created_by_id=subject.id, **fields)
    with act("measure.add", measure, detail={"category": wanted.category}):
        measure.save()
    return measure


def change_measure(subject: Subject, measure: Measure, wanted: Said, now: dt.datetime) -> Measure:
    """Say it anew. A measure in force whose rhythm changes is next due by the new one. Raises
    Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    fields = _checked(wanted)
    with act("measure.change", measure):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        _living(kept)
        rhythm = kept.every_days != wanted.every_days
        for name, value in fields.items():
            setattr(kept, name, value)
        kept.save()
        if kept.state == State.IN_FORCE:
            kept.duties.filter(done=None).update(owner=kept.owner)
            if rhythm:
                end_duties(kept, after=now)
                first_duty(kept, now)
    return kept


def _living(measure: Measure) -> None:
    if measure.state == State.RETIRED:
        raise ValidationError(_("It is retired: nothing of it is changed any more."))


def _step_fields(wanted: SaidStep) -> dict[str, str]:
    return {
        "title": said("title", wanted.title, 3, 160),
        "instruction": said("instruction", wanted.instruction, 0, 2000),
        "when": said("when", wanted.when, 0, 120),
        "evidence": said("evidence", wanted.evidence, 0, 300),
        "responsible": said("responsible", wanted.responsible, 2, 120),
        "accountable": said("accountable", wanted.accountable, 0, 120),
        "consulted": said("consulted", wanted.consulted, 0, 200),
        "informed": said("informed", wanted.informed, 0, 200),
    }


def add_step(subject: Subject, measure: Measure, wanted: SaidStep) -> MeasureStep:
    """Add a step at the end of the operating guide. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    fields = _step_fields(wanted)
    with act("measure.step", measure):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        _living(kept)
        last = kept.steps.aggregate(at=Max("position"))["at"] or 0
        if last >= MOST_STEPS:
            raise ValidationError(_("A measure has %(n)s steps at most.") % {"n": MOST_STEPS})
        return MeasureStep.objects.create(measure=kept, position=last + 1, **fields)


def change_step(subject: Subject, measure: Measure, position: int, wanted: SaidStep) -> MeasureStep:
    """Say a step anew. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    fields = _step_fields(wanted)
    with act("measure.step", measure, detail={"step": position}):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        _living(kept)
        step = _step(kept, position)
        for name, value in fields.items():
            setattr(step, name, value)
        step.save()
    return step


def remove_step(subject: Subject, measure: Measure, position: int) -> None:
    """Take a step out; those after it move up. A measure in force keeps one. Raises Denied, or
    ValidationError."""
    require(subject, "change", NOUN)
    with act("measure.unstep", measure, detail={"step": position}):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        _living(kept)
        if kept.state == State.IN_FORCE and kept.steps.count() == 1:
            raise ValidationError(_("A measure in force has a step at least."))
        _step(kept, position).delete()
        for later in kept.steps.filter(position__gt=position).order_by("position"):
            MeasureStep.objects.filter(pk=later.pk).update(position=later.position - 1)


def _step(measure: Measure, position: int) -> MeasureStep:
    step = measure.steps.filter(position=position).first()
    if step is None:
        raise ValidationError({"position": _("There is no step of this number.")})
    return step


def lacking(measure: Measure, now: dt.datetime) -> list[str]:
    """What a measure lacks to come into force, a sentence each."""
    wanting = []
    if measure.owner is None or not measure.owner.is_active:
        wanting.append(_("Nobody owns it: name an owner."))
    if not measure.steps.exists():
        wanting.append(_("No step says what is done: add one."))
    if not newest_effects([measure.pk], now).get(measure.pk):
        wanting.append(_("It does nothing about any risk: say what it is worth against one."))
    return wanting


def bring_into_force(subject: Subject, measure: Measure, now: dt.datetime) -> Measure:
    """Begin with it: from now on it counts, is tested and falls due. Raises Denied, or
    ValidationError with everything that it lacks."""
    require(subject, "approve", NOUN)
    with act("measure.start", measure):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        if kept.state != State.PLANNED:
            raise ValidationError(_("It is in another state by now: look again."))
        if wanting := lacking(kept, now):
            raise ValidationError(wanting)
        kept.state, kept.since = State.IN_FORCE, now
        kept.save(update_fields=["state", "since"])
        first_duty(kept, now)
    return kept


def retire(subject: Subject, measure: Measure, reason: str, now: dt.datetime) -> Measure:
    """End it: it counts no more, and what would still be due is dropped. What was done, tested and
    paid stays. Raises Denied, or ValidationError by field."""
    require(subject, "approve", NOUN)
    why = said("reason", reason, LEAST_REASON, 300)
    with act("measure.retire", measure, reason=why):
        kept = Measure.objects.select_for_update().get(pk=measure.pk)
        _living(kept)
        kept.state, kept.next_due = State.RETIRED, None
        kept.save(update_fields=["state", "next_due"])
        end_duties(kept, after=None)
    return kept
