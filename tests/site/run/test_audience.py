"""Who may watch decisions as they are made."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core import outbox
from guanlan.core.access import subject_of
from guanlan.core.models import Message, RoleAssignment, User
from guanlan.site.door.stream import Watcher
from guanlan.site.run.console import WATCHER, unread, watcher
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)


def scope(client: Client) -> dict[str, object]:
    header = f"guanlan_session={client.session.session_key}".encode()
    return {"type": "http", "headers": [(b"cookie", header)]}


@pytest.mark.parametrize(("role", "watches"), [("fraud_analyst", True), ("communications", False)])
def test_only_who_may_see_decisions_watches_them(client: Client, role: str, watches: bool) -> None:
    user = person(role)
    client.force_login(user)
    assert watcher(scope(client)) == Watcher(user.pk, WATCHER if watches else None)


def test_a_role_that_is_taken_away_ends_the_stream(client: Client) -> None:
    user = person("fraud_analyst")
    client.force_login(user)
    assert watcher(scope(client)) == Watcher(user.pk, WATCHER)
    RoleAssignment.objects.all().delete()
    assert watcher(scope(client)) == Watcher(user.pk)  # the bell is of the person alone


def test_who_is_signed_out_or_gone_hears_nothing(client: Client) -> None:
    user = person("fraud_analyst")
    client.force_login(user)
    before = scope(client)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert watcher(before) is None
    User.objects.filter(pk=user.pk).update(is_active=True)
    client.logout()
    assert watcher(before) is None


def test_the_bell_counts_ones_own_unread_messages_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ana, ben, eve = (person("fraud_analyst", name) for name in ("ana", "ben", "eve"))
    for user in (ana, ana, ben):
        outbox.send("channel.test", to=user, context={"channel": "x"})
    outbox.mark_read(subject_of(ana), [outbox.own(subject_of(ana)).first().pk])  # type: ignore[union-attr]
    Message.objects.bulk_create(
        Message(template="channel.test", target="t", recipient=eve) for _n in range(150)
    )
    with django_assert_num_queries(1):
        assert outbox.unread_counts({ana.pk, ben.pk}) == {ana.pk: 1, ben.pk: 1}
    assert unread({eve.pk, 10**6}) == {eve.pk: 100}  # shown as 99+


def test_nobody_watches_without_a_session() -> None:
    assert watcher({"type": "http", "headers": []}) is None
