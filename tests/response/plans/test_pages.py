"""The screens of plans, versions, runs and steps."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse

from guanlan.core.models import User
from guanlan.response.models import Plan, PlanRun, PlanVersion, StepRun
from guanlan.response.plans import running
from tests.people import confirm, person
from tests.response.plans.conftest import NOW, in_force, someone
from tests.response.plans.plans import line_of
from tests.response.plans.rows import make_drill, make_plan, make_run, make_step, make_version
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


class TestPlans(ResourceSuite):
    noun = "response.plan"
    form: ClassVar = {"name": "Flood", "category": "operations"}

    def make(self, n: int) -> Any:
        return make_plan(n)


class TestVersions(ResourceSuite):
    noun = "response.planversion"

    def make(self, n: int) -> Any:
        return make_version(n)


class TestRuns(ResourceSuite):
    noun = "response.planrun"
    secret = "secret words"

    def make(self, n: int) -> Any:
        return make_run(n)


class TestSteps(ResourceSuite):
    noun = "response.steprun"
    secret = "secret words"

    def make(self, n: int) -> Any:
        return make_step(n)


def test_a_plan_is_started_and_its_steps_done_on_the_page() -> None:
    plan = in_force(line_of(2))
    person("operations", "ann")
    chief = client_of("approver")
    answer = chief.post(reverse("start_plan", args=[plan.pk]), follow=True)
    run = PlanRun.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("plan_run", args=[run.pk])
    ann = client_of("ann")
    for client, there in ((ann, True), (client_of(person("fraud_analyst").username), False)):
        listed = client.get(reverse("plan_steps"), {"q": "mine:yes"}).content.decode()
        assert ("Do 1" in listed) is there
    listed = ann.get(reverse("plan_steps"), {"q": "state:done"}).content.decode()
    assert ">Start<" in listed
    page = ann.get(reverse("plan_run", args=[run.pk])).content.decode()
    assert "9 min 59 s left of 10 min" in page or "10 min left of 10 min" in page
    row = StepRun.objects.get(state="waiting")
    door = reverse("plan_steps_do", args=[row.pk, "finish"])
    assert door in page
    assert 'name="note"' in ann.get(door).content.decode()
    ann.post(door, {"note": "Restarted the gateway."})
    moving = ann.get(reverse("plan_run_moving", args=[run.pk])).content.decode()
    assert "Restarted the gateway." in moving
    assert moving.count('warn">waiting for a person') == 1
    person("committee_member", "cm")
    seen = client_of("cm").get(reverse("plan_run", args=[run.pk])).content.decode()
    assert "•••" in seen
    assert "Restarted the gateway." not in seen
    assert client_of("cm").post(door, {}).status_code == 403


def test_a_note_is_wanted_where_a_step_is_skipped() -> None:
    run = running.start_run(someone("risk_owner", "chief"), in_force(line_of(1)), now=NOW)
    row = StepRun.objects.get(run=run, state="waiting")
    answer = client_of("chief").post(reverse("plan_steps_do", args=[row.pk, "skip"]), {})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()


def test_the_author_is_not_offered_to_approve() -> None:
    plan = in_force(line_of(1))
    person("owner")
    owner = client_of("owner")
    owner.post(reverse("plans_do", args=[plan.pk, "draft"]))
    draft = PlanVersion.objects.get(state="draft")
    owner.post(reverse("plan_versions_do", args=[draft.pk, "submit"]))
    draft.refresh_from_db()
    assert draft.state == "in_review"
    door = reverse("plan_versions_do", args=[draft.pk, "approve"])
    assert door not in owner.get(reverse("plan_version", args=[draft.pk])).content.decode()
    assert owner.post(door).status_code == 403
    client_of("approver").post(door)
    draft.refresh_from_db()
    plan.refresh_from_db()
    assert (draft.state, plan.current_id) == ("approved", draft.pk)
    assert PlanVersion.objects.get(plan=plan, number=1).state == "retired"


def test_json_goes_out_and_comes_in_and_nothing_is_left_out_unasked() -> None:
    plan = in_force(line_of(1))
    owner = client_of(person("owner").username)
    out = owner.get(reverse("export_plan", args=[plan.current_id]))
    assert out["Content-Disposition"] == f'attachment; filename="plan-{plan.pk}-version-1.json"'
    text = out.content.decode()
    said = {"category": "fraud", "text": text}
    assert owner.post(reverse("import_plan"), said).status_code == 302
    assert Plan.objects.count() == 2
    strange = {**said, "text": text.replace('"type": "playbook",', '"type": "playbook", "x": 1,')}
    answer = owner.post(reverse("import_plan"), strange)
    assert answer.status_code == 422
    assert "the property x is not known here" in answer.content.decode()
    assert Plan.objects.count() == 2
    assert owner.post(reverse("import_plan"), {**strange, "without": "on"}).status_code == 302
    assert owner.post(reverse("import_plan"), {**said, "text": "{"}).status_code == 422
    assert owner.post(reverse("import_plan"), {"category": "fraud"}).status_code == 422


def test_a_draft_is_written_with_its_problems_beside_it() -> None:
    plan = in_force(line_of(1))
    owner = client_of(person("owner").username)
    owner.post(reverse("plans_do", args=[plan.pk, "draft"]))
    draft = PlanVersion.objects.get(state="draft")
    door = reverse("edit_plan_json", args=[draft.pk])
    assert "None: the plan can be submitted." in owner.get(door).content.decode()
    text = draft.body

    def seen() -> str:
        draft.refresh_from_db()
        return draft.digest

    broken = text.replace('"timeout": 600000,', "")
    looked = owner.post(door, {"text": broken, "what": "look"}).content.decode()
    assert "“Do 1” has no time limit." in looked
    draft.refresh_from_db()
    assert draft.body == text, "to look is not to keep"
    assert owner.post(door, {"text": broken, "what": "save", "seen": seen()}).status_code == 302
    answer = owner.post(reverse("plan_versions_do", args=[draft.pk, "submit"]), follow=True)
    assert "“Do 1” has no time limit." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == "draft"
    for worse in ("{", text.replace('"type": "playbook",', '"type": "playbook", "x": 1,')):
        answer = owner.post(door, {"text": worse, "what": "save", "seen": seen()})
        assert answer.status_code == 422
        assert "Nothing was kept" in answer.content.decode()
    assert owner.post(door, {"text": text, "what": "save", "seen": seen()}).status_code == 302
    owner.post(reverse("plan_versions_do", args=[draft.pk, "submit"]))
    owner.post(door, {"text": broken, "what": "save", "seen": seen()})
    draft.refresh_from_db()
    assert draft.state == "in_review"
    assert '"timeout"' in draft.body, "what is in review does not change"


def test_a_run_links_what_it_was_started_for_in_words() -> None:
    run = make_run(1)
    drill = make_drill(1, run.version)
    PlanRun.objects.filter(pk=run.pk).update(origin_noun="response.drill", origin_id=str(drill.pk))
    person("owner", "chief")
    page = client_of("chief").get(reverse("plan_run", args=[run.pk]))
    text = page.content.decode()
    assert f'<a href="{reverse("drill", args=[drill.pk])}">Drill {drill.pk}</a>' in text
    assert f">response.drill {drill.pk}<" not in text
