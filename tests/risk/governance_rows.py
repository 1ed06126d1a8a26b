"""Values, reassessments, assessments and the committee in bulk, for lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from guanlan.core.models import User
from guanlan.risk.models import (
    AgendaItem,
    Assessment,
    AssessmentAnswer,
    AssessmentItem,
    AssessmentSigner,
    Attendance,
    CommitteeAction,
    CommitteeMember,
    Meeting,
    Reassessment,
    Resolution,
    Risk,
    RiskParameters,
    RiskValue,
)
from guanlan.risk.value.keeping import refresh
from tests.people import person
from tests.risk.value.register import DAY, LOGNORMAL, NOW

FIGURES = {"expected": 1_000_000, "var95": 4_000_000, "rate": 2.0}


def seed(many: int) -> None:
    """Some rows of everything that has a list; the newest of each has the most to show."""
    people = [person("risk_owner", f"governing-{n}") for n in range(many)]
    risks = seed_risks(many, people)
    seed_reassessments(risks, seed_values(many, risks[-1]), people)
    seed_assessments(risks, people)
    seed_committee(many, people)


def seed_risks(many: int, owners: Sequence[User]) -> list[Risk]:
    return Risk.objects.bulk_create(
        Risk(
            code=f"S-{n:03d}", title=f"Governed risk {n}", category="fraud", cause="c", event="e",
            consequence="q", state="open", owner=owners[n], created=NOW - 90 * DAY,
        )
        for n in range(many)
    )  # fmt: skip


def seed_values(many: int, of: Risk) -> RiskValue:
    """A value that was computed, and the same at later times; the newest."""
    RiskParameters.objects.create(
        risk=of, version=1, currency="CNY", frequency={"interval": [2, 9]}, severity=LOGNORMAL,
        knowledge="moderate", reason="As was seen.", created=NOW - 60 * DAY,
        effective=NOW - 60 * DAY,
    )  # fmt: skip
    first = refresh(NOW)
    assert first is not None
    later = []
    for n in range(1, many):
        row = RiskValue.objects.get(pk=first.pk)
        row.pk, row.number, row.at = None, first.number + n, first.at + n * DAY
        row.cause = [["parameters", of.code, ""]]
        later.append(row)
    RiskValue.objects.bulk_create(later)
    return RiskValue.objects.order_by("-number")[0]


def seed_reassessments(
    risks: Sequence[Risk], value: RiskValue, people: Sequence[User]
) -> list[Reassessment]:
    """One of each risk, in every state."""
    states = list(Reassessment.State)
    rows = []
    for n, risk in enumerate(risks):
        state = states[n % len(states)]
        decided = state != Reassessment.State.PROPOSED
        rows.append(Reassessment(
            risk=risk, value=value, state=state, opened=NOW, due=NOW + n * DAY, owner=people[n],
            before=FIGURES, after=FIGURES | {"expected": 3_000_000 + n, "reasons": ["expected"]},
            causes=[["parameters", risk.code, ""]], level_before="low", level_after="high",
            decided=NOW if decided else None, decided_by=people[-1 - n] if decided else None,
            reason="Seen in the losses." if decided else "",
        ))  # fmt: skip
    return Reassessment.objects.bulk_create(rows)


def seed_assessments(risks: Sequence[Risk], people: Sequence[User]) -> None:
    """Assessments of every state and kind; the newest is open and holds every risk."""
    states, kinds = list(Assessment.State), list(Assessment.Kind)
    many = len(risks)
    rows = Assessment.objects.bulk_create(
        Assessment(
            title=f"Assessment {n}", kind=kinds[n % len(kinds)],
            begin=NOW.date() - dt.timedelta(days=90), end=NOW.date() + dt.timedelta(days=n),
            due=NOW + n * DAY, signatures=2, questions=1, opened=NOW,
            state="open" if n == many - 1 else states[n % len(states)], created_by=people[n],
        )
        for n in range(many)
    )  # fmt: skip
    AssessmentSigner.objects.bulk_create(
        AssessmentSigner(assessment=rows[-1], person=one, role="chair") for one in people
    )
    verdicts = ("", "accept", "propose")
    items = []
    for n, risk in enumerate(risks):
        done = n % 3 > 0
        items.append(AssessmentItem(
            assessment=rows[-1], risk=risk, owner=people[n], due=NOW + (n - 5) * DAY,
            state="answered" if done else "open", verdict=verdicts[n % 3],
            answered=NOW if done else None, answered_by=people[n] if done else None,
        ))  # fmt: skip
    items = AssessmentItem.objects.bulk_create(items)
    AssessmentAnswer.objects.bulk_create(
        AssessmentAnswer(item=items[-1], question=key, value="no", at=NOW, by=people[-1])
        for key in ("cause", "parameters", "measures", "indicators", "new_risks")
    )


def seed_committee(many: int, people: Sequence[User]) -> None:
    """Members, meetings and actions of every state; the newest meeting decided on many things."""
    roles, states, kinds = list(CommitteeMember.Role), list(Meeting.State), list(Meeting.Kind)
    today = NOW.date()
    members = CommitteeMember.objects.bulk_create(
        CommitteeMember(
            person=people[n], name=f"Member {n}", role=roles[n % len(roles)],
            begin=today + dt.timedelta(days=n), created_by=people[0],
        )
        for n in range(many)
    )  # fmt: skip
    meetings = Meeting.objects.bulk_create(
        Meeting(
            title=f"Meeting {n}", kind=kinds[n % len(kinds)], at=NOW + n * DAY, quorum=2,
            place="Room 4", state="held" if n == many - 1 else states[n % len(states)],
            minutes="We met.", version=1, created_by=people[n],
        )
        for n in range(many)
    )  # fmt: skip
    newest = meetings[-1]
    Attendance.objects.bulk_create(
        Attendance(meeting=newest, member=one, present=n % 2 == 0) for n, one in enumerate(members)
    )
    points = AgendaItem.objects.bulk_create(
        AgendaItem(meeting=newest, position=n, title=f"Point {n}", state="taken")
        for n in range(many)
    )
    resolved = Resolution.objects.bulk_create(
        Resolution(
            meeting=newest, agenda=points[n], number=n + 1, text=f"Resolution {n}", votes_for=3,
            against=1, abstained=0, carried=True,
        )
        for n in range(many)
    )  # fmt: skip
    stages = list(CommitteeAction.State)
    CommitteeAction.objects.bulk_create(
        CommitteeAction(
            resolution=resolved[n], title=f"Action {n}", owner=people[n], due=NOW + n * DAY,
            state=stages[n % len(stages)], done_by=people[n], verified_by=people[-1 - n],
        )
        for n in range(many)
    )  # fmt: skip


def let_go(noun: str, kept: int) -> None:
    """Take away what keeps rows of `noun` other than `kept` from being deleted: what was assessed
    or decided of a risk or by a person stays, and they with it."""
    if noun == "risk.register":
        Reassessment.objects.exclude(risk=kept).delete()
        AssessmentItem.objects.exclude(risk=kept).delete()
        RiskParameters._base_manager.exclude(risk=kept)._raw_delete("default")
    if noun == "core.user":
        AssessmentSigner.objects.exclude(person=kept).delete()
        Attendance.objects.exclude(member__person=kept).delete()
        CommitteeMember.objects.exclude(person=kept).delete()
    if noun == "risk.committeemember":
        Attendance.objects.exclude(member=kept).delete()
