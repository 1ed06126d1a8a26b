"""Loss events and near misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.risk.loss import keeping
from guanlan.risk.models import LossEvent, LossRecovery, Product, Risk
from guanlan.risk.pages.register_forms import minor, typed
from guanlan.risk.register.parameters import currency
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Panel,
    Related,
    Resource,
    Saved,
    State,
    register,
)
from guanlan.web.resource.fields import DayInput, MomentInput
from guanlan.web.templatetags.console import moment
from guanlan.web.words import money

LOOKS: Final = {"proposed": "warn", "open": "on", "closed": "off", "refused": "off"}
TYPES: Final = dict(LossEvent.Type.choices)
_GROSS: Final = gettext_lazy("Loss before recoveries")


class LossForm(forms.Form):
    """What was lost, or nearly, when, and of which risk."""

    title = forms.CharField(label=gettext_lazy("What happened"), max_length=160)
    type = forms.ChoiceField(label=gettext_lazy("Loss event type"), choices=[*TYPES.items()])
    near_miss = forms.BooleanField(label=gettext_lazy("Near miss"), required=False)
    gross = forms.DecimalField(
        label=_GROSS, min_value=0, max_digits=18, decimal_places=3, required=False,
        help_text=gettext_lazy("Nothing for a near miss."),
    )  # fmt: skip
    risk = Related(Risk, "risk.register", label=gettext_lazy("Risk"), required=False)
    product = Related(Product, "risk.product", label=gettext_lazy("Product"), required=False)
    occurred = forms.DateTimeField(label=gettext_lazy("Happened"), widget=MomentInput())
    discovered = forms.DateTimeField(label=gettext_lazy("Discovered"), widget=MomentInput())
    booked = forms.DateField(label=gettext_lazy("Booked on"), required=False, widget=DayInput())
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)


class AcceptForm(forms.Form):
    """Of which risk it is, and of which type."""

    risk = Related(Risk, "risk.register", label=gettext_lazy("Risk"))
    type = forms.ChoiceField(label=gettext_lazy("Loss event type"), choices=[*TYPES.items()])
    gross = forms.DecimalField(
        label=_GROSS, min_value=0, max_digits=18, decimal_places=3, required=False,
        help_text=gettext_lazy("Empty: as it was proposed."),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)


class RefuseForm(forms.Form):
    """Why it is no loss."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=500)


class RecoveryForm(forms.Form):
    """What came back."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of recovery"), choices=LossRecovery.Kind.choices
    )
    amount = forms.DecimalField(
        label=gettext_lazy("What came back"), max_digits=18, decimal_places=3,
        help_text=gettext_lazy("A correction has a minus."),
    )  # fmt: skip
    at = forms.DateField(label=gettext_lazy("Day"), widget=DayInput())
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"gross": minor(values["gross"], currency()) or 0}


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    made = keeping.add_loss(subject, _values(values), timezone.now())
    return Saved(made, _("The loss is written down."))


def change(subject: Subject, row: LossEvent, values: dict[str, Any]) -> Saved:
    made = keeping.change_loss(subject, row, _values(values), timezone.now())
    return Saved(made, _("It is changed."))


def initial(row: LossEvent) -> Mapping[str, Any]:
    names = ("title", "type", "near_miss", "occurred", "discovered", "booked", "note")
    return {name: getattr(row, name) for name in names} | {
        "risk": row.risk_id,
        "product": row.product_id,
        "gross": typed(row.gross, row.currency),
    }


def accept(row: LossEvent, subject: Subject, values: dict[str, Any]) -> str:
    gross = minor(values["gross"], currency())
    keeping.accept_loss(subject, row, values["risk"], values["type"], values["note"], gross)
    return _("The loss is accepted: it counts for its risk.")


def refuse(row: LossEvent, subject: Subject, values: dict[str, Any]) -> str:
    keeping.refuse_loss(subject, row, values["reason"])
    return _("It is refused.")


def close(row: LossEvent, subject: Subject) -> str:
    keeping.close_loss(subject, row)
    return _("It is closed.")


def recover(row: LossEvent, subject: Subject, values: dict[str, Any]) -> str:
    amount = minor(values["amount"], row.currency) or 0
    keeping.add_recovery(subject, row, values["kind"], amount, values["at"], values["note"])
    return _("It is noted.")


def state_of(row: LossEvent) -> State:
    return State(LOOKS[row.state], row.get_state_display())


def gross(row: LossEvent) -> str:
    return _("near miss") if row.near_miss else money(row.gross, row.currency)


def net(row: LossEvent) -> str:
    """What is left after what came back."""
    back = getattr(row, "back", None)
    return "—" if row.near_miss or back is None else money(row.gross - back, row.currency)


def with_recoveries(rows: Sequence[LossEvent], _subject: Subject) -> Sequence[LossEvent]:
    """The rows with what came back of each: one query."""
    found = LossRecovery.objects.filter(loss__in=[one.pk for one in rows]).order_by()
    sums = dict(found.values_list("loss").annotate(sum=Sum("amount")))
    for one in rows:
        one.back = sums.get(one.pk, 0)  # type: ignore[attr-defined]
    return rows


def recoveries(row: LossEvent, _subject: Subject) -> dict[str, Any]:
    rows = [
        (one.at, one.get_kind_display(), money(one.amount, row.currency), one.note,
         moment(one.added), one.added_by.get_username() if one.added_by else "")
        for one in row.recoveries.select_related("added_by").order_by("-at", "-id")[:100]
    ]  # fmt: skip
    heads = [
        _("Day"), _("Kind of recovery"), _("What came back"), _("Note"), _("Written down"),
        _("By whom"),
    ]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("Nothing came back yet.")}


LOSSES: Final = register(
    Resource(
        noun="risk.loss",
        model=LossEvent,
        title=gettext_lazy("Loss event"),
        titles=gettext_lazy("Loss events"),
        path="losses",
        route="losses",
        one="loss",
        place=("assess", 40),
        api="losses",
        columns=(
            Column("occurred", gettext_lazy("Happened"), cell="moment", sort=True),
            Column("title", gettext_lazy("What happened"), wide=True),
            Column("type", gettext_lazy("Loss event type"),
                   value=lambda row: row.get_type_display()),
            Column("gross", _GROSS, value=gross, right=True),
            Column("net", gettext_lazy("Loss after recoveries"), value=net, right=True, level=2),
            Column("risk", gettext_lazy("Risk"), "risk__code"),
            Column("state", gettext_lazy("State"), value=state_of, cell="state"),
            Column("product", gettext_lazy("Product"), "product__name", shown=False),
            Column("discovered", gettext_lazy("Discovered"), cell="moment", shown=False),
            Column("booked", gettext_lazy("Booked on"), shown=False),
            Column("note", gettext_lazy("Note"), shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice",
                   choices=dict(LossEvent.State.choices), group=True, example="state:proposed"),
            Filter("type", gettext_lazy("Loss event type"), "choice", choices=TYPES, group=True),
            Filter("risk", gettext_lazy("Risk"), "exact", "risk__code", group=True,
                   example="risk:R-001"),
            Filter("near_miss", gettext_lazy("Near miss"), "flag", group=True),
            Filter("occurred", gettext_lazy("Happened"), "time", sign="<"),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("to be judged"), "state:proposed"),
            Chip(gettext_lazy("near misses"), "near_miss:yes"),
        ),
        order="-occurred",
        related=("risk", "product", "created_by"),
        prepare=with_recoveries,
        state=state_of,
        name_of=lambda row: row.title,
        heading=lambda row: Heading(row.title, over=row.get_type_display(), clock=row.occurred),
        panels=(
            Panel(gettext_lazy("What came back"), "web/resource/table.html", recoveries),
        ),
        form=Form(lambda subject, row: LossForm, add=add, change=change, initial=initial),
        actions=(
            Action("accept", gettext_lazy("Accept"), accept, verb="approve",
                   when=lambda row: row.state == "proposed",
                   form=lambda subject, row: AcceptForm),
            Action("refuse", gettext_lazy("Refuse"), refuse, verb="approve",
                   when=lambda row: row.state == "proposed",
                   form=lambda subject, row: RefuseForm),
            Action("recover", gettext_lazy("Note what came back"), recover,
                   when=lambda row: row.state == "open" and not row.near_miss,
                   form=lambda subject, row: RecoveryForm),
            Action("close", pgettext_lazy("a loss", "Close"), close, verb="approve",
                   when=lambda row: row.state == "open"),
        ),
        placeholder="state:proposed risk:R-001",
        empty=gettext_lazy(
            "No loss fits. Cases that cost money propose theirs when they close."
        ),
    )
)  # fmt: skip
