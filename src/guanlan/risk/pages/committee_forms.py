"""Forms of the committee."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.models import User
from guanlan.risk.committee import agenda, meeting, resolving
from guanlan.risk.models import CommitteeAction, CommitteeMember, Measure, Meeting, Resolution
from guanlan.web.resource import Related, Saved
from guanlan.web.resource.fields import DayInput, MomentInput

AREA: Final = {"rows": 3}


class MemberForm(forms.Form):
    person = Related(User, label=gettext_lazy("Account"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, required=False,
        help_text=gettext_lazy("Of somebody without an account; else it is the account's."),
    )  # fmt: skip
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=CommitteeMember.Role.choices)
    begin = forms.DateField(label=gettext_lazy("From"), widget=DayInput())
    end = forms.DateField(label=gettext_lazy("To"), widget=DayInput(), required=False)


class EndForm(forms.Form):
    end = forms.DateField(label=gettext_lazy("Last day"), widget=DayInput())


class MeetingForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Meeting.Kind.choices)
    at = forms.DateTimeField(label=gettext_lazy("When"), widget=MomentInput())
    place = forms.CharField(label=gettext_lazy("Place"), max_length=120, required=False)
    link = forms.CharField(label=gettext_lazy("Link"), max_length=300, required=False)
    quorum = forms.IntegerField(label=gettext_lazy("Quorum"), min_value=1, max_value=99)
    approvals = forms.IntegerField(
        label=gettext_lazy("Approvals besides the chair"), min_value=1, max_value=99, initial=1,
        help_text=gettext_lazy("So many members approve the minutes beside the chair."),
    )  # fmt: skip


class PointForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Point"), max_length=200)


class ResolutionForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Resolution"), max_length=2000, widget=forms.Textarea(attrs=AREA)
    )
    votes_for = forms.IntegerField(label=gettext_lazy("For"), min_value=0, max_value=99)
    against = forms.IntegerField(label=gettext_lazy("Against"), min_value=0, max_value=99)
    abstained = forms.IntegerField(label=gettext_lazy("Abstained"), min_value=0, max_value=99)
    recused = forms.CharField(
        label=gettext_lazy("Recusals"), max_length=300, required=False,
        help_text=gettext_lazy("Who took no part, and why."),
    )  # fmt: skip
    measure = Related(
        Measure, noun="risk.measure", label=gettext_lazy("Reviewed measure"), required=False
    )
    verdict = forms.ChoiceField(
        label=gettext_lazy("Review"), choices=Resolution.Verdict.choices, required=False
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What was done"), max_length=1000, widget=forms.Textarea(attrs=AREA)
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


def add_member(subject: Subject, values: dict[str, Any]) -> Saved:
    called = values.pop("name")
    made = meeting.name_member(subject, called=called, now=timezone.now(), **values)
    return Saved(made, _("The member is named."))


def leave(row: CommitteeMember, subject: Subject, values: dict[str, Any]) -> str:
    meeting.end_membership(subject, row, values["end"])
    return _("The membership ends on that day.")


def add_meeting(subject: Subject, values: dict[str, Any]) -> Saved:
    made = meeting.plan_meeting(subject, now=timezone.now(), **values)
    return Saved(made, _("Planned. Have the agenda proposed."))


def propose(row: Meeting, subject: Subject) -> str:
    count = agenda.propose(subject, row, timezone.now())
    return _("%(n)s points are proposed.") % {"n": count}


def decide_form(subject: Subject, row: Meeting | None) -> type[forms.Form]:
    waiting = row.agenda.exclude(source="") if row is not None else []
    field = forms.ChoiceField(
        label=gettext_lazy("Point"),
        choices=[(str(one.pk), agenda.sentence(one)) for one in waiting],
    )
    how = forms.ChoiceField(
        label=gettext_lazy("What becomes of it"),
        choices=[("take", gettext_lazy("on the agenda")), ("leave", gettext_lazy("left out"))],
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False,
        help_text=gettext_lazy("Wanted for what is left out."),
    )  # fmt: skip
    return type("DecideForm", (forms.Form,), {"point": field, "how": how, "reason": reason})


def decide(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    point = row.agenda.select_related("meeting").get(pk=int(values["point"]))
    if values["how"] == "leave":
        agenda.leave(subject, point, values["reason"])
        return _("Left out.")
    agenda.take(subject, point)
    return _("On the agenda.")


def add_point(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    agenda.add_point(subject, row, values["title"], timezone.now())
    return _("On the agenda.")


def attend_form(subject: Subject, row: Meeting | None) -> type[forms.Form]:
    members = meeting.members_on(row.at.date()) if row is not None else []
    field = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Present"), coerce=int, widget=forms.CheckboxSelectMultiple(),
        choices=[(one.pk, one.name) for one in members],
    )  # fmt: skip
    return type("AttendForm", (forms.Form,), {"present": field})


def attend(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    meeting.attend(subject, row, set(values["present"]))
    return _("Written down; the meeting is held.")


def resolve(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    votes = (values.pop("votes_for"), values.pop("against"), values.pop("abstained"))
    made = resolving.resolve(subject, row, votes=votes, now=timezone.now(), **values)
    return _("Carried.") if made.carried else _("Not carried.")


def action_form(subject: Subject, row: Meeting | None) -> type[forms.Form]:
    carried = row.resolutions.filter(carried=True).order_by("number") if row is not None else []
    fields: dict[str, forms.Field] = {
        "resolution": forms.ChoiceField(
            label=gettext_lazy("Resolution"),
            choices=[(str(one.pk), f"{one.number}. {one}") for one in carried],
        ),
        "title": forms.CharField(label=gettext_lazy("What is to be done"), max_length=160),
        "owner": Related(User, label=pgettext_lazy("of a thing", "Owner")),
        "due": forms.DateTimeField(label=gettext_lazy("Due"), widget=MomentInput()),
    }
    return type("ActionForm", (forms.Form,), fields)


def add_action(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    found = row.resolutions.select_related("meeting").get(pk=int(values.pop("resolution")))
    resolving.add_action(subject, found, now=timezone.now(), **values)
    return _("The action is written down; its owner is told.")


def minutes_form(subject: Subject, row: Meeting | None) -> type[forms.Form]:
    field = forms.CharField(
        label=gettext_lazy("Minutes"), max_length=meeting.MOST_MINUTES,
        initial=row.minutes if row is not None else "",
        widget=forms.Textarea(attrs={"rows": 16}),
    )  # fmt: skip
    return type("MinutesForm", (forms.Form,), {"minutes": field})


def write(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    kept = meeting.write_minutes(subject, row, values["minutes"])
    return _("Kept as version %(n)s.") % {"n": kept.version}


def hand_in(row: Meeting, subject: Subject) -> str:
    meeting.hand_in(subject, row, timezone.now())
    return _("Handed in; chair and members approve.")


def approve(row: Meeting, subject: Subject) -> str:
    if meeting.approve(subject, row, timezone.now()):
        return _("Approved; the minutes are frozen.")
    return _("Approved; others are still to approve.")


def send_back(row: Meeting, subject: Subject) -> str:
    meeting.send_back(subject, row)
    return _("Sent back.")


def cancel(row: Meeting, subject: Subject, values: dict[str, Any]) -> str:
    meeting.cancel(subject, row, values["reason"])
    return _("The meeting is called off.")


def finish(one: CommitteeAction, subject: Subject, values: dict[str, Any]) -> str:
    resolving.finish(subject, one, values["note"], timezone.now())
    return _("Done; another person verifies it.")


def verify(one: CommitteeAction, subject: Subject) -> str:
    resolving.verify(subject, one, timezone.now())
    return _("Verified.")


def reopen(one: CommitteeAction, subject: Subject, values: dict[str, Any]) -> str:
    resolving.reopen(subject, one, values["reason"])
    return _("It is open again.")


def drop(one: CommitteeAction, subject: Subject, values: dict[str, Any]) -> str:
    resolving.drop(subject, one, values["reason"])
    return _("It is dropped.")
