"""Channels, messages and their deliveries."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import ScopedQuerySet
from guanlan.core.models.people import User
from guanlan.core.sealing import SealedField, SealedJSONField, SealId

Scoped = models.Manager.from_queryset(ScopedQuerySet)


def _key() -> str:
    return secrets.token_hex(12)


class Channel(models.Model):
    """A way out for messages: a mail server, a chat room, an SMS vendor, a webhook."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        ALIYUN = "aliyun", _("SMS by Aliyun")
        TENCENT = "tencent", _("SMS by Tencent Cloud")
        TWILIO = "twilio", _("SMS by Twilio")
        DINGTALK = "dingtalk", _("DingTalk")
        FEISHU = "feishu", _("Feishu")
        WECOM = "wecom", _("WeCom")
        SLACK = "slack", _("Slack")
        WEBHOOK = "webhook", _("Webhook")
        FILE = "file", _("File")

    name = models.CharField(_("Name"), max_length=80, unique=True)
    kind = models.CharField(_("Kind"), max_length=16, choices=Kind.choices)
    seal_id = SealId()
    config = SealedJSONField(default=dict, blank=True)
    enabled = models.BooleanField(_("In use"), default=True)
    per_minute = models.PositiveSmallIntegerField(_("Messages a minute"), default=30)
    created = models.DateTimeField(default=timezone.now)
    last_sent = models.DateTimeField(null=True)
    last_failed = models.DateTimeField(null=True)
    fault = models.CharField(max_length=200, default="", blank=True)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name kind seal_id enabled per_minute created last_sent last_failed fault",
        4: "config",
    }
    seal_row: ClassVar[str] = "seal_id"
    objects = Scoped()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One message to one person or to one channel; for a person also the notice in the console.

    `context` holds only values that may leave: what has level 3 or above is masked before it is
    stored here. `letter` is a sealed e-mail of the sign-in (an invitation, a new password), whose
    link nobody but its reader may see; it is forgotten once it is sent.
    """

    class Urgency(models.TextChoices):
        INFO = "info", _("for information")
        NORMAL = "normal", _("normal")
        URGENT = "urgent", _("urgent")
        CRITICAL = "critical", _("critical")

    key = models.CharField(max_length=24, unique=True, default=_key)
    template = models.CharField(max_length=80)
    context = SealedJSONField(default=dict)
    letter = SealedJSONField(null=True)
    recipient = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="messages"
    )
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL)
    target = models.CharField(max_length=40)
    urgency = models.CharField(max_length=8, choices=Urgency.choices, default=Urgency.NORMAL)
    about_noun = models.CharField(max_length=80, default="", blank=True)
    about_id = models.CharField(max_length=80, default="", blank=True)
    dedup = models.CharField(max_length=120, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)
    read = models.DateTimeField(null=True)
    acknowledge_due = models.DateTimeField(null=True)
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="acknowledgements"
    )
    escalated = models.DateTimeField(null=True)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id key template target recipient channel urgency about_noun about_id dedup created"
        " read acknowledge_due acknowledged acknowledged_by escalated",
        3: "context",
        4: "letter",
    }
    seal_row: ClassVar[str] = "key"
    objects = Scoped()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dedup", "target"],
                condition=~models.Q(dedup=""),
                name="core_message_once",
            )
        ]
        indexes = [
            models.Index(fields=["recipient", "read", "-id"]),
            models.Index(
                fields=["acknowledge_due"],
                condition=models.Q(acknowledged=None, escalated=None),
                name="core_message_unanswered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} → {self.target}"


class Delivery(models.Model):
    """A message on its way through one channel. The row is the truth of where it is."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        SUPPRESSED = "suppressed", _("not sent")

    class Bundle(models.TextChoices):
        NONE = "", _("at once")
        HOUR = "hour", _("once an hour")
        DAY = "day", _("once a day")
        OVERFLOW = "overflow", _("with others, for there were too many")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    bundle = models.CharField(max_length=8, choices=Bundle.choices, default="", blank=True)
    due = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lapses = models.PositiveSmallIntegerField(default=0)
    claimed = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, default="", blank=True)
    number_hash = models.CharField(max_length=64, default="", blank=True)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id message channel state bundle due attempts lapses claimed finished why",
        4: "number_hash",
    }
    objects = Scoped()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due"],
                condition=models.Q(state__in=("pending", "sending")),
                name="core_delivery_waiting",
            ),
            models.Index(fields=["channel", "finished"]),
            models.Index(
                fields=["number_hash", "finished"],
                condition=~models.Q(number_hash=""),
                name="core_delivery_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.state}"


class Preference(models.Model):
    """How a person wants to be told."""

    class Digest(models.TextChoices):
        NONE = "", _("at once")
        HOUR = "hour", _("once an hour")
        DAY = "day", _("once a day")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="preference")
    language = models.CharField(_("Language"), max_length=8, default="", blank=True)
    zone = models.CharField(_("Time zone"), max_length=64, default="", blank=True)
    quiet_from = models.TimeField(_("Quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("Quiet until"), null=True, blank=True)
    digest = models.CharField(
        _("Messages for information"),
        max_length=4,
        choices=Digest.choices,
        default=Digest.HOUR,
        blank=True,
    )
    by_email = models.BooleanField(_("By e-mail"), default=True)
    by_sms = models.BooleanField(_("By SMS when it is critical"), default=False)
    phone = SealedField(_("Mobile number"), max_length=40, default="", blank=True)

    data_levels: ClassVar[dict[int, str]] = {
        2: "id user language zone quiet_from quiet_to digest by_email by_sms",
        3: "phone",
    }
    seal_row: ClassVar[str] = "user_id"
    objects = Scoped()

    def __str__(self) -> str:
        return f"preference of {self.user_id}"
