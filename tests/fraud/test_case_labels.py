"""The page of a case says what became of its labels."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from guanlan.core.access import SYSTEM
from guanlan.engine import Engine
from guanlan.fraud.labelling import hand_over
from guanlan.fraud.models import CaseLabel
from guanlan.response.cases.calling import call_all
from guanlan.response.cases.closing import close, reopen
from guanlan.response.models import Case
from guanlan.web.resource import Panel, add_panel
from tests.fraud import test_labelling
from tests.fraud.test_labelling import NOW, case_of
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
live = test_labelling.live  # fixture


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def panel(client: Client, case: Case) -> str:
    """The panel's text, or nothing where it is not there."""
    text = client.get(reverse("case", args=[case.pk])).content.decode()
    found = re.search(r'<section class="card" id="labels">.*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def listed(client: Client, address: str) -> list[int]:
    """The decisions behind an address of the panel."""
    page = client.get(address).context
    assert page["problems"] == []
    return sorted(int(row.key) for row in page["rows"])


def links(text: str) -> list[tuple[str, str]]:
    return [
        (href.replace("&amp;", "&"), n) for href, n in re.findall(r'href="([^"]+)">(\d+)<', text)
    ]


def test_it_counts_what_waits_is_written_and_was_refused(live: Engine, owner: Client) -> None:
    case = case_of(0, 2, 4, 99)
    assert panel(owner, case) == "", "an open case has no labels"
    close(SYSTEM, case, "confirmed", "looked at", now=NOW)
    assert "told within a minute" in panel(owner, case)
    call_all(NOW)
    text = panel(owner, case)
    assert "waits for the engine" in text
    ((address, n),) = links(text)
    assert (n, listed(owner, address)) == ("4", [0, 2, 4])
    hand_over(live, NOW)
    text = panel(owner, case)
    assert "the log knows no such decision" in text
    assert [(listed(owner, address), n) for address, n in links(text)] == [
        ([0, 2, 4], "3"),
        ([], "1"),  # one that the log does not know has no row
    ]
    assert "fraud" in text


def test_each_closing_has_its_own(live: Engine, owner: Client) -> None:
    case = case_of(0, 2)
    for was in ("confirmed", "false_positive", "false_positive"):
        close(SYSTEM, case, was, "looked at", now=NOW)
        call_all(NOW)
        hand_over(live, NOW)
        reopen(SYSTEM, case, "looked at again", now=NOW)
    case.refresh_from_db()
    text = panel(owner, case)
    assert "closing 1" in text
    assert "closing 2" in text
    assert "said nothing new" in text
    assert [n for _address, n in links(text)] == ["2", "2"]
    close(SYSTEM, case, "suspected", "looked at", now=NOW)
    call_all(NOW)
    assert "too uncertain" in panel(owner, case)


def test_why_it_was_refused_is_said_in_words(live: Engine, owner: Client) -> None:
    case = case_of(0, 2)
    close(SYSTEM, case, "confirmed", "looked at", now=NOW)
    call_all(NOW)
    for seq, why in ((0, "unknown_type"), (2, "strange_code")):
        CaseLabel.objects.filter(seq=seq).update(state="refused", why=why)
    text = panel(owner, case)
    assert "the scenario in force knows no labels" in text
    assert "the engine refused it: strange_code" in text


def test_decisions_are_found_by_the_case_that_labels_them(live: Engine, owner: Client) -> None:
    for case in (case_of(0, 2), case_of(1, user="u-1")):
        close(SYSTEM, case, "confirmed", "looked at", now=NOW)
    call_all(NOW)
    first, second = Case.objects.order_by("pk")
    CaseLabel.objects.filter(seq=2).update(state="refused")

    def found(query: str) -> list[int]:
        return listed(owner, f"{reverse('decisions')}?q={query}")

    assert found(f"caselabel:{first.pk}") == [0, 2]
    assert found(f"caselabel:{first.pk}-refused") == [2]
    assert found(f"caselabel:{first.pk}.1-waiting,{second.pk}") == [0, 1]
    assert found(f"caselabel:{first.pk}.2") == []
    assert found(f"-caselabel:{first.pk}") == [1, 3, 4]
    page = owner.get(reverse("decisions"), {"q": "caselabel:x"}).context
    assert "number of a case" in str(page["problems"])


def test_who_sees_no_labels_sees_no_panel(live: Engine) -> None:
    case = case_of(0)
    close(SYSTEM, case, "confirmed", "looked at", now=NOW)
    call_all(NOW)
    client = Client()
    client.force_login(person("communications"))
    assert client.get(reverse("case", args=[case.pk])).status_code == 200
    assert panel(client, case) == ""


def test_no_panel_is_added_once_the_start_is_over() -> None:
    with pytest.raises(ImproperlyConfigured, match="the start is over"):
        add_panel("response.case", Panel("x", "web/resource/facts.html"))
