"""Restricting an entity: proposed by one, agreed to by another, or in force at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core import outbox
from guanlan.core.access import Denied, Subject, require
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.engine.restrictions import NETWORKS_OF
from guanlan.engine.scenario.vocabulary import ANY, CURRENCIES
from guanlan.response.entities import Named, checked, rows_of
from guanlan.response.models import EntityRef, Restriction, RestrictionState
from guanlan.response.restrictions.holding import ask_sinks, held_of
from guanlan.response.restrictions.networks import Network, check_width, network_of, written
from guanlan.response.restrictions.never import check_allowed
from guanlan.response.restrictions.sinks import sinks
from guanlan.response.restrictions.terms import (
    CAPABILITIES,
    EFFECTS,
    LONGEST_AUTOMATIC,
    LONGEST_WINDOW,
    NOT_TOLD,
    REASONS,
    TOLD,
    needs_approval,
)

MOST: Final = 10**14  # minor units, and events; as the engine counts them
EVERYONE: Final = frozenset({"*", "%", "any", "all", "everyone", "0.0.0.0", "::"})  # noqa: S104

outbox.template(
    "restriction.asked",
    names={"person": 2, "name": 2, "effect": 2},
    texts={
        "en": (
            "{person} proposes the restriction {name}",
            "{person} proposes to {effect} an entity ({name}). It waits for your approval.",
        ),
        "zh-hans": (
            "{person} 提议了权限限制 {name}",
            "{person} 提议对一个实体施加权限限制（{effect}，{name}），等待您审批。",
        ),
        "zh-hant": (
            "{person} 提議了權限限制 {name}",
            "{person} 提議對一個實體施加權限限制（{effect}，{name}），等待您核准。",
        ),
    },
)


class Terms(Struct, frozen=True, kw_only=True):
    """What is asked for. Amounts in whole minor units of `currency`; `window` is what they and
    `window_count` are counted over. `expires` None is without an end. `told` names what the
    customer may be told; empty: nothing."""

    effect: str
    capabilities: Sequence[str] = (ANY,)
    currency: str = ""
    event_amount: int | None = None
    window: timedelta | None = None
    window_amount: int | None = None
    window_count: int | None = None
    reason_code: str
    reason: str = ""
    told: str = NOT_TOLD
    starts: datetime | None = None
    expires: datetime | None = None


def propose(
    subject: Subject,
    entity: Named,
    terms: Terms,
    *,
    automatic: bool = False,
    origin: tuple[str, str] = ("", ""),
    key: str = "",
    now: datetime | None = None,
) -> Restriction:
    """Restrict an entity, or a network of addresses as the key of an `ip`.

    By a person it waits for another one's approval where `needs_approval` says so, else it is in
    force; an automatic one is in force at once and ends within 30 days. `key` names the call:
    the same key again gives the restriction that is there. `origin` is what it was made for,
    label and primary key.

    Raises Denied, or ValidationError with one sentence per field.
    """
    require(subject, "add", "response.restriction")
    moment = now or timezone.now()
    if key and (known := Restriction.objects.filter(key=key).first()) is not None:
        return known
    network = _network(entity)
    if network is not None:
        entity = Named(entity.kind, written(network))
    _check(checked(entity), terms, automatic, moment)
    starts = max(terms.starts or moment, moment)
    lasts = None if terms.expires is None else terms.expires - starts
    wide = network is not None and network.prefixlen < network.max_prefixlen
    waits = not automatic and needs_approval(terms.effect, entity.kind, lasts, network=wide)
    state = RestrictionState.PROPOSED if waits else RestrictionState.IN_FORCE
    ref = rows_of([entity])[entity]
    check_allowed(terms.effect, ref, network)
    made = Restriction(
        entity=ref, kind=entity.kind, network=wide, effect=terms.effect,
        capabilities=f" {' '.join(dict.fromkeys(terms.capabilities))} ", currency=terms.currency,
        event_amount=terms.event_amount, window_amount=terms.window_amount,
        window_count=terms.window_count,
        window_seconds=None if terms.window is None else terms.window // timedelta(seconds=1),
        reason_code=terms.reason_code, reason=terms.reason.strip(), told=terms.told, state=state,
        automatic=automatic, author_id=subject.id, proposed=moment,
        decided=None if waits else moment, starts=starts, expires=terms.expires,
        origin=origin[0], origin_pk=origin[1],
    )  # fmt: skip
    if key:
        made.key = key
    _check_sinks(made)
    detail: Detail = {
        "effect": terms.effect,
        "kind": entity.kind,
        "automatic": automatic,
        "state": state,
    }
    try:
        with act("restriction.propose", made, detail=detail), transaction.atomic():
            made.save()
            if waits:
                _tell(subject, made)
            else:
                ask_sinks(made, wanted=True, now=moment)
    except IntegrityError:  # the same call at the same moment
        return Restriction.objects.get(key=made.key)
    return made


def _tell(subject: Subject, made: Restriction) -> None:
    deciders = outbox.people_who_may("approve", "response.restriction")
    outbox.send(
        "restriction.asked",
        to=[one for one in deciders if one.pk != subject.id],
        context={"person": subject.name, "name": made.name, "effect": str(EFFECTS[made.effect])},
        about=made,
    )


def _network(entity: Named) -> Network | None:
    if entity.key.strip().lower() in EVERYONE:
        raise ValidationError({"key": _("A restriction names one entity, never everyone.")})
    if entity.kind != NETWORKS_OF:
        return None
    network = network_of(entity.key.strip())
    if network is not None:
        check_width(network)
    return network


def _check(entity: Named, terms: Terms, automatic: bool, now: datetime) -> None:
    """Raises ValidationError with what is wrong, by field."""
    wrong: dict[str, str] = {}
    if terms.effect not in EFFECTS:
        wrong["effect"] = _("Choose to block, limit, watch or allow.")
    if not terms.capabilities or not set(terms.capabilities) <= CAPABILITIES.keys():
        wrong["capabilities"] = _("Choose at least one of the capabilities listed.")
    if terms.reason_code not in REASONS:
        wrong["reason_code"] = _("Choose one of the reasons listed.")
    if len(terms.reason) > 2000:
        wrong["reason"] = _("The reason has at most 2000 characters.")
    if terms.told != NOT_TOLD and terms.told not in TOLD:
        wrong["told"] = _("Choose one of the texts listed, or none.")
    _check_limits(terms, wrong)
    starts = max(terms.starts or now, now)
    if terms.expires is not None and terms.expires <= starts:
        wrong["expires"] = _("It must end after it begins, and not in the past.")
    if automatic:
        if terms.expires is None or terms.expires - starts > LONGEST_AUTOMATIC:
            wrong["expires"] = _("An automatic restriction ends within %(days)s days.") % {
                "days": LONGEST_AUTOMATIC.days
            }
        if terms.effect == "allow":
            wrong["effect"] = _("Only a person allows an entity; nothing does so by itself.")
    if wrong:
        raise ValidationError(wrong)


def _check_limits(terms: Terms, wrong: dict[str, str]) -> None:
    bounds: dict[str, Any] = {
        "event_amount": terms.event_amount,
        "window_amount": terms.window_amount,
        "window_count": terms.window_count,
    }
    given = {name: value for name, value in bounds.items() if value is not None}
    if terms.effect != "limit":
        for name in given:
            wrong[name] = _("Only a limit has an amount or a count.")
        return
    for name, value in given.items():
        if not 0 < value <= MOST:
            wrong[name] = _("A limit is above zero; to allow nothing, block.")
    if not given:
        wrong["event_amount"] = _("Say what it is limited to: an amount, or a count.")
    windowed = {"window_amount", "window_count"} & given.keys()
    if windowed and terms.window is None:
        wrong["window"] = _("Say over which time it is counted.")
    if terms.window is not None:
        if not windowed:
            wrong["window"] = _("Say which amount or count applies to this time.")
        elif not timedelta(seconds=1) <= terms.window <= LONGEST_WINDOW:
            wrong["window"] = _("It is counted over 1 second to %(days)s days.") % {
                "days": LONGEST_WINDOW.days
            }
    amounts = {"event_amount", "window_amount"} & given.keys()
    if amounts and terms.currency not in CURRENCIES:
        wrong["currency"] = _("An amount needs a currency, such as CNY.")


def _check_sinks(row: Restriction) -> None:
    """Raises ValidationError where no sink would act on it."""
    held = held_of(row)
    said = [one.sink.objection(held) for one in sinks()]
    if said and all(said):
        raise ValidationError({"kind": said})


def check_approver(subject: Subject, row: Restriction) -> None:
    """Raises Denied where `subject` may not agree to this restriction."""
    require(subject, "approve", "response.restriction")
    if row.author_id is not None and row.author_id == subject.id:
        raise Denied(
            f"{subject.name} may not approve what they proposed", "approve", "response.restriction"
        )


def _locked(row: Restriction, *states: str) -> Restriction:
    """The row as it is now, locked. Raises ValidationError where it is in another state."""
    now = Restriction.objects.select_for_update().get(pk=row.pk)
    if now.state not in states:
        raise ValidationError(_("This was decided already."))
    return now


def approve(subject: Subject, row: Restriction, now: datetime | None = None) -> Restriction:
    """Agree to a proposal: it is in force at once, or from its start on.

    Raises Denied to its author, ValidationError where it was decided before, is over, or is on
    the never-block list by now.
    """
    check_approver(subject, row)
    moment = now or timezone.now()
    with act("restriction.approve", row, detail={"effect": row.effect, "kind": row.kind}):
        found = _locked(row, RestrictionState.PROPOSED)
        if found.expires is not None and found.expires <= moment:
            raise ValidationError(_("Its end is past: propose it again."))
        ref = EntityRef.objects.get(pk=found.entity_id)
        network = network_of(ref.key) if found.kind == NETWORKS_OF else None
        check_allowed(found.effect, ref, network)
        Restriction.objects.filter(pk=found.pk).update(
            state=RestrictionState.IN_FORCE, approver_id=subject.id, decided=moment,
            starts=max(found.starts, moment),
        )  # fmt: skip
        found.refresh_from_db()
        ask_sinks(found, wanted=True, now=moment)
    return found


def refuse(
    subject: Subject, row: Restriction, reason: str = "", now: datetime | None = None
) -> Restriction:
    """Turn a proposal down; its author may take it back. Raises Denied, ValidationError."""
    if row.author_id is None or row.author_id != subject.id:
        require(subject, "approve", "response.restriction")
    moment = now or timezone.now()
    with act("restriction.refuse", row):
        found = _locked(row, RestrictionState.PROPOSED)
        found.state, found.ended, found.ended_by_id = RestrictionState.REFUSED, moment, subject.id
        found.decided = moment
        found.end_reason = reason.strip()[:500]
        found.save(update_fields=["state", "ended", "ended_by", "decided", "end_reason"])
    return found
