"""Ways by which complaints come in by themselves: mailboxes that are read, gateways that call."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.models import Channel
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.complaints import Complaint


class Mailbox(models.Model):
    """A mailbox that is read by IMAP over TLS, and never changed. `uid_validity` and `last_uid` say
    how far; without `uid_validity` it has not been read yet. `fault` is why the last reading
    failed, a word of guanlan.response.complaints.mail.FAULTS."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id name host port folder whole enabled uid_validity last_uid taken refused"
        " polled fault created",
        3: "account",
        4: "password",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    name = models.CharField(max_length=80, unique=True)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    account = SealedField(max_length=254)
    password = SealedField(max_length=254)
    folder = models.CharField(max_length=80, default="INBOX")
    whole = models.BooleanField(default=False)  # also what was there before it was set up
    enabled = models.BooleanField(default=True)
    uid_validity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)  # letters that became or joined complaints
    refused = models.PositiveIntegerField(default=0)  # letters that became dead letters
    polled = models.DateTimeField(null=True)
    fault = models.CharField(max_length=16, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.name


class ComplaintGateway(models.Model):
    """A gateway that calls us, at an address of its own, with a signature by `secret`. `kind` is
    one of guanlan.response.complaints.gateways.KINDS; `secret` of WeChat is its token, and
    `cipher_key` its EncodingAESKey. `reply_by` is the channel by which an SMS gateway's complaints
    are answered; without one replies are recorded, not sent."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id name kind app reply_by enabled taken refused used created",
        3: "slug",
        4: "secret cipher_key",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8)
    slug = models.CharField(max_length=32, unique=True)
    secret = SealedField(max_length=200)
    cipher_key = SealedField(max_length=64, null=True)
    app = models.CharField(max_length=64, default="", blank=True)  # WeChat's own id of the account
    reply_by = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL, related_name="+")
    enabled = models.BooleanField(default=True)
    taken = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    used = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.name


class IntakeSeen(models.Model):
    """A letter or call that was dealt with, by a keyed digest: it is not dealt with again."""

    policy_noun: ClassVar[str] = "response.complaint"
    data_levels: ClassVar[dict[int, str]] = {2: "id source digest at"}

    source = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["at"], name="response_intakeseen_at")]
        constraints = [
            models.UniqueConstraint(fields=["source", "digest"], name="response_intakeseen_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"


class ComplaintLetter(models.Model):
    """A letter or call that could not be taken in by itself, kept until a person takes it in after
    all or discards it.

    `channel` and `source` are those of the complaint that it would be; `origin` and `digest` too,
    so that the same message coming again is known. `came` is when the original came: time limits
    run from then. `body` holds the first `kept` bytes of the original's `size`; `draft` is what
    could be read of it, a guanlan.response.complaints.intake.Incoming in JSON.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id channel source why values received came size kept origin digest state"
        " decided decided_by complaint",
        3: "body draft reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    channel = models.CharField(max_length=8)  # complaints.terms.CHANNELS
    source = models.CharField(max_length=32)
    why = models.CharField(max_length=300)  # English, with %(name)s for `values`
    values = models.JSONField(default=dict)
    received = models.DateTimeField()  # when it was kept
    came = models.DateTimeField()
    size = models.BigIntegerField()
    kept = models.IntegerField()
    origin = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    body = SealedField()
    draft = SealedField()
    state = models.CharField(max_length=10, default="waiting")  # waiting, taken, discarded
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    complaint = models.ForeignKey(
        Complaint, null=True, on_delete=models.SET_NULL, related_name="letters"
    )
    reason = SealedField(max_length=500, null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["received", "id"], name="response_cletter_received"),
            models.Index(fields=["state", "received", "id"], name="response_cletter_state"),
            models.Index(fields=["origin", "state"], name="response_cletter_origin"),
        ]

    def __str__(self) -> str:
        return f"letter of a complaint {self.pk}"
