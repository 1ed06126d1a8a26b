"""What people do with incidents, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from guanlan.core.access import Denied, Subject
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AuditEntry, User
from guanlan.response.alerts import raise_alert
from guanlan.response.alerts.titles import title_of
from guanlan.response.incidents import moving, roles, tasks
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.matrix import SHIPPED, add_matrix, matrix_in_force
from guanlan.response.incidents.showing import IncidentLook, said
from guanlan.response.incidents.timeline import note
from guanlan.response.models import Incident, IncidentTask, PlanRun, RoleHeld, TimelineEntry
from guanlan.response.terms import Severity
from tests.response.alerts.findings import finding
from tests.response.incidents.rows import NOW
from tests.response.plans.conftest import in_force, someone
from tests.response.plans.plans import line_of

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def user(subject: Subject) -> User:
    assert subject.id is not None
    return User.objects.get(pk=subject.id)


def declared(by: str = "operations", **more: Any) -> Incident:
    said: dict[str, Any] = {
        "title": "Payments stand still",
        "category": "operations",
        "impact": "major",
    }
    return declare(someone(by), now=NOW, **(said | more))


def kinds(row: Incident) -> list[str]:
    return list(row.entries.order_by("id").values_list("kind", flat=True))


def test_a_title_a_category_and_an_impact_are_enough() -> None:
    row = declared()
    assert (row.severity, row.state, row.how) == (Severity.high, "active", "by_hand")
    assert (row.known, row.declared, row.acknowledged, row.occurred) == (NOW, NOW, NOW, None)
    assert row.stable_due == NOW + dt.timedelta(hours=8)
    assert row.commander == user(someone("operations"))
    assert kinds(row) == ["declared", "assumed"]


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("title", {"title": "x"}),
        ("category", {"category": "weather"}),
        ("impact", {"impact": "huge"}),
        ("urgency", {"urgency": "maybe"}),
        ("known", {"known": NOW + HOUR}),
        ("occurred", {"occurred": NOW + HOUR}),
        ("summary", {"summary": "x" * 4001}),
    ],
)
def test_bad_input_is_refused_beside_its_field(field: str, more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        declared(**more)
    assert set(caught.value.message_dict) == {field}
    assert not Incident.objects.exists()


def test_of_two_deadlines_the_earlier_holds() -> None:
    row = declared()
    first = row.stable_due
    row = moving.change_severity(
        someone("operations"), row, Severity.critical, "It spreads.", now=NOW + HOUR
    )
    assert row.stable_due == NOW + 4 * HOUR
    row = moving.change_severity(
        someone("operations"), row, Severity.low, "It does not.", now=NOW + 2 * HOUR
    )
    assert row.stable_due == NOW + 4 * HOUR < first  # type: ignore[operator]
    with pytest.raises(ValidationError):
        moving.change_severity(someone("operations"), row, Severity.low, "Again.", now=NOW)


def test_opening_again_gives_no_new_time() -> None:
    who = someone("operations")
    row = declared()
    due = row.stable_due
    row = moving.stabilise(who, row, now=NOW + HOUR)
    row = moving.close(who, row, now=NOW + 2 * HOUR)
    assert (row.state, row.stable, row.closed) == ("closed", NOW + HOUR, NOW + 2 * HOUR)
    row = moving.reopen(who, row, "It is back.", now=NOW + 5 * HOUR)
    assert (row.state, row.stable, row.closed, row.reopened) == ("active", None, None, 1)
    assert (row.known, row.declared, row.acknowledged, row.stable_due) == (NOW, NOW, NOW, due)
    row = moving.stabilise(who, row, now=NOW + 6 * HOUR)
    assert row.stable == NOW + 6 * HOUR
    assert kinds(row)[2:] == ["stable", "closed", "reopened", "stable"]


def test_open_tasks_and_roles_keep_it_open_unless_a_reason_is_given() -> None:
    who = someone("operations")
    row = moving.stabilise(who, declared(), now=NOW)
    tasks.add_task(who, row, "Restart it", NOW + HOUR, now=NOW)
    with pytest.raises(ValidationError, match="1 tasks are open"):
        moving.close(who, row, now=NOW)
    row = moving.close(who, row, now=NOW, reason="The rest is done elsewhere.")
    assert (row.state, row.closed_with) == ("closed", 1)
    assert not row.roles.filter(renounced_at=None).exists()
    other = moving.stabilise(who, declared(), now=NOW)
    roles.assume(who, other, "scribe", user(someone("operations", "ann")), now=NOW)
    with pytest.raises(ValidationError, match="1 roles are held"):
        moving.close(who, other, now=NOW)
    with pytest.raises(ValidationError, match="not stable"):
        moving.close(who, declared(), now=NOW)


def test_a_role_goes_from_one_person_to_the_next() -> None:
    who = someone("operations")
    ann, ben = (user(someone("operations", name)) for name in ("ann", "ben"))
    row = declared()
    roles.assume(who, row, "commander", ann, now=NOW + HOUR)
    roles.assume(who, row, "commander", ben, now=NOW + 2 * HOUR)
    held = RoleHeld.objects.filter(incident=row, role="commander").order_by("id")
    assert [(one.person_id, one.assumed_at, one.renounced_at) for one in held] == [
        (who.id, NOW, NOW + HOUR),
        (ann.pk, NOW + HOUR, NOW + 2 * HOUR),
        (ben.pk, NOW + 2 * HOUR, None),
    ]
    row.refresh_from_db()
    assert (row.commander, row.acknowledged) == (ben, NOW)
    with pytest.raises(ValidationError):
        roles.assume(who, row, "commander", ben, now=NOW)
    with pytest.raises(ValidationError):
        roles.assume(who, row, "king", ben, now=NOW)
    roles.renounce(who, row, "commander", now=NOW + 3 * HOUR)
    with pytest.raises(ValidationError):
        roles.renounce(who, row, "commander", now=NOW + 3 * HOUR)


def test_the_timeline_is_only_ever_added_to() -> None:
    row = declared()
    line = note(someone("operations"), row, "Called the bank.", now=NOW + HOUR, at=NOW)
    assert (line.at, line.written) == (NOW, NOW + HOUR)
    line.text = "Called nobody."
    for change in (
        line.save,
        line.delete,
        lambda: TimelineEntry.objects.filter(pk=line.pk).update(kind="stable"),
        lambda: TimelineEntry.objects.filter(pk=line.pk).delete(),
        lambda: TimelineEntry.objects.bulk_update([line], ["kind"]),
        lambda: row.entries.all().delete(),
        lambda: row.entries.update(kind="stable"),
    ):
        with pytest.raises(TypeError):
            change()
    with pytest.raises(Exception, match=r"protected|PROTECT|referenced"):
        row.delete()
    line.refresh_from_db()
    assert line.text == "Called the bank."
    with pytest.raises(ValidationError):
        note(someone("operations"), row, "Tomorrow.", now=NOW, at=NOW + HOUR)
    with pytest.raises(ValidationError):
        note(someone("operations"), row, "  ", now=NOW)


def test_who_did_a_task_does_not_verify_it() -> None:
    ann, ben = someone("operations", "ann"), someone("operations", "ben")
    task = tasks.add_task(ann, declared(), "Restart it", NOW + HOUR, now=NOW, owner=user(ann))
    task = tasks.finish_task(ann, task, note="Restarted.", now=NOW)
    with pytest.raises(ValidationError, match="Another person"):
        tasks.verify_task(ann, task, now=NOW)
    task = tasks.verify_task(ben, task, refused="It is down again.", now=NOW)
    assert (task.state, task.done, task.done_by) == ("open", None, None)
    task = tasks.verify_task(ben, tasks.finish_task(ann, task, now=NOW), now=NOW + HOUR)
    assert (task.state, task.verified, task.verified_by_id) == ("verified", NOW + HOUR, ben.id)
    with pytest.raises(ValidationError):
        tasks.drop_task(ann, task, "Not needed.", now=NOW)
    with pytest.raises(ValidationError):
        tasks.add_task(ann, task.incident, "Late", NOW - HOUR, now=NOW)


def test_a_confidential_incident_is_seen_by_its_own_people_only() -> None:
    ann, ben, chief = (
        someone("operations", "ann"), someone("operations", "ben"), someone("risk_owner"),
    )  # fmt: skip
    row = declare(ann, "Leak", "privacy", "severe", now=NOW, confidential=True)
    task = tasks.add_task(ann, row, "Ask counsel", NOW + HOUR, now=NOW)
    seen = [
        (Incident.objects.for_user(who).exists(), IncidentTask.objects.for_user(who).exists(),
         TimelineEntry.objects.for_user(who).exists())
        for who in (ann, ben, chief)
    ]  # fmt: skip
    assert seen == [(True,) * 3, (False,) * 3, (True,) * 3]
    with pytest.raises(Denied):
        note(ben, row, "Hello", now=NOW)
    with pytest.raises(Denied):
        tasks.finish_task(ben, task, now=NOW)
    roles.assume(ann, row, "legal", user(ben), now=NOW)
    assert Incident.objects.for_user(ben).get() == row
    with pytest.raises(Denied):
        declare(someone("committee_member"), "Leak", "privacy", "severe", now=NOW)


def test_a_plan_is_started_for_it_once_for_each_start() -> None:
    plan = in_force(line_of(2))
    row = declared()
    run = moving.start_plan(someone("operations"), row, plan, now=NOW)
    assert PlanRun.objects.get() == run
    assert (run.origin_noun, run.origin_id) == ("response.incident", str(row.pk))
    assert kinds(row)[-1] == "plan"


def test_the_timeline_names_a_plan_in_the_language_of_its_reader() -> None:
    plan = in_force(line_of(1))
    plan.titles = {"en": "Outage", "zh-hant": "支付中斷"}
    plan.save(update_fields=["titles"])
    row = declared()
    run = moving.start_plan(someone("operations"), row, plan, now=NOW)
    line = row.entries.get(kind="plan")
    for language, name in (("en", "Outage"), ("zh-hant", "支付中斷")):
        with translation.override(language):
            assert said(line) == f"{name} · {run.pk}"


def test_a_thing_is_tied_once() -> None:
    row = declared()
    moving.link(someone("operations"), row, "response.plan", "7", now=NOW)
    with pytest.raises(ValidationError):
        moving.link(someone("operations"), row, "response.plan", "7", now=NOW)
    assert row.links.count() == 1


def test_an_alert_it_is_tied_to_is_named() -> None:
    row, ann = declared(), someone("operations")
    alert = raise_alert(finding(text="Many transfers"), NOW)
    assert alert is not None
    moving.link(ann, row, "response.alert", str(alert.pk), now=NOW)
    moving.link(ann, row, "response.plan", "7", now=NOW)
    row = Incident.objects.get(pk=row.pk)
    assert [one.name for one in IncidentLook(row, ann, NOW).ties] == [title_of(alert), ""]


def test_a_matrix_in_force_makes_the_severity_of_what_is_declared_then() -> None:
    before = declared()
    cells = {impact: dict(found) for impact, found in SHIPPED.cells.items()}
    chief = someone("risk_owner")
    cells["major"]["medium"] = "low"  # less than moderate and medium: refused
    with pytest.raises(ValidationError) as caught:
        add_matrix(chief, cells, SHIPPED.stable_within, SHIPPED.told_every, "Trial", NOW)
    assert set(caught.value.message_dict) == {"major_medium"}
    cells["major"]["medium"] = "critical"
    cells["major"]["high"] = cells["severe"]["medium"] = "critical"
    limits = dict(SHIPPED.stable_within) | {"critical": 30}
    made = add_matrix(chief, cells, limits, SHIPPED.told_every, "After the drill", NOW)
    assert matrix_in_force().version == made.pk
    after = declared()
    assert (after.severity, after.matrix) == (Severity.critical, made.pk)
    assert after.stable_due == NOW + dt.timedelta(minutes=30)
    before.refresh_from_db()
    assert (before.severity, before.matrix) == (Severity.high, 0)
    with pytest.raises(Denied):
        add_matrix(someone("fraud_analyst"), cells, limits, SHIPPED.told_every, "No", NOW)


def test_no_text_of_people_stands_in_the_audit_log() -> None:
    row = declared(summary="secret words")
    note(someone("operations"), row, "secret words", now=NOW)
    moving.close(someone("operations"), row, reason="secret words", now=NOW)
    copy_rows()
    assert AuditEntry.objects.filter(act__startswith="incident.").count() >= 3
    assert not any("secret words" in str(one.__dict__) for one in AuditEntry.objects.all())
