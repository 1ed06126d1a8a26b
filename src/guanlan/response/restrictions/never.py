"""What is never blocked or limited, whoever asks for it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.engine.restrictions import NETWORKS_OF
from guanlan.response.entities import Named, checked, rows_of
from guanlan.response.models import EntityRef, NeverBlock, Restriction, RestrictionState
from guanlan.response.restrictions.networks import Network, network_of, overlap, written

STOPPING = ("block", "limit")


def check_allowed(effect: str, ref: EntityRef, network: Network | None) -> None:
    """Raises ValidationError where the never-block list forbids this effect on this entity."""
    if effect not in STOPPING:
        return
    for one in NeverBlock.objects.filter(kind=ref.kind).select_related("entity"):
        if one.entity is None:
            text = _("Nothing of the kind %(kind)s is ever blocked or limited (never-block list).")
            raise ValidationError({"kind": text % {"kind": ref.kind}})
        if one.entity_id == ref.pk or _overlaps(one.entity.key, network):
            text = _("The never-block list protects this: it is not blocked or limited.")
            raise ValidationError({"key": text})


def _overlaps(key: str, network: Network | None) -> bool:
    other = None if network is None else network_of(key)
    return network is not None and other is not None and overlap(network, other)


def protect(
    subject: Subject, *, kind: str, key: str = "", reason: str, now: datetime | None = None
) -> tuple[NeverBlock, list[Restriction]]:
    """Never block this entity or network, or without a key the whole kind. The restrictions in
    force that it forbids from now on come back with it, for the caller to lift.

    Raises Denied, or ValidationError by field.
    """
    require(subject, "add", "response.neverblock")
    try:
        why = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    network = None
    if key.strip():
        network = network_of(key.strip()) if kind == NETWORKS_OF else None
        named = checked(Named(kind, written(network) if network is not None else key.strip()))
    else:
        named = checked(Named(kind, "any"))
    try:
        with act("never_block.add", ("response.neverblock", kind)), transaction.atomic():
            ref = rows_of([named])[named] if key.strip() else None
            made = NeverBlock.objects.create(
                kind=kind, entity=ref, reason=why, added=now or timezone.now(),
                added_by_id=subject.id,
                network=network is not None and network.prefixlen < network.max_prefixlen,
            )  # fmt: skip
    except IntegrityError:
        raise ValidationError({"key": _("This is on the list already.")}) from None
    return made, _forbidden(made)


def _forbidden(one: NeverBlock) -> list[Restriction]:
    """Restrictions, proposed or in force, that this entry forbids."""
    open_ones = Restriction.objects.filter(
        kind=one.kind, effect__in=STOPPING,
        state__in=(RestrictionState.PROPOSED, RestrictionState.IN_FORCE),
    ).select_related("entity")  # fmt: skip
    if one.entity is None:
        return list(open_ones)
    protected = network_of(one.entity.key) if one.kind == NETWORKS_OF else None
    if protected is None:
        return list(open_ones.filter(entity=one.entity))
    return [row for row in open_ones if _overlaps(row.entity.key, protected)]


def unprotect(subject: Subject, one: NeverBlock) -> None:
    """Take an entry off the list; what it forbade may be proposed again. Raises Denied."""
    require(subject, "delete", "response.neverblock")
    with act("never_block.remove", one, detail={"kind": one.kind}):
        one.delete()
