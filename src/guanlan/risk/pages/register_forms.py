"""Forms of the register: products, assets, risks, parameters, drivers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from babel.numbers import get_currency_precision
from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.models import User
from guanlan.quant.terms import LEVEL
from guanlan.risk.models import Asset, Indicator, Product, Risk, RiskParameters
from guanlan.risk.register import keeping, parameters
from guanlan.risk.terms import CATEGORIES
from guanlan.web.resource import Related, Saved
from guanlan.web.resource.fields import DayInput, MomentInput

_OWNER: Final = pgettext_lazy("of a thing", "Owner")
_LINES: Final = {"rows": 3}


def minor(said: Decimal | None, currency: str) -> int | None:
    """An amount as it is typed, in minor units."""
    if said is None:
        return None
    return round(said * Decimal(10) ** get_currency_precision(currency))


def typed(amount: int | None, currency: str) -> Decimal | None:
    """An amount in minor units, as it is typed."""
    if amount is None:
        return None
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def _amount(label: Any, help_text: Any = "", required: bool = False) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_digits=18, decimal_places=3, required=required,
        help_text=help_text,
    )  # fmt: skip


def _rate(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(label=label, required=False, help_text=help_text)


class Named(forms.CharField):
    """An active person, by user name: who names an owner need not see everybody's account."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=150, required=False, help_text=gettext_lazy("A user name."), **options
        )

    def clean(self, value: Any) -> Any:
        """The person, or None where nothing was written."""
        name = super().clean(value).strip()
        found = User.objects.filter(username=name, is_active=True).first() if name else None
        if name and found is None:
            raise forms.ValidationError(_("There is no active person of this name."))
        return found


def named(row: Product | Asset | Risk) -> str:
    """The user name of something's owner; empty without one."""
    return row.owner.get_username() if row.owner else ""


class ProductForm(forms.Form):
    """What is offered to customers."""

    code = forms.SlugField(
        label=pgettext_lazy("in the register", "Code"), max_length=64,
        help_text=gettext_lazy("Such as wallet: rights are given for it, and it stays."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"), choices=Product.Stage.choices, initial="operation"
    )
    owner = Named(label=_OWNER)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=1000,
        widget=forms.Textarea(attrs=_LINES),
    )  # fmt: skip


class ProductChange(ProductForm):
    """The same without its code, which stays."""

    code = None  # type: ignore[assignment]


class AssetForm(forms.Form):
    """What a product stands on and a risk may strike."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of asset"), choices=Asset.Kind.choices)
    product = Related(Product, "risk.product", label=gettext_lazy("Product"), required=False)
    owner = Named(label=_OWNER)
    level = forms.IntegerField(
        label=gettext_lazy("Data level"), min_value=1, max_value=5, required=False,
        help_text=gettext_lazy("Of the most sensitive data that it holds, 1 to 5."),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)


class RiskForm(forms.Form):
    """Because of a cause, an event may happen, and then a consequence."""

    title = forms.CharField(
        label=gettext_lazy("Risk"), max_length=160,
        help_text=gettext_lazy("In a few words: account takeover."),
    )  # fmt: skip
    category = forms.ChoiceField(label=gettext_lazy("Kind of risk"), choices=[*CATEGORIES.items()])
    cause = forms.CharField(
        label=gettext_lazy("Cause"), max_length=1000, widget=forms.Textarea(attrs=_LINES),
        help_text=gettext_lazy("Such as: passwords from other sites are tried on ours."),
    )  # fmt: skip
    event = forms.CharField(
        label=gettext_lazy("Event of the risk"), max_length=1000,
        widget=forms.Textarea(attrs=_LINES),
        help_text=gettext_lazy("Such as: a stranger signs in and pays from the account."),
    )  # fmt: skip
    consequence = forms.CharField(
        label=gettext_lazy("Consequence"), max_length=1000, widget=forms.Textarea(attrs=_LINES),
        help_text=gettext_lazy("Such as: customers are paid back, some leave."),
    )  # fmt: skip
    product = Related(Product, "risk.product", label=gettext_lazy("Product"), required=False)
    owner = Named(label=_OWNER)
    group = forms.CharField(
        label=gettext_lazy("Good and bad years in common with"), max_length=40, required=False,
        help_text=gettext_lazy("The name of a group of the settings; empty: with none."),
    )  # fmt: skip
    appetite = _amount(
        gettext_lazy("Appetite"), gettext_lazy("What it may be expected to cost in a year.")
    )
    tolerance = _amount(
        gettext_lazy("Tolerance"),
        gettext_lazy("What it may cost in a bad year, one in twenty; not below the appetite."),
    )
    due = forms.DateField(
        label=gettext_lazy("To be looked at again"), required=False, widget=DayInput()
    )


class ParametersForm(forms.Form):
    """How often, how much, who pays a part of it, and how that is known."""

    often = forms.ChoiceField(
        label=gettext_lazy("How often is known as"),
        choices=[
            ("interval", gettext_lazy("an interval, nine in ten sure")),
            ("rate", gettext_lazy("a rate")),
        ],
    )
    often_low = _rate(gettext_lazy("Events a year, at least"))
    often_high = _rate(gettext_lazy("Events a year, at most"), gettext_lazy("Such as 4 and 20."))
    rate = _rate(gettext_lazy("Rate, events a year"))
    shape = _rate(
        gettext_lazy("Shape of the rate"),
        gettext_lazy("Of its Gamma distribution; empty: the rate is taken as known."),
    )
    cost = forms.ChoiceField(
        label=gettext_lazy("What one event costs is known as"),
        choices=[
            ("lognormal", gettext_lazy("an interval, nine in ten sure (lognormal)")),
            ("quantile", gettext_lazy("a median and a bad case (lognormal)")),
            ("pert", gettext_lazy("least, most likely, most (PERT)")),
            ("losses", gettext_lazy("losses that were counted, with a Pareto tail")),
        ],
    )
    loss_low = _amount(gettext_lazy("Loss of one event, at least"))
    loss_high = _amount(gettext_lazy("Loss of one event, at most"))
    evidence = forms.IntegerField(
        label=gettext_lazy("Losses that this rests on"), required=False, min_value=2,
        help_text=gettext_lazy("Their number; empty: an opinion."),
    )  # fmt: skip
    median = _amount(gettext_lazy("Median loss"))
    quantile = _amount(gettext_lazy("Loss of a bad case"))
    level = _rate(gettext_lazy("Share of events below the bad case"), gettext_lazy("Such as 0.95."))
    least = _amount(gettext_lazy("Least loss"))
    mode = _amount(gettext_lazy("Most likely loss"))
    most = _amount(gettext_lazy("Most that can be lost"))
    amounts = forms.CharField(
        label=gettext_lazy("Counted losses"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs=_LINES), help_text=gettext_lazy("One a line."),
    )  # fmt: skip
    threshold = _amount(gettext_lazy("Pareto tail from"))
    deductible = _amount(
        gettext_lazy("Insurance: we bear of each event"),
        gettext_lazy("Empty: it is not insured."),
    )
    limit = _amount(gettext_lazy("Insurance: limit of an event"))
    share = _rate(gettext_lazy("Insurance: share that the insurer pays"))
    year_deductible = _amount(gettext_lazy("Insurance of the year: we bear"))
    year_limit = _amount(gettext_lazy("Insurance of the year: limit"))
    basis = forms.ChoiceField(
        label=gettext_lazy("It speaks of the risk"), choices=RiskParameters.Basis.choices
    )
    counted_from = forms.DateTimeField(
        label=gettext_lazy("Losses count since"), required=False, widget=MomentInput(),
        help_text=gettext_lazy("They update how often it happens; empty: they do not."),
    )  # fmt: skip
    knowledge = forms.ChoiceField(
        label=gettext_lazy("Strength of knowledge"), choices=RiskParameters.Knowledge.choices
    )
    reason = forms.CharField(
        label=gettext_lazy("Why these parameters"), max_length=500,
        widget=forms.Textarea(attrs=_LINES),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """What is asked by the chosen ways is there."""
        found: dict[str, Any] = super().clean() or {}
        needed = {
            "interval": ("often_low", "often_high"), "rate": ("rate",),
        }.get(found.get("often", ""), ()) + {
            "lognormal": ("loss_low", "loss_high"), "quantile": ("median", "quantile", "level"),
            "pert": ("least", "mode", "most"), "losses": ("amounts",),
        }.get(found.get("cost", ""), ())  # fmt: skip
        for name in needed:
            if name not in self.errors and found.get(name) in (None, ""):
                self.add_error(name, _("This way of knowing it needs a value here."))
        return found


class DriverForm(forms.Form):
    """How strongly an indicator moves how often the risk happens."""

    indicator = Related(Indicator, "risk.indicator", label=gettext_lazy("Risk indicator"))
    beta = forms.FloatField(
        label="beta", initial=0.0,
        help_text=gettext_lazy(
            "One spread above the centre multiplies the frequency by e to this power:"
            " 0.5 by 1.65; 0 does nothing."
        ),
    )  # fmt: skip
    centre = forms.FloatField(
        label=gettext_lazy("Centre"), help_text=gettext_lazy("The indicator's value at rest.")
    )
    spread = forms.FloatField(label=gettext_lazy("Spread"), initial=1.0)
    least = forms.FloatField(label=gettext_lazy("Multiplier at least"), initial=0.5)
    most = forms.FloatField(label=gettext_lazy("Multiplier at most"), initial=3.0)
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=forms.Textarea(attrs=_LINES)
    )


class CloseForm(forms.Form):
    """Why it counts no more."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=500)


def risk_initial(row: Risk) -> Mapping[str, Any]:
    """A risk as its form shows it."""
    names = ("title", "category", "cause", "event", "consequence", "group", "due")
    money = parameters.currency()
    return {name: getattr(row, name) for name in names} | {
        "product": row.product_id,
        "owner": named(row),
        "appetite": typed(row.appetite, money),
        "tolerance": typed(row.tolerance, money),
    }


def _in_minor(values: dict[str, Any]) -> dict[str, Any]:
    money = parameters.currency()
    return values | {name: minor(values[name], money) for name in ("appetite", "tolerance")}


def add_risk(subject: Subject, values: dict[str, Any]) -> Saved:
    made = keeping.add_risk(subject, _in_minor(values), timezone.now())
    return Saved(made, _("%(code)s is a draft: set its parameters, then open it.") % {
        "code": made.code})  # fmt: skip


def change_risk(subject: Subject, row: Risk, values: dict[str, Any]) -> Saved:
    said = _in_minor(values) | {"plan": row.plan}
    return Saved(keeping.change_risk(subject, row, said, row.assets.all()), _("It is changed."))


def read_parameters(values: dict[str, Any], money: str) -> dict[str, Any]:
    """What the form says, as `register.parameters` takes it."""

    def amount(name: str) -> int | None:
        return minor(values.get(name), money)

    said: dict[str, Any] = {
        name: values[name] for name in ("basis", "knowledge", "reason", "counted_from")
    } | {"currency": money}
    if values["often"] == "interval":
        said["frequency"] = {
            "interval": [values["often_low"], values["often_high"]], "level": LEVEL
        }  # fmt: skip
    else:
        shape = values["shape"]
        said["frequency"] = {"rate": values["rate"]} | ({} if shape is None else {"shape": shape})
    seen = values["evidence"]
    evidence = {} if seen is None else {"evidence": seen}
    way = values["cost"]
    ends = [amount("loss_low"), amount("loss_high")]
    if way == "lognormal":
        said["severity"] = {"lognormal": {"interval": ends} | evidence}
    elif way == "quantile":
        inner = {"median": amount("median"), "quantile": amount("quantile")}
        said["severity"] = {"lognormal": inner | {"level": values["level"]} | evidence}
    elif way == "pert":
        inner = {name: amount(name) for name in ("least", "mode", "most")}
        within = {"interval": ends} if None not in ends else {}
        said["severity"] = {"pert": inner | within}
    else:
        try:
            lines = [Decimal(line.strip()) for line in values["amounts"].split()]
            losses = [minor(one, money) for one in lines]
        except (ArithmeticError, ValueError):
            raise forms.ValidationError(
                {"amounts": _("Write one amount a line, digits and a point only.")}
            ) from None
        edge = amount("threshold")
        tail = {} if edge is None else {"threshold": edge}
        said["severity"] = {"losses": {"amounts": losses} | tail}
    said["insurance"] = _layer(amount("deductible"), amount("limit"), values["share"])
    year = amount("year_deductible")
    said["year_insurance"] = _layer(year, amount("year_limit"), None)
    return said


def _layer(deductible: int | None, limit: int | None, share: float | None) -> Any:
    if deductible is None:
        return None
    found: dict[str, Any] = {"deductible": deductible}
    if limit is not None:
        found["limit"] = limit
    if share is not None:
        found["share"] = share
    return found


def set_parameters(row: Risk, subject: Subject, values: dict[str, Any]) -> str:
    said = read_parameters(values, parameters.currency())
    made = parameters.set_parameters(subject, row, said, timezone.now())
    return _("Version %(n)s of the parameters is made.") % {"n": made.version}


def set_driver(row: Risk, subject: Subject, values: dict[str, Any]) -> str:
    indicator = values.pop("indicator")
    parameters.set_driver(subject, row, indicator, values, timezone.now())
    return _("It moves the risk from the next value on.")


def open_risk(row: Risk, subject: Subject) -> str:
    keeping.open_risk(subject, row)
    return _("It is open: it counts from now on.")


def close_risk(row: Risk, subject: Subject, values: dict[str, Any]) -> str:
    keeping.close_risk(subject, row, values["reason"])
    return _("It is closed.")
