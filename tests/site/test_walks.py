"""Every page of the console, whatever app it belongs to."""

from __future__ import annotations

from django.db import connection
from django.test import Client

from guanlan.fraud.services import store_backtest
from tests.addresses import closed_pages, pages
from tests.fraud import conftest
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.people import confirm, person

nothing_remembered, pond = conftest.nothing_remembered, conftest.pond  # fixtures

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
# What a GET may write: where a person is in the console, and that something was read.
BOOKKEEPING = ("django_session", "core_audit")


def test_every_page_wants_a_signed_in_person(pond: World, client: Client) -> None:
    wrong = []
    for path in closed_pages().values():
        for method in (client.get, client.post):
            response = method(path)
            if response.status_code != 302 or not response["Location"].startswith("/login?next=/"):
                wrong.append(path)
    assert wrong == []


def test_a_get_writes_nothing(pond: World) -> None:
    store_backtest("A year", "pond", "abc", report())
    user = person("owner")
    written: list[str] = []
    client, path = Client(), ""

    def watch(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        first = sql.lstrip().split(" ", 1)[0].upper()
        if first in WRITES and not any(table in sql for table in BOOKKEEPING):
            written.append(f"{path}: {sql[:120]}")
        return execute(sql, params, many, context)  # type: ignore[operator]

    for path in pages().values():
        if client.cookies.get("guanlan_session") is None or not client.session.get("second_factor"):
            client = Client()
            client.force_login(user)
            confirm(client)
        with connection.execute_wrapper(watch):
            for _turn in range(2):
                client.get(path)
    assert written == []


def test_routes_are_walked() -> None:
    assert {"/", "/search", "/settings/keys", "/logout", "/decisions/1"} <= set(pages().values())
