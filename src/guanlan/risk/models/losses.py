"""What was lost, or nearly: the loss database, in the event types of the Basel Committee."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.risk.models.register import Product, Risk

LOSS = "risk.loss"


class LossEvent(models.Model):
    """Something that cost money (`gross`, minor units of `currency`, before recoveries), or a near
    miss that might have. `origin` is the label of a model and a key: each case or incident makes
    one at most. Losses of one cause are one event."""

    class Type(models.TextChoices):
        INTERNAL_FRAUD = "internal_fraud", pgettext_lazy("loss event type", "internal fraud")
        EXTERNAL_FRAUD = "external_fraud", pgettext_lazy("loss event type", "external fraud")
        EMPLOYMENT = (
            "employment",
            pgettext_lazy("loss event type", "employment practices and workplace safety"),
        )
        CLIENTS = (
            "clients",
            pgettext_lazy("loss event type", "clients, products and business practices"),
        )
        ASSETS = "assets", pgettext_lazy("loss event type", "damage to physical assets")
        DISRUPTION = (
            "disruption",
            pgettext_lazy("loss event type", "business disruption and system failures"),
        )
        EXECUTION = (
            "execution",
            pgettext_lazy("loss event type", "execution, delivery and process management"),
        )

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("state of a loss event", "proposed")
        OPEN = "open", pgettext_lazy("state of a loss event", "open")
        CLOSED = "closed", pgettext_lazy("state of a loss event", "closed")
        REFUSED = "refused", pgettext_lazy("state of a loss event", "refused")

    policy_noun: ClassVar[str] = LOSS
    scope_field: ClassVar[str] = "product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id title type near_miss risk product occurred discovered booked gross currency state"
        " note origin_noun origin_id created created_by"
    }

    title = models.CharField(max_length=160)
    type = models.CharField(max_length=16, choices=Type.choices)
    near_miss = models.BooleanField(default=False)
    risk = models.ForeignKey(
        Risk, null=True, blank=True, on_delete=models.PROTECT, related_name="losses"
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="losses"
    )
    occurred = models.DateTimeField()
    discovered = models.DateTimeField()
    booked = models.DateField(null=True, blank=True)  # date of accounting
    gross = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    note = models.CharField(max_length=500, default="", blank=True)
    origin_noun = models.CharField(max_length=80, default="", blank=True)
    origin_id = models.CharField(max_length=80, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin_noun", "origin_id"],
                condition=~models.Q(origin_noun=""),
                name="risk_loss_of_origin",
            )
        ]
        indexes = [
            models.Index(fields=["occurred", "id"]),
            models.Index(fields=["risk", "state", "occurred"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return self.title


class LossRecovery(models.Model):
    """What came back of a loss, minor units of its currency; a correction is a line of its own
    with a minus."""

    class Kind(models.TextChoices):
        INSURANCE = "insurance", pgettext_lazy("kind of recovery", "insurance")
        CUSTOMER = "customer", pgettext_lazy("kind of recovery", "returned by the receiver")
        PARTNER = "partner", pgettext_lazy("kind of recovery", "paid by a partner")
        OTHER = "other", pgettext_lazy("kind of recovery", "other")

    policy_noun: ClassVar[str] = LOSS
    scope_field: ClassVar[str] = "loss__product__code"
    data_levels: ClassVar[dict[int, str]] = {2: "id loss kind amount at note added added_by"}

    loss = models.ForeignKey(LossEvent, on_delete=models.PROTECT, related_name="recoveries")
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
        return f"{self.kind} of {self.loss_id}"
