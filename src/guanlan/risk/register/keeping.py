"""What people do in the register: products, assets, risks and their states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import EVERYWHERE, Subject, require
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.risk.models import Asset, Product, Risk
from guanlan.risk.terms import CATEGORIES

NOUN: Final = "risk.register"
PRODUCT: Final = "risk.product"
ASSET: Final = "risk.asset"
NEWEST, DIGITS = 100, 9  # codes that are looked at for the next one, and their longest number
State = Risk.State


def text(field: str, said: str, least: int, most: int) -> str:
    """What was written, in one line. Raises ValidationError at `field`."""
    found = " ".join(said.replace("\0", "").split())
    if not least <= len(found) <= most:
        sentence = _("Write %(low)s to %(high)s characters.") % {"low": least, "high": most}
        raise ValidationError({field: sentence})
    return found


def scope_of(product: Product | None) -> str:
    """The scope that rights on something of a product are asked in; what is of no product is for
    those whose rights hold everywhere."""
    return EVERYWHERE if product is None else product.code


def keep_product(subject: Subject, row: Product | None, values: dict[str, Any]) -> Product:
    """Make or change a product; its code stays. Raises Denied, ValidationError by field."""
    require(subject, "add" if row is None else "change", PRODUCT)
    name = text("name", values["name"], 2, 120)
    made = row or Product(code=values["code"])
    if row is None and Product.objects.filter(code=made.code).exists():
        raise ValidationError({"code": _("Another product has this code.")})
    made.name, made.stage, made.owner = name, values["stage"], values["owner"]
    made.description = text("description", values["description"], 0, 1000)
    with act("product.add" if row is None else "product.change", row) as on:
        made.save()
        on(made)
    return made


def keep_asset(subject: Subject, row: Asset | None, values: dict[str, Any]) -> Asset:
    """Make or change an asset. Raises Denied, ValidationError by field."""
    require(subject, "add" if row is None else "change", ASSET, scope=scope_of(values["product"]))
    made = row or Asset()
    made.name = text("name", values["name"], 2, 120)
    made.kind, made.product, made.owner = values["kind"], values["product"], values["owner"]
    made.level, made.note = values["level"], text("note", values["note"], 0, 500)
    with act("asset.add" if row is None else "asset.change", row) as on:
        made.save()
        on(made)
    return made


def add_risk(
    subject: Subject, values: dict[str, Any], now: dt.datetime, assets: Iterable[Asset] = ()
) -> Risk:
    """Write a risk down, as a draft; its code is the next of R-001, R-002 and so on.

    values: title, category, cause, event, consequence, product, owner, group, appetite and
    tolerance (minor units or None), due, plan. Raises Denied, ValidationError by field.
    """
    require(subject, "add", NOUN, scope=scope_of(values.get("product")))
    row = Risk(created=now, created_by_id=subject.id)
    _fill(row, values)
    with act("risk.add") as on:
        row.code = _next_code()
        row.save()
        row.assets.set(assets)
        on(row)
    return row


def change_risk(
    subject: Subject, row: Risk, values: dict[str, Any], assets: Iterable[Asset] = ()
) -> Risk:
    """Say a risk's words, owner or limits anew. Raises Denied, ValidationError by field."""
    require(subject, "change", NOUN, scope=scope_of(row.product))
    require(subject, "change", NOUN, scope=scope_of(values.get("product")))
    with act("risk.change", row):
        kept = _locked(row)
        _fill(kept, values)
        if kept.state == State.OPEN and kept.owner is None:
            raise ValidationError({"owner": _("An open risk has an owner.")})
        kept.save()
        kept.assets.set(assets)
    return kept


def open_risk(subject: Subject, row: Risk) -> Risk:
    """It counts from now on: it has an owner and parameters. Raises Denied, ValidationError."""
    require(subject, "change", NOUN, scope=scope_of(row.product))
    with act("risk.open", row):
        kept = _locked(row)
        if kept.state == State.OPEN:
            raise ValidationError(_("It is open already."))
        if kept.owner is None or not kept.owner.is_active:
            raise ValidationError(_("Name its owner first: an open risk has one."))
        if not kept.parameters.exists():
            raise ValidationError(_("Set its parameters first: an open risk has numbers."))
        kept.state = State.OPEN
        kept.save(update_fields=["state"])
    return kept


def close_risk(subject: Subject, row: Risk, reason: str) -> Risk:
    """It counts no more; what was written of it stays. Raises Denied, ValidationError."""
    require(subject, "approve", NOUN, scope=scope_of(row.product))
    why = text("reason", reason, 5, 500)
    with act("risk.close", row, reason=why):
        kept = _locked(row)
        if kept.state == State.CLOSED:
            raise ValidationError(_("It is closed already."))
        kept.state = State.CLOSED
        kept.save(update_fields=["state"])
    return kept


def _locked(row: Risk) -> Risk:
    return Risk.objects.select_for_update(of=("self",)).select_related("owner", "product").get(
        pk=row.pk
    )  # fmt: skip


def _next_code() -> str:
    codes = (
        Risk.objects.filter(code__startswith="R-").order_by("-pk").values_list("code", flat=True)
    )
    given = (code[2:] for code in codes[:NEWEST])
    number = next((int(end) for end in given if end.isdecimal() and len(end) <= DIGITS), 0)
    while Risk.objects.filter(code=f"R-{number + 1:03}").exists():
        number += 1
    return f"R-{number + 1:03}"


def _fill(row: Risk, values: dict[str, Any]) -> None:
    if values["category"] not in CATEGORIES:
        raise ValidationError({"category": _("Choose one of the kinds of risk.")})
    owner: User | None = values.get("owner")
    if owner is not None and not owner.is_active:
        raise ValidationError({"owner": _("This account is disabled.")})
    appetite, tolerance = values.get("appetite"), values.get("tolerance")
    for field, amount in (("appetite", appetite), ("tolerance", tolerance)):
        if amount is not None and not 0 <= amount < 2**63:
            raise ValidationError({field: _("Write an amount of zero or above.")})
    if appetite is not None and tolerance is not None and appetite > tolerance:
        raise ValidationError({"tolerance": _("The tolerance is not below the appetite.")})
    row.title = text("title", values["title"], 3, 160)
    row.category, row.owner, row.product = values["category"], owner, values.get("product")
    for field in ("cause", "event", "consequence"):
        setattr(row, field, text(field, values[field], 3, 1000))
    row.group = text("group", values.get("group") or "", 0, 40)
    row.appetite, row.tolerance, row.due = appetite, tolerance, values.get("due")
    row.plan = values.get("plan") or ""
