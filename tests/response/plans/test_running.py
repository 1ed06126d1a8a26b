"""A run does each step once, asks the right people, and never stands still unsaid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from guanlan.core import egress
from guanlan.core.access import Denied
from guanlan.core.models import Channel, Message, User
from guanlan.core.outbox import rendered
from guanlan.core.outbox.keeping import context_of
from guanlan.response.models import PlanRun, StepRun
from guanlan.response.plans import running
from guanlan.response.plans.advancing import advance_all
from guanlan.response.plans.cacao import Automatic, If, Playbook, Text, Variable
from guanlan.response.plans.registry import StepFailed
from tests.response.plans.conftest import NOW, in_force, someone
from tests.response.plans.plans import END, VARIABLES, ident, line_of, manual, playbook, start

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def a(n: int) -> str:
    return ident("action", n)


def auto(n: int, command: str, to: str, **more: Any) -> Automatic:
    given: dict[str, Any] = {
        "id": a(n), "name": Text(en=f"Auto {n}"), "command": command, "next": to,
    }  # fmt: skip
    return Automatic(**(given | more))


def begun(plan: Playbook, **more: Any) -> PlanRun:
    return running.start_run(someone("risk_owner", "chief"), in_force(plan), now=NOW, **more)


def row(run: PlanRun, n: int) -> StepRun:
    return StepRun.objects.get(run=run, step=a(n))


def state(run: PlanRun) -> str:
    return PlanRun.objects.get(pk=run.pk).state


def told(template: str) -> list[tuple[str | None, str]]:
    """Who was told by this template, and the subject they read."""
    return [
        (
            one.recipient.username if one.recipient else None,
            rendered(one.template, context_of(one), "en").subject,
        )
        for one in Message.objects.filter(template=template).order_by("pk")
    ]


def test_a_step_goes_to_the_people_of_its_role_with_its_time() -> None:
    ann = someone("operations", "ann")
    someone("fraud_analyst", "bob")
    run = begun(line_of(2))
    one = row(run, 1)
    assert (one.state, one.role, one.due) == ("waiting", "operations", NOW + 10 * MINUTE)
    assert state(run) == "waiting"
    assert ("ann", "To do within 10 min: Do 1") in told("plan.step")
    assert "bob" not in [who for who, _subject in told("plan.step")]
    running.take_step(ann, one, NOW + MINUTE)
    running.finish_step(ann, one, "done", now=NOW + 2 * MINUTE, note="Restarted.")
    one.refresh_from_db()
    assert (one.state, one.by_id, one.note) == ("done", ann.id, "Restarted.")
    assert one.started == NOW + MINUTE
    running.finish_step(ann, row(run, 2), "done", now=NOW + 3 * MINUTE)
    assert state(run) == "done"
    assert told("plan.ended") == [("chief", "The plan has run to its end: Payment outage")]


def test_who_does_not_own_the_step_does_not_do_it() -> None:
    run = begun(line_of(1))
    for role in ("fraud_analyst", "customer_service", "committee_member", "auditor"):
        with pytest.raises(Denied):
            running.finish_step(someone(role), row(run, 1), "done", now=NOW)
    running.finish_step(someone("security_engineer"), row(run, 1), "done", now=NOW)
    assert state(run) == "done"


def test_a_step_is_finished_once() -> None:
    ann = someone("operations", "ann")
    run = begun(line_of(2))
    one = row(run, 1)
    running.finish_step(ann, one, "done", now=NOW)
    with pytest.raises(ValidationError, match="This step is done now"):
        running.finish_step(ann, one, "failed", now=NOW, note="No.")
    assert StepRun.objects.filter(run=run, step=a(2)).count() == 1


def test_to_skip_or_fail_one_says_why() -> None:
    ann = someone("operations", "ann")
    run = begun(line_of(1))
    for outcome in ("skipped", "failed"):
        with pytest.raises(ValidationError) as refused:
            running.finish_step(ann, row(run, 1), outcome, now=NOW, note=" ")
        assert refused.value.message_dict == {"note": ["Say why."]}
    running.finish_step(ann, row(run, 1), "failed", now=NOW, note="The switch is broken.")
    assert state(run) == "failed"
    running.try_again(ann, row(run, 1), NOW + MINUTE)
    assert (row(run, 1).state, row(run, 1).attempt) == ("waiting", 2)
    running.finish_step(ann, row(run, 1), "skipped", now=NOW, note="Not needed.")
    assert state(run) == "done"


def test_a_time_that_passes_is_escalated_once() -> None:
    someone("operations", "ann")
    run = begun(line_of(1))
    advance_all(NOW + 10 * MINUTE - dt.timedelta(seconds=1))
    assert row(run, 1).state == "waiting"
    for later in (10, 11, 60):
        advance_all(NOW + later * MINUTE)
    assert (row(run, 1).state, row(run, 1).overdue) == ("overdue", NOW + 10 * MINUTE)
    assert told("plan.overdue").count(("chief", "Overdue: Do 1")) == 1
    running.finish_step(someone("operations", "ann"), row(run, 1), "done", now=NOW + 61 * MINUTE)
    assert state(run) == "done"


def test_where_nobody_has_the_role_those_who_lead_are_told() -> None:
    run = begun(playbook(start(a(1)), manual(1, END.id, role="communications"), END))
    assert row(run, 1).state == "waiting"
    assert ("chief", "Nobody to do it: Do 1") in told("plan.nobody")


def asked() -> Playbook:
    fork = If(
        id=ident("if-condition", 6), name=Text(en="Leak?"), condition="leak and hurt > 10",
        on_true=a(2), on_false=a(3), next=END.id,
    )  # fmt: skip
    return playbook(
        start(a(1)), manual(1, fork.id, asks=("leak",)), fork, manual(2, END.id),
        manual(3, END.id), END, variables=VARIABLES,
    )  # fmt: skip


def test_a_condition_decides_by_what_was_recorded_and_says_why() -> None:
    run = begun(asked(), variables={"hurt": 50})
    chief = someone("risk_owner", "chief")
    with pytest.raises(ValidationError) as refused:
        running.finish_step(chief, row(run, 1), "done", now=NOW, values={"leak": "perhaps"})
    assert refused.value.message_dict == {"leak": ["Choose yes or no."]}
    running.finish_step(chief, row(run, 1), "done", now=NOW, values={"leak": "true"})
    decided = StepRun.objects.get(run=run, kind="condition")
    assert (decided.state, decided.outcome) == ("done", "true")
    assert decided.result["values"] == {"leak": True, "hurt": 50}
    assert decided.result["why"]["en"] == "Data has left and Customers hurt is more than 10"
    assert row(run, 2).state == "waiting"
    assert not StepRun.objects.filter(run=run, step=a(3)).exists()


def test_a_condition_that_nobody_can_judge_waits_for_a_person() -> None:
    chief = someone("risk_owner", "chief")
    run = begun(asked(), variables={"hurt": 50})
    running.finish_step(chief, row(run, 1), "skipped", now=NOW, note="Nobody knows yet.")
    waiting = StepRun.objects.get(run=run, kind="condition")
    assert (waiting.state, waiting.result) == ("waiting", {"missing": ["leak"]})
    assert ("chief", "A person must decide: Leak?") in told("plan.stuck")
    with pytest.raises(ValidationError, match="A condition is decided by what is recorded"):
        running.finish_step(chief, waiting, "done", now=NOW)
    running.record_values(chief, waiting, {"leak": "false"}, NOW)
    assert StepRun.objects.get(run=run, kind="condition").outcome == "false"
    assert row(run, 3).state == "waiting"


def test_variables_are_the_plans_own_and_of_their_type() -> None:
    plan = in_force(asked())
    chief = someone("risk_owner", "chief")
    for wrong in ({"nothing": 1}, {"hurt": "many"}, {"hurt": True}):
        with pytest.raises(ValidationError):
            running.start_run(chief, plan, now=NOW, variables=wrong)
    assert not PlanRun.objects.exists()


def test_what_is_done_in_our_database_is_done_with_its_record_or_not_at_all(
    step: Callable[..., list[Any]],
) -> None:
    def do(context: Any) -> None:
        User.objects.create(username=f"made-{context.key[-3:]}")
        raise RuntimeError("secret 6222021234567890")

    calls = step("make", do)
    run = begun(playbook(start(a(1)), auto(1, "make", END.id), END))
    assert len(calls) == 1
    assert not User.objects.filter(username__startswith="made-").exists()
    assert (row(run, 1).state, state(run)) == ("failed", "failed")
    assert row(run, 1).result == {"text": "%(kind)s", "values": {"kind": "RuntimeError"}}
    advance_all(NOW + MINUTE)
    assert len(calls) == 1, "what failed is not tried again by itself"
    chief = someone("risk_owner", "chief")
    running.try_again(chief, row(run, 1), NOW + MINUTE)
    assert [c.key for c, _values in calls] == [row(run, 1).key] * 2, "the key stays the same"
    running.skip_failed(chief, row(run, 1), "By hand.", NOW + MINUTE)
    assert state(run) == "done"


def test_a_remote_step_is_left_to_the_worker_and_called_once(
    step: Callable[..., list[Any]],
) -> None:
    calls = step("ring", remote=True)
    run = begun(playbook(start(a(1)), auto(1, "ring", END.id), END))
    assert (calls, state(run)) == ([], "running")
    for _look in range(3):
        advance_all(NOW + MINUTE)
    assert (len(calls), state(run)) == (1, "done")


@pytest.mark.parametrize(
    ("error", "expected"), [(StepFailed("no"), "failed"), (TimeoutError(), "unsure")]
)
def test_of_a_remote_step_that_broke_off_nobody_claims_to_know(
    step: Callable[..., list[Any]], error: Exception, expected: str
) -> None:
    def do(context: Any) -> None:
        raise error

    calls = step("ring", do, remote=True)
    run = begun(playbook(start(a(1)), auto(1, "ring", END.id), END))
    for _look in range(3):
        advance_all(NOW + MINUTE)
    assert (len(calls), row(run, 1).state) == (1, expected)
    assert ("chief", "A person must decide: Auto 1") in told("plan.stuck")


def test_a_call_that_was_claimed_and_never_recorded_is_unsure_and_not_repeated(
    step: Callable[..., list[Any]],
) -> None:
    calls = step("ring", remote=True)
    run = begun(playbook(start(a(1)), auto(1, "ring", END.id), END))
    StepRun.objects.create(
        run=run, step=a(1), kind="automatic", state="running", started=NOW, key="k", since=NOW
    )
    advance_all(NOW + MINUTE)
    assert row(run, 1).state == "running"
    advance_all(NOW + 2 * MINUTE)
    assert (row(run, 1).state, calls) == ("unsure", [])
    chief = someone("risk_owner", "chief")
    running.finish_step(chief, row(run, 1), "done", now=NOW + 3 * MINUTE, note="It rang.")
    assert (state(run), calls) == ("done", [])


def test_a_run_can_be_aborted_with_a_reason() -> None:
    run = begun(line_of(2))
    with pytest.raises(Denied):
        running.abort_run(someone("fraud_analyst"), run, "False alarm.", NOW)
    chief = someone("risk_owner", "chief")
    with pytest.raises(ValidationError):
        running.abort_run(chief, run, "", NOW)
    running.abort_run(chief, run, "False alarm.", NOW)
    assert (state(run), row(run, 1).state) == ("aborted", "cancelled")
    with pytest.raises(ValidationError, match="The run is over"):
        running.finish_step(chief, row(run, 1), "done", now=NOW)
    advance_all(NOW + 60 * MINUTE)
    assert told("plan.overdue") == []


def test_notify_tells_the_role_once(step: Callable[..., list[Any]]) -> None:
    someone("communications", "cora")
    plan = playbook(
        start(a(1)),
        auto(1, "notify", a(2), parameters={"role": "communications", "text": "Be ready."}),
        auto(2, "set_variable", END.id, parameters={"variable": "leak", "value": "true"}),
        END,
        variables=(Variable("leak", "bool", Text(en="Leak")),),
    )
    run = begun(plan)
    assert told("plan.note") == [("cora", "Payment outage: Auto 1")]
    run.refresh_from_db()
    assert (run.state, run.variables) == ("done", {"leak": True})


def test_the_webhook_is_signed_and_carries_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def request(method: str, url: str, **more: Any) -> egress.Answer:
        sent.append((method, url, more))
        return egress.Answer(204, {}, b"")

    monkeypatch.setattr(egress, "request", request)
    Channel.objects.create(
        name="hook", kind="webhook", config={"url": "https://x.example/h", "secret": "s" * 20}
    )
    run = begun(
        playbook(start(a(1)), auto(1, "call_webhook", END.id, parameters={"channel": "hook"}), END)
    )
    advance_all(NOW)
    [(method, url, more)] = sent
    assert (method, url) == ("POST", "https://x.example/h")
    assert more["headers"]["Guanlan-Delivery"] == row(run, 1).key
    assert more["headers"]["Guanlan-Signature"].startswith("v1=")
    assert state(run) == "done"


def test_a_plan_does_not_stand_still_where_nobody_is_to_be_told() -> None:
    given = {"role": "communications", "text": "Be ready."}
    plan = playbook(start(a(1)), auto(1, "notify", a(2), parameters=given), manual(2, END.id), END)
    run = begun(plan)
    assert (row(run, 1).state, row(run, 2).state) == ("done", "waiting")
    assert ("chief", "Nobody to do it: Auto 1") in told("plan.nobody")
