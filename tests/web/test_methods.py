"""Every route says which methods it answers; what a GET reaches writes nothing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse

from guanlan.web.rights import routes
from tests.people import person

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
# What a GET may write: where a person is in the console, and that something was read.
BOOKKEEPING = ("django_session", "core_audit")


def addresses() -> list[str]:
    found = []
    for _pattern, name, view in routes():
        if name and view.__module__.startswith("guanlan."):
            try:
                found.append(reverse(name))
            except NoReverseMatch:
                continue
    return sorted(set(found))


@pytest.mark.django_db
@pytest.mark.parametrize("path", addresses())
def test_a_get_writes_nothing(client: Client, path: str) -> None:
    client.force_login(person())
    written: list[str] = []

    def watch(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        first = sql.lstrip().split(" ", 1)[0].upper()
        if first in WRITES and not any(table in sql for table in BOOKKEEPING):
            written.append(sql[:120])
        return execute(sql, params, many, context)  # type: ignore[operator]

    with connection.execute_wrapper(watch):
        for _turn in range(2):
            client.get(path)
    assert written == []


def test_routes_are_walked() -> None:
    assert {"/", "/search", "/settings/keys", "/logout"} <= set(addresses())
