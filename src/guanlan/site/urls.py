"""Routes of the console. The door answers /v1, /healthz, /readyz, /metrics, /console/stream."""

from __future__ import annotations

from django.urls import include, path

from guanlan.web.resource import api, routes

urlpatterns = [
    path("", include(routes.patterns())),
    path("", include(api.patterns())),
    path("", include("guanlan.web.urls")),
    path("", include("guanlan.risk.urls")),
    path("", include("guanlan.response.urls")),
    path("", include("guanlan.fraud.urls")),
]

handler400 = "guanlan.web.pages.errors.bad_request"
handler403 = "guanlan.web.pages.errors.forbidden"
handler404 = "guanlan.web.pages.errors.not_found"
handler500 = "guanlan.web.pages.errors.failed"
