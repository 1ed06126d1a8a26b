"""Measures against risks: what they are worth, what they cost, what is to be done for them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.risk.models.register import Risk

MEASURE = "risk.measure"
DUTY = "risk.duty"


class Measure(models.Model):
    """A control: what is done against risks, by whom, how often.

    `acts` says what it works on: preventive ones make a risk rarer, detective and corrective ones
    make an event cheaper. `layer` names the line of defence it stands in: within a layer the best
    measure counts, layers multiply. Amounts are minor units of the register's currency: `setup`
    once, `yearly` each year, as planned. `every_days` is how often it is to be done (None: runs by
    itself). `test` names an automatic test of the registry, empty for none. `planned` is when a
    measure that is not in force yet is to be; it counts for the target only.
    """

    class Acts(models.TextChoices):
        PREVENTIVE = "preventive", pgettext_lazy("kind of measure", "preventive")
        DETECTIVE = "detective", pgettext_lazy("kind of measure", "detective")
        CORRECTIVE = "corrective", pgettext_lazy("kind of measure", "corrective")

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("state of a measure", "planned")
        IN_FORCE = "in_force", pgettext_lazy("state of a measure", "in force")
        RETIRED = "retired", pgettext_lazy("state of a measure", "retired")

    policy_noun: ClassVar[str] = MEASURE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id code title purpose category acts layer owner deputy state planned since every_days"
        " next_due setup yearly test created created_by"
    }

    code = models.CharField(max_length=40, unique=True)  # M-001
    title = models.CharField(max_length=160)
    purpose = models.CharField(max_length=1000)
    category = models.CharField(max_length=16)  # risk.terms.CATEGORIES
    acts = models.CharField(max_length=10, choices=Acts.choices)
    layer = models.CharField(max_length=40)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    planned = models.DateField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)  # in force since
    every_days = models.PositiveSmallIntegerField(null=True, blank=True)
    next_due = models.DateTimeField(null=True, blank=True)
    setup = models.BigIntegerField(default=0)
    yearly = models.BigIntegerField(default=0)
    test = models.CharField(max_length=80, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "code", "id"]),
            models.Index(fields=["next_due", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class MeasureStep(models.Model):
    """A step of the operating guide: what is done, when, and who is responsible for it,
    accountable, consulted and informed (RACI): roles of the policy, or people's names."""

    policy_noun: ClassVar[str] = MEASURE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id measure position title instruction when evidence responsible accountable consulted"
        " informed"
    }

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=160)
    instruction = models.CharField(max_length=2000, default="", blank=True)
    when = models.CharField(max_length=120, default="", blank=True)  # time node, in words
    evidence = models.CharField(max_length=300, default="", blank=True)
    responsible = models.CharField(max_length=120)
    accountable = models.CharField(max_length=120, default="", blank=True)
    consulted = models.CharField(max_length=200, default="", blank=True)
    informed = models.CharField(max_length=200, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "position"], name="risk_measure_step")
        ]

    def __str__(self) -> str:
        return self.title


class MeasureEffect(models.Model):
    """A version of what a measure is worth against a risk.

    design: share of the risk (events, or cost of an event) it takes away where it works and
    reaches, 0 to 1. coverage: share of cases it reaches, 0 to 1, as measured. How well it works is
    not stated here: that comes from its tests. design 0 takes the measure off the risk.
    """

    policy_noun: ClassVar[str] = MEASURE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id measure risk version design coverage reason created created_by effective"
    }

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="effects")
    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="effects")
    version = models.PositiveIntegerField()
    design = models.FloatField()
    coverage = models.FloatField()
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
                fields=["measure", "risk", "version"], name="risk_effect_version"
            )
        ]

    def __str__(self) -> str:
        return f"effect {self.version} of {self.measure_id} on {self.risk_id}"


class MeasureTest(models.Model):
    """What a test of a measure found: how often it worked, and how often it did not. `automatic`
    names the test of the registry that found it; `digest` makes an automatic one happen once."""

    policy_noun: ClassVar[str] = MEASURE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id measure at passed failed automatic evidence digest added added_by"
    }

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="tests")
    at = models.DateTimeField()
    passed = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    automatic = models.CharField(max_length=80, default="", blank=True)
    evidence = models.CharField(max_length=1000)
    digest = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001
    added = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OnlyAdded.as_manager()

    class Meta:
        indexes = [models.Index(fields=["measure", "at", "id"])]

    def __str__(self) -> str:
        return f"test of {self.measure_id}"


class MeasureDuty(models.Model):
    """One time that a measure is due: done by whom, with what evidence, or told as late."""

    policy_noun: ClassVar[str] = DUTY
    data_levels: ClassVar[dict[int, str]] = {
        2: "id measure due owner done done_by evidence told escalated"
    }

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="duties")
    due = models.DateTimeField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    done = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    evidence = models.CharField(max_length=1000, default="", blank=True)
    told = models.DateTimeField(null=True)  # its owner, that it is late
    escalated = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["measure", "due"], name="risk_measure_due_once")
        ]
        indexes = [
            models.Index(fields=["done", "due", "id"]),
            models.Index(fields=["due", "id"]),
        ]

    def __str__(self) -> str:
        return f"duty of {self.measure_id}"


class MeasureCost(models.Model):
    """What a measure did cost, minor units of the register's currency; a correction is a line of
    its own with a minus."""

    class Kind(models.TextChoices):
        PEOPLE = "people", pgettext_lazy("kind of resource", "people's time")
        TOOLS = "tools", pgettext_lazy("kind of resource", "tools and services")
        TRAINING = "training", pgettext_lazy("kind of resource", "training")
        OTHER = "other", pgettext_lazy("kind of resource", "other")

    policy_noun: ClassVar[str] = MEASURE
    data_levels: ClassVar[dict[int, str]] = {2: "id measure kind amount at note added added_by"}

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="costs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField()
    at = models.DateField()
    note = models.CharField(max_length=200, default="", blank=True)
    added = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OnlyAdded.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} of {self.measure_id}"
