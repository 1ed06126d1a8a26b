"""Routes of response beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.response.pages import (
    alert_evidence,
    complaint_calls,
    complaint_figures,
    complaint_public,
    complaints,
    incident_views,
    plan_editor,
    plan_json,
    plan_starting,
    plan_views,
    reveals,
    start_clocks,
    status_components,
    status_public,
    suspicion_print,
)

urlpatterns = [
    path("status", status_public.page, name="status"),
    path("status.json", status_public.as_json, name="status_json"),
    path("status.atom", status_public.feed, name="status_feed"),
    path("status/<slug:lang>", status_public.page, name="status_in"),
    path("status/<slug:lang>.atom", status_public.feed, name="status_feed_in"),
    path("settings/status-page", status_components.settings_page, name="status_settings"),
    path("settings/status-page/preview", status_components.preview, name="status_preview"),
    path("alert-evidence/<int:identity>", alert_evidence.of_alert, name="alert_evidence"),
    path("case-evidence/<int:identity>", alert_evidence.of_case, name="case_evidence"),
    path("start-clocks", start_clocks.start, name="start_clocks"),
    path("incident-board", incident_views.board, name="incident_board"),
    path("incident-figures", incident_views.figures, name="incident_figures"),
    path("severity-matrix-now", incident_views.matrix_now, name="severity_matrix_now"),
    path(
        "respond/entities/<int:identity>/reveal",
        reveals.reveal_entity_ref,
        name="reveal_entity_ref",
    ),
    path("complaint-figures", complaint_figures.figures, name="complaint_figures"),
    path("complaint-import", complaint_calls.bring, name="import_complaints"),
    path("complaint-calls/<str:slug>", complaint_calls.call, name="complaint_gateway_call"),
    path("complain", complaint_public.complain, name="complain"),
    path(
        "complain/<int:number>/<str:token>",
        complaint_public.complaint_state,
        name="complaint_state",
    ),
    path(
        "respond/complaints/<int:identity>/reveal",
        complaints.reveal_complaint,
        name="reveal_complaint",
    ),
    path("suspicions/<int:identity>/print", suspicion_print.printed, name="suspicion_print"),
    path(
        "suspicions/<int:identity>/print/clear",
        suspicion_print.printed_clear,
        name="suspicion_print_clear",
    ),
    path("plan-import", plan_views.bring_in, name="import_plan"),
    path("start-plan", plan_starting.start, name="start_plan_for"),
    path("plans/<int:plan>/start", plan_views.start, name="start_plan"),
    path("plan-runs/<int:run>/moving", plan_views.moving, name="plan_run_moving"),
    path("plan-versions/<int:version>/write", plan_editor.edit, name="edit_plan"),
    path("plan-versions/<int:version>/write/json", plan_json.edit_json, name="edit_plan_json"),
    path("plan-versions/<int:version>/write/name", plan_editor.general, name="edit_plan_name"),
    path(
        "plan-versions/<int:version>/write/variables",
        plan_editor.variable,
        name="add_plan_variable",
    ),
    path(
        "plan-versions/<int:version>/write/variables/<slug:name>",
        plan_editor.variable,
        name="edit_plan_variable",
    ),
    path(
        "plan-versions/<int:version>/write/variables/<slug:name>/remove",
        plan_editor.drop_variable,
        name="drop_plan_variable",
    ),
    path("plan-versions/<int:version>/write/steps", plan_editor.add_step, name="add_plan_step"),
    path(
        "plan-versions/<int:version>/write/steps/<str:step>",
        plan_editor.change_step,
        name="edit_plan_step",
    ),
    path(
        "plan-versions/<int:version>/write/steps/<str:step>/<str:what>",
        plan_editor.do_to_step,
        name="plan_step_do",
    ),
    path("plan-versions/<int:version>/json", plan_views.export, name="export_plan"),
]
