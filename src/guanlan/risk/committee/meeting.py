"""Members, meetings, who came, the minutes: drafted, approved by chair and members, then frozen."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.risk.assessment.gathering import canonical, digest_of, moment, name
from guanlan.risk.committee.agenda import planned
from guanlan.risk.models import (
    AgendaItem,
    Attendance,
    CommitteeMember,
    Meeting,
    MinutesApproval,
)
from guanlan.risk.models.committee import COMMITTEE, MEMBER

State, Role = Meeting.State, CommitteeMember.Role
MOST_MINUTES = 20_000


def name_member(
    subject: Subject, *, person: User | None, called: str, role: str, begin: dt.date,
    end: dt.date | None, now: dt.datetime,
) -> CommitteeMember:  # fmt: skip
    """Name a member: an account, or only a name. Raises Denied, ValidationError by field."""
    require(subject, "add", MEMBER)
    said = " ".join(called.split()) or (person.get_username() if person else "")
    if not 2 <= len(said) <= 120:
        raise ValidationError({"name": _("Name a person, or choose an account.")})
    if role not in Role.values:
        raise ValidationError({"role": _("Choose chair, secretary or member.")})
    if end is not None and end <= begin:
        raise ValidationError({"end": _("The last day comes after the first.")})
    with act("committee.member") as on:
        last = end or dt.date.max
        across = CommitteeMember.objects.filter(begin__lte=last).filter(
            Q(end=None) | Q(end__gte=begin)
        )
        if role == Role.CHAIR and across.filter(role=Role.CHAIR).exists():
            raise ValidationError({"role": _("There is a chair in that time already.")})
        if person is not None and across.filter(person=person).exists():
            raise ValidationError({"person": _("This person is a member in that time already.")})
        made = CommitteeMember.objects.create(
            person=person, name=said, role=role, begin=begin, end=end, created=now,
            created_by_id=subject.id,
        )  # fmt: skip
        on(made)
    return made


def end_membership(subject: Subject, member: CommitteeMember, end: dt.date) -> None:
    """Say when somebody leaves. Raises Denied, ValidationError."""
    require(subject, "change", MEMBER)
    if end <= member.begin:
        raise ValidationError({"end": _("The last day comes after the first.")})
    with act("committee.leave", member):
        CommitteeMember.objects.filter(pk=member.pk).update(end=end)
        member.end = end


def members_on(day: dt.date) -> QuerySet[CommitteeMember]:
    """Who is a member on a day."""
    rows = CommitteeMember.objects.filter(begin__lte=day)
    return (
        rows.filter(Q(end=None) | Q(end__gte=day)).select_related("person").order_by("role", "pk")
    )


def plan_meeting(
    subject: Subject, *, title: str, kind: str, at: dt.datetime, place: str, link: str,
    quorum: int, approvals: int, now: dt.datetime,
) -> Meeting:  # fmt: skip
    """Plan a meeting. Raises Denied, ValidationError by field."""
    require(subject, "add", COMMITTEE)
    said = " ".join(title.split())
    if not 3 <= len(said) <= 120:
        raise ValidationError({"title": _("Write 3 to %(n)s characters.") % {"n": 120}})
    if kind not in Meeting.Kind.values:
        raise ValidationError({"kind": _("Choose one of the kinds of meeting.")})
    if link and not link.startswith("https://"):
        raise ValidationError({"link": _("A link begins with https://.")})
    many = members_on(at.date()).count()
    if not 1 <= quorum <= many:
        text = _("The quorum is from 1 to the %(n)s members of that day.") % {"n": many}
        raise ValidationError({"quorum": text})
    if not 1 <= approvals < max(many, 2):
        raise ValidationError({"approvals": _("So many members do not sit on the committee.")})
    with act("committee.meeting") as on:
        made = Meeting.objects.create(
            title=said, kind=kind, at=at, place=place.strip(), link=link, quorum=quorum,
            approvals=approvals, created=now, created_by_id=subject.id,
        )  # fmt: skip
        on(made)
    return made


def attend(subject: Subject, meeting: Meeting, present: set[int]) -> int:
    """Write down which members (keys) came; the meeting is held, how many there were. Raises
    Denied, ValidationError where the quorum is missed or proposals are undecided."""
    require(subject, "change", COMMITTEE)
    members = list(members_on(meeting.at.date()))
    if not present <= {one.pk for one in members}:
        raise ValidationError({"present": _("Choose among the members of that day.")})
    with act("committee.attend", meeting, detail={"present": len(present)}):
        kept = planned(meeting)
        if kept.agenda.filter(state=AgendaItem.State.PROPOSED).exists():
            raise ValidationError(_("Take every proposal of the agenda, or leave it out, first."))
        if len(present) < kept.quorum:
            values = {"n": len(present), "quorum": kept.quorum}
            text = _("%(n)s members are no quorum of %(quorum)s: plan the meeting anew.") % values
            raise ValidationError({"present": text})
        Attendance.objects.bulk_create(
            [Attendance(meeting=kept, member=one, present=one.pk in present) for one in members]
        )
        kept.state = State.HELD
        kept.save(update_fields=["state"])
    return len(present)


def write_minutes(subject: Subject, meeting: Meeting, text: str) -> Meeting:
    """Another version of the minutes. Raises Denied, ValidationError."""
    require(subject, "change", COMMITTEE)
    said = text.strip()
    if not 10 <= len(said) <= MOST_MINUTES:
        values = {"low": 10, "high": MOST_MINUTES}
        raise ValidationError({"minutes": _("Write %(low)s to %(high)s characters.") % values})
    with act("committee.minutes", meeting, detail={"version": meeting.version + 1}):
        kept = in_state(meeting, State.HELD)
        kept.minutes, kept.version = said, kept.version + 1
        kept.save(update_fields=["minutes", "version"])
    return kept


def hand_in(subject: Subject, meeting: Meeting, now: dt.datetime) -> None:
    """Ask for approval of the minutes. Raises Denied, ValidationError."""
    require(subject, "change", COMMITTEE)
    with act("committee.hand_in", meeting):
        kept = in_state(meeting, State.HELD)
        if not kept.minutes:
            raise ValidationError(_("There are no minutes yet."))
        kept.state, kept.handed_in = State.REVIEW, now
        kept.save(update_fields=["state", "handed_in"])


def send_back(subject: Subject, meeting: Meeting) -> None:
    """Give minutes back to be rewritten; approvals of this version count no more. Raises Denied,
    ValidationError."""
    require(subject, "approve", COMMITTEE)
    present_member(subject, meeting)
    with act("committee.send_back", meeting):
        kept = in_state(meeting, State.REVIEW)
        kept.state, kept.version = State.HELD, kept.version + 1
        kept.save(update_fields=["state", "version"])


def cancel(subject: Subject, meeting: Meeting, reason: str) -> None:
    """Call off a meeting that is planned. Raises Denied, ValidationError."""
    require(subject, "change", COMMITTEE)
    with act("committee.cancel", meeting, reason=checked_reason(reason)):
        kept = in_state(meeting, State.PLANNED)
        kept.state = State.CANCELLED
        kept.save(update_fields=["state"])


def present_member(subject: Subject, meeting: Meeting) -> CommitteeMember:
    """The subject as a member who was there. Raises ValidationError."""
    row = None
    if subject.id is not None:
        row = meeting.attendance.filter(present=True, member__person_id=subject.id).first()
    if row is None:
        raise ValidationError(_("Only members who were there approve the minutes."))
    return CommitteeMember.objects.get(pk=row.member_id)


def approve(subject: Subject, meeting: Meeting, now: dt.datetime) -> bool:
    """Approve the minutes; whether they are frozen with it: chair and enough others have. Raises
    Denied, ValidationError."""
    require(subject, "approve", COMMITTEE)
    member = present_member(subject, meeting)
    with act("committee.approve", meeting, detail={"version": meeting.version}):
        kept = in_state(meeting, State.REVIEW)
        if kept.version != meeting.version:
            raise ValidationError(_("The minutes are another text by now: look again."))
        approved = kept.approved_by.filter(version=kept.version)
        if approved.filter(member=member).exists():
            raise ValidationError(_("You have approved them already."))
        MinutesApproval.objects.create(meeting=kept, version=kept.version, member=member, at=now)
        roles = list(approved.values_list("member__role", flat=True))
        others = len(roles) - roles.count(Role.CHAIR)
        if Role.CHAIR not in roles or others < kept.approvals:
            return False
        kept.frozen = canonical(recorded(kept))
        kept.digest, kept.state = digest_of(kept.frozen), State.APPROVED
        with act("committee.freeze", kept, detail={"digest": kept.digest}):
            kept.save(update_fields=["frozen", "digest", "state"])
    return True


def recorded(meeting: Meeting) -> dict[str, Any]:
    """Everything that was recorded of a meeting: what is frozen."""
    return {
        "meeting": {"id": meeting.pk, "title": meeting.title, "kind": meeting.kind,
                    "at": moment(meeting.at), "place": meeting.place, "quorum": meeting.quorum,
                    "minutes": meeting.minutes, "version": meeting.version},
        "attendance": [
            {"member": one.member.name, "role": one.member.role, "present": one.present}
            for one in meeting.attendance.select_related("member").order_by("member_id")
        ],
        "agenda": [
            {"position": one.position, "title": one.title, "words": one.words,
             "values": one.values, "state": one.state, "reason": one.reason}
            for one in meeting.agenda.order_by("position", "pk")
        ],
        "resolutions": [
            {"number": one.number, "text": one.text, "for": one.votes_for,
             "against": one.against, "abstained": one.abstained, "recused": one.recused,
             "carried": one.carried, "measure": one.measure.code if one.measure else None,
             "verdict": one.verdict, "evidence": one.evidence,
             "actions": [
                 {"title": it.title, "owner": name(it.owner), "due": moment(it.due)}
                 for it in one.actions.select_related("owner").order_by("pk")
             ]}
            for one in meeting.resolutions.select_related("measure").order_by("number")
        ],
        "approved": [
            {"member": one.member.name, "at": moment(one.at)}
            for one in meeting.approved_by.filter(version=meeting.version)
            .select_related("member").order_by("pk")
        ],
    }  # fmt: skip


def still_frozen(meeting: Meeting) -> bool:
    """Whether what was frozen has its digest, and the tables still say the same. Actions that
    were added later, and what became of them, are no part of it."""
    if digest_of(meeting.frozen) != meeting.digest:
        return False
    return meeting.frozen == canonical(recorded(meeting))


def in_state(meeting: Meeting, *states: str) -> Meeting:
    """The meeting, locked. Raises ValidationError in another state."""
    kept = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    if kept.state == State.APPROVED:
        raise ValidationError(_("The minutes are approved and frozen."))
    if kept.state not in states:
        raise ValidationError(_("It is in another state by now: look again."))
    return kept
