"""A drill runs on the same engine, reaches nobody who does not take part, and is scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core import egress, outbox
from guanlan.core.access import Subject, subject_of
from guanlan.core.models import Channel, Delivery, Message, User
from guanlan.core.outbox import rendered
from guanlan.core.outbox.keeping import context_of
from guanlan.response import lessons
from guanlan.response.models import (
    Drill,
    Inject,
    LessonAction,
    PlanRun,
    StepRun,
)
from guanlan.response.pages.drills import DrillLook, timeline
from guanlan.response.plans import drilling, running
from guanlan.response.plans.advancing import advance_all
from guanlan.response.plans.cacao import Playbook
from guanlan.response.plans.scoring import Timed, score
from guanlan.response.plans.showing import mine
from tests.people import person
from tests.response.plans.conftest import NOW, in_force, someone
from tests.response.plans.plans import END, VARIABLES, line_of, manual, playbook, start
from tests.response.plans.rows import make_action, make_drill, make_lesson
from tests.response.plans.test_pages import client_of
from tests.response.plans.test_running import a, auto
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def user_of(subject: Subject) -> User:
    return User.objects.get(username=subject.name)


def planned(plan: Playbook, *thrown: drilling.Thrown) -> Drill:
    """A drill of this plan: chief leads, ann plays operations; bob has the role for real."""
    chief = someone("risk_owner", "chief")
    ann = user_of(someone("fraud_analyst", "ann"))
    someone("operations", "bob")
    return drilling.plan_drill(
        chief, in_force(plan), kind="tabletop", scheduled=NOW + 60 * MINUTE,
        leader=user_of(chief), participants=[drilling.Taking(ann, "operations")],
        injects=thrown, objectives="Be quick.", now=NOW,
    )  # fmt: skip


def begun(plan: Playbook, *thrown: drilling.Thrown) -> tuple[Drill, PlanRun]:
    drill = planned(plan, *thrown)
    Message.objects.all().delete()
    run = drilling.start_drill(someone("risk_owner", "chief"), drill, NOW)
    drill.refresh_from_db()
    return drill, run


def step_of(run: PlanRun, n: int) -> StepRun:
    return StepRun.objects.get(run=run, step=a(n))


def test_only_those_who_take_part_are_told_and_each_text_says_drill() -> None:
    plan = playbook(
        start(a(1)),
        auto(1, "notify", a(2), parameters={"role": "operations", "text": "Be ready."}),
        auto(2, "notify", a(3), parameters={"person": "bob", "text": "Be ready."}),
        manual(3, a(4), limit=60), manual(4, END.id, role="communications"), END,
    )  # fmt: skip
    _drill, run = begun(plan)
    advance_all(NOW + 2 * MINUTE)
    running.finish_step(someone("fraud_analyst", "ann"), step_of(run, 3), "done",
                        now=NOW + 3 * MINUTE)  # fmt: skip
    advance_all(NOW + 30 * MINUTE)
    found = list(Message.objects.select_related("recipient"))
    assert {one.recipient.username for one in found if one.recipient} == {"ann", "chief"}
    assert all(one.channel is None for one in found)
    assert all(one.template.endswith(".drill") for one in found)
    for language, word in (("en", "DRILL"), ("zh-hans", "演练"), ("zh-hant", "演練")):
        assert all(word in rendered(one.template, context_of(one), language).subject
                   for one in found)  # fmt: skip
    assert not Delivery.objects.exclude(channel=None).exists()


def test_what_would_be_noticed_outside_is_written_down_and_not_done(
    step: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "request", lambda *a, **k: pytest.fail("it called out"))
    Channel.objects.create(
        name="hook", kind="webhook", config={"url": "https://x.example", "secret": "s" * 20}
    )
    calls = step("shut_the_gate", outside=True)
    plan = playbook(
        start(a(1)), auto(1, "shut_the_gate", a(2)),
        auto(2, "call_webhook", END.id, parameters={"channel": "hook"}), END,
    )  # fmt: skip
    _drill, run = begun(plan)
    advance_all(NOW)
    assert calls == []
    assert [step_of(run, n).outcome for n in (1, 2)] == ["rehearsed", "rehearsed"]
    assert step_of(run, 2).result["text"] == "Would have called the webhook %(name)s."
    run.refresh_from_db()
    assert run.state == "done"


@pytest.mark.parametrize("way", ["person", "channel", "call"])
def test_a_step_that_says_it_stays_inside_and_does_not_is_stopped(
    step: Callable[..., list[Any]], way: str
) -> None:
    outsider = person("auditor", "outsider")
    channel = Channel.objects.create(name="chat", kind="file", config={"name": "x"})

    def leak(context: Any) -> None:
        if way == "call":
            egress.request("POST", "https://93.184.215.14/x", content=b"")
        to: Any = outsider if way == "person" else channel
        about = {"plan": "p", "who": "w"}
        outbox.send("plan.review", to=to, context=about)

    step("leak", leak)
    _drill, run = begun(playbook(start(a(1)), auto(1, "leak", END.id), END))
    assert step_of(run, 1).state == "failed"
    assert not Message.objects.filter(template="plan.review").exists()


def test_it_is_the_player_who_does_the_steps_not_the_holder_of_the_role() -> None:
    _drill, run = begun(line_of(1))
    ann, bob = someone("fraud_analyst", "ann"), someone("operations", "bob")
    assert StepRun.objects.filter(mine(ann)).count() == 1
    assert not StepRun.objects.filter(mine(bob)).exists()
    running.finish_step(ann, step_of(run, 1), "done", now=NOW + MINUTE)
    run.refresh_from_db()
    assert run.state == "done"


def test_injects_come_at_their_minute_once() -> None:
    plan = playbook(start(a(1)), manual(1, END.id), END, variables=VARIABLES)
    drill, run = begun(
        plan,
        drilling.Thrown(0, "operations", "The bank calls."),
        drilling.Thrown(15, "", "", "leak", "true"),
    )

    def seen() -> list[str]:
        return [
            rendered(m.template, context_of(m), "en").body.splitlines()[-1]
            for m in Message.objects.filter(template="plan.note.drill")
        ]

    assert seen() == ["The bank calls."]
    chief = subject_of(User.objects.get(username="chief"))
    shown = timeline(DrillLook(drill, chief), chief)
    assert [one.at for one in shown] == [NOW + 15 * MINUTE, NOW]
    for minute in (14, 15, 16):
        drilling.throw_due(NOW + minute * MINUTE)
        run.refresh_from_db()
        assert run.variables["leak"] is (True if minute >= 15 else None)
    assert len(seen()) == 1
    assert Inject.objects.filter(drill=drill, sent=None).count() == 0


@pytest.mark.parametrize(
    "thrown",
    [
        drilling.Thrown(-1, "", "x"), drilling.Thrown(99_999, "", "x"), drilling.Thrown(1, "", " "),
        drilling.Thrown(1, "king", "x"), drilling.Thrown(1, "", "", "nothing", "1"),
        drilling.Thrown(1, "", "", "leak", "maybe"), drilling.Thrown(1, "", "x" * 501),
    ],
)  # fmt: skip
def test_an_inject_that_cannot_be_thrown_is_refused(thrown: drilling.Thrown) -> None:
    with pytest.raises(ValidationError) as refused:
        planned(playbook(start(a(1)), manual(1, END.id), END, variables=VARIABLES), thrown)
    assert [*refused.value.message_dict] == ["injects"]


def test_a_drill_is_scored_against_the_clocks_of_its_plan() -> None:
    drill, run = begun(line_of(4))
    ann = someone("fraud_analyst", "ann")
    running.finish_step(ann, step_of(run, 1), "done", now=NOW + 5 * MINUTE)
    running.finish_step(ann, step_of(run, 2), "done", now=NOW + 25 * MINUTE)  # 20 of 10 minutes
    running.finish_step(ann, step_of(run, 3), "skipped", now=NOW + 26 * MINUTE, note="Agreed.")
    result = drilling.end_drill(someone("risk_owner", "chief"), drill, NOW + 60 * MINUTE)
    assert [one.verdict for one in result.steps] == ["within", "late", "skipped", "missed"]
    assert result.steps[1].late == 600
    assert (result.score, result.first) == (50.0, 300)  # (1 + 0.5 + 0) / 3
    drill.refresh_from_db()
    assert (drill.state, drill.score, drill.inputs) == ("done", 50.0, result.inputs)
    again = drilling.scored(drill)
    assert again is not None
    assert again == result, "it can be worked out anew"
    run.refresh_from_db()
    assert run.state == "aborted"


timed_steps = st.builds(
    lambda limit, taken, state: Timed(
        "s", NOW, limit, NOW + dt.timedelta(seconds=taken) if taken is not None else None, state
    ),
    st.integers(60, 9000), st.none() | st.integers(0, 99_999),
    st.sampled_from(["done", "failed", "skipped", "cancelled", "waiting"]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(timed_steps, max_size=8))
def test_a_score_is_between_nothing_and_all_and_being_earlier_never_costs(
    steps: list[Timed],
) -> None:
    found = score(NOW, steps)
    counted = [step for step in steps if step.state != "skipped"]
    assert (found.score is None) == (not counted)
    if found.score is None:
        return
    assert 0 <= found.score <= 100
    quicker = [step._replace(ended=NOW if step.ended else None) for step in steps]
    better = score(NOW, quicker).score
    assert better is not None
    assert better >= found.score


def test_those_who_take_part_hear_of_it_a_day_before_once() -> None:
    drill = planned(line_of(1))
    for _look in range(2):
        drilling.remind_soon(NOW)
    assert [m.recipient.username for m in Message.objects.filter(template="drill.soon")
            if m.recipient] == ["ann"]  # fmt: skip
    drilling.cancel_drill(someone("risk_owner", "chief"), drill)
    with pytest.raises(ValidationError):
        drilling.start_drill(someone("risk_owner", "chief"), drill, NOW)


def test_a_lesson_leads_to_an_action_that_another_person_verifies() -> None:
    chief, ann = someone("risk_owner", "chief"), someone("fraud_analyst", "ann")
    owner = user_of(ann)
    lesson = lessons.add_lesson(
        chief, origin=("response.drill", "1"), category="fraud", title="Too slow", now=NOW
    )
    with pytest.raises(ValidationError):
        lessons.add_action(chief, lesson, title="Train", owner=owner, due=NOW, now=NOW)
    action = lessons.add_action(
        chief, lesson, title="Train", owner=owner, due=NOW + MINUTE, now=NOW
    )
    assert lessons.remind_late(NOW) == 0
    assert [lessons.remind_late(NOW + 2 * MINUTE) for _n in range(2)] == [1, 0]
    lessons.finish_action(ann, action, "Two trainings.", NOW + 3 * MINUTE)
    # What was written since the page was read is kept.
    assert type(action).objects.get(pk=action.pk).told == NOW + 2 * MINUTE
    with pytest.raises(ValidationError, match="Who did it does not verify it"):
        lessons.verify_action(ann, action, NOW + 4 * MINUTE)
    lessons.reopen_action(chief, action, "One was not held.")
    lessons.finish_action(ann, action, "Both were held.", NOW + 5 * MINUTE)
    lessons.verify_action(chief, action, NOW + 6 * MINUTE)
    assert LessonAction.objects.get().state == "verified"


def test_the_whole_drill_on_the_screens() -> None:
    plan = in_force(line_of(1))
    person("operations", "ann")
    chief: Client = client_of("approver")
    said = {
        "plan": plan.pk, "kind": "live", "scheduled": "2027-03-02 10:00",
        "participants": "ann operations", "injects": "0 all The bank calls.", "objectives": "",
    }  # fmt: skip
    wrong = chief.post(reverse("drills_new"), {**said, "participants": "nobody operations"})
    assert wrong.status_code == 422
    assert chief.post(reverse("drills_new"), said).status_code == 302
    drill = Drill.objects.get()
    chief.post(reverse("drills_do", args=[drill.pk, "start"]))
    run = PlanRun.objects.get(mode="drill")
    page = client_of("ann").get(reverse("plan_run", args=[run.pk])).content.decode()
    assert "DRILL" in page
    row = StepRun.objects.get(run=run, state="waiting")
    client_of("ann").post(reverse("plan_steps_do", args=[row.pk, "finish"]), {"note": ""})
    chief.post(reverse("drills_do", args=[drill.pk, "observe"]), {"text": "Calm and quick."})
    chief.post(reverse("drills_do", args=[drill.pk, "learn"]), {"title": "Write the numbers down"})
    chief.post(reverse("drills_do", args=[drill.pk, "end"]))
    page = chief.get(reverse("drill", args=[drill.pk])).content.decode()
    for text in ("within its time", "Calm and quick.", "Write the numbers down", "Formula 1."):
        assert text in page
    drill.refresh_from_db()
    assert drill.score == 100.0
    listed = chief.get(reverse("plans"), {"q": "drilled:no"}).content.decode()
    assert "Payment outage" not in listed


class TestDrills(ResourceSuite):
    noun = "response.drill"

    def make(self, n: int) -> Any:
        return make_drill(n)

    def test_a_form_with_nothing_in_it_says_why_and_changes_nothing(self) -> None:
        answer = self.owner().post(reverse("drills_new"), {})
        assert answer.status_code == 422
        assert 'class="field-error"' in answer.content.decode()


class TestLessons(ResourceSuite):
    noun = "response.lesson"
    form: ClassVar = {}

    def make(self, n: int) -> Any:
        return make_lesson(n)


class TestLessonActions(ResourceSuite):
    noun = "response.lessonaction"

    def make(self, n: int) -> Any:
        return make_action(n)
