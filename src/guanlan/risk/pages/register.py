"""The register: products, assets and risks."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.risk.models import Asset, Product, Risk
from guanlan.risk.pages import register_forms as forms
from guanlan.risk.register import keeping, showing
from guanlan.risk.register.bow_tie import draw
from guanlan.risk.register.parameters import currency
from guanlan.risk.register.showing import Look
from guanlan.risk.terms import CATEGORIES
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Drawing,
    Filter,
    Form,
    Heading,
    Numbers,
    Panel,
    Resource,
    Saved,
    State,
    facts,
    register,
)
from guanlan.web.words import compact_money, money

LOOKS: Final = {"draft": "unknown", "open": "on", "closed": "off"}
LEVEL_LOOKS: Final = {"low": "on", "moderate": "on", "high": "warn", "extreme": "bad"}
LEVELS: Final = {
    "low": pgettext_lazy("level of a risk", "low"),
    "moderate": pgettext_lazy("level of a risk", "moderate"),
    "high": pgettext_lazy("level of a risk", "high"),
    "extreme": pgettext_lazy("level of a risk", "extreme"),
}
_OWNER: Final = pgettext_lazy("of a thing", "Owner")


def state_of(row: Any) -> State:
    """By word and shape; one past its date of review says so."""
    row = row.row if isinstance(row, Look) else row
    if row.state == "open" and row.due is not None and row.due < timezone.localdate():
        return State("warn", gettext_lazy("open, review overdue"))
    return State(LOOKS[row.state], row.get_state_display())


def expected(row: Risk) -> str:
    """The residual expectancy of a year, where there is a value."""
    figure = getattr(row, "figure", None)
    return "—" if figure is None else money(figure.expected, figure.value.currency)


def level(row: Risk) -> State:
    """The level, looked up in the matrix."""
    figure = getattr(row, "figure", None)
    if figure is None:
        return State("unknown", gettext_lazy("no value yet"))
    return State(LEVEL_LOOKS.get(figure.level, "unknown"), LEVELS.get(figure.level, figure.level))


def tiles(shown: Look, _subject: Subject) -> list[Tile]:
    """What it is expected to cost, and may."""
    row, figure, unit = shown.row, shown.figure, currency()
    said = "—" if figure is None else compact_money(figure.expected, unit)
    bad = "—" if figure is None else compact_money(figure.var95, unit)
    over = figure is not None and row.tolerance is not None and figure.var95 > row.tolerance
    note = _("no value yet: it is computed when the risk is open") if figure is None else ""
    return [
        Tile(label=_("Expected in a year (residual)"), value=said, note=note),
        Tile(label=_("In a bad year (VaR 95)"), value=bad, state="bad" if over else ""),
        Tile(label=_("Appetite"), value="—" if row.appetite is None
             else compact_money(row.appetite, unit)),
        Tile(label=_("Tolerance"), value="—" if row.tolerance is None
             else compact_money(row.tolerance, unit)),
    ]  # fmt: skip


def words(shown: Look, _subject: Subject) -> dict[str, Any]:
    row = shown.row
    return facts(
        (_("Cause"), row.cause),
        (_("Event of the risk"), row.event),
        (_("Consequence"), row.consequence),
        (_("Kind of risk"), CATEGORIES.get(row.category, row.category)),
        (_("Product"), row.product.name if row.product else ""),
        (_("To be looked at again"), row.due),
        (_("Good and bad years in common with"), row.group),
    )


def bow(shown: Look, _subject: Subject) -> dict[str, Any]:
    return {"bow": draw(shown.row, [(one, "") for one in shown.effects])}


def parameters_now(shown: Look, _subject: Subject) -> dict[str, Any]:
    pairs = showing.summary(shown)
    return facts(*(pairs or [(_("Parameters"), _("none yet: set them to open the risk"))]))


RISKS: Final = register(
    Resource(
        noun="risk.register",
        model=Risk,
        title=gettext_lazy("Risk"),
        titles=gettext_lazy("Risk register"),
        path="risks",
        route="risks",
        one="risk",
        place=("assess", 10),
        api="risks",
        columns=(
            Column("code", pgettext_lazy("in the register", "Code"), cell="code", sort=True),
            Column("title", gettext_lazy("Risk"), wide=True),
            Column("category", gettext_lazy("Kind of risk"),
                   value=lambda row: str(CATEGORIES.get(row.category, row.category))),
            Column("owner", _OWNER, "owner__username"),
            Column("product", gettext_lazy("Product"), "product__name"),
            Column("expected", gettext_lazy("Expected in a year"), value=expected, right=True,
                   level=2),
            Column("level", pgettext_lazy("of a risk", "Level"), value=level, cell="state",
                   level=2),
            Column("state", gettext_lazy("State"), value=state_of, cell="state"),
            Column("due", gettext_lazy("To be looked at again")),
            Column("group", gettext_lazy("Good and bad years in common with"), shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(Risk.State.choices),
                   group=True, example="state:open"),
            Filter("category", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True, example="category:fraud"),
            Filter("owner", _OWNER, "person", example="owner:me"),
            Filter("product", gettext_lazy("Product"), "exact", "product__code", group=True),
            Filter("due", gettext_lazy("To be looked at again"), "time", sign="<"),
        ),
        search=("code", "title"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("open"), "state:open"),
            Chip(gettext_lazy("mine"), "owner:me"),
            Chip(gettext_lazy("drafts"), "state:draft"),
        ),
        order="code",
        related=("owner", "product", "created_by"),
        prepare=showing.with_figures,
        look=showing.look,
        heading=lambda shown: Heading(
            shown.row.title,
            over=shown.row.code,
            owner=shown.row.owner.get_username() if shown.row.owner else "",
        ),
        state=state_of,
        name_of=str,
        facts=(),
        panels=(
            Numbers(tiles),
            Panel(gettext_lazy("Cause, event, consequence"), "web/resource/facts.html", words,
                  wide=False),
            Panel(gettext_lazy("Parameters now"), "web/resource/facts.html", parameters_now,
                  wide=False),
            Panel(gettext_lazy("Bow-tie"), "risk/register/bow_tie.html", bow),
            Drawing(showing.curve),
            Panel(gettext_lazy("Versions of the parameters"), "web/resource/table.html",
                  showing.versions),
            Panel(gettext_lazy("Indicators that move it"), "web/resource/table.html",
                  showing.drivers),
            Panel(gettext_lazy("Losses of it"), "web/resource/table.html", showing.losses),
        ),
        form=Form(lambda subject, row: forms.RiskForm, add=forms.add_risk,
                  change=forms.change_risk, initial=forms.risk_initial),
        actions=(
            Action("parameters", gettext_lazy("Set parameters"), forms.set_parameters,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: forms.ParametersForm),
            Action("open", gettext_lazy("Open"), forms.open_risk,
                   when=lambda row: row.state != "open"),
            Action("driver", gettext_lazy("Let an indicator move it"), forms.set_driver,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: forms.DriverForm),
            Action("close", pgettext_lazy("a risk", "Close"), forms.close_risk, verb="approve",
                   when=lambda row: row.state != "closed", danger=True, aside=True,
                   form=lambda subject, row: forms.CloseForm,
                   words=gettext_lazy("It counts no more in the risk value.")),
        ),
        placeholder="state:open category:fraud owner:me",
        empty=gettext_lazy("No risk fits. Write down what may happen, and what it would cost."),
    )
)  # fmt: skip

PRODUCTS: Final = register(
    Resource(
        noun="risk.product",
        model=Product,
        title=gettext_lazy("Product"),
        titles=gettext_lazy("Products"),
        path="products",
        route="products",
        one="product",
        place=("assess", 60),
        api="products",
        columns=(
            Column("code", pgettext_lazy("in the register", "Code"), cell="code", sort=True),
            Column("name", gettext_lazy("Name"), sort=True, wide=True),
            Column("stage", gettext_lazy("Stage"), value=lambda row: row.get_stage_display()),
            Column("owner", _OWNER, "owner__username"),
            Column("description", gettext_lazy("Description"), shown=False),
        ),
        filters=(
            Filter("stage", gettext_lazy("Stage"), "choice", choices=dict(Product.Stage.choices),
                   group=True),
            Filter("owner", _OWNER, "person", example="owner:me"),
        ),
        search=("code", "name"),
        order="name",
        related=("owner",),
        name_of=lambda row: row.name,
        form=Form(
            lambda subject, row: forms.ProductForm if row is None else forms.ProductChange,
            add=lambda subject, values: Saved(
                keeping.keep_product(subject, None, values), _("The product is written down.")
            ),
            change=lambda subject, row, values: Saved(
                keeping.keep_product(subject, row, values), _("It is changed.")
            ),
            initial=lambda row: {
                "name": row.name, "stage": row.stage, "owner": forms.named(row),
                "description": row.description,
            },
        ),
        empty=gettext_lazy("No product yet: write down what you offer."),
    )
)  # fmt: skip

ASSETS: Final = register(
    Resource(
        noun="risk.asset",
        model=Asset,
        title=gettext_lazy("Asset"),
        titles=gettext_lazy("Assets"),
        path="assets",
        route="assets",
        one="asset",
        place=("assess", 70),
        api="assets",
        columns=(
            Column("name", gettext_lazy("Name"), sort=True, wide=True),
            Column("kind", gettext_lazy("Kind of asset"),
                   value=lambda row: row.get_kind_display()),
            Column("product", gettext_lazy("Product"), "product__name"),
            Column("owner", _OWNER, "owner__username"),
            Column("level", gettext_lazy("Data level"), cell="number"),
            Column("note", gettext_lazy("Note"), shown=False),
        ),
        filters=(
            Filter("kind", gettext_lazy("Kind of asset"), "choice",
                   choices=dict(Asset.Kind.choices), group=True),
            Filter("product", gettext_lazy("Product"), "exact", "product__code"),
        ),
        search=("name",),
        order="name",
        related=("product", "owner"),
        name_of=lambda row: row.name,
        form=Form(
            lambda subject, row: forms.AssetForm,
            add=lambda subject, values: Saved(
                keeping.keep_asset(subject, None, values), _("The asset is written down.")
            ),
            change=lambda subject, row, values: Saved(
                keeping.keep_asset(subject, row, values), _("It is changed.")
            ),
            initial=lambda row: {
                "name": row.name, "kind": row.kind, "product": row.product_id,
                "owner": forms.named(row), "level": row.level, "note": row.note,
            },
        ),
        empty=gettext_lazy("No asset yet: write down what products stand on."),
    )
)  # fmt: skip
