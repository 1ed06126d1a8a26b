"""Emergency plans and their versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, Verb
from guanlan.response.models import Drill, Plan, PlanRun, PlanVersion
from guanlan.response.plans import writing
from guanlan.response.plans.cacao import Playbook, Problem, text_of
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.differing import changes
from guanlan.response.plans.picture import Picture
from guanlan.response.plans.reading import known, playbook_of
from guanlan.response.plans.showing import Document, reader, titled, version_state
from guanlan.response.plans.skeleton import skeleton
from guanlan.response.terms import CATEGORIES
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Panel,
    Resource,
    Saved,
    State,
    Term,
    register,
)

PLAN_STATES: Final = {
    "in_force": pgettext_lazy("state of a plan", "in force"),
    "draft": pgettext_lazy("state of a plan", "no approved version"),
    "retired": pgettext_lazy("state of a plan", "out of use"),
}
YEAR: Final = 365  # days within which a plan is drilled


def state(plan: Plan) -> State:
    """Whether a plan can be run."""
    if plan.retired is not None:
        return State("off", PLAN_STATES["retired"])
    if plan.current_id is None:
        return State("warn", PLAN_STATES["draft"])
    return State("on", PLAN_STATES["in_force"])


def by_state(term: Term, subject: Subject) -> Q:
    return {
        "in_force": Q(retired=None, current__isnull=False),
        "draft": Q(retired=None, current=None),
        "retired": Q(retired__isnull=False),
    }[term.value]


def by_drilled(term: Term, subject: Subject) -> Q | str:
    """Plans that were, or were not, drilled within a year."""
    if term.value not in ("yes", "no"):
        return _("drilled: expects yes or no.")
    since = timezone.now() - dt.timedelta(days=YEAR)
    done = Drill.objects.for_user(subject).filter(
        version__plan=OuterRef("pk"), state=Drill.State.DONE, ended__gte=since
    )
    return Q(Exists(done)) if term.value == "yes" else ~Q(Exists(done))


def plans(subject: Subject, verb: Verb) -> QuerySet[Plan]:
    """Plans with the time of their last drill."""
    ended = Drill.objects.for_user(subject).filter(
        version__plan=OuterRef("pk"), state=Drill.State.DONE
    )
    last = ended.values("version__plan").annotate(last=Max("ended")).values("last")
    return Plan.objects.for_user(subject, verb).annotate(drilled=Subquery(last))


class NewPlan(forms.Form):
    """What a plan is for; its steps are written next."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    category = forms.ChoiceField(label=gettext_lazy("Kind of risk"), choices=[*CATEGORIES.items()])
    description = forms.CharField(
        label=gettext_lazy("When it is used"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    """A plan of one step, to be written."""
    lang = reader()
    made = skeleton(text_of(lang, values["name"]), text_of(lang, values["description"]), lang)
    version = writing.new_plan(subject, made, values["category"], timezone.now())
    return Saved(version.plan, _("The plan is made, with a draft: write its steps there."))


def draft(plan: Plan, subject: Subject) -> str:
    writing.new_draft(subject, plan, timezone.now())
    return _("There is a draft that begins with what is in force.")


def copy(plan: Plan, subject: Subject) -> str:
    made = writing.copy_plan(subject, plan, timezone.now())
    return _("The copy is plan %(plan)s, a draft of yours.") % {"plan": made.plan_id}


def retire(plan: Plan, subject: Subject) -> str:
    writing.retire(subject, plan, timezone.now())
    return _("The plan is out of use.")


def bring_back(plan: Plan, subject: Subject) -> str:
    writing.bring_back(subject, plan)
    return _("The plan is in use again.")


def shown_version(plan: Plan) -> PlanVersion | None:
    """What the page of a plan shows: what is in force, else the newest."""
    return plan.current or plan.versions.order_by("-number").first()


def document(plan: Plan, subject: Subject) -> dict[str, Any]:
    version = shown_version(plan)
    if version is None:
        return {}
    return {
        **_drawn(playbook_of(version)),
        "more": _("version %(n)s") % {"n": version.number},
        "more_url": reverse("plan_version", args=[version.pk]),
    }


def _drawn(plan: Playbook, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """A plan as it is read, and as it is drawn."""
    shown = Document(plan)
    picture = Picture(plan, shown.items, wrong=[one.step for one in problems])
    return {"document": shown, "picture": picture}


def versions(plan: Plan, subject: Subject) -> dict[str, Any]:
    found = PlanVersion.objects.for_user(subject).filter(plan=plan).defer("body")
    return {"versions": found.select_related("author", "decided_by").order_by("-number")[:20]}


def runs(plan: Plan, subject: Subject) -> dict[str, Any]:
    found = PlanRun.objects.for_user(subject).filter(version__plan=plan).order_by("-started")
    return {
        "runs": found.defer("variables")[:10],
        "more": _("all runs"),
        "more_url": f"{reverse('plan_runs')}?q=plan:{plan.pk}",
    }


def _written(wanted: str) -> Any:
    return lambda plan: (plan.retired is None) == (wanted == "use")


PLANS = register(
    Resource(
        noun="response.plan",
        model=Plan,
        title=gettext_lazy("Emergency plan"),
        titles=gettext_lazy("Emergency plans"),
        path="plans",
        route="plans",
        one="plan",
        place=("respond", 70),
        api="plans",
        rows=plans,
        columns=(
            Column("name", gettext_lazy("Name"), value=lambda p: titled(p.titles) or p.name,
                   sort=True, wide=True),
            Column("category", gettext_lazy("Kind of risk"),
                   value=lambda p: CATEGORIES.get(p.category, p.category)),
            Column("state", gettext_lazy("State"), "retired", value=state),
            Column("version", gettext_lazy("Version"), "current__number", cell="number"),
            Column("drilled", gettext_lazy("Last drilled"), cell="moment", level=2,
                   value=lambda p: p.drilled),
            Column("shipped", gettext_lazy("Comes with the platform"), cell="flag",
                   value=lambda p: bool(p.shipped), shown=False),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=PLAN_STATES, read=by_state,
                   level=2, example="state:in_force"),
            Filter("category", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True, example="category:fraud"),
            Filter("drilled", gettext_lazy("Drilled within a year"), "own", read=by_drilled,
                   level=2, example="drilled:no"),
            Filter("name", gettext_lazy("Name"), "text"),
        ),
        search=("name", "titles"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in force"), "state:in_force"),
            Chip(gettext_lazy("not drilled within a year"), "state:in_force drilled:no"),
        ),
        order="name",
        related=("current", "created_by"),
        state=state,
        name_of=lambda plan: titled(plan.titles) or plan.name,
        tools="response/plan/tools.html",
        facts=("category", "version", "drilled"),
        panels=(
            Panel(gettext_lazy("The plan"), "response/plan/document.html", document),
            Panel(gettext_lazy("Versions"), "response/plan/versions.html", versions, wide=False),
            Panel(gettext_lazy("Runs"), "response/plan/runs.html", runs, wide=False),
        ),
        form=Form(
            make=lambda subject, row: NewPlan,
            add=add,
            title=gettext_lazy("New plan"),
            button=gettext_lazy("Make the plan"),
        ),
        actions=(
            Action(
                "draft", gettext_lazy("Change"), draft, bulk=False,
                when=lambda p: p.retired is None and p.current_id is not None,
            ),
            Action("copy", gettext_lazy("Copy"), copy, verb="add", bulk=False),
            Action(
                "retire", gettext_lazy("Take out of use"), retire, verb="approve", danger=True,
                when=_written("use"), bulk=False,
                words=gettext_lazy("It can no longer be started. Runs under way go on."),
            ),
            Action(
                "bring_back", gettext_lazy("Put in use again"), bring_back, verb="approve",
                when=_written("retired"), bulk=False,
            ),
        ),
        empty=gettext_lazy(
            "No plan yet. Those that come with the platform appear with its first start; make "
            "your own here, or import one as CACAO JSON."
        ),
    )
)  # fmt: skip


class Refusal(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("What has to change; no personal data."),
    )


def submit(version: PlanVersion, subject: Subject) -> str:
    writing.submit(subject, version, timezone.now())
    return _("The version is in review.")


def approve(version: PlanVersion, subject: Subject) -> str:
    writing.approve(subject, version, timezone.now())
    return _("Version %(n)s is in force.") % {"n": version.number}


def refuse(version: PlanVersion, subject: Subject, values: dict[str, Any]) -> str:
    writing.refuse(subject, version, values["reason"], timezone.now())
    return _("The version is a draft again.")


def version_document(version: PlanVersion, subject: Subject) -> dict[str, Any]:
    plan: Playbook = playbook_of(version)
    wrong = check(plan, known()) if version.state in ("draft", "in_review") else []
    return {**_drawn(plan, wrong), "problems": wrong}


def before(version: PlanVersion, subject: Subject) -> PlanVersion | None:
    """The version that was in force, or written, before this one."""
    mine = PlanVersion.objects.for_user(subject)
    earlier = mine.filter(plan_id=version.plan_id, number__lt=version.number)
    return earlier.order_by("-number").first()


def differences(version: PlanVersion, subject: Subject) -> dict[str, Any]:
    earlier = before(version, subject)
    if earlier is None:
        return {}
    return {
        "changes": changes(playbook_of(earlier), playbook_of(version), reader()),
        "more": _("against version %(n)s") % {"n": earlier.number},
        "more_url": reverse("plan_version", args=[earlier.pk]),
    }


VERSIONS = register(
    Resource(
        noun="response.planversion",
        model=PlanVersion,
        title=gettext_lazy("Version of a plan"),
        titles=gettext_lazy("Versions of plans"),
        path="plan-versions",
        route="plan_versions",
        under="plans",
        one="plan_version",
        api="plan-versions",
        columns=(
            Column("plan", gettext_lazy("Plan"), "plan__name",
                   value=lambda v: titled(v.plan.titles) or v.plan.name, wide=True),
            Column("number", gettext_lazy("Version"), cell="number"),
            Column("state", gettext_lazy("State"), value=version_state),
            Column("author", gettext_lazy("Author"), "author__username"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True),
            Column("decided_by", gettext_lazy("Decided by"), "decided_by__username"),
            Column("decided", pgettext_lazy("when", "Decided"), cell="moment"),
            Column("reason", gettext_lazy("Reason of a refusal"), shown=False),
            Column("digest", gettext_lazy("Digest"), cell="code", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice",
                   choices=dict(PlanVersion.State.choices), group=True, example="state:in_review"),
            Filter("plan", gettext_lazy("Plan"), "number", "plan_id", example="plan:7"),
            Filter("author", gettext_lazy("Author"), "person", "author", example="author:me"),
        ),
        search=("plan__name",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in review"), "state:in_review"),
            Chip(gettext_lazy("my drafts"), "state:draft author:me"),
        ),
        order="-created",
        related=("plan", "author", "decided_by"),
        state=version_state,
        name_of=lambda v: _("%(plan)s, version %(n)s")
        % {"plan": titled(v.plan.titles) or v.plan.name, "n": v.number},
        heading=lambda v: Heading(owner=v.author.get_username() if v.author else ""),
        tools="response/plan/version_tools.html",
        facts=("plan", "author", "created", "decided_by", "decided", "reason", "digest"),
        panels=(
            Panel(gettext_lazy("The plan"), "response/plan/document.html", version_document),
            Panel(gettext_lazy("Changes"), "response/plan/changes.html", differences, wide=False,
                  when=lambda v, subject: v.number > 1),
        ),
        actions=(
            Action("submit", gettext_lazy("Submit for review"), submit, bulk=False,
                   when=lambda v: v.state == "draft"),
            Action("approve", gettext_lazy("Approve"), approve, verb="approve", bulk=False,
                   when=lambda v: v.state == "in_review", again=True,
                   offered=lambda v, subject: writing.may_decide(subject, v)),
            Action("refuse", pgettext_lazy("a proposal", "Refuse"), refuse, verb="approve",
                   when=lambda v: v.state == "in_review",
                   form=lambda subject, v: Refusal,
                   offered=lambda v, subject: writing.may_decide(subject, v)),
        ),
        empty=gettext_lazy("Each plan has versions; they appear here once there is a plan."),
    )
)  # fmt: skip
