"""The committee: an agenda of what is red or late, minutes of two, actions verified by another."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import subject_of
from guanlan.core.models import Message, User
from guanlan.response.committee_alerts import RULE
from guanlan.response.models import Alert
from guanlan.risk.committee import agenda, meeting, resolving
from guanlan.risk.models import AgendaItem, MeasureDuty, Meeting, Resolution
from tests.people import person
from tests.risk.value import register as rows
from tests.risk.value.register import DAY, NOW

pytestmark = pytest.mark.django_db


class Scene(NamedTuple):
    row: Meeting
    chair: User
    other: User
    secretary: User


def scene() -> Scene:
    chair, other = person("committee_member", "carl"), person("committee_member", "mina")
    secretary = person("compliance_officer", "sara")
    by = subject_of(secretary)
    for who, role in ((chair, "chair"), (other, "member"), (secretary, "secretary")):
        meeting.name_member(
            by, person=who, called="", role=role, begin=NOW.date(), end=None, now=NOW
        )
    row = meeting.plan_meeting(
        by, title="November", kind="regular", at=NOW + DAY, place="Room 1", link="", quorum=2,
        approvals=1, now=NOW,
    )  # fmt: skip
    return Scene(row, chair, other, secretary)


def held() -> Scene:
    found = scene()
    there = {one.pk for one in meeting.members_on(found.row.at.date())}
    meeting.attend(subject_of(found.secretary), found.row, there)
    return found._replace(row=Meeting.objects.get(pk=found.row.pk))


def resolved(found: Scene) -> Resolution:
    return resolving.resolve(
        subject_of(found.secretary), found.row, text="Buy a better gate.", votes=(2, 0, 1), now=NOW
    )


def test_the_agenda_is_proposed_from_what_is_red_late_or_failing() -> None:
    found = scene()
    rows.settings()
    of = rows.risk()
    rows.indicator("test.red", state="red", enabled=True)
    rows.indicator("test.fine", state="green", enabled=True)
    control = rows.measure()
    rows.proven(control, 8, 2)
    rows.proven(rows.measure("M-002"), 99, 1)
    MeasureDuty.objects.create(measure=control, due=NOW - DAY)
    rows.loss(of, NOW - DAY, gross=10_000_000)
    rows.loss(of, NOW - DAY, gross=9_999_999)
    by = subject_of(found.secretary)
    agenda.propose(by, found.row, NOW)
    said = {one.words: agenda.sentence(one) for one in found.row.agenda.all()}
    said = {key: text for key, text in said.items() if key != "indicator_unknown"}
    assert said == {
        "indicator_red": "Indicator test.red is red",
        "tests": "Measure M-001 Title of M-001 failed 2 of 10 tests",
        "duty": "Measure M-001 Title of M-001 was due on 2026-11-26 and is not done",
        "loss": "A loss of R-001 Title of R-001 is above the bound: t",
    }
    assert agenda.propose(by, found.row, NOW) == 0


def test_a_proposal_is_left_out_only_with_a_reason_and_decided_before_the_meeting() -> None:
    found = scene()
    rows.indicator("test.red", state="red", enabled=True)
    by = subject_of(found.secretary)
    agenda.propose(by, found.row, NOW)
    point = found.row.agenda.get(words="indicator_red")
    with pytest.raises(ValidationError):
        agenda.leave(by, point, "")
    there = {one.pk for one in meeting.members_on(found.row.at.date())}
    with pytest.raises(ValidationError, match="Take every proposal"):
        meeting.attend(by, found.row, there)
    for one in found.row.agenda.filter(state=AgendaItem.State.PROPOSED):
        agenda.leave(by, one, "Dealt with by mail")
    assert meeting.attend(by, found.row, there) == 3


def test_without_a_quorum_nothing_is_held() -> None:
    found = scene()
    one = meeting.members_on(found.row.at.date())[0]
    with pytest.raises(ValidationError, match="no quorum"):
        meeting.attend(subject_of(found.secretary), found.row, {one.pk})


def test_there_is_one_chair_at_a_time() -> None:
    found = scene()
    with pytest.raises(ValidationError) as error:
        meeting.name_member(
            subject_of(found.secretary), person=None, called="Somebody", role="chair",
            begin=NOW.date(), end=NOW.date() + dt.timedelta(days=9), now=NOW,
        )  # fmt: skip
    assert list(error.value.message_dict) == ["role"]


def test_minutes_are_approved_by_the_chair_and_another_and_then_frozen() -> None:
    found = held()
    by = subject_of(found.secretary)
    resolved(found)
    meeting.write_minutes(by, found.row, "We met and resolved one thing.")
    meeting.hand_in(by, found.row, NOW)
    row = Meeting.objects.get(pk=found.row.pk)
    assert meeting.approve(subject_of(found.other), row, NOW) is False
    with pytest.raises(ValidationError, match="approved them already"):
        meeting.approve(subject_of(found.other), row, NOW)
    assert meeting.approve(subject_of(found.chair), row, NOW) is True
    row = Meeting.objects.get(pk=row.pk)
    assert row.state == "approved"
    assert meeting.still_frozen(row)
    with pytest.raises(ValidationError, match="frozen"):
        meeting.write_minutes(by, row, "Something else entirely.")
    Resolution.objects.filter(meeting=row).update(votes_for=3)
    assert not meeting.still_frozen(row)


def test_who_was_not_there_does_not_approve() -> None:
    found = held()
    by = subject_of(found.secretary)
    meeting.write_minutes(by, found.row, "We met and resolved nothing.")
    meeting.hand_in(by, found.row, NOW)
    with pytest.raises(ValidationError, match="who were there"):
        meeting.approve(subject_of(person("committee_member", "late")), found.row, NOW)


@pytest.mark.parametrize("votes", [(3, 1, 0), (0, 0, 0), (-1, 1, 1)])
def test_no_more_vote_than_were_there(votes: tuple[int, int, int]) -> None:
    found = held()
    with pytest.raises(ValidationError, match="3 members were there"):
        resolving.resolve(
            subject_of(found.secretary), found.row, text="Anything.", votes=votes, now=NOW
        )


def test_a_review_of_a_measure_shows_its_evidence() -> None:
    found = held()
    control, of = rows.measure(), rows.risk()
    rows.effect(control, of, design=0.4)
    rows.proven(control, 9, 1)
    made = resolving.resolve(
        subject_of(found.secretary), found.row, text="It stays.", votes=(3, 0, 0), now=NOW,
        measure=control, verdict="keep",
    )  # fmt: skip
    assert (made.evidence["passed"], made.evidence["failed"]) == (9, 1)
    assert made.evidence["effects"] == {"R-001": [0.4, 1.0]}


def test_an_action_is_verified_by_another_and_escalated_when_it_stays_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = held()
    made = resolving.add_action(
        subject_of(found.secretary), resolved(found), title="Order the gate", owner=found.other,
        due=NOW + DAY, now=NOW,
    )  # fmt: skip
    heard: list[int] = []
    monkeypatch.setattr(resolving, "LATE_HOOKS", [lambda one, now: heard.append(one.pk)])
    assert resolving.chase(NOW) == 0
    assert resolving.chase(NOW + DAY) == 1
    assert resolving.chase(NOW + DAY) == 0
    assert Message.objects.filter(template="committee.late").count() == 1
    assert heard == []
    resolving.chase(NOW + DAY + resolving.PATIENCE)
    resolving.chase(NOW + 9 * DAY)
    assert heard == [made.pk]
    resolving.finish(subject_of(found.other), made, "It is ordered", NOW)
    with pytest.raises(ValidationError, match="does not verify"):
        resolving.verify(subject_of(found.other), made, NOW)
    resolving.verify(subject_of(found.chair), made, NOW)
    made.refresh_from_db()
    assert made.state == "verified"


def test_an_action_that_stays_late_is_an_alert_until_it_is_done() -> None:
    found = held()
    made = resolving.add_action(
        subject_of(found.secretary), resolved(found), title="Order the gate", owner=found.other,
        due=NOW + DAY, now=NOW,
    )  # fmt: skip
    late = NOW + DAY + resolving.PATIENCE
    resolving.chase(NOW + DAY)
    assert not Alert.objects.filter(rule=RULE).exists()
    resolving.chase(late)
    alert = Alert.objects.get(rule=RULE)
    assert (alert.live, alert.values) == (True, {"action": "Order the gate"})
    resolving.finish(subject_of(found.other), made, "It is ordered", late)
    alert.refresh_from_db()
    assert not alert.live
    resolving.reopen(subject_of(found.chair), made, "It never came.")
    resolving.chase(late)
    assert Alert.objects.filter(rule=RULE, live=True).count() == 1
