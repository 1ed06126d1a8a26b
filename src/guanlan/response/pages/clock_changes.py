"""What is done on the page of a clock to pause it, or to give it more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject, may
from guanlan.response.clocks import changing
from guanlan.response.models import ClockChange, RunningClock
from guanlan.web.resource import Happening, State
from guanlan.web.resource.fields import MomentInput
from guanlan.web.words import until


def _reason() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=5,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class Pause(forms.Form):
    """Why the clock is to be paused."""

    reason = _reason()


class MoreTime(forms.Form):
    """Until when, and why."""

    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=MomentInput(),
    )
    reason = _reason()


class Answer(forms.Form):
    """Why it is refused."""

    answer = _reason()


def pause(clock: RunningClock, subject: Subject, values: Mapping[str, Any]) -> str:
    """Ask for a pause."""
    changing.ask_pause(subject, clock, values["reason"])
    return _("It waits for another person.")


def extend(clock: RunningClock, subject: Subject, values: Mapping[str, Any]) -> str:
    """Ask for more time."""
    changing.ask_extension(subject, clock, values["until"], values["reason"])
    return _("It waits for another person.")


def grant(clock: RunningClock, subject: Subject) -> str:
    """Grant what was asked for."""
    changing.decide(subject, clock, grant=True)
    return _("It is granted.")


def refuse(clock: RunningClock, subject: Subject, values: Mapping[str, Any]) -> str:
    """Refuse it."""
    changing.decide(subject, clock, grant=False, answer=values["answer"])
    return _("It is refused.")


def go_on(clock: RunningClock, subject: Subject) -> str:
    """End the pause."""
    changing.go_on(subject, clock)
    return _("The clock runs on.")


def free(clock: RunningClock) -> bool:
    """Whether it runs, and nothing was asked for."""
    return clock.state == "running" and clock.paused_at is None and not clock.pending


def changes(clock: RunningClock, subject: Subject) -> Sequence[Happening]:
    """Pauses and extensions; what was written is read by those who work on clocks."""
    rows = ClockChange.objects.for_user(subject).filter(clock=clock).order_by("-id")
    reads = may(subject, "change", "response.runningclock")
    found = []
    for one in rows.select_related("asked_by", "decided_by")[:50]:
        people = [str(one.asked_by or "—"), *([str(one.decided_by)] if one.decided_by else [])]
        text = str(changing.KINDS[one.kind])
        if one.until is not None:
            text += f" → {until(one.until)}"
        words = [str(one.reason), str(one.answer)] if reads else []
        note = " · ".join([" → ".join(people), *(word for word in words if word)])
        look = {"asked": "warn", "granted": "on", "refused": "off"}[one.state]
        found.append(Happening(one.asked, text, State(look, changing.STATES[one.state]), note))
    return found
