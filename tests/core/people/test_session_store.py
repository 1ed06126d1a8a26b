"""Sessions: what lies in the database opens none."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sessions.models import Session
from django.test import Client

from guanlan.core.models import SignedIn
from guanlan.core.people.session_store import SessionStore, kept_key
from tests.people import person

pytestmark = pytest.mark.django_db


def test_no_row_holds_the_key_and_what_it_holds_opens_nothing(client: Client) -> None:
    client.force_login(person("owner"))
    key = client.session.session_key
    row, seen = Session.objects.get(), SignedIn.objects.get()
    assert key not in (row.session_key, seen.session_key)
    assert row.session_key == seen.session_key == kept_key(key)
    assert client.get("/settings/access").status_code == 200
    thief = Client()
    thief.cookies["guanlan_session"] = row.session_key
    assert thief.get("/settings/access").status_code == 302


def test_a_session_is_kept_found_moved_and_ended() -> None:
    store = SessionStore()
    store["a"] = 1
    store.create()
    key = str(store.session_key)
    assert SessionStore(key)["a"] == 1
    assert store.exists(key)
    assert not store.exists(kept_key(key))
    store.cycle_key()
    assert not store.exists(key)
    assert SessionStore(store.session_key)["a"] == 1
    again = SessionStore(store.session_key)
    again["b"] = 2
    again.save()
    assert Session.objects.count() == 1
    again.flush()
    assert not Session.objects.exists()


def test_from_an_event_loop_it_is_the_same() -> None:
    store = SessionStore()
    store["a"] = 1
    async_to_sync(store.acreate)()
    found = SessionStore(store.session_key)
    assert async_to_sync(found.aget)("a") == 1
    assert async_to_sync(found.aexists)(str(store.session_key))
    async_to_sync(found.adelete)()
    assert not Session.objects.exists()
