"""The bell counts one's own messages and leads to what they are about, if one may see it."""

from __future__ import annotations

import pytest
from django.test import Client

import guanlan.fraud.urls  # noqa: F401 - says what is discussed
from guanlan.core import outbox, services
from guanlan.core.access import subject_of
from guanlan.core.models import Message, User
from guanlan.fraud.models import Backtest
from guanlan.web.discussion.commenting import TEMPLATE
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    user = person()
    client.force_login(user)
    client.cookies["guanlan_language"] = "en"
    return user


def tell(user: User, about: tuple[str, str] | None = None) -> Message:
    context = {"who": "ana"}
    (message,) = outbox.send(TEMPLATE.name, to=user, context=context, about=about)
    return message


def test_it_counts_what_is_unread_and_is_quiet_while_nothing_changes(
    owner: User, client: Client
) -> None:
    other = person("fraud_analyst")
    tell(other)
    assert "no unread message" in client.get("/notifications/bell").content.decode()
    tell(owner)
    text = client.get("/notifications/bell?n=0").content.decode()
    assert "1 unread message<" in text
    assert client.get("/notifications/bell?n=1").status_code == 204
    assert "ana mentions you" in client.get("/notifications/newest").content.decode()


def test_following_a_message_reads_it_and_leads_to_its_object(owner: User, client: Client) -> None:
    key = services.create_api_key("wallet", ["events:write"]).key
    message = tell(owner, ("core.apikey", key.pk))
    assert client.get(f"/notifications/{message.pk}/follow").status_code == 405
    answer = client.post(f"/notifications/{message.pk}/follow")
    assert key.pk in answer["Location"]
    assert not outbox.unread(subject_of(owner)).exists()


@pytest.mark.parametrize(
    "about", [None, ("fraud.decision", "99"), ("fraud.backtest", "1"), ("no.such", "x")]
)
def test_what_is_gone_or_hidden_leads_to_the_list(
    owner: User, client: Client, about: tuple[str, str] | None
) -> None:
    message = tell(owner, about)
    answer = client.post(f"/notifications/{message.pk}/follow")
    assert answer["Location"] == f"/notifications#m{message.pk}"
    assert not Backtest.objects.exists()


def test_a_message_is_followed_by_its_recipient_only(owner: User, client: Client) -> None:
    message = tell(person("fraud_analyst"))
    assert client.post(f"/notifications/{message.pk}/follow").status_code == 404
    assert Message.objects.get(pk=message.pk).read is None
