"""What must be exactly true of complaints: masks, labels, time limits, who is told."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM, Denied, Subject, subject_of
from guanlan.core.access.masking import mask
from guanlan.core.models import Message
from guanlan.response.complaints import handling
from guanlan.response.complaints.deadlines import add_terms, due_of, in_time, last_day
from guanlan.response.complaints.labels import labels_of, priority_of
from guanlan.response.complaints.likeness import likeness
from guanlan.response.complaints.masking import masked_text
from guanlan.response.complaints.telling import tell_due
from guanlan.response.models import Complaint
from tests.people import person
from tests.response.complaints.rows import NOW, taken

DAY = dt.timedelta(days=1)
WORDS = st.text(st.sampled_from("请帮我退款，的 hello.\n"), max_size=20)
SEPARATORS = st.sampled_from(["", " ", "-", "  ", " - ", "."])


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A telephone, a card, an identity number: its digits set apart as people do."""
    digits = draw(
        st.one_of(
            st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
            st.from_regex(r"62[0-9]{14}", fullmatch=True),
            st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True),
            st.from_regex(r"[A-Z][12][0-9]{8}", fullmatch=True),
            st.from_regex(r"[A-Z][0-9]{6}\([0-9A]\)", fullmatch=True),
        )
    )
    if draw(st.booleans()) and "(" not in digits:
        separator = draw(SEPARATORS)
        digits = separator.join(digits[n : n + 4] for n in range(0, len(digits), 4))
    if draw(st.booleans()):
        digits = digits.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    return digits


@settings(max_examples=300, deadline=None)
@given(WORDS, numbers(), WORDS)
def test_no_number_of_anybody_stays_in_the_masked_copy(
    before: str, number: str, after: str
) -> None:
    masked = masked_text(before + number + after)
    secret = re.sub(
        r"\D", "", number.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    )
    left = re.sub(r"\D", "", masked)
    assert secret not in left
    assert len(left) <= 4, "no more is left than tells it again"


@given(st.from_regex(r"[a-z0-9._+-]{1,12}@[a-z0-9]{1,9}(\.[a-z]{2,5}){1,2}", fullmatch=True))
def test_no_address_stays_in_the_masked_copy(address: str) -> None:
    assert address not in masked_text(f"write to {address}, please")


@given(st.lists(st.sampled_from(["li.na@qq.com", "+", "王", "a.b", "@", "c@d", ".cn", " "])))
def test_addresses_are_found_as_by_a_plain_reading(words: list[str]) -> None:
    text = "".join(words).strip()
    plainly = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")
    assert masked_text(text) == plainly.sub(lambda found: mask("email", found[0], 3), text)


@pytest.mark.parametrize("piece", ["a", "a.", "a@", "2026-01-01:", "1 ", "A1234567", "(1-"])
def test_a_text_is_read_in_a_time_that_grows_as_its_length(piece: str) -> None:
    # Read anew from every letter this would take minutes.
    assert masked_text(piece * (400_000 // len(piece)))


@pytest.mark.parametrize(
    "text",
    ["On 2026-11-27 at 09:30 I paid 1,250.00", "订单于2026/1/2取消", "12378", "version 3.14.159"],
)
def test_days_amounts_and_short_numbers_stay(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("我要打12378找銀保監", {"regulator"}),
        ("再不退就上微博曝光，并请律师", {"media", "legal"}),
        ("My lawyer will sue you", {"legal"}),
        ("the presser issued a courtesy refund", set()),
        ("SUE", {"legal"}),
    ],
)
def test_labels_are_found_by_words_in_three_writings(text: str, labels: set[str]) -> None:
    assert labels_of(text) == labels


def test_the_more_labels_the_more_urgent() -> None:
    chosen: tuple[set[str], ...] = (set(), {"media"}, {"regulator"}, {"media", "legal"})
    assert [priority_of(frozenset(one)) for one in chosen] == [0, 1, 2, 2]


@settings(deadline=None)
@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1)),
    st.integers(1, 60),
    st.integers(0, 60),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"]),
)
def test_a_time_limit_ends_with_its_last_day_in_the_organisations_zone(
    naive: dt.datetime, days: int, more: int, zone: str
) -> None:
    received = naive.replace(tzinfo=dt.UTC)
    due = due_of(received, days, more, zone).astimezone(ZoneInfo(zone))
    first = received.astimezone(ZoneInfo(zone)).date()
    assert (due - dt.timedelta(microseconds=1)).date() == first + (days + more) * DAY
    assert due_of(received, days, more + 1, zone) > due
    assert in_time(due, due, due) is True
    assert in_time(due, due + dt.timedelta(microseconds=1), due) is False
    assert in_time(due, None, due) is None
    assert in_time(due, None, due + DAY) is False


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_even_handed(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 100


@pytest.fixture
def officer(db: None) -> Subject:
    return subject_of(person("compliance_officer", "cleo"))


def test_the_customer_is_named_the_last_day_that_is_in_time() -> None:
    received = dt.datetime(2026, 11, 1, 1, 0, tzinfo=dt.UTC)
    with timezone.override("Asia/Shanghai"):
        assert last_day(due_of(received, 15, zone="Asia/Shanghai")) == dt.date(2026, 11, 16)


def test_a_time_limit_grows_once_by_each_way_and_never_shrinks(officer: Subject) -> None:
    row = taken()
    days = due_of(NOW, 15)
    assert row.due == days
    assert handling.find_complex(officer, row, "many papers", NOW).due == due_of(NOW, 30)
    with pytest.raises(ValidationError, match="complex already"):
        handling.find_complex(officer, row, "many papers", NOW)
    handling.ask_extension(officer, row, "papers abroad", NOW)
    with pytest.raises(Denied):
        handling.decide_extension(officer, row, True, "I say so", NOW)
    leader = subject_of(person("risk_owner", "ron"))
    found = handling.decide_extension(leader, row, True, "papers abroad", NOW)
    assert found.due == due_of(NOW, 30, 30)
    with pytest.raises(ValidationError, match="already"):
        handling.ask_extension(officer, row, "more", NOW)


def test_what_is_over_becomes_no_longer_any_more(officer: Subject) -> None:
    row = taken()
    late = row.due + DAY
    for act in (handling.find_complex, handling.ask_extension):
        with pytest.raises(ValidationError, match="over"):
            act(officer, row, "too late", late)


def test_telling_stops_the_clock_and_opening_again_gives_no_new_time(officer: Subject) -> None:
    row = taken()
    first = handling.tell_outcome(officer, row, "rejected", NOW + DAY, None)
    assert (first.told, first.state) == (NOW + DAY, "answered")
    handling.reopen(officer, row, "the customer objects", NOW + 2 * DAY)
    again = handling.tell_outcome(officer, row, "upheld", NOW + 30 * DAY, None)
    assert (again.told, again.due, again.outcome) == (NOW + DAY, row.due, "upheld")


def test_new_limits_hold_for_what_comes_in_afterwards(officer: Subject) -> None:
    before = taken("one", NOW)
    row = add_terms(officer, simple=10, complex=20, extension=5, source="a new law",
                    reason="in force", now=NOW)  # fmt: skip
    after = taken("two", NOW)
    before.refresh_from_db()
    assert (before.days, before.terms, after.days, after.terms) == (15, 0, 10, row.pk)
    with pytest.raises(ValidationError, match="no less time"):
        add_terms(officer, simple=10, complex=9, extension=5, source="a law", reason="odd", now=NOW)


def test_who_leads_is_told_of_what_is_escalated_and_once_of_what_is_due(officer: Subject) -> None:
    row = taken("我要打12378")
    assert Message.objects.filter(template="complaint.escalated").count() == 1
    handling.relabel(officer, row, frozenset({"regulator", "media"}), NOW)
    assert Message.objects.filter(template="complaint.escalated").count() == 2
    assert tell_due(NOW) == 0
    assert tell_due(row.due - DAY) == 1
    assert tell_due(row.due - DAY) == 0
    assert tell_due(row.due) == 1
    assert tell_due(row.due + DAY) == 0
    told = [one.template for one in Message.objects.order_by("pk")]
    assert told[-2:] == ["complaint.due", "complaint.overdue"]


def test_whom_it_is_about_is_not_told_of_it(officer: Subject) -> None:
    row = taken("Cleo was rude")
    handling.triage(SYSTEM, row, category=row.category, product="", now=NOW,
                    about=handling.colleague("cleo", "about"))  # fmt: skip
    tell_due(row.due)
    assert not Message.objects.filter(about_id=str(row.pk)).exists()
    with pytest.raises(Denied):
        handling.relabel(officer, row, frozenset({"media"}), NOW)
    assert Complaint.objects.for_user(officer).count() == 0
