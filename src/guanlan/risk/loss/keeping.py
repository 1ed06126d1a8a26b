"""What people do with losses: write down, accept what was proposed, note what came back, close."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.risk.models import LossEvent, LossRecovery, Product, Risk
from guanlan.risk.register.keeping import scope_of, text
from guanlan.risk.register.parameters import currency

NOUN: Final = "risk.loss"
State = LossEvent.State


def add_loss(subject: Subject, values: dict[str, Any], now: dt.datetime) -> LossEvent:
    """Write a loss or a near miss down, open at once.

    values: title, type, near_miss, risk, product, occurred, discovered, booked, gross (minor
    units of the register's currency), note. Raises Denied, ValidationError by field.
    """
    require(subject, "add", NOUN, scope=scope_of(values.get("product")))
    row = LossEvent(currency=currency(), state=State.OPEN, created=now, created_by_id=subject.id)
    _fill(row, values, now)
    with act("loss.add") as on:
        row.save()
        on(row)
    return row


def propose_loss(
    origin: tuple[str, str],
    *,
    title: str,
    type: str,
    gross: int,
    money: str,
    occurred: dt.datetime,
    discovered: dt.datetime,
    now: dt.datetime,
    product: Product | None = None,
) -> LossEvent | None:
    """Propose a loss that something closed has cost: once for each origin, else None. gross: minor
    units of `money`, the currency. A person accepts it or refuses it."""  # fmt: skip
    if LossEvent.objects.filter(origin_noun=origin[0], origin_id=origin[1]).exists():
        return None
    with act("loss.propose", origin):
        made, fresh = LossEvent.objects.get_or_create(
            origin_noun=origin[0],
            origin_id=origin[1],
            defaults={
                "title": title[:160], "type": type, "gross": gross, "currency": money,
                "occurred": min(occurred, discovered), "discovered": discovered,
                "product": product, "near_miss": gross == 0, "created": now,
            },
        )  # fmt: skip
    return made if fresh else None


def accept_loss(
    subject: Subject, row: LossEvent, risk: Risk, type: str, note: str, gross: int | None = None
) -> LossEvent:
    """Take a proposed loss as one of a risk; with `gross` the amount is put right. Raises Denied,
    ValidationError by field."""
    require(subject, "approve", NOUN, scope=scope_of(row.product))
    said = text("note", note, 0, 500)
    with act("loss.accept", row, detail={"risk": risk.pk}):
        kept = _locked(row, State.PROPOSED)
        if kept.currency != currency():
            sentence = _("The currency is not the register's: convert amounts beforehand.")
            raise ValidationError(sentence)
        if gross is not None and not 0 <= gross < 2**63:
            raise ValidationError({"gross": _("Write an amount of zero or above.")})
        kept.gross = kept.gross if gross is None else gross
        kept.near_miss = kept.gross == 0
        kept.risk, kept.type, kept.state, kept.note = risk, type, State.OPEN, said or kept.note
        kept.save()
    return kept


def refuse_loss(subject: Subject, row: LossEvent, reason: str) -> LossEvent:
    """Say that what was proposed is no loss, and why. Raises Denied, ValidationError."""
    require(subject, "approve", NOUN, scope=scope_of(row.product))
    why = text("reason", reason, 5, 500)
    with act("loss.refuse", row, reason=why):
        kept = _locked(row, State.PROPOSED)
        kept.state, kept.note = State.REFUSED, why
        kept.save(update_fields=["state", "note"])
    return kept


def close_loss(subject: Subject, row: LossEvent) -> LossEvent:
    """Nothing more is expected to come back of it. Raises Denied, ValidationError."""
    require(subject, "approve", NOUN, scope=scope_of(row.product))
    with act("loss.close", row):
        kept = _locked(row, State.OPEN)
        if kept.risk_id is None:
            raise ValidationError(_("Name its risk first: it counts as one of a risk."))
        kept.state = State.CLOSED
        kept.save(update_fields=["state"])
    return kept


def change_loss(
    subject: Subject, row: LossEvent, values: dict[str, Any], now: dt.datetime
) -> LossEvent:
    """Put right what was written of an open loss. Raises Denied, ValidationError by field."""
    require(subject, "change", NOUN, scope=scope_of(row.product))
    require(subject, "change", NOUN, scope=scope_of(values.get("product")))
    with act("loss.change", row):
        kept = _locked(row, State.OPEN)
        _fill(kept, values, now)
        kept.save()
    return kept


def add_recovery(
    subject: Subject, row: LossEvent, kind: str, amount: int, at: dt.date, note: str
) -> LossRecovery:
    """Note what came back, minor units; a correction has a minus. All of it together lies between
    nothing and the loss. Raises Denied, ValidationError by field."""
    require(subject, "change", NOUN, scope=scope_of(row.product))
    said = text("note", note, 0, 200)
    with act("loss.recover", row, detail={"kind": kind}):
        kept = _locked(row, State.OPEN)
        if amount == 0 or not 0 <= recovered(kept) + amount <= kept.gross:
            sentence = _("All that came back lies between nothing and the loss.")
            raise ValidationError({"amount": sentence})
        if at < timezone.localtime(kept.occurred).date():
            raise ValidationError({"at": _("Nothing comes back before the loss happened.")})
        return LossRecovery.objects.create(
            loss=kept, kind=kind, amount=amount, at=at, note=said, added_by_id=subject.id
        )


def recovered(row: LossEvent) -> int:
    """What came back, minor units."""
    return row.recoveries.aggregate(sum=Sum("amount"))["sum"] or 0


def _locked(row: LossEvent, state: str) -> LossEvent:
    kept = LossEvent.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if kept.state != state:
        raise ValidationError(_("It is in another state by now: look again."))
    return kept


def _fill(row: LossEvent, values: dict[str, Any], now: dt.datetime) -> None:
    occurred, discovered, booked = values["occurred"], values["discovered"], values.get("booked")
    if occurred > discovered:
        raise ValidationError({"discovered": _("It is discovered after it happened.")})
    if discovered > now:
        raise ValidationError({"discovered": _("It lies in the future.")})
    if booked is not None and booked < timezone.localtime(occurred).date():
        raise ValidationError({"booked": _("It is booked after it happened.")})
    gross, near = values["gross"] or 0, values["near_miss"]
    if not 0 <= gross < 2**63 or (gross == 0) != near:
        sentence = _("A loss costs something; a near miss costs nothing.")
        raise ValidationError({"gross": sentence})
    row.title = text("title", values["title"], 3, 160)
    row.type, row.near_miss, row.gross = values["type"], near, gross
    row.risk, row.product = values.get("risk"), values.get("product")
    row.occurred, row.discovered, row.booked = occurred, discovered, booked
    row.note = text("note", values.get("note") or "", 0, 500)
