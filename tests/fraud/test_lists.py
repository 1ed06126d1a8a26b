"""The lists of the fraud screens: what every resource keeps, and what is their own."""

from __future__ import annotations

import csv
import io

from django.test import Client

from guanlan.fraud.models import Backtest, Entity
from guanlan.fraud.services import store_backtest
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.web.resource_suite import ResourceSuite


class TestBacktests(ResourceSuite):
    noun = "fraud.backtest"

    def make(self, n: int) -> Backtest:
        return store_backtest(f"backtest {n}", "pond", "abc", report())


def test_decisions_sort_page_and_count_both_ways(pond: World, signed_in: Client) -> None:
    wanted = [str(d["seq"]) for d in pond.decisions()]
    for sort, expected in (("time", wanted), ("-time", wanted[::-1])):
        page = signed_in.get("/decisions", {"q": "", "sort": sort}).context
        assert page["count"] == str(len(wanted))
        seen = [row.key for row in page["rows"]]
        second = signed_in.get(page["older"]).context
        seen += [row.key for row in second["rows"]]
        assert seen == expected[:100]
        back = signed_in.get(second["newer"]).context
        assert [row.key for row in back["rows"]] == expected[:50]


def test_a_minus_turns_a_filter_of_decisions_round(pond: World, signed_in: Client) -> None:
    def seqs(query: str) -> set[int]:
        answer = signed_in.get("/api/v1/decisions", {"q": query, "limit": "200"})
        return {int(one["pk"]) for one in answer.json()["items"]}

    everything = seqs("")
    assert everything == {d["seq"] for d in pond.decisions()}
    for query in (
        "outcome:approve",
        "user:u-7",
        "rule:transfer.large",
        "amount:>1000",
        "type:login",
    ):
        assert seqs(f"-{query}") == everything - seqs(query), query
    assert seqs("-user:nobody") == everything
    assert seqs("outcome:<=review") == everything - seqs("outcome:>review")


def test_no_door_lets_a_sensitive_key_out(pond: World, signed_in: Client) -> None:
    phones = {d["entities"]["phone"] for d in pond.decisions() if "phone" in d["entities"]}
    assert phones
    bodies = [
        signed_in.post("/entities/export/csv", {"q": "kind:phone"}).getvalue(),
        signed_in.post("/decisions/export/csv", {"q": "type:login"}).getvalue(),
        signed_in.get("/api/v1/entities", {"q": "kind:phone"}).content,
        signed_in.get("/api/v1/decisions", {"q": "type:login"}).content,
    ]
    for body in bodies:
        assert not any(phone.encode() in body for phone in phones)
    lines = list(csv.reader(io.StringIO(bodies[0].decode("utf-8-sig"))))
    assert len(lines) == Entity.objects.filter(kind="phone").count() + 1


def test_a_free_word_is_no_key_of_an_entity(pond: World, signed_in: Client) -> None:
    page = signed_in.post("/entities/filter", {"q": "13800138000"}, follow=True).context
    assert page["problems"]
    assert page["rows"] == []
    assert "13800138000" not in page["problems"][0]
    missing = signed_in.post("/entities/find", {"key": "nobody"}, follow=True)
    assert "No entity has this key." in missing.content.decode()
