"""A sealed value that was damaged: unreadable on its page, and a letter to who keeps keys."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from guanlan.core import outbox
from guanlan.core.access import subject_of
from guanlan.core.models import Message, User
from guanlan.core.sealing import telling
from guanlan.fraud.models import Decision
from guanlan.web.discussion import comment, storing
from guanlan.web.discussion.models import Attachment, Comment
from tests.people import person
from tests.web.discussion.test_attachments import send
from tests.web.discussion.test_comments import NOUN

pytestmark = pytest.mark.django_db
PLAIN = "账户可疑，电话 13800138000"
COLUMN = "web_comment.text"
PAGE = f"/discussion/{NOUN}/7"
Committing = Callable[..., AbstractContextManager[list[Any]]]


@pytest.fixture(autouse=True)
def hour(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing was told of yet; the hour that it is."""
    clock = ["2026-11-27T08"]
    monkeypatch.setattr(telling, "_seen", telling._Seen())
    monkeypatch.setattr(telling, "_hour", lambda _now: clock[0])
    return clock


@pytest.fixture
def keepers() -> list[User]:
    """Those who keep the keys."""
    return [person("owner"), person("security_engineer")]


@pytest.fixture
def analyst(client: Client) -> Client:
    client.force_login(person("fraud_analyst"))
    client.cookies["guanlan_language"] = "en"
    return client


def damage(row: Comment) -> bytes:
    """As somebody does who may write to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM web_comment WHERE id = %s", [row.pk])
        blob = bytes(cursor.fetchone()[0])
        spoilt = blob[:-1] + bytes([blob[-1] ^ 1])
        cursor.execute("UPDATE web_comment SET text = %s WHERE id = %s", [spoilt, row.pk])
    return spoilt


def letters() -> list[Message]:
    return list(Message.objects.filter(template=telling.TEMPLATE).order_by("pk"))


def seen(analyst: Client, committing: Committing, address: str = PAGE) -> str:
    with committing(execute=True):
        answer = analyst.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_shown_unreadable_and_told(
    decision: Decision,
    keepers: list[User],
    analyst: Client,
    hour: list[str],
    django_capture_on_commit_callbacks: Committing,
) -> None:
    author = User.objects.get(username="fraud_analyst")
    rows = [comment(subject_of(author), NOUN, "7", PLAIN) for _ in range(3)]
    assert PLAIN in seen(analyst, django_capture_on_commit_callbacks)
    assert letters() == []
    spoilt = [damage(row) for row in rows]

    page = seen(analyst, django_capture_on_commit_callbacks)
    assert page.count("unreadable") >= 3
    assert PLAIN not in page
    assert "13800138000" not in page
    assert [bytes(held.blob) for held in Comment.objects.values_list("text", flat=True)] == spoilt

    told = letters()
    assert {message.recipient for message in told} == set(keepers)
    assert all(message.urgency == "urgent" for message in told)
    assert all(outbox.unread(subject_of(one)).count() == 1 for one in keepers)  # the bell
    assert told[0].context == {"column": COLUMN, "count": 3}
    (notice,) = outbox.notices([m for m in told if m.recipient == keepers[1]])
    assert COLUMN in notice.text.subject
    assert PLAIN not in f"{notice.text.subject} {notice.text.body}"

    seen(analyst, django_capture_on_commit_callbacks)  # again within the hour
    assert len(letters()) == 2
    hour[0] = "2026-11-27T09"
    seen(analyst, django_capture_on_commit_callbacks)
    assert len(letters()) == 4
    assert letters()[-1].context["count"] == 6  # what was counted since, with this page's


def test_another_process_does_not_tell_again_within_the_hour(
    decision: Decision,
    keepers: list[User],
    analyst: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committing,
) -> None:
    author = User.objects.get(username="fraud_analyst")
    damage(comment(subject_of(author), NOUN, "7", PLAIN))
    seen(analyst, django_capture_on_commit_callbacks)
    monkeypatch.setattr(telling, "_seen", telling._Seen())
    seen(analyst, django_capture_on_commit_callbacks)
    assert len(letters()) == 2


def test_each_column_is_told_of(
    decision: Decision,
    keepers: list[User],
    analyst: Client,
    settings: Settings,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Committing,
) -> None:
    settings.DATA = tmp_path
    author = User.objects.get(username="fraud_analyst")
    damage(comment(subject_of(author), NOUN, "7", PLAIN))
    assert send(analyst) == 302
    kept = Attachment.objects.get()
    storing.path_of(kept.stored).write_bytes(b"GLA1" + bytes(99))
    seen(analyst, django_capture_on_commit_callbacks)
    with django_capture_on_commit_callbacks(execute=True):
        assert analyst.get(f"/attachments/{kept.pk}").status_code == 500
    assert {m.context["column"] for m in letters()} == {COLUMN, "attachments.bytes"}


def test_a_page_is_shown_even_where_nobody_can_be_told(
    decision: Decision,
    keepers: list[User],
    analyst: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committing,
) -> None:
    author = User.objects.get(username="fraud_analyst")
    damage(comment(subject_of(author), NOUN, "7", PLAIN))

    def refused(*_given: object, **_named: object) -> None:
        raise OSError("the audit log cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr("guanlan.core.outbox.send", refused)
        assert "unreadable" in seen(analyst, django_capture_on_commit_callbacks)
    assert letters() == []
    seen(analyst, django_capture_on_commit_callbacks)  # made up for as soon as it can be
    assert [m.context["count"] for m in letters()] == [2, 2]
