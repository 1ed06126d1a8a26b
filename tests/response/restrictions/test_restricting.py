"""Restricting: who must agree, what is refused, and that each sink holds what it should."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM, Denied, Subject
from guanlan.core.models import Message
from guanlan.engine import Engine
from guanlan.response.entities import Named
from guanlan.response.models import Appeal, NeverBlock, Restriction, Sink, SinkHolding
from guanlan.response.restrictions import (
    Terms,
    appeal,
    approve,
    check,
    decide_appeal,
    expire,
    find_sink,
    lift,
    propose,
    protect_and_lift,
    refuse,
    renew,
)
from guanlan.response.restrictions.following import Follower
from guanlan.response.restrictions.holding import held_of, settle_here
from guanlan.response.restrictions.sinks import Registered
from tests.engine.test_restrictions import decided, event

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
WHY = "case 12, seen by the desk"


def block(**changes: Any) -> Terms:
    return msgspec.structs.replace(Terms(effect="block", reason_code="takeover"), **changes)


def engine_sink() -> Registered:
    found = find_sink("engine")
    assert found is not None
    return found


def outcome(engine: Engine, number: int, **entities: str) -> str:
    (got,) = decided(engine, event(number, 100, at=_now(), kind="transfer", **entities))
    return str(got["outcome"])


def _now() -> int:
    return int(timezone.now().timestamp() * 1_000_000)


def wrong(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return dict(error.value.message_dict)


def test_a_person_proposes_another_approves_and_the_next_event_is_decided_by_it(
    engine: Engine, ann: Subject, ben: Subject
) -> None:
    made = propose(ann, Named("user", "u-1"), block(reason=WHY, told="verify"))
    assert made.state == "proposed"
    assert outcome(engine, 1) == "approve"
    assert Message.objects.filter(template="restriction.asked", recipient_id=ben.id).exists()
    with pytest.raises(Denied):
        approve(ann, made)
    began = timezone.now()
    approve(ben, made)
    assert timezone.now() - began < timedelta(milliseconds=500)
    assert outcome(engine, 2) == "decline"
    held = engine.standing_restrictions()[made.name]
    assert held.told is not None
    assert (held.kind, held.key, held.effect) == ("user", "u-1", "block")
    holding = SinkHolding.objects.get(restriction=made)
    assert (holding.wanted, holding.holds, holding.settled) == (True, True, True)
    with pytest.raises(ValidationError):
        approve(ben, made)
    lift(ben, made, "the customer has proven who they are")
    assert outcome(engine, 3) == "approve"
    assert engine.standing_restrictions() == {}


def test_who_proposed_cannot_approve_whatever_their_role(engine: Engine, ben: Subject) -> None:
    made = propose(ben, Named("user", "u-1"), block())
    with pytest.raises(Denied):
        approve(ben, made)
    refuse(ben, made)
    made.refresh_from_db()
    assert made.state == "refused"
    assert engine.standing_restrictions() == {}


def test_watching_and_short_blocks_of_addresses_are_in_force_at_once(
    engine: Engine, ann: Subject
) -> None:
    now = timezone.now()
    watched = propose(ann, Named("user", "u-1"), Terms(effect="watch", reason_code="inquiry"))
    short = propose(ann, Named("ip", "203.0.113.7"), block(expires=now + DAY / 2))
    long = propose(ann, Named("ip", "203.0.113.8"), block(expires=now + 2 * DAY))
    wide = propose(ann, Named("ip", "203.0.113.0/24"), block(expires=now + DAY / 2))
    states = [one.state for one in (watched, short, long, wide)]
    assert states == ["in_force", "in_force", "proposed", "proposed"]
    assert outcome(engine, 1) == "monitor"


def test_an_automatic_one_is_in_force_at_once_and_ends(engine: Engine) -> None:
    now = timezone.now()
    entity = Named("user", "u-1")
    for terms, field in (
        (block(), "expires"),
        (block(expires=now + 31 * DAY), "expires"),
        (Terms(effect="allow", reason_code="trusted", expires=now + DAY), "effect"),
    ):
        with pytest.raises(ValidationError) as error:
            propose(SYSTEM, entity, terms, automatic=True)
        assert [*wrong(error)] == [field]
    made = propose(
        SYSTEM, entity, block(expires=now + 30 * DAY), automatic=True, key="plan-7 step-2",
        origin=("response.incident", "9"), now=now,
    )  # fmt: skip
    again = propose(SYSTEM, entity, block(expires=now + DAY), automatic=True, key="plan-7 step-2")
    assert (again.pk, made.state, Restriction.objects.count()) == (made.pk, "in_force", 1)
    assert outcome(engine, 1) == "decline"
    assert expire(now + 29 * DAY) == 0
    assert expire(now + 30 * DAY) == 1
    made.refresh_from_db()
    assert made.state == "expired"
    assert engine.standing_restrictions() == {}
    assert expire(now + 31 * DAY) == 0


@pytest.mark.parametrize(
    ("entity", "terms", "field"),
    [
        (Named("user", "*"), block(), "key"),
        (Named("ip", "0.0.0.0/0"), block(), "key"),
        (Named("ip", "::/0"), block(), "key"),
        (Named("ip", "::ffff:0:0/96"), block(), "key"),
        (Named("ip", "10.0.0.0/15"), block(), "key"),
        (Named("ip", "2001:db8::/31"), block(), "key"),
        (Named("ip", "10.0.0.1/24"), block(), "key"),
        (Named("user", " "), block(), "key"),
        (Named("User", "u-1"), block(), "kind"),
        (Named("rocket", "u-1"), block(), "kind"),
        (Named("user", "u-1"), block(effect="ban"), "effect"),
        (Named("user", "u-1"), block(capabilities=()), "capabilities"),
        (Named("user", "u-1"), block(capabilities=("fly",)), "capabilities"),
        (Named("user", "u-1"), block(reason_code="because"), "reason_code"),
        (Named("user", "u-1"), block(told="lie"), "told"),
        (Named("user", "u-1"), block(expires=datetime(2020, 1, 1, tzinfo=UTC)), "expires"),
        (Named("user", "u-1"), block(event_amount=5), "event_amount"),
        (Named("user", "u-1"), block(effect="limit"), "event_amount"),
        (
            Named("user", "u-1"),
            block(effect="limit", event_amount=0, currency="CNY"),
            "event_amount",
        ),
        (
            Named("user", "u-1"),
            block(effect="limit", window_count=-1, window=DAY),
            "window_count",
        ),
        (Named("user", "u-1"), block(effect="limit", window_count=1), "window"),
        (Named("user", "u-1"), block(effect="limit", window_count=1, window=40 * DAY), "window"),
        (Named("user", "u-1"), block(effect="limit", event_amount=5, currency="XXX"), "currency"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence_that_names_no_value(
    engine: Engine, ann: Subject, entity: Named, terms: Terms, field: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("guanlan.fraud.programs.latest", lambda: engine.program.scenario)
    with pytest.raises(ValidationError) as error:
        propose(ann, entity, terms)
    said = wrong(error)
    assert [*said] == [field]
    assert all(len(texts) == 1 and texts[0][-1] in ".。" for texts in said.values())
    assert "u-1" not in str(said)
    assert not Restriction.objects.exists()


def test_a_currency_the_scenario_does_not_count_in_is_refused(
    engine: Engine, ann: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guanlan.fraud.programs.latest", lambda: engine.program.scenario)
    with pytest.raises(ValidationError, match="CNY"):
        propose(ann, Named("user", "u-1"), block(effect="limit", event_amount=5, currency="USD"))


def test_who_may_not_is_refused(engine: Engine, ann: Subject) -> None:
    nobody = Subject(id=None, name="nobody")
    with pytest.raises(Denied):
        propose(nobody, Named("user", "u-1"), block())
    made = propose(ann, Named("user", "u-1"), block())
    for act in (
        lambda: approve(nobody, made),
        lambda: refuse(nobody, made),
        lambda: lift(nobody, made, WHY),
        lambda: renew(nobody, made, None),
        lambda: appeal(nobody, made, by="customer", text=WHY),
    ):
        with pytest.raises(Denied):
            act()


# -- the never-block list ---------------------------------------------------------------------

ADDRESSES = st.one_of(
    st.ip_addresses(v=4, network="10.0.0.0/12"), st.ip_addresses(v=6, network="2001:db8::/40")
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(address=ADDRESSES, other=ADDRESSES, length=st.integers(0, 32), width=st.integers(0, 32))
def test_networks_that_share_an_address_with_a_protected_one_are_refused(
    engine: Engine, address: Any, other: Any, length: int, width: int
) -> None:
    least = 16 if address.version == 4 else 32
    mine = 16 if other.version == 4 else 32
    bits, others = address.max_prefixlen, other.max_prefixlen
    protected = ip_network((int(address), bits)).supernet(new_prefix=min(bits, least + length))
    asked = ip_network((int(other), others)).supernet(new_prefix=min(others, mine + width))
    NeverBlock.objects.all().delete()
    protect_and_lift(SYSTEM, kind="ip", key=str(protected), reason="our own data centre")
    wanted = protected.version == asked.version and protected.overlaps(asked)
    before = Restriction.objects.count()
    try:
        propose(SYSTEM, Named("ip", str(asked)), block())
        refused = False
    except ValidationError:
        refused = True
    assert refused == wanted
    assert Restriction.objects.count() == before + (not wanted)


def test_what_is_protected_is_refused_at_proposal_and_at_approval_and_lifted(
    engine: Engine, ann: Subject, ben: Subject
) -> None:
    first, second = Named("user", "u-1"), Named("user", "u-2")
    running = propose(ann, first, block())
    approve(ben, running)
    waiting = propose(ann, second, block())
    _pk, ended = protect_and_lift(ben, kind="user", key="u-1", reason="test account of the desk")
    assert ended == 1
    running.refresh_from_db()
    assert running.state == "lifted"
    assert outcome(engine, 1) == "approve"
    with pytest.raises(ValidationError):
        propose(ann, first, block())
    assert propose(ann, first, Terms(effect="watch", reason_code="inquiry")).state == "in_force"
    NeverBlock.objects.create(kind="user", reason="whole kind")
    with pytest.raises(ValidationError):
        approve(ben, waiting)
    with pytest.raises(Denied):
        protect_and_lift(ann, kind="user", key="u-3", reason="a friend of mine")


# -- renewing and appealing -------------------------------------------------------------------


def test_somebody_else_renews_what_would_have_needed_approval(
    engine: Engine, ann: Subject, ben: Subject
) -> None:
    now = timezone.now()
    made = propose(ann, Named("ip", "203.0.113.7"), block(expires=now + DAY / 2))
    with pytest.raises(Denied):
        renew(ann, made, now + 9 * DAY)
    renew(ann, made, now + DAY * 0.9)
    renew(ben, made, now + 9 * DAY)
    held = engine.standing_restrictions()[made.name]
    assert held.expires == int((now + 9 * DAY).timestamp() * 1_000_000)
    with pytest.raises(ValidationError):
        renew(ben, made, now - DAY)


def test_an_appeal_is_decided_by_another_than_its_author(
    engine: Engine, ann: Subject, ben: Subject
) -> None:
    made = propose(ben, Named("user", "u-1"), Terms(effect="watch", reason_code="inquiry"))
    objection = appeal(ann, made, by="customer", text="I never did this.")
    with pytest.raises(ValidationError):
        appeal(ann, made, by="customer", text="Once more.")
    with pytest.raises(Denied):
        decide_appeal(ben, objection, lifts=True, answer="so be it")
    decide_appeal(SYSTEM, objection, lifts=True, answer="The device is the customer's own.")
    made.refresh_from_db()
    objection.refresh_from_db()
    assert (made.state, objection.outcome) == ("lifted", "lifted")
    assert engine.standing_restrictions() == {}
    with connection.cursor() as cursor:
        cursor.execute("select * from response_appeal")
        row = [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode()
               for v in cursor.fetchone()]  # fmt: skip
    assert b"never did" not in b"".join(row)
    with pytest.raises(ValidationError):
        decide_appeal(SYSTEM, objection, lifts=True, answer="again")
    assert Appeal.objects.count() == 1


# -- sinks --------------------------------------------------------------------------------------


def test_reading_back_repairs_every_difference_and_shows_it(
    engine: Engine, ann: Subject, ben: Subject
) -> None:
    rows = [propose(ann, Named("user", f"u-{n}"), block()) for n in range(3)]
    for row in rows:
        approve(ben, row)
    wanted = engine.standing_restrictions()
    assert check(engine_sink()) == 0
    engine.remove_restriction(rows[0].name, author="somebody")
    engine.set_restriction(
        msgspec.structs.replace(wanted[rows[1].name], effect="watch"), author="somebody"
    )
    engine.set_restriction(msgspec.structs.replace(wanted[rows[2].name], id="r999"), author="x")
    assert check(engine_sink()) == 3
    assert engine.standing_restrictions() == wanted
    told = Sink.objects.get(name="engine")
    assert (told.should, told.holds, told.differing, told.repaired) == (3, 3, 3, 3)
    repairs = SinkHolding.objects.order_by("restriction_id").values_list("repairs", flat=True)
    assert list(repairs) == [1, 1, 0]
    assert check(engine_sink()) == 0


def test_what_was_approved_while_no_engine_ran_is_held_once_it_does(
    ann: Subject, ben: Subject, request: pytest.FixtureRequest
) -> None:
    made = propose(ann, Named("user", "u-1"), block())
    made = approve(ben, made)
    assert not SinkHolding.objects.get().settled
    engine: Engine = request.getfixturevalue("engine")
    Follower().look(engine_sink())
    assert engine.standing_restrictions() == {made.name: held_of(made)}
    holding = SinkHolding.objects.get()
    assert (holding.settled, holding.holds) == (True, True)


def test_a_sink_that_fails_shows_its_fault_and_is_tried_again(
    engine: Engine, ann: Subject, ben: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = propose(ann, Named("user", "u-1"), block())
    with monkeypatch.context() as broken:
        broken.setattr(engine, "state", "failed")
        broken.setattr("guanlan.fraud.sinks.EngineSink.here", lambda self: True)
        approve(ben, made)
        holding = SinkHolding.objects.get()
        assert (holding.settled, holding.fault) == (False, "log_failed")
    SinkHolding.objects.update(checked=timezone.now() - DAY)
    settle_here()
    holding.refresh_from_db()
    assert (holding.settled, holding.holds, holding.fault) == (True, True, "")
    assert outcome(engine, 1) == "decline"


def test_keys_and_reasons_do_not_stand_in_the_tables(engine: Engine, ann: Subject) -> None:
    propose(ann, Named("user", "anna-the-first"), block(reason="told by her sister"))
    with connection.cursor() as cursor:
        for table in ("response_restriction", "response_entityref", "response_sinkholding"):
            cursor.execute(f"select * from {table}")
            text = json.dumps([[str(v) for v in row] for row in cursor.fetchall()])
            assert "anna-the" not in text
            assert "sister" not in text
