"""Rights for a time: another person approves, it ends by itself, broken glass is reviewed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from guanlan.core.access import Denied, may, subject_of
from guanlan.core.access.granting import (
    ask,
    break_glass,
    decide,
    grants_for,
    overdue,
    review,
    revoke,
    unreviewed,
)
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit.copying import copy_rows, history
from guanlan.core.models import AccessGrant, Message, User
from guanlan.core.outbox import notices
from tests.people import person

pytestmark = pytest.mark.django_db

WISH: dict[str, Any] = {
    "verb": "reveal", "noun": "fraud.entity", "level": 3, "purpose": "incident_response",
    "minutes": 60, "reason": "incident 7, the callers' numbers",
}  # fmt: skip


def reveals(user: User, now: dt.datetime | None = None) -> bool:
    asked = {"level": 3, "purpose": "incident_response"}
    return may(subject_of(user, now), "reveal", "fraud.entity", **asked)  # type: ignore[arg-type]


def test_a_grant_holds_from_its_approval_until_its_end() -> None:
    owner, user = person("owner"), person("operations")
    grant = ask(subject_of(user), **WISH)
    assert not reveals(user)
    assert Message.objects.get(template="access.asked").recipient == owner
    decide(subject_of(owner), grant, approve=True)
    assert reveals(user)
    assert not reveals(user, timezone.now() + dt.timedelta(minutes=61))
    with pytest.raises(ValidationError):
        decide(subject_of(owner), grant, approve=False)
    revoke(subject_of(owner), grant)
    assert not reveals(user)


def test_nobody_approves_their_own_request() -> None:
    for role in ("owner", "privacy_officer"):
        user = person(role, clearance=4)
        grant = ask(subject_of(user), **WISH)
        with pytest.raises(Denied):
            decide(subject_of(user), grant, approve=True)
    assert not AccessGrant.objects.exclude(decided=None).exists()


def test_who_may_not_approve_does_not_and_nobody_beyond_their_clearance() -> None:
    grant = ask(subject_of(person("operations")), **WISH)
    for other in (
        person("fraud_analyst", clearance=4),
        person("administrator", clearance=4),
        person("auditor", clearance=4),
        person("privacy_officer", clearance=2),
    ):
        with pytest.raises(Denied):
            decide(subject_of(other), grant, approve=True)
    decide(subject_of(person("privacy_officer", "po", clearance=3)), grant, approve=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 0},
        {"minutes": 481},
        {"noun": "core.nothing"},
        {"noun": "core.roleassignment", "verb": "add"},
        {"verb": "delete"},
        {"level": 5},
        {"level": 0},
        {"purpose": ""},
        {"purpose": "fun"},
        {"scope": ""},
        {"reason": "why"},
        {"ticket": "T" * 81},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ask(subject_of(person("operations")), **WISH | wrong)
    assert not AccessGrant.objects.exists()


def test_the_auditor_is_lent_nothing() -> None:
    for way in (ask, break_glass):
        with pytest.raises(Denied):
            way(subject_of(person("auditor", way.__name__)), **WISH)


def test_broken_glass_opens_at_once_tells_and_waits_for_another_ones_review() -> None:
    owner, user = person("owner"), person("operations")
    grant = break_glass(subject_of(user), **WISH)
    assert reveals(user)
    assert not reveals(user, timezone.now() + dt.timedelta(minutes=61))
    message = Message.objects.get(template="access.glass")
    assert (message.recipient, message.urgency) == (owner, "critical")
    assert list(unreviewed()) == [grant]
    # The log outlives the database of a test: it may be long, of which a page copies a part only,
    # and may speak of others that had this number.
    copy_rows()
    # Its own page says how it began, and the message says of what in the reader's words.
    newest = history("core.breakglass", str(grant.pk))[0]
    assert newest.act == "glass.break"
    [said] = notices([message], "zh-hans")
    assert "主体（显示明文）" in said.text.body
    assert not overdue(grant)
    assert overdue(grant, timezone.now() + dt.timedelta(hours=25))
    with pytest.raises(ValidationError):
        break_glass(subject_of(user), **WISH)
    with pytest.raises(Denied):
        review(subject_of(user), grant, justified=True, answer="it was needed")
    review(subject_of(owner), grant, justified=True, answer="the incident was real")
    assert not unreviewed().exists()
    with pytest.raises(ValidationError):
        review(subject_of(owner), grant, justified=False, answer="on second thoughts")


@pytest.mark.parametrize("minutes", [14, 61])
def test_glass_is_broken_for_15_to_60_minutes(minutes: int) -> None:
    with pytest.raises(ValidationError):
        break_glass(subject_of(person("operations")), **WISH | {"minutes": minutes})


def test_who_has_no_right_to_break_glass_does_not() -> None:
    with pytest.raises(Denied):
        break_glass(subject_of(person("communications")), **WISH)


def test_what_was_written_about_a_request_lies_sealed() -> None:
    owner, user = person("owner"), person("operations")
    said = {"reason": "the caller of incident 7", "ticket": "T-77 of the caller"}
    grant = ask(subject_of(user), **{**WISH, **said})
    decide(subject_of(owner), grant, approve=False, answer="ask the caller first")
    glass = break_glass(subject_of(user), **{**WISH, "minutes": 30, "reason": "the caller waits"})
    review(subject_of(owner), glass, justified=True, answer="the caller agrees")
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason, ticket, answer FROM core_accessgrant")
        for row in cursor.fetchall():
            assert all(b"caller" not in bytes(value) for value in row if not isinstance(value, str))
            assert not any(isinstance(value, str) for value in row), "stored as bytes"
    grant.refresh_from_db()
    glass.refresh_from_db()
    assert (grant.reason, grant.ticket) == (said["reason"], said["ticket"])
    assert (grant.answer, grant.approved) == ("ask the caller first", False)
    assert (glass.reason, glass.answer) == ("the caller waits", "the caller agrees")


@pytest.mark.parametrize(
    "reason", ["call 138.0013.8000", "call 138/0013/8000", "call (010) 6555 1234",
               "call １３８·００１３·８０００", "card 6222 0202 – 0011 2233", "mail ann＠example"],
)  # fmt: skip
def test_a_number_of_somebody_is_no_reason_however_it_is_written(reason: str) -> None:
    with pytest.raises(ValidationError):
        checked_reason(reason)
    for fine in ("case 12, ticket T-2026", "案件 2026-118：客户来电", "the transfer of 2026-11-23"):
        assert checked_reason(fine) == fine


def test_nobody_reviews_their_own_broken_glass_whatever_their_right() -> None:
    for role in ("owner", "privacy_officer", "compliance_officer"):
        user = person(role, clearance=4)
        glass = break_glass(subject_of(user), **{**WISH, "minutes": 30})
        assert may(subject_of(user), "approve", "core.breakglass")
        with pytest.raises(Denied):
            review(subject_of(user), glass, justified=True, answer="it was right of me")
    assert unreviewed().count() == 3


def test_who_neither_decides_nor_sees_people_sees_their_own_requests_only() -> None:
    one, other = person("operations"), person("fraud_analyst")
    grants = [ask(subject_of(user), **WISH) for user in (one, other)]
    glass = [break_glass(subject_of(user), **{**WISH, "minutes": 30}) for user in (one, other)]
    for of, broken in ((grants, False), (glass, True)):
        for user, theirs in zip((one, other), of, strict=True):
            for verb in ("see", "export"):
                seen = grants_for(subject_of(user), verb, broken_glass=broken)
                assert set(seen) <= {theirs}
        for role in ("privacy_officer", "administrator", "owner"):
            watcher = person(role, f"{role} {broken}")
            assert set(grants_for(subject_of(watcher), broken_glass=broken)) == set(of)
