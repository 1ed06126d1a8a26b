"""Assessments, and the risks in them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.risk.assessment import answering, signing, taking
from guanlan.risk.assessment.comparing import compare, moved
from guanlan.risk.assessment.questions import CHOICES, QUESTIONNAIRES
from guanlan.risk.assessment.verifying import verify
from guanlan.risk.models import Assessment, AssessmentItem, RiskSettings
from guanlan.risk.models.assessments import ANSWER, ASSESSMENT
from guanlan.risk.pages import assessment_forms as forms
from guanlan.risk.terms import CATEGORIES, STATES
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Tile
from guanlan.web.palette import add_act
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Drawing,
    Filter,
    Form,
    Heading,
    Numbers,
    Panel,
    Resource,
    State,
    Term,
    facts,
    register,
)
from guanlan.web.templatetags.console import moment
from guanlan.web.words import compact_money, major, number

S, I = Assessment.State, AssessmentItem.State  # noqa: E741 - of an item
LOOKS: Final = {"draft": "unknown", "open": "warn", "signing": "warn", "signed": "on",
                "cancelled": "off"}  # fmt: skip
YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
TABLE: Final = "web/resource/table.html"


def amount(value: int | None, currency: str) -> str:
    """Minor units in words; a risk is not known to the cent."""
    if value is None:
        return "—"
    return compact_money(value, currency) if currency else number(value)


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def register_currency() -> str:
    """That of the newest settings of the register; empty before there are any."""
    newest = RiskSettings.objects.order_by("-version").values_list("currency", flat=True).first()
    return newest or ""


def state(row: Assessment) -> State:
    if row.state == S.OPEN and row.due < timezone.now():
        return State("bad", _("overdue"))
    return State(LOOKS[row.state], row.get_state_display())


def item_state(item: AssessmentItem) -> State:
    if item.state == I.ANSWERED:
        return State("on", item.get_state_display())
    if item.due < timezone.now():
        return State("bad", _("overdue"))
    return State("warn", item.get_state_display())


def by_late(term: Term, subject: Subject) -> Q:
    late = Q(state=I.OPEN, due__lt=timezone.now())
    return late if term.value == "yes" else ~late


def items_address(row: Assessment, more: str = "") -> str:
    return f"{reverse('assessed_risks')}?{urlencode({'q': f'assessment:{row.pk} {more}'.strip()})}"


def tiles(row: Assessment, subject: Subject) -> list[Tile]:
    """How many are answered, late, signed; what a year costs as it was signed."""
    now = timezone.now()
    found = row.items.aggregate(
        all=Count("pk"), done=Count("pk", filter=Q(state=I.ANSWERED)),
        late=Count("pk", filter=Q(state=I.OPEN, due__lt=now)),
        proposed=Count("pk", filter=Q(verdict="propose")),
    )  # fmt: skip
    signed = len(signing.signatures_of(row))
    share = percent(found["done"] / found["all"]) if found["all"] else "—"
    return [
        Tile(label=_("Answered"), value=share, link=items_address(row),
             note=_("%(n)s of %(all)s risks") % {"n": found["done"], "all": found["all"]}),
        Tile(label=_("Overdue"), value=number(found["late"]), link=items_address(row, "late:yes"),
             state="bad" if found["late"] and row.state == S.OPEN else ""),
        Tile(label=_("Other parameters proposed"), value=number(found["proposed"]),
             link=items_address(row, "verdict:propose")),
        Tile(label=_("Signatures"), value=f"{signed} / {row.signatures}",
             state="good" if row.state == S.SIGNED else ""),
    ]  # fmt: skip


def plan_facts(row: Assessment, subject: Subject) -> dict[str, Any]:
    titles = [str(CATEGORIES[one]) for one in row.categories]
    pack = {}
    if row.prepared and may(subject, "export", ASSESSMENT):
        pack = {
            "more": _("pack for the committee (XLSX)"),
            "more_url": reverse("assessment_pack", args=[row.pk]),
        }
    return pack | facts(
        (_("Period"), f"{row.begin:%Y-%m-%d} – {row.end:%Y-%m-%d}"),
        (_("Kinds of risk"), ", ".join(titles) or _("all")),
        (_("Products"), ", ".join(row.products.values_list("name", flat=True)) or _("all")),
        (_("Compared with"), row.previous.title if row.previous else ""),
        (_("Corrects"), row.corrects.title if row.corrects else ""),
        (_("Last refused because"), row.reason if row.state != S.CANCELLED else ""),
        (_("Digest of what is signed"), row.digest),
        (_("Frozen"), moment(row.signed, "full") if row.signed else ""),
    )


def by_owner(row: Assessment, subject: Subject) -> dict[str, Any]:
    """How far each owner is."""
    now = timezone.now()
    found = (
        row.items.values("owner__username").order_by("owner__username")
        .annotate(all=Count("pk"), done=Count("pk", filter=Q(state=I.ANSWERED)),
                  late=Count("pk", filter=Q(state=I.OPEN, due__lt=now)))
    )  # fmt: skip
    return {
        "heads": [pgettext("of a thing", "Owner"), _("Risks"), _("Answered"), _("Overdue")],
        "rows": [
            [one["owner__username"] or "—", one["all"],
             f"{one['done']} · {percent(one['done'] / one['all'])}", one["late"]]
            for one in found
        ],
        "empty": _("Risks are listed once it is open."),
        "more": _("risks"), "more_url": items_address(row),
    }  # fmt: skip


def signers(row: Assessment, subject: Subject) -> dict[str, Any]:
    """Who signs, and what they said; refusals of earlier rounds stay."""
    said = {one.person_id: one for one in row.said.filter(round=row.round) if row.round}
    rows = []
    for one in row.signers.select_related("person").order_by("pk"):
        spoken = said.get(one.person_id)
        rows.append([
            one.person.get_username(), one.role,
            spoken.get_said_display() if spoken else _("not yet"),
            moment(spoken.at, "full") if spoken else "—",
        ])  # fmt: skip
    heads = [_("Person"), _("Signs as"), _("Said"), _("When")]
    return {"heads": heads, "rows": rows, "empty": _("Nobody is named yet.")}


def proof(row: Assessment, subject: Subject) -> dict[str, Any]:
    """Everything that is checked of a signed assessment, computed anew for this page."""
    rows = [[one.title, _("holds") if one.holds else _("does not hold"), one.note]
            for one in verify(row)]  # fmt: skip
    return {"heads": [_("Checked"), _("Result"), ""], "rows": rows, "empty": ""}


def comparison(row: Assessment, subject: Subject) -> Chart:
    """Expected loss of a year by risk, before and now."""
    found = compare(row)
    title = _("Expected loss of a year, by risk")
    if found is None:
        return Chart(id="compared", title=title, series=(),
                     empty=_("Drawn once it is put to signature."))  # fmt: skip
    lines = sorted(found.lines, key=lambda one: -(one.now or 0))[:20]
    held = [None if one.before is None else major(one.before, found.currency) for one in lines]
    mine = [None if one.now is None else major(one.now, found.currency) for one in lines]
    before = Series(name=_("at the assessment before"), colour="--muted", data=held)
    now = Series(name=_("now"), colour="--accent", data=mine)
    return Chart(id="compared", title=title, x=[one.code for one in lines], y=found.currency,
                 series=(before, now) if row.previous_id else (now,))  # fmt: skip


def compared(row: Assessment, subject: Subject) -> dict[str, Any]:
    found = compare(row)
    if found is None:
        return {"rows": [], "empty": _("Compared once it is put to signature.")}
    names = {"expected": _("Expected"), "var95": "VaR 95", "var99": "VaR 99"}
    rows = [
        [names[name], amount(before, found.currency), amount(now, found.currency),
         "—" if not before or now is None else f"{(now / before - 1) * 100:+.1f} %"]
        for name, before, now in found.whole
    ]  # fmt: skip
    heads = [_("Whole register"), _("Before"), _("Now"), _("Change")]
    return {"heads": heads, "rows": rows, "empty": ""}


def waits(row: Assessment, subject: Subject) -> bool:
    return subject.id is not None and signing.signer_of(subject, row) is not None


def in_state(*states: str) -> Any:
    return lambda row: row.state in states


ASSESSMENTS: Final = register(
    Resource(
        noun=ASSESSMENT,
        model=Assessment,
        title=gettext_lazy("Assessment"),
        titles=gettext_lazy("Assessments"),
        path="assessments",
        route="assessments",
        one="assessment",
        place=("assess", 40),
        api="assessments",
        columns=(
            Column("title", gettext_lazy("Assessment"), wide=True),
            Column("kind", gettext_lazy("Kind"), value=lambda row: row.get_kind_display()),
            Column("state", gettext_lazy("State"), value=state, cell="state"),
            Column("end", gettext_lazy("Period to"), value=lambda row: f"{row.end:%Y-%m-%d}",
                   sort=True),
            Column("due", gettext_lazy("Answers due"), cell="moment"),
            Column("signed", gettext_lazy("Frozen"), cell="moment"),
            Column("digest", gettext_lazy("Digest of what is signed"), cell="code", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(S.choices), group=True,
                   example="state:open"),
            Filter("kind", gettext_lazy("Kind"), "choice",
                   choices=dict(Assessment.Kind.choices), group=True),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("under way"), "state:draft,open,signing"),
            Chip(gettext_lazy("signed"), "state:signed"),
        ),
        order="-end",
        related=("created_by", "previous", "corrects"),
        state=state,
        name_of=lambda row: row.title,
        heading=lambda row: Heading(
            row.title, over=row.get_kind_display(),
            clock=Clock(row.due, row.opened) if row.state == S.OPEN else row.due,
        ),
        facts=(),
        form=Form(
            make=lambda subject, row: forms.PlanForm, add=forms.add, change=forms.change,
            initial=forms.initial,
        ),
        panels=(
            Numbers(tiles),
            Drawing(comparison),
            Panel(gettext_lazy("Against the assessment before"), TABLE, compared),
            Panel(gettext_lazy("By owner"), TABLE, by_owner),
            Panel(gettext_lazy("Is it still what was signed?"), TABLE, proof, id="proof",
                  when=lambda row, subject: row.state == S.SIGNED),
            Panel(gettext_lazy("What it is about"), "web/resource/facts.html", plan_facts,
                  wide=False),
            Panel(gettext_lazy("Signatures"), TABLE, signers, wide=False),
        ),
        actions=(
            Action("open", gettext_lazy("Open"), forms.open_it, bulk=False,
                   when=in_state(S.DRAFT)),
            Action("name", gettext_lazy("Name a signer"), forms.name_signer,
                   when=in_state(S.DRAFT, S.OPEN), form=lambda subject, row: forms.SignerForm),
            Action("to_sign", gettext_lazy("Put to signature"), forms.to_sign, bulk=False,
                   when=in_state(S.OPEN)),
            Action("sign", gettext_lazy("Sign"), forms.sign, verb="approve", bulk=False,
                   again=True, when=in_state(S.OPEN, S.SIGNING), offered=waits),
            Action("refuse", gettext_lazy("Refuse to sign"), forms.refuse, verb="approve",
                   again=True, danger=True, when=in_state(S.SIGNING), offered=waits,
                   form=lambda subject, row: forms.ReasonForm),
            Action("unname", gettext_lazy("Remove a signer"), forms.remove_signer, aside=True,
                   when=in_state(S.DRAFT, S.OPEN), form=lambda subject, row: forms.PersonForm),
            Action("cancel", gettext_lazy("Cancel it"), forms.cancel, danger=True, aside=True,
                   when=in_state(S.DRAFT, S.OPEN), form=lambda subject, row: forms.ReasonForm),
        ),
        placeholder="state:open kind:quarterly",
        empty=gettext_lazy("No assessment yet. Plan one: its risks go to their owners."),
    )
)  # fmt: skip


def answers(item: AssessmentItem, subject: Subject) -> dict[str, Any]:
    given = {one.question: one for one in item.answers.all()}
    rows = []
    for one in QUESTIONNAIRES[item.assessment.questions]:
        kept = given.get(one.key)
        value = str(CHOICES.get(kept.value, kept.value)) if kept else "—"
        note = " · ".join(part for part in (kept.comment, kept.evidence) if part) if kept else ""
        rows.append([one.text, value, note])
    return {"heads": [_("Question"), _("Answer"), _("Comment and evidence")], "rows": rows}


def what_moved(item: AssessmentItem, subject: Subject) -> dict[str, Any]:
    currency = register_currency()
    found = moved(item)
    then = found.before.expected if found.before else None
    now = found.now.expected if found.now else None
    rows: list[list[Any]] = [
        [_("Expected loss of a year"), amount(then, currency), amount(now, currency)],
        [_("Losses in the period"), "", f"{found.losses} · {amount(found.gross, currency)}"],
        [_("Near misses in the period"), "", found.near_misses],
        [_("Tests of its measures"), "",
         _("%(passed)s passed, %(failed)s failed")
         % {"passed": found.passed, "failed": found.failed}],
    ]  # fmt: skip
    rows += [[name, STATES.get(was, "—"), STATES.get(state, state)]
             for name, state, was in found.indicators]  # fmt: skip
    return {"heads": ["", _("When the period began"), _("Now")], "rows": rows}


def judged(item: AssessmentItem, subject: Subject) -> dict[str, Any]:
    said = item.proposed or {}
    often = said.get("frequency", {}).get("interval", [])
    cost = said.get("severity", {}).get("lognormal", {}).get("interval", [])
    return facts(
        (_("Assessment"), item.assessment.title),
        (_("Verdict on parameters"), item.get_verdict_display()),
        (_("Proposed: so many a year"), " – ".join(number(one) for one in often)),
        (_("Proposed: one costs"), " – ".join(amount(one, "") for one in cost)),
        (_("Reason"), said.get("reason", "")),
        (_("Handed in by"), item.answered_by.get_username() if item.answered_by else ""),
        (_("Handed in"), moment(item.answered, "full") if item.answered else ""),
    )


def open_now(item: AssessmentItem) -> bool:
    return item.state == I.OPEN and item.assessment.state == S.OPEN


def mine(item: AssessmentItem, subject: Subject) -> bool:
    return answering.may_answer(subject, item)


ITEMS: Final = register(
    Resource(
        noun=ANSWER,
        model=AssessmentItem,
        title=gettext_lazy("Assessed risk"),
        titles=gettext_lazy("Assessed risks"),
        path="assessed-risks",
        route="assessed_risks",
        one="assessed_risk",
        under="assessments",
        api="assessed-risks",
        columns=(
            Column("risk", gettext_lazy("Risk"), "risk__title", value=lambda one: str(one.risk),
                   wide=True),
            Column("assessment", gettext_lazy("Assessment"), "assessment__title"),
            Column("state", gettext_lazy("State"), value=item_state, cell="state"),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("due", gettext_lazy("Answers due"), cell="moment", sort=True),
            Column("verdict", gettext_lazy("Verdict on parameters"),
                   value=lambda one: one.get_verdict_display()),
            Column("answered", gettext_lazy("Handed in"), cell="moment"),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(I.choices), group=True,
                   example="state:open"),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("late", gettext_lazy("Overdue"), "choice", choices=YES_NO, read=by_late,
                   level=2),
            Filter("verdict", gettext_lazy("Verdict on parameters"), "choice",
                   choices={"accept": AssessmentItem.Verdict.ACCEPT.label,
                            "propose": AssessmentItem.Verdict.PROPOSE.label}),
            Filter("assessment", gettext_lazy("Assessment"), "exact", "assessment_id"),
        ),
        search=("risk__code", "risk__title"),
        chips=(
            Chip(gettext_lazy("mine to answer"), "owner:me state:open"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("all"), ""),
        ),
        order="due",
        related=("assessment", "risk__product", "owner", "answered_by"),
        state=item_state,
        name_of=lambda one: str(one.risk),
        heading=lambda one: Heading(
            str(one.risk), owner=one.owner.get_username() if one.owner else "",
            clock=Clock(one.due, one.assessment.opened) if one.state == I.OPEN else one.due,
        ),
        facts=(),
        panels=(
            Panel(gettext_lazy("What moved"), TABLE, what_moved),
            Panel(gettext_lazy("Answers"), TABLE, answers),
            Panel(gettext_lazy("Parameters"), "web/resource/facts.html", judged, wide=False),
        ),
        actions=(
            Action("answer", gettext_lazy("Answer"), forms.answer, when=open_now, offered=mine,
                   form=forms.answer_form),
            Action("accept", gettext_lazy("Parameters stay"), forms.accept, when=open_now,
                   offered=mine),
            Action("propose", gettext_lazy("Propose parameters"), forms.propose, when=open_now,
                   offered=mine, form=lambda subject, one: forms.ProposalForm),
            Action("hand_in", gettext_lazy("Hand in"), forms.hand_in, when=open_now,
                   offered=mine),
            Action("reopen", gettext_lazy("Give back"), forms.reopen, aside=True,
                   when=lambda one: one.state == I.ANSWERED and one.assessment.state == S.OPEN,
                   form=lambda subject, one: forms.ReasonForm),
            Action("take", gettext_lazy("Take over into the register"), forms.take, bulk=False,
                   when=lambda one: one.verdict == "propose" and one.assessment.state == S.SIGNED,
                   offered=lambda one, subject: taking.can_take(subject, one)),
        ),
        within="assessment",
        placeholder="owner:me state:open",
        empty=gettext_lazy("Nothing to assess. Risks come here when an assessment is opened."),
    )
)  # fmt: skip

add_act("assessments_new", gettext_lazy("Plan an assessment"), noun=ASSESSMENT)
