"""Routes of response beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.response.pages import (
    complaint_public,
    complaints,
    incident_views,
    plan_editor,
    plan_views,
    reveals,
    start_clocks,
)

urlpatterns = [
    path("start-clocks", start_clocks.start, name="start_clocks"),
    path("incident-board", incident_views.board, name="incident_board"),
    path("incident-figures", incident_views.figures, name="incident_figures"),
    path("severity-matrix-now", incident_views.matrix_now, name="severity_matrix_now"),
    path(
        "respond/entities/<int:identity>/reveal",
        reveals.reveal_entity_ref,
        name="reveal_entity_ref",
    ),
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
    path("plan-import", plan_views.bring_in, name="import_plan"),
    path("plans/<int:plan>/start", plan_views.start, name="start_plan"),
    path("plan-runs/<int:run>/moving", plan_views.moving, name="plan_run_moving"),
    path("plan-versions/<int:version>/write", plan_editor.edit, name="edit_plan"),
    path("plan-versions/<int:version>/json", plan_views.export, name="export_plan"),
]
