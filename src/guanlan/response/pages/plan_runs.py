"""Runs of plans and their steps."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.models import PlanRun, StepRun
from guanlan.response.origins import thing
from guanlan.response.plans import running
from guanlan.response.plans.cacao import If, Manual, Variable
from guanlan.response.plans.conditions import judge
from guanlan.response.plans.picture import Picture
from guanlan.response.plans.reading import playbook_of
from guanlan.response.plans.running import may_work_on
from guanlan.response.plans.showing import (
    RunLook,
    mine,
    reader,
    role_title,
    run_state,
    step_state,
    titled,
)
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Heading,
    Numbers,
    Panel,
    Resource,
    Term,
    register,
)

YES_NO: Final = [("", "—"), ("true", gettext_lazy("yes")), ("false", gettext_lazy("no"))]


def plan_title(run: PlanRun) -> str:
    plan = run.version.plan
    return titled(plan.titles) or plan.name


def step_title(row: StepRun) -> str:
    """What a step is called; those at which a plan starts and ends have no title of their own."""
    if title := titled(row.titles):
        return title
    ends = {"start": pgettext("of a plan", "Start"), "end": _("the end")}
    return ends.get(row.kind) or row.get_state_display()


def by_plan(term: Term, subject: Subject) -> Q | str:
    """Runs of the plan of this number."""
    if not term.value.isdecimal() or len(term.value) > 15:
        return _("plan: expects the number of a plan.")
    return Q(version__plan_id=int(term.value))


def by_mine(term: Term, subject: Subject) -> Q | str:
    """The steps that a person may do now."""
    if term.value not in ("yes", "no"):
        return _("mine: expects yes or no.")
    own = StepRun.objects.for_user(subject).filter(mine(subject)).values("pk")
    return Q(pk__in=own) if term.value == "yes" else ~Q(pk__in=own)


def look(run: PlanRun, subject: Subject) -> RunLook:
    return RunLook(run, subject, timezone.now())


def tiles(look: RunLook, subject: Subject) -> list[Tile]:
    """How far it is: steps that are over, open, late."""
    rows = [item.row for item in look.items if item.row is not None]
    late = sum(row.state == "overdue" for row in rows)
    stuck = sum(row.state in ("failed", "unsure") for row in rows)
    where = reverse("plan_steps")
    return [
        Tile(label=_("Steps over"), value=f"{look.over} / {len(look.items)}",
             link=f"{where}?q=run:{look.run.pk}"),
        Tile(label=_("Under way"), value=str(look.open), link=f"{where}?q=run:{look.run.pk}"),
        Tile(label=_("Overdue"), value=str(late), state="bad" if late else "",
             link=f"{where}?q=run:{look.run.pk} state:overdue"),
        Tile(label=_("Need a decision"), value=str(stuck), state="bad" if stuck else "",
             link=f"{where}?q=run:{look.run.pk} state:failed,unsure"),
    ]  # fmt: skip


def heading(look: RunLook) -> Heading:
    starter = look.run.started_by
    return Heading(
        title=look.document.name,
        over=_("DRILL") if look.run.mode == "drill" else _("run %(n)s") % {"n": look.run.pk},
        owner=starter.get_username() if starter else "",
        clock=look.run.started,
    )


class Abort(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


def abort(run: PlanRun, subject: Subject, values: dict[str, Any]) -> str:
    running.abort_run(subject, run, values["reason"], timezone.now())
    return _("The run is aborted; its open steps are cancelled.")


RUNS = register(
    Resource(
        noun="response.planrun",
        model=PlanRun,
        title=gettext_lazy("Run of a plan"),
        titles=gettext_lazy("Runs of plans"),
        path="plan-runs",
        route="plan_runs",
        under="plans",
        one="plan_run",
        api="plan-runs",
        columns=(
            Column("plan", gettext_lazy("Plan"), "version__plan__name", value=plan_title,
                   wide=True),
            Column("mode", gettext_lazy("Mode"), value=lambda run: run.get_mode_display()),
            Column("state", gettext_lazy("State"), value=run_state),
            Column("started", gettext_lazy("Started"), cell="moment", sort=True),
            Column("started_by", gettext_lazy("Started by"), "started_by__username"),
            Column("ended", gettext_lazy("Ended"), cell="moment"),
            Column("origin", gettext_lazy("Started for"), "origin_noun",
                   value=lambda run: thing(run.origin_noun, run.origin_id), cell="template",
                   template="response/origin.html", shown=False),
            Column("reason", gettext_lazy("Why it was aborted"), shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(PlanRun.State.choices),
                   group=True, example="state:waiting"),
            Filter("mode", gettext_lazy("Mode"), "choice", choices=dict(PlanRun.Mode.choices),
                   group=True, example="mode:live"),
            Filter("plan", gettext_lazy("Plan"), "own", read=by_plan, level=2, example="plan:7"),
            Filter("by", gettext_lazy("Started by"), "person", "started_by", example="by:me"),
            Filter("after", gettext_lazy("Started from then on"), "time", "started", sign=">="),
        ),
        search=("version__plan__name",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("under way"), "state:running,waiting,failed"),
            Chip(pgettext_lazy("mode of a run", "live"), "mode:live"),
            Chip(gettext_lazy("drills"), "mode:drill"),
        ),
        order="-started",
        related=("version__plan", "started_by"),
        state=run_state,
        name_of=lambda run: f"{plan_title(run)} · {run.pk}",
        look=look,
        heading=heading,
        lead="response/plan/run_lead.html",
        facts=("plan", "mode", "origin", "ended", "reason"),
        panels=(
            Numbers(tiles),
            Panel(gettext_lazy("Steps"), "response/plan/run.html",
                  lambda look, subject: {"address": reverse("plan_run_moving", args=[look.run.pk]),
                                         "going": look.run.state in PlanRun.OPEN,
                                         "picture": Picture(look.plan, look.items)}),
            Panel(gettext_lazy("What is recorded"), "web/resource/facts.html",
                  lambda look, subject: {"pairs": look.values}, wide=False,
                  when=lambda look, subject: bool(look.values)),
        ),
        actions=(
            Action("abort", gettext_lazy("Abort"), abort, verb="manage", danger=True,
                   when=lambda run: run.state in PlanRun.OPEN, form=lambda subject, run: Abort),
        ),
        empty=gettext_lazy("Nothing has been run. Start a plan from its page, or drill it."),
    )
)  # fmt: skip


def _note(label: Any, required: bool) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=running.NOTE_TO,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept sealed; read by those who work on the run."),
    )


def variable_field(variable: Variable, required: bool) -> forms.Field:
    """The field that asks for a variable of a plan."""
    label = variable.text.get(reader())
    if variable.type == "bool":
        return forms.ChoiceField(label=label, choices=YES_NO, required=required)
    if variable.type == "integer":
        return forms.IntegerField(label=label, required=required)
    return forms.CharField(label=label, max_length=running.STRING_TO, required=required)


def _form(row: StepRun | None, names: tuple[str, ...], required: bool, note: Any) -> Any:
    """A form that asks for variables of the run's plan, and for a note."""
    fields: dict[str, forms.Field] = {}
    if row is not None and names:
        known = {one.name: one for one in playbook_of(row.run.version).variables}
        fields = {
            f"v_{name}": variable_field(known[name], required) for name in names if name in known
        }
    if note is not None:
        fields["note"] = note
    return type("StepForm", (forms.Form,), fields)


def _asks(row: StepRun | None) -> tuple[str, ...]:
    if row is None:
        return ()
    step = playbook_of(row.run.version).by_id().get(row.step)
    if isinstance(step, Manual):
        return step.asks
    if isinstance(step, If):
        variables = playbook_of(row.run.version).variables
        return judge(step.condition, variables, row.run.variables).missing
    return ()


def _values(values: dict[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix("v_"): "" if value is None else str(value)
        for name, value in values.items()
        if name.startswith("v_")
    }


def _named(error: ValidationError) -> ValidationError:
    """Objections to a variable, beside its field of the form."""
    if not hasattr(error, "error_dict"):
        return error
    found = {n if n == "note" else f"v_{n}": e for n, e in error.message_dict.items()}
    return ValidationError(found)


def _finish(outcome: running.Outcome) -> Any:
    def do(row: StepRun, subject: Subject, values: dict[str, Any]) -> str:
        try:
            running.finish_step(
                subject, row, outcome, now=timezone.now(), note=values.get("note", ""),
                values=_values(values),
            )  # fmt: skip
        except ValidationError as error:
            raise _named(error) from None
        return _("Kept: %(step)s.") % {"step": titled(row.titles)}

    return do


def take(row: StepRun, subject: Subject) -> str:
    running.take_step(subject, row, timezone.now())
    return _("You do it.")


def again(row: StepRun, subject: Subject) -> str:
    running.try_again(subject, row, timezone.now())
    return _("It is tried again.")


def go_on(row: StepRun, subject: Subject, values: dict[str, Any]) -> str:
    running.skip_failed(subject, row, values["note"], timezone.now())
    return _("The plan goes on.")


def record(row: StepRun, subject: Subject, values: dict[str, Any]) -> str:
    try:
        running.record_values(subject, row, _values(values), timezone.now())
    except ValidationError as error:
        raise _named(error) from None
    return _("It is recorded.")


def open_for_people(row: StepRun) -> bool:
    return row.state in StepRun.HUMAN and row.kind != "condition"


STEPS = register(
    Resource(
        noun="response.steprun",
        model=StepRun,
        title=gettext_lazy("Step of a run"),
        titles=gettext_lazy("Steps to do"),
        path="plan-steps",
        route="plan_steps",
        place=("respond", 72),
        address=lambda row: f"{reverse('plan_run', args=[row.run_id])}#{row.step}",
        discussed=False,
        columns=(
            Column("title", gettext_lazy("Step"), value=step_title, wide=True),
            Column("plan", gettext_lazy("Plan"), "run__version__plan__name",
                   value=lambda row: plan_title(row.run)),
            Column("mode", gettext_lazy("Mode"), "run__mode",
                   value=lambda row: row.run.get_mode_display()),
            Column("state", gettext_lazy("State"), value=step_state),
            Column("role", pgettext_lazy("of a step", "Owner"),
                   value=lambda row: role_title(row.role)),
            Column("assigned", gettext_lazy("Person"), "assigned__username"),
            Column("due", gettext_lazy("Due"), cell="until"),
            Column("since", gettext_lazy("Since"), cell="moment", sort=True),
            Column("ended", gettext_lazy("Ended"), cell="moment", shown=False),
            Column("by", pgettext_lazy("who did it", "By"), "by__username", shown=False),
        ),
        filters=(
            Filter("mine", gettext_lazy("For me to do"), "own", read=by_mine, level=2,
                   example="mine:yes"),
            Filter("state", gettext_lazy("State"), "choice", choices=dict(StepRun.State.choices),
                   group=True, example="state:overdue"),
            Filter("run", gettext_lazy("Run"), "number", "run_id", example="run:12"),
            Filter("role", pgettext_lazy("of a step", "Owner"), "exact", example="role:operations"),
            Filter("person", gettext_lazy("Person"), "person", "assigned"),
            Filter("kind", gettext_lazy("Kind"), "exact", example="kind:manual"),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("for me"), "mine:yes"),
            Chip(gettext_lazy("overdue"), "state:overdue"),
            Chip(gettext_lazy("need a decision"), "state:failed,unsure"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="-since",
        related=("run__version__plan", "assigned", "by"),
        state=step_state,
        name_of=step_title,
        actions=(
            Action("take", gettext_lazy("I do it"), take, when=open_for_people,
                   offered=lambda row, subject: may_work_on(subject, row)),
            Action("finish", gettext_lazy("Done"), _finish("done"), when=open_for_people,
                   offered=lambda row, subject: may_work_on(subject, row),
                   form=lambda subject, row: _form(
                       row, _asks(row), True, _note(gettext_lazy("Note"), False))),
            Action("fail", gettext_lazy("Failed"), _finish("failed"), when=open_for_people,
                   offered=lambda row, subject: may_work_on(subject, row),
                   form=lambda subject, row: _form(
                       row, _asks(row), False, _note(gettext_lazy("Why it failed"), True))),
            Action("skip", gettext_lazy("Skip"), _finish("skipped"), when=open_for_people,
                   offered=lambda row, subject: may_work_on(subject, row),
                   form=lambda subject, row: _form(
                       row, (), False, _note(gettext_lazy("Why it is skipped"), True))),
            Action("again", gettext_lazy("Try again"), again, bulk=False,
                   when=lambda row: row.state in ("failed", "unsure"),
                   offered=lambda row, subject: may_work_on(subject, row)),
            Action("go_on", gettext_lazy("Go on without it"), go_on,
                   when=lambda row: row.state == "failed",
                   offered=lambda row, subject: may_work_on(subject, row),
                   form=lambda subject, row: _form(
                       row, (), False, _note(gettext_lazy("Why the plan goes on"), True))),
            Action("record", pgettext_lazy("values", "Record"), record,
                   when=lambda row: row.kind == "condition" and row.state == "waiting",
                   offered=lambda row, subject: may_work_on(subject, row),
                   form=lambda subject, row: _form(row, _asks(row), True, None)),
        ),
        empty=gettext_lazy("Nothing is to be done. Steps of plans that run appear here."),
    )
)  # fmt: skip
