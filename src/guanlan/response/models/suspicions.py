"""Reports of suspicious transactions, which few may know of: telling a customer is an offence."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet, Subject, Verb, may
from guanlan.core.sealing import SealedField, SealedJSONField, SealId
from guanlan.response.models.cases import Case
from guanlan.response.models.papers import Paper, person

NOUN = "response.suspicionreport"


M = TypeVar("M", bound=models.Model)


class Confidential(ScopedQuerySet[M]):
    """Rows for those who approve such reports, and for each author their own; for nobody else,
    whatever they may see of the case. `author_path` leads to the author."""

    def for_user(self, subject: Subject, verb: Verb = "see") -> Self:
        """The rows on which `subject` may do `verb`."""
        rows = super().for_user(subject, verb)
        if subject.id is None or may(subject, "approve", NOUN):
            return rows
        path: str = getattr(self.model, "author_path", "author")
        return rows.filter(**{path: subject.id})


class SuspicionReport(Paper):
    """A report of suspicious transactions from a case.

    `facts` are those of the case when they were last taken over: parties (numbers of entities,
    never keys), transactions, decisions on the customer, and what was done. `indicators` are
    names of guanlan.response.suspicions.terms.INDICATORS.
    """

    acts: ClassVar[str] = "suspicion"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id case language title state draft author handed_in approver approved sent_at sent_how"
        " created seal_id",
        3: "text facts indicators receipt answer",
    }
    seal_row: ClassVar[str] = "seal_id"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="suspicions")
    language = models.CharField(max_length=8)
    facts = SealedJSONField(default=dict)
    indicators = SealedJSONField(default=list)

    objects = Confidential.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> str:
        """What it is called where it is handed over."""
        return f"S{self.created:%Y%m%d}-{self.pk}"


class SuspicionDraft(models.Model):
    """One text that a report had, with the facts it stood on."""

    policy_noun: ClassVar[str] = NOUN
    author_path: ClassVar[str] = "report__author"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id report number author at seal_id",
        3: "text facts indicators",
    }
    seal_row: ClassVar[str] = "seal_id"

    report = models.ForeignKey(SuspicionReport, models.CASCADE, related_name="drafts")
    number = models.PositiveIntegerField()
    seal_id = SealId()
    text = SealedField()
    facts = SealedJSONField(default=dict)
    indicators = SealedJSONField(default=list)
    author = person()
    at = models.DateTimeField(default=timezone.now)

    objects = Confidential.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "number"], name="response_suspiciondraft_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"
