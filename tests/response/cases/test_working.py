"""Working on cases: answered, handed over, waiting, decided, closed by two, opened again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.access import Denied, Subject, subject_of
from guanlan.core.models import Message, User
from guanlan.response.alerts import raise_alert
from guanlan.response.alerts.precision import records
from guanlan.response.cases import (
    calling,
    closing,
    deciding,
    handling,
    joining,
    opening,
    watching,
)
from guanlan.response.cases.clocking import Calendars, due_of, held_from, shipped_calendar
from guanlan.response.cases.grouping import group_all
from guanlan.response.cases.priority import parts_of
from guanlan.response.cases.rules import Deadline
from guanlan.response.clocks.arithmetic import Pause
from guanlan.response.entities import Named
from guanlan.response.models import (
    Alert,
    AlertHappening,
    Case,
    CaseCall,
    CaseDecision,
    CaseEntity,
    CaseEntry,
    CaseItem,
    CaseQueue,
)
from guanlan.response.pages.case_forms import ticking
from guanlan.response.terms import Severity
from tests.people import person
from tests.response.alerts.findings import NOON, finding

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


def someone(name: str = "ann", role: str = "fraud_analyst") -> Subject:
    return subject_of(person(role, name))


def opened(user: str = "u-1", n: int = 1, severity: Severity = Severity.medium) -> Case:
    """A case of some alerts about a user."""
    for one in range(n):
        found = raise_alert(
            finding(user, rule=f"fraud.rule_{one}", key={"u": user, "n": one}, severity=severity,
                    entities=(("user", Named("user", user)),
                              ("device", Named("device", f"d-{user}-{one}")))),
            NOON,
        )  # fmt: skip
        assert found is not None
    group_all(NOON)
    return Case.objects.latest("pk")


def kinds(case: Case) -> list[str]:
    return list(CaseEntry.objects.filter(case=case).order_by("pk").values_list("kind", flat=True))


@pytest.mark.django_db
def test_what_is_done_first_answers_it_and_its_alerts() -> None:
    ann, case = someone(), opened(n=2)
    later = NOON + 5 * MINUTE
    row = handling.acknowledge(ann, case, now=later)
    assert (row.state, row.owner_id, row.first_response) == ("acknowledged", ann.id, later)
    assert set(Alert.objects.values_list("state", flat=True)) == {"acknowledged"}
    assert AlertHappening.objects.filter(kind="acknowledged", values__case=case.pk).count() == 2
    with pytest.raises(ValidationError):
        handling.acknowledge(ann, case, now=later)
    other = handling.contain(ann, case, now=later + HOUR)
    assert other.first_response == later


@pytest.mark.django_db
def test_who_is_given_a_case_is_told_and_who_may_not_work_gets_none() -> None:
    ann, ben, case = someone(), person("fraud_analyst", "ben"), opened()
    row = handling.assign(ann, case, ben, now=NOON, reason="On holiday from tomorrow.")
    assert row.owner == ben
    assert row.first_response is None  # to be given something is not to have answered
    assert Message.objects.filter(template="case.given", recipient=ben).count() == 1
    assert "On holiday" in str(CaseEntry.objects.get(case=case, kind="assigned").text)
    with pytest.raises(Denied):
        handling.take(subject_of(person("communications", "com")), case, now=NOON)
    queue = CaseQueue.objects.create(name="desk", categories=["fraud"], people=[ben.pk, ann.id])
    handling.put_into(ann, case, queue, now=NOON)
    assert handling.share(ann, case, now=NOON).owner_id == ann.id  # Ben has this one already


@pytest.mark.django_db
def test_the_clock_stands_while_the_customer_has_to_answer() -> None:
    ann, case = someone(), opened(severity=Severity.high)
    assert case.resolve_due == NOON + 24 * HOUR
    assert case.first_due == NOON + HOUR
    handling.wait(ann, case, "Asked for the passport.", now=NOON + HOUR)
    with pytest.raises(ValidationError):
        handling.wait(ann, case, "Asked again.", now=NOON + 2 * HOUR)
    assert watching.find_late(NOON + 40 * HOUR) == 0
    row = handling.resume(ann, case, now=NOON + 31 * HOUR)
    assert row.resolve_due == NOON + 54 * HOUR
    assert row.waiting is None
    handling.wait(ann, case, "One more question.", now=NOON + 32 * HOUR)
    row = handling.resume(ann, case, now=NOON + 33 * HOUR)
    assert row.resolve_due == NOON + 55 * HOUR
    assert watching.find_late(NOON + 56 * HOUR) == 1
    assert watching.find_late(NOON + 57 * HOUR) == 0
    assert Message.objects.filter(template="case.late", recipient_id=ann.id).count() == 1


@pytest.mark.django_db
def test_another_severity_keeps_the_earlier_deadline() -> None:
    ann, case = someone(), opened(severity=Severity.high)
    row = handling.change_severity(ann, case, Severity.critical, "It spreads.", now=NOON + HOUR)
    assert row.resolve_due == NOON + 9 * HOUR
    row = handling.change_severity(ann, case, Severity.low, "It was nothing.", now=NOON + 2 * HOUR)
    assert row.resolve_due == NOON + 9 * HOUR
    assert row.severity == Severity.low


STEPS = st.lists(st.tuples(st.sampled_from(["elapsed", "working_time"]), st.integers(1, 5000),
                           st.integers(0, 3000)), min_size=1, max_size=4)  # fmt: skip
PAUSES = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 3000)), max_size=3)


@given(STEPS, PAUSES)
def test_no_further_limit_makes_it_later_and_no_pause_makes_it_earlier(
    steps: list[tuple[str, int, int]], pauses: list[tuple[int, int]]
) -> None:
    calendars = Calendars()
    calendars._known["cn"] = shipped_calendar()
    now = NOON + 20_000 * MINUTE
    held, before = [], None
    stood = [Pause(NOON + a * MINUTE, NOON + (a + b) * MINUTE) for a, b in pauses]
    for unit, minutes, after in steps:
        start = NOON + after * MINUTE
        held += held_from(Deadline(None, minutes, unit), start)["resolve"]
        due = due_of(held, (), calendars, now)
        assert due is not None
        assert before is None or due <= before
        before = due
        longer = due_of(held, stood, calendars, now)
        assert longer is not None
        assert longer >= due
        if all(one == "elapsed" for one, _minutes, _after in steps) and len(held) == 1:
            assert due == start + minutes * MINUTE  # 24 hours are elapsed ones


def test_working_time_leaves_out_the_nights_and_knows_makeup_workdays() -> None:
    calendars = Calendars()
    calendars._known["cn"] = shipped_calendar()
    friday = dt.datetime(2026, 2, 13, 9, 0, tzinfo=dt.UTC)  # 17:00 in Shanghai, before the feast
    held = held_from(Deadline(None, 120, "working_time"), friday)["resolve"]
    due = due_of(held, (), calendars, friday)
    # Saturday the 14th is a make-up workday: the second hour is worked then.
    assert due == dt.datetime(2026, 2, 14, 2, 0, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_a_case_is_closed_with_its_alerts_and_counts_for_its_rules() -> None:
    ann, case = someone(), opened(n=3)
    first = Alert.objects.order_by("pk").first()
    assert first is not None
    Alert.objects.filter(pk=first.pk).update(
        live=False, current=False, state="closed", disposition="benign"
    )
    row = closing.close(ann, case, "confirmed", "The customer says so.", now=NOON + HOUR)
    assert (row.state, row.live, row.disposition) == ("closed", False, "confirmed")
    assert sorted(Alert.objects.values_list("disposition", flat=True)) == [
        "benign", "confirmed", "confirmed",
    ]  # fmt: skip
    assert not Alert.objects.filter(current=True).exists()
    assert records(["fraud.rule_1"], ann)["fraud.rule_1"].confirmed == 1
    with pytest.raises(ValidationError):
        closing.close(ann, case, "confirmed", "The customer says so.", now=NOON + HOUR)
    due = row.resolve_due
    row = closing.reopen(ann, case, "It goes on.", now=NOON + 2 * HOUR)
    assert (row.live, row.reopened, row.resolve_due, row.disposition) == (True, 1, due, "")
    # What is found now is a new alert; it joins the case, which is open.
    raise_alert(finding("u-1", rule="fraud.rule_1", key={"u": "u-1", "n": 1}), NOON + 3 * HOUR)
    group_all(NOON + 3 * HOUR)
    assert Case.objects.get().alert_count == 4


@pytest.mark.django_db
def test_a_severe_case_is_closed_by_two() -> None:
    ann, case = someone(role="scenario_approver"), opened(severity=Severity.high)
    ben = someone("ben", "risk_owner")
    cleo = someone("cleo", "compliance_officer")
    dan = someone("dan")
    handling.assign(ann, case, None, now=NOON)
    handling.assign(ann, case, person_of(cleo), now=NOON)
    row = closing.close(ann, case, "suspected", "It looks like it.", now=NOON)
    assert row.live
    assert (
        Message.objects.filter(template="case.to_confirm")
        .values_list("recipient_id", flat=True)
        .get()
        == ben.id
    )
    for one in (ann, cleo, dan):  # who asked, who owns it, and who may not approve
        with pytest.raises(Denied):
            closing.confirm(one, case, now=NOON)
    closing.refuse(ben, case, "Ask the bank first.", now=NOON)
    with pytest.raises(ValidationError):
        closing.confirm(ben, case, now=NOON)
    closing.close(ann, case, "confirmed", "The bank says so.", now=NOON)
    row = closing.confirm(ben, case, now=NOON + HOUR)
    assert (row.live, row.disposition, row.closed_by_id) == (False, "confirmed", ann.id)
    assert Alert.objects.get().disposition == "confirmed"


def person_of(subject: Subject) -> User:
    return User.objects.get(username=subject.name)


@pytest.mark.django_db
def test_what_comes_in_meanwhile_keeps_it_open() -> None:
    ann, case = someone(), opened(severity=Severity.high)
    closing.close(ann, case, "benign", "It looks like it.", now=NOON)
    raise_alert(finding("u-1", rule="fraud.more", key={"n": "more"}), NOON + MINUTE)
    group_all(NOON + MINUTE)
    case.refresh_from_db()
    assert case.closing_by is None
    assert "closing_ended" in kinds(case)
    with pytest.raises(ValidationError):
        closing.confirm(someone("ben", "risk_owner"), case, now=NOON + MINUTE)


@pytest.mark.django_db
def test_hooks_are_called_once_for_each_closing_even_where_they_are_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, case = someone(), opened()
    monkeypatch.setattr(calling, "_hooks", {})
    called: list[int] = []
    deaths = [1]

    @calling.on_case_closed("test.first")
    def first(row: Case, now: dt.datetime) -> None:
        called.append(row.pk)

    @calling.on_case_closed("test.second")
    def second(row: Case, now: dt.datetime) -> None:
        CaseQueue.objects.create(name=f"written {row.closings}")
        if deaths:
            deaths.pop()
            raise KeyboardInterrupt  # killed in the midst of it

    closing.close(ann, case, "confirmed", "It is so.", now=NOON)
    with pytest.raises(KeyboardInterrupt):
        calling.call_all(NOON)
    assert not CaseQueue.objects.exists()
    assert calling.call_all(NOON) == 1
    assert calling.call_all(NOON) == 0
    assert called == [case.pk]
    assert CaseQueue.objects.get().name == "written 1"
    closing.reopen(ann, case, "It goes on.", now=NOON)
    assert calling.call_all(NOON) == 0
    closing.close(ann, case, "benign", "It was nothing.", now=NOON)
    assert calling.call_all(NOON) == 2
    assert CaseCall.objects.count() == 4


@pytest.mark.django_db
def test_a_hook_that_fails_keeps_no_other_from_being_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann, case = someone(), opened()
    monkeypatch.setattr(calling, "_hooks", {})
    called: list[int] = []

    @calling.on_case_closed("test.bad")
    def bad(row: Case, now: dt.datetime) -> None:
        raise RuntimeError("no")

    @calling.on_case_closed("test.good")
    def good(row: Case, now: dt.datetime) -> None:
        called.append(row.pk)

    closing.close(ann, case, "confirmed", "It is so.", now=NOON)
    assert calling.call_all(NOON) == 1
    assert called == [case.pk]
    assert Case.objects.get(pk=case.pk).calls_due
    with pytest.raises(ValueError, match="twice"):
        calling.on_case_closed("test.good")(good)


@pytest.mark.django_db
def test_merging_moves_everything_and_points_on() -> None:
    ann = someone()
    one = opened("u-1", 2, Severity.high)
    two = opened("u-2", 3)
    handling.set_amount(ann, one, 100, "CNY", now=NOON)
    target = joining.merge(ann, one, two, "The same person.", now=NOON + HOUR)
    one.refresh_from_db()
    assert (one.live, one.merged_into_id, one.alert_count) == (False, two.pk, 0)
    assert (target.alert_count, target.severity, target.amount) == (5, Severity.high, 100)
    assert target.resolve_due == min(one.resolve_due, two.resolve_due)  # type: ignore[type-var]
    assert Alert.objects.filter(case=two).count() == Alert.objects.count() == 5
    # Further alerts about either of them join the one that is open.
    raise_alert(finding("u-1", rule="fraud.more", key={"n": "more"}), NOON + HOUR)
    group_all(NOON + HOUR)
    assert Case.objects.count() == 2
    two.refresh_from_db()
    assert two.alert_count == 6
    for source in (two, one):  # itself, and one that is closed
        with pytest.raises(ValidationError):
            joining.merge(ann, source, two, "No reason.", now=NOON)
    with pytest.raises(ValidationError):
        closing.reopen(ann, one, "No reason.", now=NOON)


@pytest.mark.django_db
def test_splitting_keeps_every_alert_in_one_case() -> None:
    ann, case = someone(), opened("u-1", 4)
    keys = sorted(case.alerts.values_list("pk", flat=True))
    for wrong in ([], keys, [keys[0], 10**9]):
        with pytest.raises(ValidationError):
            joining.split(ann, case, wrong, "Another one", "They differ.", now=NOON)
    made = joining.split(ann, case, keys[:1], "Another one", "They differ.", now=NOON)
    case.refresh_from_db()
    assert sorted(made.alerts.values_list("pk", flat=True)) == keys[:1]
    assert sorted(case.alerts.values_list("pk", flat=True)) == keys[1:]
    assert (made.alert_count, case.alert_count) == (1, 3)
    assert made.resolve_due == case.resolve_due
    # The user is in both, and grouping in the old one only; the device went with its alert.
    grouping = CaseEntity.objects.filter(grouping=True)
    assert list(grouping.values_list("case_id", flat=True)) == [case.pk]
    assert (made.entity_count, case.entity_count) == (2, 4)
    raise_alert(finding("u-1", rule="fraud.more", key={"n": "more"}), NOON + HOUR)
    group_all(NOON + HOUR)
    case.refresh_from_db()
    assert case.alert_count == 4


@pytest.mark.django_db
def test_a_case_is_opened_by_hand_and_alerts_join_it() -> None:
    ann = someone()
    case = opening.open_case(
        ann, title="Wave of takeovers", category="fraud", severity=Severity.medium,
        summary="Seen at the desk.", entities=[("user", Named("user", "u-1"))], now=NOON,
    )  # fmt: skip
    raise_alert(finding("u-1"), NOON + HOUR)
    group_all(NOON + HOUR)
    case.refresh_from_db()
    assert (Case.objects.count(), case.alert_count, case.title) == (1, 1, "Wave of takeovers")
    with pytest.raises(ValidationError) as caught:
        opening.open_case(ann, title="", category="weather", severity=Severity.low, now=NOON)
    assert set(caught.value.message_dict) == {"title", "category"}


@pytest.mark.django_db
def test_checklist_and_decisions_are_written_down() -> None:
    ann, case = someone(), opened()
    handling.tick(ann, case, 1, now=NOON)
    item = CaseItem.objects.get(case=case, place=1)
    assert (item.done, item.done_by_id) == (NOON, ann.id)
    handling.tick(ann, case, 1, now=NOON, done=False)
    with translation.override("zh-hans"):
        form = str(ticking(ann, case)())
    assert "1. 在摘要中说明发生了什么。" in form
    with pytest.raises(ValidationError):
        handling.tick(ann, case, 99, now=NOON)
    added = handling.add_item(ann, case, "Ask the bank", now=NOON)
    assert added.place == CaseItem.objects.filter(case=case).count()
    entity = CaseEntity.objects.filter(case=case).first()
    assert entity is not None
    made = deciding.decide(ann, case, "refund", "We owe it.", entity=entity.entity_id, now=NOON)
    assert str(made.reason) == "We owe it."
    with pytest.raises(TypeError):
        CaseDecision.objects.all().update(what="nothing")
    with pytest.raises(TypeError):
        CaseEntry.objects.all().delete()
    with pytest.raises(ValidationError):
        deciding.decide(ann, case, "refund", "We owe it.", entity=10**9, now=NOON)


@pytest.mark.django_db
def test_that_the_customer_was_notified_says_how_and_when() -> None:
    ann, case = someone(), opened()
    for wrong, fields in (
        ({}, {"way", "told"}),
        ({"way": "phone"}, {"told"}),
        ({"way": "pigeon", "told": NOON}, {"way"}),
        ({"way": "phone", "told": NOON + HOUR}, {"told"}),
    ):
        with pytest.raises(ValidationError) as caught:
            deciding.decide(ann, case, "notify", "They asked.", now=NOON, **wrong)
        assert set(caught.value.message_dict) == fields
    assert not CaseDecision.objects.exists()
    told = NOON - HOUR
    made = deciding.decide(ann, case, "notify", "They asked.", way="phone", told=told, now=NOON)
    assert (made.way, made.told) == ("phone", told)
    other = deciding.decide(ann, case, "refund", "We owe it.", way="phone", told=told, now=NOON)
    assert (other.way, other.told) == ("", None), "only of who was notified"


@pytest.mark.django_db
def test_priority_is_its_formula() -> None:
    case = opened(severity=Severity.high)
    case.amount, case.currency, case.entity_count = 99_999_900, "CNY", 10
    parts = parts_of(case, NOON + 12 * HOUR)
    assert parts.severity == 0.75
    assert parts.time == 0.5
    assert parts.money == pytest.approx(1.0)
    assert parts.entities == 1.0
    assert parts.score == 30 + 15 + 20 + 10
    before = Case.objects.get().priority
    assert watching.rank(NOON + 12 * HOUR) == 1
    assert Case.objects.get().priority > before
