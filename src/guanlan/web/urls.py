"""Routes of sign-in and language."""

from __future__ import annotations

from django.urls import path

from guanlan.web import telling
from guanlan.web.accounts import urls as account_urls
from guanlan.web.pages import access, bell, discussion, organisation, overview, search

urlpatterns = [
    path("", overview.overview, name="overview"),
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
    path("settings/access", access.my_access, name="my_access"),
    path("settings/policy", access.policy, name="policy"),
    path("settings/organisation", organisation.organisation_page, name="organisation"),
    path("settings/organisation/change", organisation.change, name="change_organisation"),
]
