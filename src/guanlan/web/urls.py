"""Routes of sign-in and language."""

from __future__ import annotations

from django.urls import path

from guanlan.web import (
    finding,  # noqa: F401 - what search finds here
    pages,
)
from guanlan.web.pages import channels, jobs, notifications, search

urlpatterns = [
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
    path("palette/search", search.palette_search, name="palette_search"),
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("language", pages.language, name="language"),
    path("settings/jobs", jobs.jobs, name="jobs"),
    path("settings/jobs/<str:name>/run", jobs.run_job, name="run_job"),
    path("settings/jobs/runs/<int:identity>/cancel", jobs.cancel_run, name="cancel_run"),
    path("settings/channels", channels.channels, name="channels"),
    path("settings/channels/new/<str:kind>", channels.new_channel, name="new_channel"),
    path("settings/channels/<int:identity>", channels.channel, name="channel"),
    path("settings/channels/<int:identity>/use", channels.toggle_channel, name="toggle_channel"),
    path("settings/channels/<int:identity>/test", channels.try_channel, name="try_channel"),
    path("settings/messages", channels.sent_messages, name="sent_messages"),
    path("notifications", notifications.notifications, name="notifications"),
    path("notifications/read", notifications.read_notifications, name="read_notifications"),
    path(
        "notifications/<int:identity>/acknowledge",
        notifications.acknowledge,
        name="acknowledge_notification",
    ),
    path("notifications/preferences", notifications.preferences, name="notification_preferences"),
]
