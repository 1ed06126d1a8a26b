"""Complaints: what customers say is wrong, what was said to them, and by when they are told.

Nobody sees or handles a complaint about themselves. A key of a gateway sees what it brought.
"""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from guanlan.core.access import ScopedQuerySet, Subject, Verb, may
from guanlan.core.models import Message
from guanlan.core.sealing import BlindIndex, SealedField, SealId
from guanlan.response.models.complaint_terms import ComplaintCategory
from guanlan.response.models.entities import EntityRef

M = TypeVar("M", bound=models.Model)
NOUN = "response.complaint"


class ComplaintRows(ScopedQuerySet[M]):
    """Rows of complaints; `complaint_path` of the model leads to the complaint's fields."""

    def for_user(self, subject: Subject, verb: Verb = "see") -> Self:
        """The rows on which `subject` may do `verb`, without those about the subject."""
        found = super().for_user(subject, verb)
        path: str = getattr(self.model, "complaint_path", "complaint__")
        if subject.id is not None:
            mine = Q(**{f"{path}about": subject.id})
            return found.exclude(mine)
        if may(subject, "export", NOUN):
            return found
        return found.filter(**{f"{path}brought_by": subject.name})


class Complaint(models.Model):
    """One complaint, whichever way it came in.

    `origin` is a keyed digest of channel, source and the source's own id: the same one never makes
    two complaints. `masked` is the text without numbers and addresses, made when it came in;
    `email` and `phone` are where the customer wants to be told. `due` comes from `days` and
    `extension` by the version `terms` of the time limits (0: those that come with the platform);
    `told` is when the customer was told the outcome, and stops the clock.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id origin digest brought_by channel gateway language received product category"
        " risk subject masked customer media regulator legal priority complex state owner about"
        " days extension extension_asked extension_by extension_approved terms due told closed"
        " closed_by outcome cause satisfaction duplicate_of like likeness reminded touched",
        3: "text email email_index phone phone_index extension_why",
    }
    seal_row: ClassVar[str] = "seal_id"
    complaint_path: ClassVar[str] = ""

    seal_id = SealId()
    origin = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)  # of what was sent: the same id holds the same
    brought_by = models.CharField(max_length=160)  # the person, key or program that brought it
    channel = models.CharField(max_length=8)  # complaints.terms.CHANNELS
    gateway = models.ForeignKey(  # by which it came in, where it came by one
        "response.ComplaintGateway", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    language = models.CharField(max_length=8, default="zh-hans")
    received = models.DateTimeField()
    product = models.CharField(max_length=60, default="", blank=True)
    category = models.ForeignKey(
        ComplaintCategory, on_delete=models.PROTECT, related_name="complaints"
    )
    risk = models.CharField(max_length=16)  # response.terms.CATEGORIES, as its category says
    subject = models.CharField(max_length=120)  # masked
    text = SealedField()
    masked = SealedField()
    customer = models.ForeignKey(
        EntityRef, null=True, on_delete=models.PROTECT, related_name="complaints"
    )
    email = SealedField(max_length=254, null=True)
    email_index = BlindIndex(of="email", kind="email")
    phone = SealedField(max_length=32, null=True)
    phone_index = BlindIndex(of="phone", kind="phone")
    media = models.BooleanField(default=False)
    regulator = models.BooleanField(default=False)
    legal = models.BooleanField(default=False)
    priority = models.SmallIntegerField(default=0)  # 0 normal, 1 high, 2 urgent
    complex = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="new")  # complaints.terms.STATES
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="complaints"
    )
    about = models.ForeignKey(  # the colleague whom it is about
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    days = models.PositiveSmallIntegerField()
    extension = models.PositiveSmallIntegerField(default=0)  # days, once approved
    extension_asked = models.DateTimeField(null=True)
    extension_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    extension_why = SealedField(max_length=500, null=True)
    extension_approved = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    terms = models.PositiveIntegerField(default=0)
    due = models.DateTimeField()
    told = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    outcome = models.CharField(max_length=16, default="", blank=True)
    cause = models.CharField(max_length=16, default="", blank=True)
    satisfaction = models.PositiveSmallIntegerField(null=True)  # 1 to 5, by the customer
    duplicate_of = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="duplicates"
    )
    like = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    likeness = models.PositiveSmallIntegerField(default=0)  # percent of shared pieces of text
    reminded = models.PositiveSmallIntegerField(default=0)  # 1: that it is due soon, 2: is over
    touched = models.DateTimeField()  # when it last changed

    objects = ComplaintRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["received", "id"]),
            models.Index(fields=["due", "id"]),
            models.Index(fields=["priority", "id"]),
            models.Index(fields=["state", "received", "id"], name="response_complaint_state"),
            models.Index(fields=["category", "received"], name="response_complaint_category"),
            models.Index(fields=["product", "received"], name="response_complaint_product"),
            models.Index(fields=["risk", "received"], name="response_complaint_risk"),
            models.Index(fields=["owner", "state", "received"], name="response_complaint_owner"),
            models.Index(fields=["customer", "received"], name="response_complaint_customer"),
            models.Index(fields=["email_index", "received"], name="response_complaint_email"),
            models.Index(fields=["phone_index", "received"], name="response_complaint_phone"),
        ]

    def __str__(self) -> str:
        return f"complaint {self.pk}"

    @property
    def receipt(self) -> str:
        """The number that the customer is given."""
        return f"C{self.received:%Y%m%d}-{self.pk}"


class ComplaintMessage(models.Model):
    """What a customer wrote later, or what was written to the customer; sealed, with a masked
    copy. `how` says which way it went or came; `sent` is false where it could not be sent. What
    goes out by SMS is `waiting`, then `sent` or `failed` by `delivery`, as its `letter` in the
    outbox says."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id complaint incoming at by how template sent delivery letter masked",
        3: "text",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="messages")
    incoming = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    how = models.CharField(max_length=8)
    template = models.CharField(max_length=40, default="", blank=True)
    sent = models.BooleanField(default=True)
    delivery = models.CharField(max_length=8, default="", blank=True)
    letter = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    text = SealedField()
    masked = SealedField()

    objects = ComplaintRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["complaint", "at", "id"], name="response_cmessage_at"),
            models.Index(fields=["delivery", "id"], name="response_cmessage_delivery"),
        ]

    def __str__(self) -> str:
        return f"message of complaint {self.complaint_id}"


class ComplaintHappening(models.Model):
    """What became of a complaint, line by line; lines are only ever added. `kind` is one of
    guanlan.response.complaints.history.KINDS; what a person wrote is sealed."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id complaint at kind by values",
        3: "reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="happenings")
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    values = models.JSONField(default=dict)
    reason = SealedField(max_length=500, null=True)

    objects = ComplaintRows.as_manager()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} of complaint {self.complaint_id}"
