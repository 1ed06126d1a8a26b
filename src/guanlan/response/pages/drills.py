"""Drills of plans."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject, may
from guanlan.core.models import User
from guanlan.response import lessons
from guanlan.response.models import Drill, DrillParticipant, Inject, Lesson, Observation, Plan
from guanlan.response.plans import drilling
from guanlan.response.plans.reading import playbook_of
from guanlan.response.plans.showing import Document, role_title, titled
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Form,
    Happening,
    Heading,
    Numbers,
    Panel,
    Related,
    Resource,
    Saved,
    State,
    Timeline,
    register,
)
from guanlan.web.resource.fields import MomentInput
from guanlan.web.words import duration

LOOKS: Final = {"planned": "warn", "running": "on", "done": "off", "cancelled": "off"}


def state(drill: Drill) -> State:
    return State(LOOKS[drill.state], drill.get_state_display())


def plan_title(drill: Drill) -> str:
    plan = drill.version.plan
    return titled(plan.titles) or plan.name


class NewDrill(forms.Form):
    """A plan, a time, people with roles, and what is thrown in."""

    plan = Related(Plan, label=gettext_lazy("Plan"))
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=Drill.Kind.choices,
        help_text=gettext_lazy(
            "Tabletop: talked through. Live: done on the real screens; nobody outside either way."
        ),
    )
    scheduled = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=MomentInput(),
    )
    participants = forms.CharField(
        label=gettext_lazy("Who takes part"),
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "ann operations"}),
        help_text=gettext_lazy("A line each: user name, blank, name of the role they play."),
    )
    injects = forms.CharField(
        label=gettext_lazy("Injects"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "15 operations The bank calls."}),
        help_text=gettext_lazy(
            "A line each: minutes after the start, role (or all), text. To set a variable: "
            "minutes, all, name=value."
        ),
    )
    objectives = forms.CharField(
        label=gettext_lazy("Objectives"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _taking(text: str) -> list[drilling.Taking]:
    found = []
    for n, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        person = User.objects.filter(username=words[0], is_active=True).first()
        if len(words) != 2 or person is None:
            said = _("Line %(n)s: a user name of an active person and a role are expected.")
            raise ValidationError({"participants": said % {"n": n}})
        found.append(drilling.Taking(person, words[1]))
    return found


def _thrown(text: str) -> list[drilling.Thrown]:
    found = []
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        after, _blank, rest = line.strip().partition(" ")
        role, _blank, said = rest.strip().partition(" ")
        if not after.isdecimal() or len(after) > 6 or not said.strip():
            wrong = _("Line %(n)s: minutes, a role (or all) and a text are expected.")
            raise ValidationError({"injects": wrong % {"n": n}})
        role = "" if role == "all" else role
        name, sign, value = said.strip().partition("=")
        if sign and name.isidentifier():
            found.append(drilling.Thrown(int(after), role, "", name, value.strip()))
        else:
            found.append(drilling.Thrown(int(after), role, said.strip()))
    return found


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    """Plan a drill; who plans it leads it."""
    leader = User.objects.filter(pk=subject.id).first() if subject.id is not None else None
    if leader is None:
        raise ValidationError(_("A drill is planned by a person, who leads it."))
    drill = drilling.plan_drill(
        subject, values["plan"], kind=values["kind"], scheduled=values["scheduled"],
        leader=leader, participants=_taking(values["participants"]),
        injects=_thrown(values["injects"]), objectives=values["objectives"], now=timezone.now(),
    )  # fmt: skip
    return Saved(drill, _("The drill is planned; those who take part are told a day before."))


def start(drill: Drill, subject: Subject) -> str:
    drilling.start_drill(subject, drill, timezone.now())
    return _("The drill runs.")


def end(drill: Drill, subject: Subject) -> str:
    result = drilling.end_drill(subject, drill, timezone.now())
    if result.score is None:
        return _("The drill is over; no step of it counts.")
    return _("The drill is over: %(n)s of 100.") % {"n": f"{result.score:g}"}


def cancel(drill: Drill, subject: Subject) -> str:
    drilling.cancel_drill(subject, drill)
    return _("The drill is cancelled.")


class Seen(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What was seen"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class Learnt(forms.Form):
    title = forms.CharField(label=gettext_lazy("Lesson"), max_length=120)
    detail = forms.CharField(
        label=gettext_lazy("More of it"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def observe(drill: Drill, subject: Subject, values: dict[str, Any]) -> str:
    drilling.observe(subject, drill, values["text"], timezone.now())
    return _("It is written down.")


def learn(drill: Drill, subject: Subject, values: dict[str, Any]) -> str:
    lessons.add_lesson(
        subject, origin=("response.drill", str(drill.pk)), category=drill.version.plan.category,
        title=values["title"], detail=values["detail"], now=timezone.now(),
    )  # fmt: skip
    return _("The lesson is written down: give it an action on its page.")


class DrillLook:
    """A drill with its score worked out anew."""

    def __init__(self, drill: Drill, subject: Subject) -> None:
        self.drill = drill
        self.result = drilling.scored(drill)
        self.works = may(subject, "change", "response.planrun")
        self.pk = drill.pk


VERDICTS: Final = {
    "within": (State("on", gettext_lazy("within its time"))),
    "late": (State("warn", gettext_lazy("late"))),
    "missed": (State("bad", gettext_lazy("missed"))),
    "skipped": (State("off", gettext_lazy("skipped, not counted"))),
}


def tiles(look: DrillLook, subject: Subject) -> list[Tile]:
    """The score first, then what makes it up."""
    result = look.result
    if result is None:
        return []
    counts = dict.fromkeys(VERDICTS, 0)
    for one in result.steps:
        counts[one.verdict] += 1
    link = f"{reverse('plan_steps')}?q=run:{look.drill.run_id}"
    score = "—" if result.score is None else f"{result.score:g}"
    note = _("of 100") if look.drill.state == "done" else _("of 100, if it ended now")
    first = "—" if result.first is None else duration(result.first * 1_000_000)
    return [
        Tile(label=_("Score"), value=score, note=note, link=link),
        Tile(label=_("Time to the first action"), value=first, link=link),
        Tile(label=_("Within their time"), value=str(counts["within"]), link=link),
        Tile(label=_("Late"), value=str(counts["late"]), link=link,
             state="warn" if counts["late"] else ""),
        Tile(label=_("Missed"), value=str(counts["missed"]), link=link,
             state="bad" if counts["missed"] and look.drill.state == "done" else ""),
    ]  # fmt: skip


def report(look: DrillLook, subject: Subject) -> dict[str, Any]:
    """Each step that counts, with the clock it was held against."""
    document = Document(playbook_of(look.drill.version))
    names = {item.id: item for item in document.items}
    rows = []
    for one in look.result.steps if look.result else ():
        item = names[one.step]
        took = "—" if one.taken is None else duration(one.taken * 1_000_000)
        late = duration(one.late * 1_000_000) if one.late else ""
        rows.append((item.number, item.name, item.owner, item.limit, took, late,
                     VERDICTS[one.verdict]))  # fmt: skip
    return {"rows": rows, "drill": look.drill}


def people(look: DrillLook, subject: Subject) -> dict[str, Any]:
    found = DrillParticipant.objects.for_user(subject).filter(drill=look.drill)
    rows = [(one.person, role_title(one.role)) for one in found.select_related("person")]
    return {"rows": rows, "heads": [_("Person"), _("Role")]}


def timeline(look: DrillLook, subject: Subject) -> list[Happening]:
    """What was thrown in and what was seen, newest first."""
    found = []
    for inject in Inject.objects.for_user(subject).filter(drill=look.drill):
        text = inject.text or f"{inject.variable} = {inject.value}"
        note = _("%(n)s min after the start, to %(role)s") % {
            "n": inject.after,
            "role": role_title(inject.role) if inject.role else _("all"),
        }
        begins = look.drill.started or look.drill.scheduled
        at = inject.sent or begins + dt.timedelta(minutes=inject.after)
        found.append(Happening(at, text, note=note))
    seen = Observation.objects.for_user(subject).filter(drill=look.drill).select_related("by")
    for one in seen:
        text = one.text if look.works else "•••"
        found.append(Happening(one.at, text, note=one.by.get_username() if one.by else ""))
    return sorted(found, key=lambda one: str(one.at), reverse=True)


def learnt(look: DrillLook, subject: Subject) -> dict[str, Any]:
    found = Lesson.objects.for_user(subject).filter(
        origin_noun="response.drill", origin_id=str(look.drill.pk)
    )
    return {"lessons": found.order_by("created")[:50]}


def heading(look: DrillLook) -> Heading:
    drill = look.drill
    clock = Clock(drill.scheduled) if drill.state == "planned" else drill.started
    return Heading(
        title=plan_title(drill),
        over=_("DRILL"),
        owner=drill.leader.get_username() if drill.leader else "",
        clock=clock,
    )


DRILLS = register(
    Resource(
        noun="response.drill",
        model=Drill,
        title=gettext_lazy("Drill"),
        titles=gettext_lazy("Drills"),
        path="drills",
        route="drills",
        one="drill",
        place=("respond", 74),
        api="drills",
        columns=(
            Column("plan", gettext_lazy("Plan"), "version__plan__name", value=plan_title,
                   wide=True),
            Column("kind", gettext_lazy("Kind"), value=lambda d: d.get_kind_display()),
            Column("state", gettext_lazy("State"), value=state),
            Column("scheduled", gettext_lazy("When"), cell="moment", sort=True),
            Column("score", gettext_lazy("Score"), cell="number"),
            Column("leader", gettext_lazy("Leader"), "leader__username"),
            Column("objectives", gettext_lazy("Objectives"), shown=False),
            Column("started", gettext_lazy("Started"), cell="moment", shown=False),
            Column("ended", gettext_lazy("Ended"), cell="moment", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(Drill.State.choices),
                   group=True, example="state:planned"),
            Filter("kind", gettext_lazy("Kind"), "choice", choices=dict(Drill.Kind.choices),
                   group=True, example="kind:tabletop"),
            Filter("leader", gettext_lazy("Leader"), "person", example="leader:me"),
            Filter("after", gettext_lazy("From then on"), "time", "scheduled", sign=">="),
        ),
        search=("version__plan__name",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("planned"), "state:planned"),
            Chip(gettext_lazy("over"), "state:done"),
        ),
        order="-scheduled",
        related=("version__plan", "leader", "run"),
        state=state,
        name_of=lambda d: f"{plan_title(d)} · {d.pk}",
        look=DrillLook,
        heading=heading,
        tools="response/plan/drill_tools.html",
        facts=("kind", "scheduled", "started", "ended", "objectives"),
        panels=(
            Numbers(tiles, when=lambda look, subject: look.result is not None),
            Panel(gettext_lazy("Held against its clocks"), "response/plan/report.html", report,
                  when=lambda look, subject: look.result is not None),
            Timeline(gettext_lazy("Injects and observations"), timeline),
            Panel(gettext_lazy("Who takes part"), "web/resource/table.html", people, wide=False),
            Panel(gettext_lazy("Lessons"), "response/plan/lessons.html", learnt, wide=False),
        ),
        form=Form(
            make=lambda subject, row: NewDrill,
            add=add,
            title=gettext_lazy("Plan a drill"),
            button=gettext_lazy("Plan it"),
        ),
        actions=(
            Action("start", gettext_lazy("Start the drill"), start, bulk=False,
                   when=lambda d: d.state == "planned"),
            Action("observe", gettext_lazy("Write down what was seen"), observe, verb="see",
                   when=lambda d: d.state in ("running", "done"),
                   offered=lambda d, subject: may(subject, "change", "response.planrun"),
                   form=lambda subject, d: Seen),
            Action("learn", gettext_lazy("Write down a lesson"), learn, verb="see",
                   when=lambda d: d.state in ("running", "done"),
                   offered=lambda d, subject: may(subject, "add", "response.lesson"),
                   form=lambda subject, d: Learnt),
            Action("end", gettext_lazy("End and score"), end, bulk=False,
                   when=lambda d: d.state == "running", danger=True,
                   words=gettext_lazy("What is still open counts as missed.")),
            Action("cancel", gettext_lazy("Cancel the drill"), cancel, bulk=False,
                   when=lambda d: d.state == "planned", danger=True,
                   words=gettext_lazy("Nobody is drilled. A new one can be planned.")),
        ),
        empty=gettext_lazy("No drill is planned. Plan one: each plan is drilled once a year."),
    )
)  # fmt: skip
