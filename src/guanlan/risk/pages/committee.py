"""The committee: members, meetings with agenda and minutes, resolutions, actions."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.risk.committee import agenda, resolving
from guanlan.risk.committee.meeting import still_frozen
from guanlan.risk.models import CommitteeAction, CommitteeMember, Meeting
from guanlan.risk.models.committee import ACTION, COMMITTEE, MEMBER
from guanlan.risk.pages import committee_forms as forms
from guanlan.web.palette import add_act
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Form,
    Heading,
    Panel,
    Resource,
    State,
    facts,
    register,
)
from guanlan.web.templatetags.console import moment

S, A = Meeting.State, CommitteeAction.State
LOOKS: Final = {"planned": "unknown", "held": "warn", "review": "warn", "approved": "on",
                "cancelled": "off"}  # fmt: skip
ACTION_LOOKS: Final = {"open": "warn", "done": "unknown", "verified": "on", "dropped": "off"}
TABLE: Final = "web/resource/table.html"


def action_state(one: CommitteeAction) -> State:
    if one.state == A.OPEN and one.due < timezone.now():
        return State("bad", _("overdue"))
    return State(ACTION_LOOKS[one.state], one.get_state_display())


def points(row: Meeting, subject: Subject) -> dict[str, Any]:
    """The agenda; what was left out stays with its reason."""
    rows = []
    for n, one in enumerate(row.agenda.all(), 1):
        text: Any = agenda.sentence(one)
        if one.route and one.key:
            text = format_html('<a href="{}">{}</a>', reverse(one.route, args=[one.key]), text)
        rows.append([n, text, one.get_state_display(), one.reason])
    return {
        "heads": [_("No."), _("Point"), _("State"), _("Reason")], "rows": rows,
        "empty": _("Have the agenda proposed: it holds what is red, overdue or changed."),
    }  # fmt: skip


def resolutions(row: Meeting, subject: Subject) -> dict[str, Any]:
    rows = []
    for one in row.resolutions.select_related("measure").order_by("number"):
        votes = f"{one.votes_for} : {one.against} : {one.abstained}"
        review = f"{one.measure.code}: {one.get_verdict_display()}" if one.measure else ""
        rows.append([one.number, one.text, votes, _("carried") if one.carried else _("not carried"),
                     " · ".join(part for part in (review, one.recused) if part)])  # fmt: skip
    heads = [_("No."), _("Resolution"), _("For : against : abstained"), _("Result"),
             _("Review, recusals")]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("Nothing was resolved yet.")}


def attendance(row: Meeting, subject: Subject) -> dict[str, Any]:
    found = row.attendance.select_related("member").order_by("member_id")
    rows = [[one.member.name, one.member.get_role_display(),
             _("present") if one.present else _("absent")] for one in found]  # fmt: skip
    return {"heads": [_("Member"), _("Role"), ""], "rows": rows,
            "empty": _("Written down when the meeting is held.")}  # fmt: skip


def minutes(row: Meeting, subject: Subject) -> dict[str, Any]:
    approved = row.approved_by.filter(version=row.version).select_related("member")
    names = ", ".join(one.member.name for one in approved.order_by("pk"))
    frozen = ""
    if row.state == S.APPROVED:
        frozen = (
            _("as it was approved") if still_frozen(row) else _("differs from what was approved")
        )
    return facts(
        (_("Minutes"), row.minutes),
        (_("Version"), row.version or ""),
        (_("Approved by"), names),
        (_("Digest"), row.digest),
        (_("Record"), frozen),
    )


def where(row: Meeting, subject: Subject) -> dict[str, Any]:
    return facts(
        (_("When"), moment(row.at, "full")),
        (_("Place"), row.place),
        (_("Link"), row.link),
        (_("Quorum"), row.quorum),
        (_("Approvals besides the chair"), row.approvals),
    )


def actions_of(row: Meeting, subject: Subject) -> dict[str, Any]:
    found = CommitteeAction.objects.for_user(subject).filter(resolution__meeting=row)
    rows = [
        [format_html('<a href="{}">{}</a>', reverse("committee_action", args=[one.pk]), one.title),
         one.owner.get_username() if one.owner else "—", moment(one.due), action_state(one).title]
        for one in found.select_related("owner").order_by("due")[:50]
    ]  # fmt: skip
    heads = [_("Action"), pgettext_lazy("of a thing", "Owner"), _("Due"), _("State")]
    return {"heads": heads, "rows": rows, "empty": _("Actions come of resolutions.")}


def in_state(*states: str) -> Any:
    return lambda row: row.state in states


MEETINGS: Final = register(
    Resource(
        noun=COMMITTEE,
        model=Meeting,
        title=gettext_lazy("Meeting of the committee"),
        titles=gettext_lazy("Risk committee"),
        path="committee",
        route="committee",
        one="meeting",
        place=("govern", 60),
        api="meetings",
        columns=(
            Column("title", gettext_lazy("Meeting"), wide=True),
            Column("kind", gettext_lazy("Kind"), value=lambda row: row.get_kind_display()),
            Column("state", gettext_lazy("State"), cell="state",
                   value=lambda row: State(LOOKS[row.state], row.get_state_display())),
            Column("at", gettext_lazy("When"), cell="moment", sort=True),
            Column("place", gettext_lazy("Place")),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(S.choices), group=True,
                   example="state:planned"),
        ),
        search=("title",),
        chips=(Chip(gettext_lazy("all"), ""),
               Chip(gettext_lazy("minutes to be approved"), "state:review")),
        order="-at",
        related=("created_by",),
        state=lambda row: State(LOOKS[row.state], row.get_state_display()),
        name_of=lambda row: row.title,
        heading=lambda row: Heading(row.title, over=row.get_kind_display(), clock=row.at),
        facts=(),
        form=Form(make=lambda subject, row: forms.MeetingForm, add=forms.add_meeting),
        panels=(
            Panel(gettext_lazy("Agenda"), TABLE, points),
            Panel(gettext_lazy("Resolutions"), TABLE, resolutions),
            Panel(gettext_lazy("Actions"), TABLE, actions_of),
            Panel(gettext_lazy("Minutes"), "web/resource/facts.html", minutes),
            Panel(gettext_lazy("Meeting"), "web/resource/facts.html", where, wide=False),
            Panel(gettext_lazy("Attendance"), TABLE, attendance, wide=False),
        ),
        actions=(
            Action("propose", gettext_lazy("Propose the agenda"), forms.propose, bulk=False,
                   when=in_state(S.PLANNED)),
            Action("decide", gettext_lazy("Decide on a proposal"), forms.decide,
                   when=in_state(S.PLANNED), form=forms.decide_form),
            Action("point", gettext_lazy("Add a point"), forms.add_point,
                   when=in_state(S.PLANNED), form=lambda subject, row: forms.PointForm),
            Action("attend", gettext_lazy("Write down who came"), forms.attend,
                   when=in_state(S.PLANNED), form=forms.attend_form),
            Action("resolve", gettext_lazy("Write down a resolution"), forms.resolve,
                   when=in_state(S.HELD), form=lambda subject, row: forms.ResolutionForm),
            Action("act", gettext_lazy("Add an action"), forms.add_action,
                   when=in_state(S.HELD), form=forms.action_form),
            Action("write", gettext_lazy("Write minutes"), forms.write, when=in_state(S.HELD),
                   form=forms.minutes_form),
            Action("hand_in", gettext_lazy("Hand in minutes"), forms.hand_in, bulk=False,
                   when=in_state(S.HELD)),
            Action("approve", gettext_lazy("Approve minutes"), forms.approve, verb="approve",
                   bulk=False, again=True, when=in_state(S.REVIEW)),
            Action("send_back", gettext_lazy("Send minutes back"), forms.send_back,
                   verb="approve", bulk=False, when=in_state(S.REVIEW)),
            Action("cancel", gettext_lazy("Call it off"), forms.cancel, danger=True, aside=True,
                   when=in_state(S.PLANNED), form=lambda subject, row: forms.ReasonForm),
        ),
        placeholder="state:planned",
        empty=gettext_lazy("No meeting yet. Name the members, then plan one."),
    )
)  # fmt: skip

ACTIONS: Final = register(
    Resource(
        noun=ACTION,
        model=CommitteeAction,
        title=gettext_lazy("Action of the committee"),
        titles=gettext_lazy("Actions of the committee"),
        path="committee-actions",
        route="committee_actions",
        one="committee_action",
        under="committee",
        api="committee-actions",
        columns=(
            Column("title", gettext_lazy("Action"), wide=True),
            Column("state", gettext_lazy("State"), value=action_state, cell="state"),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("due", gettext_lazy("Due"), cell="moment", sort=True),
            Column("resolution", gettext_lazy("Resolution"), "resolution__text",
                   value=lambda one: str(one.resolution), shown=False),
            Column("note", gettext_lazy("What was done"), shown=False),
            Column("verified_by", gettext_lazy("Verified by"), "verified_by__username"),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=dict(A.choices), group=True,
                   example="state:open"),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("due", gettext_lazy("Due by"), "time", sign="<"),
        ),
        search=("title",),
        chips=(Chip(gettext_lazy("all"), ""), Chip(gettext_lazy("mine"), "owner:me state:open"),
               Chip(gettext_lazy("to be verified"), "state:done")),
        order="due",
        related=("owner", "done_by", "verified_by", "resolution"),
        state=action_state,
        name_of=lambda one: one.title,
        heading=lambda one: Heading(
            owner=one.owner.get_username() if one.owner else "",
            clock=Clock(one.due, one.created) if one.state == A.OPEN else one.due,
        ),
        actions=(
            Action("finish", gettext_lazy("Done"), forms.finish, when=in_state(A.OPEN),
                   offered=lambda one, subject: resolving.may_finish(subject, one),
                   form=lambda subject, one: forms.NoteForm),
            Action("verify", gettext_lazy("Verify"), forms.verify, verb="approve", bulk=False,
                   when=in_state(A.DONE),
                   offered=lambda one, subject: resolving.may_verify(subject, one)),
            Action("reopen", gettext_lazy("Reopen"), forms.reopen, verb="approve",
                   when=in_state(A.DONE, A.VERIFIED), form=lambda subject, one: forms.ReasonForm),
            Action("drop", gettext_lazy("Drop"), forms.drop, verb="approve", danger=True,
                   when=in_state(A.OPEN), form=lambda subject, one: forms.ReasonForm),
        ),
        empty=gettext_lazy("Nothing is to be done. Actions come of resolutions of a meeting."),
    )
)  # fmt: skip

MEMBERS: Final = register(
    Resource(
        noun=MEMBER,
        model=CommitteeMember,
        title=gettext_lazy("Member of the committee"),
        titles=gettext_lazy("Members of the committee"),
        path="committee-members",
        route="committee_members",
        one="committee_member",
        under="committee",
        columns=(
            Column("name", gettext_lazy("Name"), wide=True),
            Column("role", gettext_lazy("Role"), value=lambda one: one.get_role_display()),
            Column("begin", gettext_lazy("From"), value=lambda one: f"{one.begin:%Y-%m-%d}",
                   sort=True),
            Column("end", gettext_lazy("To"),
                   value=lambda one: f"{one.end:%Y-%m-%d}" if one.end else ""),
        ),
        search=("name",),
        chips=(Chip(gettext_lazy("all"), ""),),
        order="begin",
        related=("person", "created_by"),
        name_of=lambda one: one.name,
        form=Form(make=lambda subject, row: forms.MemberForm, add=forms.add_member),
        actions=(
            Action("leave", gettext_lazy("End the membership"), forms.leave, danger=True,
                   when=lambda one: one.end is None, form=lambda subject, one: forms.EndForm),
        ),
        empty=gettext_lazy("Nobody sits on the committee yet: name the chair first."),
    )
)  # fmt: skip

add_act("committee_new", gettext_lazy("Plan a meeting"), noun=COMMITTEE)
