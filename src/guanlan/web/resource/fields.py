"""Fields of forms: relations that offer only what the subject may see, and pickers of times."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from guanlan.core.access import Subject, may

# Nobody is given a right through a form that merely describes a thing.
PRIVILEGES: Final = frozenset(
    {
        "is_superuser", "is_staff", "is_active", "groups", "user_permissions", "roles",
        "clearance", "purposes", "grants", "password",
    }
)  # fmt: skip


class Related(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice among the rows the subject may see, and no others: a posted id of another row is
    as unknown as one that does not exist."""

    def __init__(self, model: type[models.Model], noun: str = "", **options: Any) -> None:
        self.model = model
        self.noun = noun or model._meta.label_lower
        super().__init__(queryset=model._default_manager.none(), empty_label="—", **options)

    def offer(self, subject: Subject) -> None:
        """Offer the rows this subject may see."""
        every = self.model._default_manager.all()
        scoped = getattr(every, "for_user", None)
        if scoped is not None:
            self.queryset = scoped(subject)
        else:
            self.queryset = every if may(subject, "see", self.noun) else every.none()


class MomentInput(forms.DateTimeInput):
    """A day and a time that are picked, written as browsers read them."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class DayInput(forms.DateInput):
    """A day that is picked."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class HourInput(forms.TimeInput):
    """A time of the day that is picked, to the minute."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def say(form: forms.Form, error: ValidationError) -> None:
    """Put a service's objections beside the fields they speak of."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(
            None if name not in form.fields or name == NON_FIELD_ERRORS else name, errors
        )


def prepared(form: forms.Form, subject: Subject, protected: frozenset[str] = PRIVILEGES) -> None:
    """Scope the relations of a form; lock its fields that would give a privilege."""
    for name, field in form.fields.items():
        if isinstance(field, Related):
            field.offer(subject)
        if name in protected:
            field.disabled = True
