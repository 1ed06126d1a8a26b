"""Writing a draft by forms: its name, its variables, its steps one by one.

Each change is kept at once, as long as the draft is still what its writer saw; a draft may have
problems until it is submitted, and they stand at the steps that they concern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from guanlan.response.models import PlanVersion
from guanlan.response.pages.plan_forms import GeneralForm, PlanForm, VariableForm
from guanlan.response.pages.step_forms import FORMS, KINDS, StepForm, blank
from guanlan.response.plans import editing, writing
from guanlan.response.plans.cacao import (
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Problem,
    Start,
    Step,
    Text,
)
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.conditions import in_words
from guanlan.response.plans.picture import Picture
from guanlan.response.plans.reading import known, playbook_of
from guanlan.response.plans.showing import Document, Item, reader
from guanlan.response.plans.skeleton import fresh
from guanlan.web.resource.fields import say
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import language_tag

# The CACAO type of a step of each kind, which its id begins with.
CACAO_TYPES: Final = {
    "manual": "action", "automatic": "action", "condition": "if-condition", "parallel": "parallel",
}  # fmt: skip
WAY: Final = re.compile(r"next|on_failure|on_true|on_false|branch-[0-9]{1,2}")


class Way(NamedTuple):
    """A way on as a line of the editor: where it leads, and where a step is added to it."""

    title: str
    target: str
    number: str
    name: str
    add: str


class Row(NamedTuple):
    """A step in the editor."""

    item: Item
    problems: list[Problem]
    ways: list[Way]
    up: bool
    down: bool
    gone: list[str]


class Editor:
    """A draft as its editor shows it."""

    def __init__(self, version: PlanVersion) -> None:
        self.version = version
        self.plan = playbook_of(version)
        self.document = Document(self.plan)
        self.problems = check(self.plan, known())
        self.steps = self.plan.by_id()

    @property
    def rows(self) -> list[Row]:
        """The steps in the order in which they are read."""
        found = []
        for item in self.document.items:
            step = self.steps[item.id]
            gone = [self.called(one) for one in editing.block(self.plan, item.id)]
            up, down = editing.movable(self.plan, item.id)
            found.append(Row(item, self.problems_of(item.id), self.ways(step), up, down, gone[1:]))
        return found

    @property
    def picture(self) -> Picture:
        """The flow, with the steps that have problems."""
        return Picture(self.plan, self.document.items, wrong=[one.step for one in self.problems])

    @property
    def beginning(self) -> list[Way]:
        """The way on from the start, if there is one."""
        start = self.steps.get(self.plan.start)
        return self.ways(start) if isinstance(start, Start) else []

    @property
    def elsewhere(self) -> list[Problem]:
        """Problems that concern no step that is listed."""
        listed = {item.id for item in self.document.items}
        return [one for one in self.problems if one.step not in listed]

    def problems_of(self, identity: str) -> list[Problem]:
        return [one for one in self.problems if one.step == identity]

    def called(self, step: Step) -> str:
        return step.name.get(reader()) or "—"

    def ways(self, step: Step) -> list[Way]:
        found = []
        for way, target in editing.ways(step):
            if not target and way == "on_failure":
                continue
            to = self.steps.get(target)
            name = ""
            if isinstance(to, End):
                name = _("the end")
            elif to is not None:
                name = self.called(to)
            add = reverse("add_plan_step", args=[self.version.pk])
            asked = urlencode({"after": step.id, "way": way})
            found.append(
                Way(short(way, step), target if name and not isinstance(to, End) else "",
                    self.document.numbers.get(target, ""), name, f"{add}?{asked}")
            )  # fmt: skip
        return found


def short(way: str, step: Step) -> str:
    """A way on in a word or two."""
    if way.startswith(editing.BRANCH):
        letter = chr(ord("a") + int(way.removeprefix(editing.BRANCH)[:2]))
        return _("branch %(letter)s") % {"letter": letter}
    if way == "next" and isinstance(step, Parallel):
        return _("after all branches")
    if way == "next" and isinstance(step, If):
        return _("after either")
    return {
        "next": lambda: _("then"),
        "on_failure": lambda: _("if it fails"),
        "on_true": lambda: _("if so"),
        "on_false": lambda: _("if not"),
    }[way]()


def draft_of(request: HttpRequest, version: int) -> PlanVersion:
    """The version, for who may change it. Raises Http404."""
    seen = PlanVersion.objects.for_user(subject_of_request(request), "change")
    found: PlanVersion = get_object_or_404(seen.select_related("plan"), pk=version)
    return found


def keep(request: HttpRequest, version: PlanVersion, plan: Playbook) -> None:
    """Keep the draft, where it is still what its writer saw. Raises ValidationError, Changed."""
    seen = request.POST.get("seen", "") or "-"
    writing.save_draft(
        subject_of_request(request), version, editing.tidy(plan), timezone.now(), seen
    )


@needs("change", "response.planversion")
@require_http_methods(["GET", "HEAD"])
def edit(request: HttpRequest, version: int) -> HttpResponse:
    """The steps of a draft, and what is to be done to them."""
    found = draft_of(request, version)
    if found.state != PlanVersion.State.DRAFT:
        messages.error(request, _("Only a draft can be changed."))
        return redirect("plan_version", found.pk)
    context = {
        "version": found,
        "editor": Editor(found),
        "title": _("Write the draft"),
        "section": "plans",
        "tab": "form",
    }
    return render(request, "response/plan/editor.html", context)


@needs("change", "response.planversion")
@require_http_methods(["GET", "HEAD", "POST"])
def general(request: HttpRequest, version: int) -> HttpResponse:
    """What the plan is called, and when it is used."""
    found = draft_of(request, version)
    form = GeneralForm(playbook_of(found), request.POST or None)
    return _page(request, found, form, form.apply, _("Name of the plan"))


@needs("change", "response.planversion")
@require_http_methods(["GET", "HEAD", "POST"])
def variable(request: HttpRequest, version: int, name: str = "") -> HttpResponse:
    """A variable, new or there."""
    found = draft_of(request, version)
    plan = playbook_of(found)
    form = VariableForm(plan, name, request.POST or None)
    if name and form.old is None:
        raise Http404

    def apply() -> Playbook:
        return editing.put_variable(plan, form.variable(), new=not name)

    title = _("Variable %(name)s") % {"name": name} if name else _("New variable")
    return _page(request, found, form, apply, title)


@needs("change", "response.planversion")
@require_POST
def drop_variable(request: HttpRequest, version: int, name: str) -> HttpResponse:
    """Take a variable away."""
    found = draft_of(request, version)
    return _at_once(request, found, lambda plan: editing.drop_variable(plan, name))


@needs("change", "response.planversion")
@require_http_methods(["GET", "HEAD", "POST"])
def add_step(request: HttpRequest, version: int) -> HttpResponse:
    """A new step of some kind, where a way of another step leads."""
    found = draft_of(request, version)
    plan = playbook_of(found)
    asked = request.GET
    kind = asked.get("kind", "manual")
    after, way = asked.get("after", ""), asked.get("way", "next")
    place = plan.by_id().get(after)
    # A step that somebody else took away meanwhile is said when the form is sent.
    if kind not in KINDS or not WAY.fullmatch(way) or (place is None and request.method != "POST"):
        raise Http404
    step = blank(kind, fresh(CACAO_TYPES[kind]))
    form = FORMS[kind](plan, step, new=True, data=request.POST or None)
    here = {"after": after, "way": way}
    kinds = [(title, f"?{urlencode({**here, 'kind': one})}", one == kind)
             for one, title in KINDS.items()]  # fmt: skip
    words = ""
    if place is not None:
        name = place.name.get(reader()) or _("the start")
        words = _("After “%(step)s”: %(way)s.") % {"step": name, "way": short(way, place)}
    return _page(
        request, found, form, lambda: editing.add(plan, form.made(), after, way),
        _("New step"), {"kinds": kinds, "words": words}, step.id,
    )  # fmt: skip


@needs("change", "response.planversion")
@require_http_methods(["GET", "HEAD", "POST"])
def change_step(request: HttpRequest, version: int, step: str) -> HttpResponse:
    """A step of the draft."""
    found = draft_of(request, version)
    plan = playbook_of(found)
    old = plan.by_id().get(step)
    if old is None and request.POST.get("kind") in KINDS:
        # Somebody else took it away meanwhile: what was typed stays, and that is said.
        old = blank(request.POST["kind"], step)
    if old is None or isinstance(old, Start | End):
        raise Http404
    kind = kind_of(old)
    form = FORMS[kind](plan, old, data=request.POST or None)
    extra: dict[str, Any] = {"kind": KINDS[kind], "kind_name": kind}
    if isinstance(old, If):
        extra["sentence"] = sentence(old, plan)
    if request.method != "POST":
        extra["problems"] = [one for one in check(plan, known()) if one.step == step]
    number = Document(plan).numbers.get(step, "")
    title = _("Step %(number)s") % {"number": number}
    return _page(request, found, form, form.apply, title, extra, step)


def kind_of(step: Step) -> str:
    """The name of a step's kind, as the editor knows it."""
    match step:
        case Manual():
            return "manual"
        case Automatic():
            return "automatic"
        case If():
            return "condition"
    return "parallel"


def sentence(step: If, plan: Playbook) -> str:
    """The condition in words; nothing where it cannot be read."""
    try:
        return in_words(step.condition, plan.variables, language_tag())
    except ValueError:
        return ""


@needs("change", "response.planversion")
@require_POST
def do_to_step(request: HttpRequest, version: int, step: str, what: str) -> HttpResponse:
    """Move a step, or take it away."""
    found = draft_of(request, version)
    deeds: dict[str, Callable[[Playbook], Playbook]] = {
        "up": lambda plan: editing.move(plan, step, up=True),
        "down": lambda plan: editing.move(plan, step, up=False),
        "remove": lambda plan: editing.remove(plan, step),
    }
    if what not in deeds:
        raise Http404
    return _at_once(request, found, deeds[what], "" if what == "remove" else step)


def _back(version: PlanVersion, step: str = "") -> HttpResponse:
    address = reverse("edit_plan", args=[version.pk])
    return redirect(f"{address}#{step}" if step else address)


def _at_once(
    request: HttpRequest,
    version: PlanVersion,
    deed: Callable[[Playbook], Playbook],
    step: str = "",
) -> HttpResponse:
    """Do something that asks for nothing, and show the draft again."""
    try:
        keep(request, version, deed(playbook_of(version)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(version, step)


def _page(
    request: HttpRequest,
    version: PlanVersion,
    form: PlanForm,
    apply: Callable[[], Playbook],
    title: str,
    extra: dict[str, Any] | None = None,
    step: str = "",
) -> HttpResponse:
    """A form over a part of the draft: shown, and kept when it is sent."""
    status = 200
    asked = request.POST.get("what") == "fields"  # another automatic step: show what it asks for
    seen = version.digest
    if request.method == "POST" and not asked:
        seen = request.POST.get("seen", "")
        status = 422
        if form.is_valid():
            try:
                keep(request, version, apply())
            except writing.Changed as error:
                form.add_error(None, error)
                # What stands in the fields is kept; who has looked at the draft may keep it.
                seen, status = version.digest, 409
            except ValidationError as error:
                say(form, error)
            else:
                messages.success(request, _("Kept."))
                return _back(version, step)
    elif asked:
        form.is_valid()
        form.errors.clear()
    context = {
        "version": version,
        "form": form,
        "seen": seen,
        "title": title,
        "section": "plans",
        "named": Text.get(playbook_of(version).name, reader()),
        "choosing": isinstance(form, StepForm) and kind_of(form.step) == "automatic",
        "stale": status == 409,
        **(extra or {}),
    }
    return render(request, "response/plan/part.html", context, status=status)
