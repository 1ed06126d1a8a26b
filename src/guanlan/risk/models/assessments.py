"""Assessments: a campaign over risks, what their owners answer, who signs, what is then frozen."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.risk.models.register import Product, Risk

ASSESSMENT = "risk.assessment"
ANSWER = "risk.answer"


class Assessment(models.Model):
    """A campaign: the risks in its scope are judged by their owners, and people sign for it.

    begin and end are the first and last day of the period it is about, `due` when answers are
    wanted by. No products and no categories: every open risk. `signatures` of its signers are
    required. While it is being signed `prepared` holds the text they sign and `digest` its SHA-256;
    a refusal empties both. `corrects` names the signed assessment that this one corrects,
    `previous` the one it is compared with.
    """

    class Kind(models.TextChoices):
        QUARTERLY = "quarterly", pgettext_lazy("kind of assessment", "quarterly")
        ANNUAL = "annual", pgettext_lazy("kind of assessment", "annual")
        AD_HOC = "ad_hoc", pgettext_lazy("kind of assessment", "ad hoc")

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of an assessment", "draft")
        OPEN = "open", pgettext_lazy("state of an assessment", "being answered")
        SIGNING = "signing", pgettext_lazy("state of an assessment", "being signed")
        SIGNED = "signed", pgettext_lazy("state of an assessment", "signed and frozen")
        CANCELLED = "cancelled", pgettext_lazy("state of an assessment", "cancelled")

    policy_noun: ClassVar[str] = ASSESSMENT
    data_levels: ClassVar[dict[int, str]] = {
        2: "id title kind begin end due categories products signatures questions state corrects"
        " previous round prepared digest opened signed reason created created_by"
    }

    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    begin = models.DateField()
    end = models.DateField()
    due = models.DateTimeField()
    categories = models.JSONField(default=list, blank=True)
    products = models.ManyToManyField(Product, blank=True, related_name="+")
    signatures = models.PositiveSmallIntegerField()
    questions = models.PositiveSmallIntegerField()  # version of the questionnaire
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections"
    )
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    round = models.PositiveSmallIntegerField(default=0)  # of signing; a refusal ends one
    prepared = models.TextField(default="", blank=True)
    digest = models.CharField(max_length=64, default="", blank=True)
    opened = models.DateTimeField(null=True)
    signed = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, default="", blank=True)  # of the last refusal
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["end", "id"]),
            models.Index(fields=["state", "due", "id"]),
        ]

    def __str__(self) -> str:
        return self.title


class AssessmentSigner(models.Model):
    """Somebody who is asked to sign, in the capacity of `role`."""

    policy_noun: ClassVar[str] = ASSESSMENT
    data_levels: ClassVar[dict[int, str]] = {2: "id assessment person role told"}

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="signers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=80)
    told = models.PositiveSmallIntegerField(default=0)  # round that they were last told of

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "person"], name="risk_assessment_signer_once"
            )
        ]

    def __str__(self) -> str:
        return f"signer of {self.assessment_id}"


class AssessmentSignature(models.Model):
    """What a signer said of the text with this digest; each speaks once in a round."""

    class Said(models.TextChoices):
        SIGNED = "signed", pgettext_lazy("what a signer said", "signed")
        REFUSED = "refused", pgettext_lazy("what a signer said", "refused")

    policy_noun: ClassVar[str] = ASSESSMENT
    data_levels: ClassVar[dict[int, str]] = {
        2: "id assessment round person role said reason digest at"
    }

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="said")
    round = models.PositiveSmallIntegerField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=80)
    said = models.CharField(max_length=8, choices=Said.choices)
    reason = models.CharField(max_length=300, default="", blank=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "round", "person"], name="risk_assessment_said_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.said} of {self.assessment_id}"


class AssessmentItem(models.Model):
    """One risk in an assessment, for its owner to judge.

    verdict: `accept` the present parameters, or `propose` others (`proposed`: frequency, severity,
    knowledge, reason; taken over into the register by a person after it is signed).
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state of an assessed risk", "to be answered")
        ANSWERED = "answered", pgettext_lazy("state of an assessed risk", "answered")

    class Verdict(models.TextChoices):
        NONE = "", pgettext_lazy("verdict on parameters", "none yet")
        ACCEPT = "accept", pgettext_lazy("verdict on parameters", "parameters stay")
        PROPOSE = "propose", pgettext_lazy("verdict on parameters", "other parameters proposed")

    policy_noun: ClassVar[str] = ANSWER
    scope_field: ClassVar[str] = "risk__product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id assessment risk owner state verdict proposed due answered answered_by told late"
    }

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="items")
    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="assessed")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    verdict = models.CharField(
        max_length=8, choices=Verdict.choices, default=Verdict.NONE, blank=True
    )
    proposed = models.JSONField(null=True)
    due = models.DateTimeField()  # that of the assessment
    answered = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    told = models.DateTimeField(null=True)  # its owner, that it is due soon
    late = models.DateTimeField(null=True)  # its owner, that it is late

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "risk"], name="risk_assessed_once")
        ]
        indexes = [
            models.Index(fields=["state", "due", "id"]),
            models.Index(fields=["due", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.risk_id} in {self.assessment_id}"


class AssessmentAnswer(models.Model):
    """The answer to one question about one risk; `value` as the kind of question says it."""

    policy_noun: ClassVar[str] = ANSWER
    scope_field: ClassVar[str] = "item__risk__product__code"
    data_levels: ClassVar[dict[int, str]] = {2: "id item question value comment evidence at by"}

    item = models.ForeignKey(AssessmentItem, on_delete=models.CASCADE, related_name="answers")
    question = models.CharField(max_length=40)
    value = models.CharField(max_length=1000)
    comment = models.CharField(max_length=1000, default="", blank=True)
    evidence = models.CharField(max_length=300, default="", blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "question"], name="risk_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.question} of {self.item_id}"


class AssessmentSnapshot(models.Model):
    """What a signed assessment said: `text` is canonical JSON, `digest` its SHA-256."""

    policy_noun: ClassVar[str] = ASSESSMENT
    data_levels: ClassVar[dict[int, str]] = {2: "id assessment text digest at"}

    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="snapshot")
    text = models.TextField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    def __str__(self) -> str:
        return self.digest
