"""The page of one person: what it shows beside the facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import EVERYWHERE, Subject, may, subject_of
from guanlan.core.access.granting import grants_for
from guanlan.core.access.subjects import STARTING_CLEARANCE
from guanlan.core.access.table import PURPOSES, ROLES
from guanlan.core.audit.copying import acts_by, history
from guanlan.core.models import ApiKey, Clearance, LinkedIdentity, RoleAssignment, User
from guanlan.core.people.sessions import sessions_of
from guanlan.web.accounts.others import APP, PASSKEY
from guanlan.web.pages.access import rights_of
from guanlan.web.pages.grants import GLASS, GRANTS
from guanlan.web.pages.keys import state as key_state
from guanlan.web.resource import Panel, Resource, Term
from guanlan.web.resource.cells import written
from guanlan.web.resource.details import facts
from guanlan.web.templatetags.rights import right

FACTORS: Final[dict[str, str | Promise]] = {
    PASSKEY: gettext_lazy("passkey"),
    APP: gettext_lazy("code of an app"),
    "none": gettext_lazy("none"),
}


def clearance_of(user: User) -> Clearance:
    """The person's clearance; that of somebody of whom nothing was said."""
    found: Clearance | None = getattr(user, "clearance", None)
    return found or Clearance(level=STARTING_CLEARANCE, purposes=[])


def roles_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """Roles in force and to come, each leading to its own page."""
    now = timezone.now()
    held = RoleAssignment.objects.for_user(subject).filter(
        Q(until=None) | Q(until__gt=now), person=person
    )
    return {
        "heads": [_("Role"), _("Product or unit"), _("Given by"), _("Until")],
        "rows": [
            (
                format_html(
                    '<a href="{}">{}</a>', reverse("role", args=[one.pk]),
                    ROLES.get(one.role, one.role),
                ),
                _("everything") if one.scope == EVERYWHERE else one.scope,
                one.given_by or "—",
                written("moment", one.until),
            )
            for one in held.select_related("given_by")
        ],
        "empty": _("none"),
    }  # fmt: skip


def clearance_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """Level, purposes, and who said so."""
    now = clearance_of(person)
    named = [str(PURPOSES.get(name, name)) for name in now.purposes]
    given = (now.given_by, written("moment", now.changed)) if now.pk else (None, None)
    return facts(
        (_("Highest data level"), now.level),
        (_("Purposes"), ", ".join(named) or _("none")),
        (_("Given by"), given[0]),
        (_("Since"), given[1]),
    )


def _listed(resource: Resource) -> Any:
    def context(person: User, subject: Subject) -> Mapping[str, Any]:
        rows = grants_for(subject, broken_glass=resource is GLASS).filter(person=person)
        made = rows.order_by("-asked")[:20]
        return {
            "heads": [_("Right"), _("Asked"), _("State")],
            "rows": [
                (
                    format_html(
                        '<a href="{}">{}</a>', reverse(resource.one, args=[one.pk]), right(one)
                    ),
                    written("moment", one.asked),
                    written("state", resource.state(one) if resource.state else ""),
                )
                for one in made
            ],
            "empty": _("None yet."),
        }

    return context


def links_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """The account at the sign-on provider."""
    links = LinkedIdentity.objects.for_user(subject).filter(user=person).order_by("linked")
    return {
        "heads": [_("Provider"), _("Since"), _("Last used")],
        "rows": [
            (one.issuer, written("moment", one.linked), written("moment", one.used))
            for one in links
        ],
        "empty": _("This account is not linked."),
    }


def sessions_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """Live sessions; where they come from is level 3 and not shown."""
    return {
        "heads": [_("Begun"), _("Last used")],
        "rows": [
            (written("moment", one.started), written("moment", one.seen))
            for one in sessions_of(person)[:20]
        ],
        "empty": _("No session is open."),
    }


def factors_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """Second factors: kind, since when, when last used."""
    theirs = Authenticator.objects.filter(user_id=person.pk, type__in=(APP, PASSKEY))
    return {
        "heads": [_("Kind"), _("Since"), _("Last used")],
        "rows": [
            (
                FACTORS[str(one.type)],
                written("moment", one.created_at),
                written("moment", one.last_used_at),
            )
            for one in theirs.order_by("created_at")
        ],
        "empty": _("None: the next sign-in asks for one where the installation wants it."),
    }


def keys_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """API keys this person answers for."""
    theirs = ApiKey.objects.for_user(subject).filter(created_by=person, revoked=None)
    return {
        "rows": [
            (
                format_html('<a href="{}">{}</a>', reverse("key", args=[key.pk]), key.name),
                written("state", key_state(key)),
            )
            for key in theirs.select_related("created_by")[:50]
        ],
        "empty": _("None."),
    }


def about_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """What was done to the account; the rest is in the audit log, for who may read that."""
    return {
        "acts": history("core.user", str(person.pk)),
        **_rest(subject, Term("object", "", (f"core.user/{person.pk}",))),
    }


def by_panel(person: User, subject: Subject) -> Mapping[str, Any]:
    """What the person did, likewise."""
    named = Term("actor", "", (person.get_username(),))
    return {"acts": acts_by(person.pk), **_rest(subject, named)}


def _rest(subject: Subject, term: Term) -> Mapping[str, Any]:
    if not may(subject, "see", "core.auditentry"):
        return {}
    address = f"{reverse('audit')}?{urlencode({'q': str(term)})}"
    return {"more": _("audit log"), "more_url": address}


def _sees(noun: str) -> Any:
    return lambda person, subject: may(subject, "see", noun)


PANELS: Final = (
    Panel(gettext_lazy("Roles"), "web/resource/table.html", roles_panel,
          when=_sees("core.roleassignment")),
    Panel(gettext_lazy("Grants for a time"), "web/resource/table.html", _listed(GRANTS),
          when=_sees("core.accessgrant")),
    Panel(gettext_lazy("Emergency access"), "web/resource/table.html", _listed(GLASS),
          when=_sees("core.breakglass")),
    Panel(gettext_lazy("What this person may do"), "web/rights_table.html",
          lambda person, subject: {"rights": rights_of(subject_of(person))}),
    Panel(gettext_lazy("Clearance"), "web/resource/facts.html", clearance_panel, wide=False,
          when=_sees("core.clearance")),
    Panel(gettext_lazy("Second factors"), "web/resource/table.html", factors_panel, wide=False),
    Panel(gettext_lazy("Single sign-on"), "web/resource/table.html", links_panel, wide=False,
          when=lambda person, subject: (
              may(subject, "see", "core.linkedidentity")
              and LinkedIdentity.objects.filter(user=person).exists())),
    Panel(gettext_lazy("Sessions"), "web/resource/table.html", sessions_panel, wide=False,
          when=lambda person, subject: may(subject, "manage", "core.user")),
    Panel(gettext_lazy("API keys this person answers for"), "web/resource/table.html", keys_panel,
          wide=False, when=_sees("core.apikey")),
    Panel(gettext_lazy("What was done to this account"), "web/resource/history.html",
          about_panel, wide=False),
    Panel(gettext_lazy("What this person did"), "web/resource/history.html",
          by_panel, wide=False,
          when=_sees("core.auditentry")),
)  # fmt: skip
