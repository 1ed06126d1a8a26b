"""What follows from an incident: news to those with a stake, costs, and its review."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import pgettext_lazy

from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.incidents import NOUN, Incident, IncidentRows


class StakeholderUpdate(models.Model):
    """What was told to whom, and when."""

    class Audience(models.TextChoices):
        INTERNAL = "internal", pgettext_lazy("audience", "colleagues")
        MANAGEMENT = "management", pgettext_lazy("audience", "management")
        CUSTOMERS = "customers", pgettext_lazy("audience", "customers")
        PARTNERS = "partners", pgettext_lazy("audience", "partners")
        REGULATOR = "regulator", pgettext_lazy("audience", "regulator")
        MEDIA = "media", pgettext_lazy("audience", "media")

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id incident audience how sent sent_by",
        3: "text",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    audience = models.CharField(max_length=12, choices=Audience.choices)
    text = SealedField(max_length=4000)
    how = models.CharField(max_length=120, default="", blank=True)
    sent = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = IncidentRows.as_manager()

    def __str__(self) -> str:
        return f"{self.audience} of {self.incident_id}"


class IncidentCost(models.Model):
    """What an incident cost, in minor units of a currency; a correction is a line of its own with
    a minus. For people's time `minutes` × `rate` (minor units an hour) is the amount."""

    class Kind(models.TextChoices):
        PEOPLE = "people", pgettext_lazy("kind of cost", "people's time")
        LOSS = "loss", pgettext_lazy("kind of cost", "loss")
        FINE = "fine", pgettext_lazy("kind of cost", "fine")
        RECOVERY = "recovery", pgettext_lazy("kind of cost", "recovery")
        OTHER = "other", pgettext_lazy("kind of cost", "other")

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id incident kind amount currency minutes rate note added added_by"
    }

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="costs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    minutes = models.PositiveIntegerField(null=True)
    rate = models.PositiveBigIntegerField(null=True)
    note = models.CharField(max_length=200, default="", blank=True)
    added = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = IncidentRows.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} of {self.incident_id}"


class IncidentReview(models.Model):
    """What people found once it was closed. Each review is a row; the newest counts."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id incident written written_by",
        3: "causes contributing went_well",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="reviews")
    causes = SealedField(max_length=4000)
    contributing = SealedField(max_length=4000, default="", blank=True)  # measures that failed
    went_well = SealedField(max_length=4000, default="", blank=True)
    written = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = IncidentRows.as_manager()

    def __str__(self) -> str:
        return f"review of {self.incident_id}"
