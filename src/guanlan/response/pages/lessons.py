"""Lessons, and the actions that come of them."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.core.models import User
from guanlan.response import lessons
from guanlan.response.models import Lesson, LessonAction
from guanlan.response.origins import thing, thing_address
from guanlan.response.terms import CATEGORIES
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Heading,
    Panel,
    Resource,
    State,
    Term,
    register,
)
from guanlan.web.resource.fields import MomentInput

LOOKS: Final = {"open": "warn", "done": "unknown", "verified": "on", "dropped": "off"}
YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


def state(action: LessonAction) -> State:
    if action.state == "open" and action.due < timezone.now():
        return State("bad", _("overdue"))
    return State(LOOKS[action.state], action.get_state_display())


def by_late(term: Term, subject: Subject) -> Q:
    late = Q(state="open", due__lt=timezone.now())
    return late if term.value == "yes" else ~late


def origin(lesson: Lesson) -> str:
    """What it was learnt from, in words."""
    return thing(lesson.origin_noun, lesson.origin_id)


class NewAction(forms.Form):
    title = forms.CharField(label=gettext_lazy("What is to be done"), max_length=120)
    owner = forms.CharField(
        label=pgettext_lazy("of a thing", "Owner"),
        max_length=150,
        help_text=gettext_lazy("A user name."),
    )
    due = forms.DateTimeField(label=gettext_lazy("Due"), widget=MomentInput())


class Finished(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What was done"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class Reason(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


def add_action(lesson: Lesson, subject: Subject, values: dict[str, Any]) -> str:
    owner = User.objects.filter(username=values["owner"].strip(), is_active=True).first()
    if owner is None:
        raise forms.ValidationError({"owner": _("There is no active person of this name.")})
    lessons.add_action(
        subject, lesson, title=values["title"], owner=owner, due=values["due"],
        now=timezone.now(),
    )  # fmt: skip
    return _("The action is written down; its owner is told.")


def finish(action: LessonAction, subject: Subject, values: dict[str, Any]) -> str:
    lessons.finish_action(subject, action, values["note"], timezone.now())
    return _("Done; another person verifies it.")


def verify(action: LessonAction, subject: Subject) -> str:
    lessons.verify_action(subject, action, timezone.now())
    return _("Verified.")


def reopen(action: LessonAction, subject: Subject, values: dict[str, Any]) -> str:
    lessons.reopen_action(subject, action, values["reason"])
    return _("It is open again.")


def drop(action: LessonAction, subject: Subject, values: dict[str, Any]) -> str:
    lessons.drop_action(subject, action, values["reason"])
    return _("It is dropped.")


def actions_of(lesson: Lesson, subject: Subject) -> dict[str, Any]:
    found = LessonAction.objects.for_user(subject).filter(lesson=lesson).select_related("owner")
    return {"actions": [(one, state(one)) for one in found.order_by("due")[:50]]}


def detail(lesson: Lesson, subject: Subject) -> dict[str, Any]:
    """What was written, for those who work on it."""
    works = may(subject, "change", "response.lesson")
    url = thing_address(lesson.origin_noun, lesson.origin_id)
    return {"text": lesson.detail if works else "•••", "more": origin(lesson), "more_url": url}


LESSONS = register(
    Resource(
        noun="response.lesson",
        model=Lesson,
        title=gettext_lazy("Lesson"),
        titles=gettext_lazy("Lessons"),
        path="lessons",
        route="lessons",
        one="lesson",
        place=("respond", 76),
        api="lessons",
        columns=(
            Column("title", gettext_lazy("Lesson"), wide=True),
            Column("category", gettext_lazy("Kind of risk"),
                   value=lambda one: CATEGORIES.get(one.category, one.category)),
            Column("origin", gettext_lazy("Learnt from"), "origin_noun", value=origin,
                   cell="template", template="response/origin.html"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True),
            Column("created_by", pgettext_lazy("who did it", "By"), "created_by__username"),
        ),
        filters=(
            Filter("category", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True, example="category:fraud"),
            Filter("origin", gettext_lazy("Learnt from"), "exact", "origin_noun",
                   example="origin:response.drill"),
        ),
        search=("title",),
        chips=(Chip(gettext_lazy("all"), ""),),
        order="-created",
        related=("created_by",),
        name_of=lambda one: one.title,
        facts=("category", "created", "created_by"),
        panels=(
            Panel(gettext_lazy("Lesson"), "response/plan/lesson.html", detail),
            Panel(gettext_lazy("Actions"), "response/plan/lesson_actions.html", actions_of),
        ),
        actions=(
            Action("act", gettext_lazy("Add an action"), add_action, verb="add",
                   form=lambda subject, one: NewAction),
        ),
        empty=gettext_lazy("No lesson yet. They are written on the page of a drill or incident."),
    )
)  # fmt: skip

ACTIONS = register(
    Resource(
        noun="response.lessonaction",
        model=LessonAction,
        title=gettext_lazy("Action"),
        titles=gettext_lazy("Actions of lessons"),
        path="lesson-actions",
        route="lesson_actions",
        under="lessons",
        one="lesson_action",
        api="lesson-actions",
        columns=(
            Column("title", gettext_lazy("Action"), wide=True),
            Column("state", gettext_lazy("State"), value=state),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("due", gettext_lazy("Due"), cell="until", sort=True),
            Column("done", gettext_lazy("Done"), cell="moment"),
            Column("done_by", gettext_lazy("Done by"), "done_by__username", shown=False),
            Column("verified_by", gettext_lazy("Verified by"), "verified_by__username"),
            Column("reason", gettext_lazy("Reason"), shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice",
                   choices=dict(LessonAction.State.choices), group=True, example="state:open"),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("late", gettext_lazy("Overdue"), "choice", choices=YES_NO, read=by_late, level=2,
                   example="late:yes"),
            Filter("due", gettext_lazy("Due by"), "time", sign="<"),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("mine"), "owner:me state:open"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("to be verified"), "state:done"),
        ),
        order="due",
        related=("owner", "done_by", "verified_by", "lesson"),
        state=state,
        name_of=lambda one: one.title,
        heading=lambda one: Heading(
            owner=one.owner.get_username() if one.owner else "",
            clock=Clock(one.due, one.created) if one.state == "open" else one.due,
        ),
        panels=(
            Panel(gettext_lazy("Lesson"), "response/plan/lesson_of.html",
                  lambda one, subject: {
                      "lesson": one.lesson,
                      "note": one.note
                      if may(subject, "change", "response.lessonaction") else "•••"}),
        ),
        actions=(
            Action("finish", gettext_lazy("Done"), finish, when=lambda one: one.state == "open",
                   offered=lambda one, subject: one.owner_id == subject.id
                   or may(subject, "approve", "response.lessonaction"),
                   form=lambda subject, one: Finished),
            Action("verify", gettext_lazy("Verify"), verify, verb="approve", bulk=False,
                   when=lambda one: one.state == "done",
                   offered=lambda one, subject: lessons.may_verify(subject, one)),
            Action("reopen", gettext_lazy("Reopen"), reopen, verb="approve",
                   when=lambda one: one.state in ("done", "verified"),
                   form=lambda subject, one: Reason),
            Action("drop", gettext_lazy("Drop"), drop, verb="approve", danger=True,
                   when=lambda one: one.state == "open", form=lambda subject, one: Reason),
        ),
        empty=gettext_lazy("Nothing is to be done. Actions are added on the page of a lesson."),
    )
)  # fmt: skip
