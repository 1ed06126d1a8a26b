"""Querysets that know what a subject may see."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from guanlan.core.access.nouns import Verb
from guanlan.core.access.policy import EVERYWHERE, Subject, may

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """A queryset that gives a subject its rows: `Case.objects.for_user(subject)`.

    A model whose rows belong to a product or unit names the field that says which one:
    `scope_field = "product"`. Rows of other models belong to everything, and only a right that
    holds everywhere reaches them. Where what is asked for is not the model's own
    name, `policy_noun` says it.
    """

    def for_user(self, subject: Subject, verb: Verb = "see") -> Self:
        """The rows on which `subject` may do `verb`; none rather than an error."""
        noun: str = getattr(self.model, "policy_noun", self.model._meta.label_lower)
        if may(subject, verb, noun):
            return self
        field: str = getattr(self.model, "scope_field", "")
        if field:
            grants = {grant.scope for grant in subject.grants}
            scopes = (subject.scopes | grants) - {EVERYWHERE}
            allowed = [scope for scope in sorted(scopes) if may(subject, verb, noun, scope=scope)]
            if allowed:
                return self.filter(**{f"{field}__in": allowed})
        return self.none()
