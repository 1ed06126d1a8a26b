"""Products, assets, risks, and the parameters that people and losses give them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded

REGISTER = "risk.register"
PRODUCT = "risk.product"
ASSET = "risk.asset"


class Product(models.Model):
    """What is offered to customers; `code` is also the scope that rights are given in."""

    class Stage(models.TextChoices):
        DEVELOPMENT = "development", pgettext_lazy("stage of a product", "development")
        LAUNCH = "launch", pgettext_lazy("stage of a product", "launch")
        OPERATION = "operation", pgettext_lazy("stage of a product", "operation")
        MAINTENANCE = "maintenance", pgettext_lazy("stage of a product", "maintenance")
        RETIRED = "retired", pgettext_lazy("stage of a product", "retired")

    policy_noun: ClassVar[str] = PRODUCT
    scope_field: ClassVar[str] = "code"
    data_levels: ClassVar[dict[int, str]] = {2: "id code name stage owner description created"}

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.OPERATION)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    description = models.CharField(max_length=1000, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["name", "id"])]

    def __str__(self) -> str:
        return self.name


class Asset(models.Model):
    """What a product stands on and a risk may strike. `level` is that of the data it holds."""

    class Kind(models.TextChoices):
        SYSTEM = "system", pgettext_lazy("kind of asset", "system")
        DATA = "data", pgettext_lazy("kind of asset", "data")
        PROCESS = "process", pgettext_lazy("kind of asset", "process")
        PEOPLE = "people", pgettext_lazy("kind of asset", "people")
        SUPPLIER = "supplier", pgettext_lazy("kind of asset", "third party")
        BRAND = "brand", pgettext_lazy("kind of asset", "reputation")

    policy_noun: ClassVar[str] = ASSET
    scope_field: ClassVar[str] = "product__code"
    data_levels: ClassVar[dict[int, str]] = {2: "id name kind product owner level note created"}

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="assets"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=500, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["name", "id"])]

    def __str__(self) -> str:
        return self.name


class Risk(models.Model):
    """A risk: because of `cause`, `event` may happen, and then `consequence`.

    Amounts are minor units of the register's currency (RiskSettings), of one year. `appetite` is
    what it may be expected to cost, `tolerance` what it may cost in a bad year (value at risk 95);
    appetite is not above tolerance. `group` names the risks it has good and bad years with.
    `due` is when it is to be looked at again.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of a risk", "draft")
        OPEN = "open", pgettext_lazy("state of a risk", "open")
        CLOSED = "closed", pgettext_lazy("state of a risk", "closed")

    policy_noun: ClassVar[str] = REGISTER
    scope_field: ClassVar[str] = "product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id code title category cause event consequence product assets owner group appetite"
        " tolerance state due plan created created_by"
    }

    code = models.CharField(max_length=40, unique=True)  # also its name in quant: R-001
    title = models.CharField(max_length=160)
    category = models.CharField(max_length=16)  # risk.terms.CATEGORIES
    cause = models.CharField(max_length=1000)
    event = models.CharField(max_length=1000)
    consequence = models.CharField(max_length=1000)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="risks"
    )
    assets = models.ManyToManyField(Asset, blank=True, related_name="risks")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    group = models.CharField(max_length=40, default="", blank=True)
    appetite = models.BigIntegerField(null=True, blank=True)
    tolerance = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    due = models.DateField(null=True, blank=True)
    # Name of the plan (playbook) that a warning of this risk comes with.
    plan = models.CharField(max_length=80, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "code", "id"]),
            models.Index(fields=["category", "id"]),
            models.Index(fields=["due", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class RiskParameters(models.Model):
    """A version of how often a risk happens and what it then costs; in force is the newest whose
    time has come. Never edited: a new version each.

    frequency, severity, insurance, year_insurance: as in a risk file (docs/quant.md), amounts in
    minor units of `currency`. `counted_from` is since when losses are counted to update the
    frequency; None: they do not.

    basis: `current` parameters speak of things as they were with the measures of that day, whose
    remaining shares (0 to 1] are kept beside them, so that inherent = stated / kept share.
    `inherent` ones speak of things without any measure, and both shares are 1.
    """

    class Basis(models.TextChoices):
        CURRENT = "current", pgettext_lazy("basis of parameters", "with the measures of that day")
        INHERENT = "inherent", pgettext_lazy("basis of parameters", "without any measure")

    class Knowledge(models.TextChoices):
        WEAK = "weak", pgettext_lazy("strength of knowledge", "weak: opinion")
        MODERATE = "moderate", pgettext_lazy("strength of knowledge", "moderate: some data")
        STRONG = "strong", pgettext_lazy("strength of knowledge", "strong: own data and experts")

    policy_noun: ClassVar[str] = REGISTER
    scope_field: ClassVar[str] = "risk__product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id risk version currency frequency severity insurance year_insurance basis"
        " frequency_left severity_left counted_from knowledge reason created created_by effective"
    }

    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="parameters")
    version = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    frequency = models.JSONField()
    severity = models.JSONField()
    insurance = models.JSONField(null=True)
    year_insurance = models.JSONField(null=True)
    basis = models.CharField(max_length=8, choices=Basis.choices, default=Basis.CURRENT)
    frequency_left = models.FloatField(default=1.0)
    severity_left = models.FloatField(default=1.0)
    counted_from = models.DateTimeField(null=True)
    knowledge = models.CharField(max_length=8, choices=Knowledge.choices)
    reason = models.CharField(max_length=500)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    effective = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["risk", "version"], name="risk_parameters_version")
        ]

    def __str__(self) -> str:
        return f"parameters {self.version} of {self.risk_id}"


class RiskDriver(models.Model):
    """A version of how an indicator moves a risk's frequency.

    The multiplier is exp(beta · z), held within [least, most], z = (value - centre) / spread.
    `beta` is 0 until a person sets it; `fitted` says that it comes from a fit that was backtested.
    An unknown indicator multiplies by its last known value and is named as unknown.
    """

    policy_noun: ClassVar[str] = REGISTER
    scope_field: ClassVar[str] = "risk__product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id risk indicator version beta centre spread least most fitted reason created"
        " created_by effective"
    }

    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="drivers")
    indicator = models.ForeignKey("risk.Indicator", on_delete=models.PROTECT, related_name="drives")
    version = models.PositiveIntegerField()
    beta = models.FloatField(default=0.0)
    centre = models.FloatField()
    spread = models.FloatField()
    least = models.FloatField(default=0.5)
    most = models.FloatField(default=3.0)
    fitted = models.BooleanField(default=False)
    reason = models.CharField(max_length=500)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    effective = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["risk", "indicator", "version"], name="risk_driver_version"
            )
        ]

    def __str__(self) -> str:
        return f"driver {self.version} of {self.risk_id} by {self.indicator_id}"


class RiskSettings(models.Model):
    """A version of what holds for the whole register: its currency, what moves risks together
    (frailty; groups: name to variance; shocks: as in a risk file), and what a year may cost."""

    policy_noun: ClassVar[str] = REGISTER
    data_levels: ClassVar[dict[int, str]] = {
        2: "id version currency frailty groups shocks appetite tolerance reason created"
        " created_by effective"
    }

    version = models.PositiveIntegerField(unique=True)
    currency = models.CharField(max_length=3)
    frailty = models.FloatField(default=0.0)
    groups = models.JSONField(default=dict)
    shocks = models.JSONField(default=dict)
    appetite = models.BigIntegerField(null=True)
    tolerance = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    effective = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    def __str__(self) -> str:
        return f"settings {self.version}"


class RiskMatrix(models.Model):
    """A version of the five-by-five view: four rising bounds of events a year, four of the mean
    loss of one event (minor units), and a level for each pair: `levels[likelihood][impact]`,
    one of low, moderate, high, extreme. A view, never money."""

    policy_noun: ClassVar[str] = REGISTER
    data_levels: ClassVar[dict[int, str]] = {
        2: "id version frequencies losses levels reason created created_by effective"
    }

    version = models.PositiveIntegerField(unique=True)
    frequencies = models.JSONField()
    losses = models.JSONField()
    levels = models.JSONField()
    reason = models.CharField(max_length=500)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    effective = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    def __str__(self) -> str:
        return f"matrix {self.version}"
