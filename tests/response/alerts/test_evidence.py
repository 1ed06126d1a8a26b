"""All evidence of an alert is kept, up to a bound that the page names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.response.alerts import Evidence, coalescing, keeping, raise_alert, raise_alerts
from guanlan.response.alerts.finding import fingerprint
from guanlan.response.alerts.keeping import every_piece
from guanlan.response.models import Alert, AlertEvidence
from tests.people import person
from tests.response.alerts.findings import NOON, finding
from tests.response.cases.rows import make_case

pytestmark = pytest.mark.django_db


def pieces(first: int, count: int) -> tuple[Evidence, ...]:
    """Pieces of evidence with numbers of their own."""
    return tuple(
        Evidence("decision", str(n), NOON + timedelta(microseconds=n))
        for n in range(first, first + count)
    )


def kept(alert: Alert) -> list[Evidence]:
    return list(every_piece(AlertEvidence.objects.filter(alert=alert).order_by("begins")))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    raised=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=12),
    most=st.integers(0, 90),
    chunk=st.integers(1, 12),
    together=st.booleans(),
)
def test_what_is_kept_is_what_a_list_of_everything_begins_with(
    raised: list[tuple[str, int]], most: int, chunk: int, together: bool, monkeypatch: Any
) -> None:
    monkeypatch.setattr(coalescing, "MOST", most)
    monkeypatch.setattr(keeping, "CHUNK", chunk)
    every: dict[str, list[Evidence]] = {"a": [], "b": []}
    findings = []
    for n, (key, count) in enumerate(raised):
        named = pieces(100 * n, count)
        every[key] += named
        findings.append(finding(key, evidence=named, at=NOON))
    with transaction.atomic():
        for some in [findings] if together else [[one] for one in findings]:
            raise_alerts(some, NOON)
        for alert in Alert.objects.all():
            whole = next(one for key, one in every.items() if alert == _of(key))
            assert kept(alert) == whole[:most]
            assert alert.evidence_count == len(whole)
            shown = whole[:20] + whole[20:][-20:]
            assert [ref for _kind, ref, _at in alert.evidence] == [one.ref for one in shown]
        assert Alert.objects.count() == len({key for key, _count in raised})
        transaction.set_rollback(True)


def _of(key: str) -> Alert | None:
    digest = fingerprint(finding().rule, {"user": key})
    return Alert.objects.filter(fingerprint=digest).first()


def test_keeping_it_costs_one_statement() -> None:
    raise_alert(finding(), NOON)
    counts = []
    for evidence in ((), pieces(0, 1), pieces(1, 250)):
        with CaptureQueriesContext(connection) as caught:
            raise_alert(finding(evidence=evidence), NOON)
        counts.append(len(caught))
    assert counts == [counts[0], counts[0] + 1, counts[0] + 1]


def test_chunks_are_never_changed() -> None:
    raise_alert(finding(), NOON)
    with pytest.raises(TypeError, match="append-only"):
        AlertEvidence.objects.update(pieces="[]")
    with pytest.raises(TypeError, match="append-only"):
        AlertEvidence.objects.all().delete()


def owner() -> Client:
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def refs_behind(client: Client, address: str) -> list[str]:
    """The references on all pages from an address on."""
    found: list[str] = []
    query = "?"
    while query:
        page = client.get(address + query).context
        found += [one.title.removeprefix("Decision ") for one in page["pieces"]]
        query = f"?before={page['older']}" if page["older"] else ""
    return found


def test_the_page_of_an_alert_leads_to_all_of_it() -> None:
    for start in range(0, 450, 90):
        raise_alert(finding(evidence=pieces(start, 90)), NOON)
    alert = Alert.objects.get()
    client = owner()
    address = reverse("alert_evidence", args=[alert.pk])
    text = client.get(reverse("alert", args=[alert.pk])).content.decode()
    assert f'href="{address}">all 450' in text
    assert refs_behind(client, address) == [str(n) for n in reversed(range(450))]
    assert "All of them are kept." in client.get(address).content.decode()
    assert client.get(address, {"before": "9" * 30}).status_code == 200
    assert client.get(reverse("alert_evidence", args=[2**70])).status_code == 404


def test_a_case_shows_all_evidence_of_its_alerts() -> None:
    case = make_case(1)
    for user in ("u-1", "u-2"):
        raise_alert(finding(user, evidence=pieces(0, 130)), NOON)
    raise_alert(finding("u-3", evidence=pieces(500, 3)), NOON)
    Alert.objects.order_by("pk").last().delete()  # type: ignore[union-attr]
    Alert.objects.update(case=case)
    client = owner()
    address = reverse("case_evidence", args=[case.pk])
    assert address in client.get(reverse("case", args=[case.pk])).content.decode()
    assert sorted(refs_behind(client, address), key=int) == [str(n // 2) for n in range(260)]


def test_past_the_bound_only_the_count_goes_on_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("coalescing", "keeping"):
        monkeypatch.setattr(f"guanlan.response.alerts.{module}.MOST", 100)
    monkeypatch.setattr("guanlan.response.pages.alerts.MOST", 100)
    monkeypatch.setattr("guanlan.response.pages.alert_evidence.MOST", 100)
    for start in range(0, 240, 60):
        raise_alert(finding(evidence=pieces(start, 60)), NOON)
    alert = Alert.objects.get()
    assert [one.ref for one in kept(alert)] == [str(n) for n in range(100)]
    client = owner()
    assert "the first 100 of 240 are kept" in client.get(
        reverse("alert", args=[alert.pk])
    ).content.decode()  # fmt: skip
    text = client.get(reverse("alert_evidence", args=[alert.pk])).content.decode()
    assert "Of each alert the first 100 are kept; 140 came after that" in text


def test_who_sees_no_alert_sees_no_evidence() -> None:
    raise_alert(finding(), NOON)
    client = Client()
    client.force_login(person(None, "nobody"))
    for name in ("alert_evidence", "case_evidence"):
        assert client.get(reverse(name, args=[Alert.objects.get().pk])).status_code == 403
