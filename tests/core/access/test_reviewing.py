"""Broken glass is reviewed in time, or somebody who answers for it hears of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from guanlan.core import jobs
from guanlan.core.access import subject_of
from guanlan.core.access.granting import break_glass, review
from guanlan.core.access.reviewing import chase_reviews
from guanlan.core.models import AccessGrant, Message, RoleAssignment, User
from tests.people import person

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
WISH: dict[str, Any] = {
    "verb": "reveal", "noun": "fraud.entity", "level": 3, "purpose": "incident_response",
    "minutes": 30, "reason": "incident 7 is open",
}  # fmt: skip


def told(template: str) -> list[str]:
    found = Message.objects.filter(template=template).order_by("created", "pk")
    return [str(message.recipient) for message in found]


def test_reviewers_are_reminded_before_and_at_the_end_then_owners_hear_of_it_each_day() -> None:
    user = person("operations")
    for role in ("owner", "privacy_officer", "compliance_officer", "administrator"):
        person(role)
    made = break_glass(subject_of(user), **WISH)
    due = made.review_due
    assert due is not None
    Message.objects.all().delete()
    happened: dict[int, tuple[int, int]] = {}
    for minutes in range(-24 * 60, 72 * 60 + 1, 10):  # as the job runs
        chased = chase_reviews(due + dt.timedelta(minutes=minutes))
        if chased != (0, 0):
            happened[minutes // 60] = (chased.reminded, chased.escalated)
    assert happened == {-4: (1, 0), 0: (1, 0), 24: (0, 1), 48: (0, 1), 72: (0, 1)}
    reviewers = ["compliance_officer", "owner", "privacy_officer"]
    assert sorted(told("access.review_due")) == sorted(reviewers * 2)
    assert sorted(told("access.review_overdue")) == sorted(["owner", "privacy_officer"] * 3)
    last = Message.objects.filter(template="access.review_overdue").latest("created")
    assert (last.urgency, last.context["days"]) == ("critical", 3)


def test_a_reviewed_one_is_not_chased_and_who_broke_it_is_not_asked() -> None:
    owner, officer = person("owner"), person("privacy_officer")
    made = break_glass(subject_of(owner), **WISH)
    assert made.review_due is not None
    chase_reviews(made.review_due)
    assert told("access.review_due") == ["privacy_officer"]
    chase_reviews(made.review_due + 24 * HOUR)
    assert told("access.review_overdue") == ["privacy_officer"]
    review(subject_of(officer), made, justified=True, answer="the incident was real")
    assert chase_reviews(made.review_due + 48 * HOUR) == (0, 0)


def test_where_nobody_else_answers_the_person_hears_that_a_second_one_is_needed() -> None:
    owner, gone = person("owner"), person("privacy_officer")
    made = break_glass(subject_of(owner), **WISH)
    assert made.review_due is not None
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert chase_reviews(made.review_due) == (0, 0)
    assert chase_reviews(made.review_due + 25 * HOUR) == (0, 1)
    assert told("access.review_overdue") == ["owner"]


def test_a_role_that_ended_hears_nothing() -> None:
    user, former = person("operations"), person("privacy_officer")
    person("owner")
    made = break_glass(subject_of(user), **WISH)
    assert made.review_due is not None
    RoleAssignment.objects.filter(person=former).update(until=timezone.now())
    chase_reviews(made.review_due + 24 * HOUR)
    assert told("access.review_overdue") == ["owner"]


def test_the_job_is_there() -> None:
    assert jobs.find_job("access.reviews") is not None
    assert AccessGrant.objects.count() == 0
