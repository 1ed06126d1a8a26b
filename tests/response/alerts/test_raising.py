"""One rule and key is one alert, as long as it is live and found again within the window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM
from guanlan.response.alerts import Evidence, Finding, live_count, raise_alert, raise_alerts
from guanlan.response.alerts.finding import fingerprint
from guanlan.response.alerts.handling import close, reopen
from guanlan.response.entities import Named
from guanlan.response.models import Alert, AlertEntity, DeadLetter, EntityRef
from guanlan.response.terms import Severity
from tests.response.alerts.findings import NOON, finding

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def raised(one: Finding, now: datetime | None = None) -> Alert:
    alert = raise_alert(one, now or one.at)
    assert alert is not None
    return alert


def test_a_hundred_findings_are_one_alert_with_a_count() -> None:
    found = raise_alerts([finding(at=NOON + n * MINUTE) for n in range(100)], NOON + 100 * MINUTE)
    alert = Alert.objects.get()
    assert found == [alert]
    assert (alert.count, alert.first_seen, alert.last_seen) == (100, NOON, NOON + 99 * MINUTE)
    assert alert.evidence_count == 100
    assert len(alert.evidence) == 40


def test_the_first_and_the_newest_evidence_is_kept() -> None:
    every = [Evidence("decision", str(n), NOON) for n in range(100)]
    for start in range(0, 100, 7):
        raised(finding(evidence=tuple(every[start : start + 7])), NOON)
    refs = [int(ref) for _kind, ref, _at in Alert.objects.get().evidence]
    assert refs == [*range(20), *range(80, 100)]


def test_outside_the_window_it_is_another_alert() -> None:
    first = raised(finding(at=NOON))
    assert raised(finding(at=NOON + 60 * MINUTE)) == first
    second = raised(finding(at=NOON + 121 * MINUTE))
    assert second != first
    assert Alert.objects.filter(current=True).get() == second
    assert live_count() == 2, "the first one has not been closed"


def test_after_closing_it_is_another_alert() -> None:
    first = raised(finding())
    close(SYSTEM, first, "benign", "known traveller", NOON)
    assert raised(finding(at=NOON + MINUTE)) != first
    assert live_count() == 1


def test_severity_rises_and_never_falls_by_itself() -> None:
    for severity, expected in ((1, 1), (3, 3), (2, 3)):
        raised(finding(severity=Severity(severity)))
        assert Alert.objects.get().severity == expected
    alert = Alert.objects.get()
    assert alert.deadline == NOON + timedelta(minutes=30), "of high: the earlier one"
    assert [one.kind for one in alert.happenings.all()] == ["severity"]


def test_what_is_of_the_future_is_taken_as_of_now() -> None:
    alert = raised(finding(at=NOON + timedelta(days=400)), NOON)
    assert alert.last_seen == NOON


def test_the_fingerprint_is_of_rule_and_key_only() -> None:
    same = [
        finding(key={"a": "1", "b": 2}),
        finding(key={"b": "2", "a": 1}, severity=Severity.low, text="Else", entities=()),
    ]
    raise_alerts(same, NOON)
    assert Alert.objects.get().count == 2


@given(
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), min_size=1, max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), min_size=1, max_size=3),
    st.sampled_from(["a.b", "a.c"]),
    st.sampled_from(["a.b", "a.c"]),
)
def test_other_rules_or_keys_have_other_fingerprints(
    key: dict[str, str], other: dict[str, str], rule: str, another: str
) -> None:
    equal = (rule, key) == (another, other)
    assert (fingerprint(rule, key) == fingerprint(another, other)) is equal


def test_no_key_stands_in_the_tables_in_the_clear() -> None:
    raised(finding("anna-the-first"))
    with connection.cursor() as cursor:
        for table in ("response_alert", "response_alertentity", "response_entityref"):
            cursor.execute(f"select * from {table}")
            for row in cursor.fetchall():
                values = [bytes(v) if isinstance(v, bytes | memoryview) else v for v in row]
                assert not any("anna" in str(v) for v in values)


@dataclass
class Known:
    """An alert as the oracle knows it."""

    key: str
    last: int
    count: int
    severity: int
    live: bool = True
    takes: bool = True


def oracle(steps: list[tuple[Any, ...]]) -> list[Known]:
    """What alerts there are, step by step and without any table."""
    alerts: list[Known] = []
    for step in steps:
        if step[0] == "raise":
            _raise, key, at, severity, window = step
            there = next((one for one in alerts if one.key == key and one.takes), None)
            if there is not None and at - there.last <= window:
                there.count += 1
                there.last = max(there.last, at)
                there.severity = max(there.severity, severity)
                continue
            if there is not None:
                there.takes = False
            alerts.append(Known(key, at, 1, severity))
        elif alerts:
            # By key: of what is raised together, none is made first.
            one = sorted(alerts, key=lambda known: known.key)[step[1] % len(alerts)]
            if step[0] == "close" and one.live:
                one.live = one.takes = False
            elif step[0] == "reopen" and not one.live:
                one.live = True
                one.takes = not any(o.key == one.key and o.takes for o in alerts)
    return alerts


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("raise"), st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 4),
            st.integers(0, 10),
        ),
        st.tuples(st.sampled_from(["close", "reopen"]), st.integers(0, 5)),
    ),
    max_size=14,
)  # fmt: skip


def _finding(step: tuple[Any, ...]) -> Finding:
    _raise, key, at, severity, window = step
    return finding(key, at=NOON + at * MINUTE, severity=Severity(severity), window=window * MINUTE)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, together=st.booleans())
def test_it_is_as_an_oracle_without_a_table_says(
    steps: list[tuple[Any, ...]], together: bool
) -> None:
    """One by one, or as many at once as stand together, the same alerts come of it."""
    now = NOON + timedelta(days=1)
    keys = {fingerprint(finding().rule, {"user": key}): key for key in "ab"}
    with transaction.atomic():
        waiting: list[Finding] = []
        for step in steps:
            if step[0] == "raise":
                waiting.append(_finding(step))
                if together:
                    continue
            raise_alerts(waiting, now)
            waiting = []
            made = sorted(Alert.objects.order_by("pk"), key=lambda row: keys[row.fingerprint])
            if step[0] == "raise" or not made:
                continue
            one = made[step[1] % len(made)]
            if step[0] == "close" and one.live:
                close(SYSTEM, one, "benign", "as it is", now)
            elif step[0] == "reopen" and not one.live:
                reopen(SYSTEM, one, "as it is", now)
        raise_alerts(waiting, now)
        found = sorted(
            (one.fingerprint, one.last_seen, one.count, one.severity, one.live, one.current)
            for one in Alert.objects.all()
        )
        rule = finding().rule
        expected = sorted(
            (fingerprint(rule, {"user": one.key}), NOON + one.last * MINUTE, one.count,
             one.severity, one.live, one.takes)
            for one in oracle(steps)
        )  # fmt: skip
        transaction.set_rollback(True)
    assert found == expected


def test_entities_are_joined_once_and_fifty_at_most() -> None:
    for start in range(0, 90, 30):
        parts = tuple(("device", Named("device", f"d-{n}")) for n in range(start, start + 30))
        raised(finding(entities=parts))
        raised(finding(entities=parts))
    assert AlertEntity.objects.count() == 50
    assert live_count(entity=EntityRef.objects.order_by("pk").first()) == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"category": ""}, "category"),
    ({"category": "weather"}, "category"),
    ({"rule": "Transfers!"}, "rule"),
    ({"rule": 7}, "type"),
    ({"severity": 9}, "type"),
    ({"text": ""}, "text"),
    ({"key": {}}, "key"),
    ({"values": {"n": ["secret"]}}, "values"),
    ({"at": datetime(2026, 1, 1)}, "zone"),
    ({"window": timedelta(days=31)}, "window"),
    ({"entities": (("who", Named("spaceship", "secret")),)}, "kind"),
    ({"entities": (("user", Named("user", " ")),)}, "key"),
    ({"entities": (("user", Named("user", "secret" * 50)),)}, "key"),
    ({"evidence": (Evidence("decision", "", NOON),)}, "evidence"),
]


@pytest.mark.parametrize(("wrong", "word"), BAD)
def test_what_is_not_understood_is_kept_whole_and_says_why(
    wrong: dict[str, Any], word: str
) -> None:
    good = finding("u-2")
    assert raise_alerts([finding(**wrong), good], NOON) == [Alert.objects.get()]
    letter = DeadLetter.objects.get()
    assert word in letter.why
    assert "secret" not in letter.why + str(letter.values)
    assert "Many transfers" in str(letter.body) or "text" in wrong


def test_counts_are_of_live_alerts_only() -> None:
    for n in range(5):
        raised(finding(f"u-{n}", severity=Severity(n), rule=f"fraud.a{n % 2}.x"))
    close(SYSTEM, Alert.objects.order_by("-severity")[0], "confirmed", "it was", NOON)
    assert live_count() == 4
    assert live_count(severity=Severity.medium) == 2
    assert live_count(rule_prefix="fraud.a0") == 2
    assert live_count(category="privacy") == 0
