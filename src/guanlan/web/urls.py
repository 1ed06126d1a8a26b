"""Routes of sign-in and language."""

from __future__ import annotations

from django.urls import path

from guanlan.web import telling
from guanlan.web.accounts import urls as account_urls
from guanlan.web.pages import bell, discussion, people, search

urlpatterns = [
    path("discussion/<str:noun>/<str:identity>", discussion.page, name="discussion"),
    path("discussion/<str:noun>/<str:identity>/people", discussion.people, name="mentionable"),
    path("discussion/<str:noun>/<str:identity>/comment", discussion.add, name="add_comment"),
    path("discussion/<str:noun>/<str:identity>/file", discussion.upload, name="add_attachment"),
    path("comments/<int:key>/edit", discussion.edit, name="edit_comment"),
    path("comments/<int:key>/remove", discussion.remove, name="remove_comment"),
    path("attachments/<int:key>", discussion.download, name="attachment"),
    path("attachments/<int:key>/remove", discussion.discard, name="remove_attachment"),
    path("notifications/bell", bell.bell, name="bell"),
    path("notifications/newest", bell.newest, name="bell_list"),
    path("notifications/<int:identity>/follow", bell.follow, name="follow_notification"),
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
    path("palette/search", search.palette_search, name="palette_search"),
    *account_urls.urlpatterns,
    *telling.urlpatterns,
    path("settings/people", people.people, name="people"),
    path("settings/people/<int:identity>", people.person, name="person"),
    path("settings/people/<int:identity>/role", people.add_role, name="add_role"),
    path(
        "settings/people/<int:identity>/clearance", people.change_clearance, name="change_clearance"
    ),
    path("settings/people/<int:identity>/unlink", people.unlink_person, name="unlink_person"),
    path("settings/roles/<int:identity>/end", people.end_role, name="end_role"),
    path("settings/access", people.my_access, name="my_access"),
    path("settings/access/ask", people.ask_access, name="ask_access"),
    path("settings/access/emergency", people.emergency, name="emergency"),
    path("settings/access/requests", people.requests, name="access_requests"),
    path("settings/access/<int:identity>/decide", people.decide_request, name="decide_request"),
    path("settings/access/<int:identity>/revoke", people.revoke_grant, name="revoke_grant"),
    path("settings/access/<int:identity>/review", people.review_glass, name="review_glass"),
    path("settings/policy", people.policy, name="policy"),
]
