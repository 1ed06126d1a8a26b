"""Who may watch decisions as they are made."""

from __future__ import annotations

import pytest
from django.test import Client

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import RoleAssignment
from guanlan.site.run.console import WATCHER, audience
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)


def scope(client: Client) -> dict[str, object]:
    header = f"guanlan_session={client.session.session_key}".encode()
    return {"type": "http", "headers": [(b"cookie", header)]}


@pytest.mark.parametrize(("role", "watches"), [("fraud_analyst", True), ("communications", False)])
def test_only_who_may_see_decisions_watches_them(client: Client, role: str, watches: bool) -> None:
    client.force_login(person(role))
    assert audience(scope(client)) == (WATCHER if watches else None)


def test_a_role_that_is_taken_away_ends_the_stream(client: Client) -> None:
    client.force_login(person("fraud_analyst"))
    assert audience(scope(client)) == WATCHER
    RoleAssignment.objects.all().delete()
    assert audience(scope(client)) is None


def test_nobody_watches_without_a_session() -> None:
    assert audience({"type": "http", "headers": []}) is None
