"""Where jobs, channels and messages are reached, and their places in the sidebar."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from guanlan.web.pages import channels, jobs, notifications, sealing
from guanlan.web.places import Place, add_place

urlpatterns = [
    path("settings/encryption", sealing.encryption, name="encryption"),
    path("settings/jobs", jobs.jobs, name="jobs"),
    path("settings/jobs/<str:name>/run", jobs.run_job, name="run_job"),
    path("settings/channels", channels.channels, name="channels"),
    path("settings/channels/new/<str:kind>", channels.new_channel, name="new_channel"),
    path("settings/channels/<int:identity>", channels.channel, name="channel"),
    path("settings/channels/<int:identity>/use", channels.toggle_channel, name="toggle_channel"),
    path("settings/channels/<int:identity>/test", channels.try_channel, name="try_channel"),
    path("notifications", notifications.notifications, name="notifications"),
    path("notifications/read", notifications.read_notifications, name="read_notifications"),
    path(
        "notifications/<int:identity>/acknowledge",
        notifications.acknowledge,
        name="acknowledge_notification",
    ),
    path("notifications/preferences", notifications.preferences, name="notification_preferences"),
]

add_place(Place("settings", "encryption", _("Encryption at rest"), 25))
add_place(Place("settings", "jobs", _("Jobs"), 30))
add_place(Place("settings", "channels", _("Channels"), 40))
