"""Numbers move by themselves, ratings need a person: a risk that moved far is to be rated again.

A proposal opens when the level in the matrix is another, when the risk is newly expected to cost
more than its appetite or its bad year more than its tolerance, or when it is expected to cost a
quarter more or less: each against what a person decided last, else against the first value of the
parameters in force. Of each risk one proposal is open at most; while it is, it follows the value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from msgspec import Struct

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.risk.models import Reassessment, Risk, RiskFigure, RiskParameters, RiskValue
from guanlan.risk.value.keeping import Change, on_value

NOUN: Final = "risk.reassessment"
FAR: Final = 0.25
USUAL: Final = dt.timedelta(days=14)
PRESSING: Final = dt.timedelta(days=3)  # extreme, or beyond what is tolerated
LEAST_REASON, MOST_REASON = 5, 500
REASONS: Final = {
    "level": gettext_noop("its level is another"),
    "appetite": gettext_noop("it is expected to cost more than its appetite"),
    "tolerance": gettext_noop("a bad year costs more than its tolerance"),
    "moved": gettext_noop("it is expected to cost a quarter more or less"),
}


class Stand(Struct, frozen=True, kw_only=True):
    """The numbers of a risk that a rating rests on."""

    expected: int
    var95: int
    rate: float
    level: str


class Judged(NamedTuple):
    """Why a risk is to be rated again (keys of REASONS), and within what time."""

    reasons: tuple[str, ...]
    within: dt.timedelta


def judge(before: Stand, after: Stand, appetite: int | None, tolerance: int | None) -> Judged:
    """Whether what moved wants a person; without a reason it does not."""
    reasons = []
    if before.level != after.level:
        reasons.append("level")
    if appetite is not None and before.expected <= appetite < after.expected:
        reasons.append("appetite")
    if tolerance is not None and before.var95 <= tolerance < after.var95:
        reasons.append("tolerance")
    if abs(after.expected - before.expected) > FAR * before.expected:
        reasons.append("moved")
    pressing = "tolerance" in reasons or ("level" in reasons and after.level == "extreme")
    return Judged(tuple(reasons), PRESSING if pressing else USUAL)


@on_value
def propose(change: Change) -> None:
    """Open a proposal for each risk that moved far, or bring the open one up to date: a fixed
    number of queries beside one for each proposal."""
    keys = [change.keys[part.code] for part, _before in change.parts]
    if not keys:
        return
    risks = Risk.objects.in_bulk(keys)
    waiting = {
        one.risk_id: one for one in Reassessment.objects.filter(risk__in=keys, state="proposed")
    }
    decided = _decided(keys)
    now = {one.risk_id: _stand(one) for one in RiskFigure.objects.filter(value=change.value)}
    first = _first(keys, change.value)
    for key in keys:
        risk, after = risks[key], now[key]
        before = decided.get(key) or first.get(key)
        if before is None:
            continue
        judged = judge(before, after, risk.appetite, risk.tolerance)
        if (held := waiting.get(key)) is not None:
            _follow(held, change, after, judged)
        elif judged.reasons:
            _open(risk, change, before, after, judged)


def _stand(one: RiskFigure) -> Stand:
    return Stand(expected=one.expected, var95=one.var95, rate=one.rate, level=one.level)


def _read(said: Mapping[str, Any], level: str) -> Stand:
    return Stand(
        expected=said["expected"], var95=said["var95"], rate=float(said["rate"]), level=level
    )


def _in_force(keys: Sequence[int], at: dt.datetime) -> dict[int, RiskParameters]:
    rows = RiskParameters.objects.filter(risk__in=keys, effective__lte=at)
    rows = rows.only("id", "risk_id", "effective", "version")
    return {row.risk_id: row for row in rows.order_by("risk_id", "version")}


def _decided(keys: Sequence[int]) -> dict[int, Stand]:
    """By risk, what a person decided on last."""
    rows = Reassessment.objects.filter(risk__in=keys).exclude(state="proposed")
    newest = {row.risk_id: row for row in rows.order_by("risk_id", "decided", "id")}
    return {key: _read(row.after, row.level_after) for key, row in newest.items()}


def _first(keys: Sequence[int], value: RiskValue) -> dict[int, Stand]:
    """By risk, its first figure of the parameters in force."""
    since = {key: row.effective for key, row in _in_force(keys, value.at).items()}
    if not since:
        return {}
    found: dict[int, Stand] = {}
    rows = RiskFigure.objects.filter(risk__in=keys, at__gte=min(since.values()))
    for row in rows.exclude(value=value).order_by("risk_id", "at", "id").iterator():
        if row.risk_id in since and row.risk_id not in found and row.at >= since[row.risk_id]:
            found[row.risk_id] = _stand(row)
    return found


def _causes(change: Change, code: str) -> list[list[str]]:
    return [list(one) for one in change.value.cause if one[1] in ("", code)]


def _numbers(one: Stand) -> dict[str, Any]:
    return {"expected": one.expected, "var95": one.var95, "rate": one.rate}


def _open(risk: Risk, change: Change, before: Stand, after: Stand, judged: Judged) -> None:
    at = change.value.at
    Reassessment.objects.create(
        risk=risk, value=change.value, opened=at, due=at + judged.within, owner_id=risk.owner_id,
        before=_numbers(before), after=_numbers(after) | {"reasons": list(judged.reasons)},
        causes=_causes(change, risk.code), level_before=before.level, level_after=after.level,
    )  # fmt: skip


def _follow(held: Reassessment, change: Change, after: Stand, judged: Judged) -> None:
    """An open proposal shows the newest numbers; its time never grows."""
    code = next(
        part.code for part, _before in change.parts if change.keys[part.code] == held.risk_id
    )
    reasons = sorted({*held.after.get("reasons", ()), *judged.reasons})
    held.value = change.value
    held.after = _numbers(after) | {"reasons": reasons}
    held.level_after = after.level
    fresh = [one for one in _causes(change, code) if one not in held.causes]
    held.causes = [*held.causes, *fresh][-50:]
    held.due = min(held.due, change.value.at + judged.within) if judged.reasons else held.due
    held.save(update_fields=["value", "after", "level_after", "causes", "due"])


def accept(subject: Subject, row: Reassessment, reason: str, now: dt.datetime) -> Reassessment:
    """Rate the risk as its numbers say. Parameters that were set since the proposal opened are
    named by it. Raises Denied, or ValidationError."""
    return _decide(subject, row, "accepted", reason, now)


def refuse(subject: Subject, row: Reassessment, reason: str, now: dt.datetime) -> Reassessment:
    """Keep the rating, and say why. Raises Denied, or ValidationError."""
    return _decide(subject, row, "refused", reason, now)


def _decide(
    subject: Subject, row: Reassessment, state: str, reason: str, now: dt.datetime
) -> Reassessment:
    require(subject, "approve", NOUN)
    why = " ".join(reason.replace("\0", "").split())
    if not LEAST_REASON <= len(why) <= MOST_REASON:
        values = {"low": LEAST_REASON, "high": MOST_REASON}
        raise ValidationError({"reason": _("Write %(low)s to %(high)s characters.") % values})
    with transaction.atomic(), act(f"reassessment.{state}", row, reason=why):
        held = Reassessment.objects.select_for_update().get(pk=row.pk)
        if held.state != "proposed":
            raise ValidationError(_("Somebody has decided on it already."))
        newest = RiskParameters.objects.filter(risk_id=held.risk_id, created__gt=held.opened)
        held.state, held.reason = state, why
        held.decided, held.decided_by_id = now, subject.id
        if state == "accepted":
            held.parameters = newest.order_by("-version").first()
        held.save(update_fields=["state", "reason", "decided", "decided_by", "parameters"])
    return held
