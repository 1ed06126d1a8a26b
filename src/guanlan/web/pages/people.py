"""People and what they may do: roles, clearance, requests, emergency access, the policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.core.access import TABLE, VERBS, Subject, explain, may, subject_of
from guanlan.core.access.assigning import give_role, in_force, may_give, set_clearance, take_role
from guanlan.core.access.granting import (
    NOT_LENT,
    ask,
    break_glass,
    decide,
    may_decide,
    overdue,
    review,
    revoke,
    unreviewed,
)
from guanlan.core.access.nouns import POLICY_VERSION
from guanlan.core.access.table import PURPOSES, ROLE_NOTES, ROLES, VERB_TITLES
from guanlan.core.models import AccessGrant, LinkedIdentity, RoleAssignment, User
from guanlan.core.people.linking import unlink
from guanlan.web.accounts.confirming import reauthenticated, recently_confirmed
from guanlan.web.rights import needs, signed_in, subject_of_request

SHOWN = 200


def _tell(request: HttpRequest, work: Callable[[], object], done: str) -> bool:
    """Do it, and say that it is done or in a sentence why it is not."""
    try:
        work()
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
        return False
    messages.success(request, done)
    return True


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _rights(subject: Subject) -> list[dict[str, Any]]:
    """What a subject may do with each noun, and by which role or grant."""
    rows = []
    for name, noun in sorted(TABLE.nouns.items()):
        verbs = []
        for verb in noun.verbs:
            verdicts = [explain(subject, verb, name)]
            if verb == "reveal":
                verdicts = [
                    explain(subject, verb, name, level=3, purpose=purpose) for purpose in PURPOSES
                ]
            allowed = next((v for v in verdicts if v.allowed), None)
            if allowed is not None:
                by = ROLES.get(allowed.by, _("a grant")) if allowed.why == "role" else _("a grant")
                verbs.append((VERB_TITLES[verb], by))
        if verbs:
            rows.append({"title": noun.title, "name": name, "verbs": verbs})
    return rows


@needs("see", "core.user")
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, with their roles; unreviewed emergency access on top."""
    subject, now = subject_of_request(request), timezone.now()
    held: dict[int, list[RoleAssignment]] = {}
    for one in RoleAssignment.objects.for_user(subject).filter(in_force(now)):
        held.setdefault(one.person_id, []).append(one)
    found = User.objects.for_user(subject).select_related("clearance").order_by("username")
    links = LinkedIdentity.objects.for_user(subject).filter(user__in=found[:SHOWN])
    linked = set(links.values_list("user_id", flat=True))
    context = {
        "rows": [
            (user, _roles(held.get(user.pk, [])), user.pk in linked) for user in found[:SHOWN]
        ],
        "glass": _glass(subject, now),
    }
    return render(request, "web/people.html", context)


def _roles(held: list[RoleAssignment]) -> list[tuple[Any, str]]:
    return [(ROLES.get(one.role, one.role), one.scope) for one in held]


def _glass(subject: Subject, now: datetime) -> list[tuple[AccessGrant, bool]]:
    if not may(subject, "see", "core.breakglass"):
        return []
    return [(grant, overdue(grant, now)) for grant in unreviewed().select_related("person")]


@needs("see", "core.user")
@require_safe
def person(request: HttpRequest, identity: int) -> HttpResponse:
    """One person: roles, clearance, and what follows from them and why."""
    subject, now = subject_of_request(request), timezone.now()
    found = get_object_or_404(User.objects.for_user(subject), pk=identity)
    theirs = subject_of(found)
    another = subject.id != found.pk
    held = RoleAssignment.objects.for_user(subject).filter(in_force(now), person=found)
    context = {
        "found": found,
        "section": "people",
        "held": [
            (one, ROLES.get(one.role, one.role), another and may_give(subject, one.role, one.scope))
            for one in held
        ],
        "giving": [(n, t, ROLE_NOTES[n]) for n, t in ROLES.items() if may_give(subject, n)]
        if another
        else [],
        "clearing": another and may(subject, "change", "core.clearance"),
        "level": theirs.clearance,
        "levels": range(1, 5),
        "purposes": [(n, t, n in theirs.purposes) for n, t in PURPOSES.items()],
        "rights": _rights(theirs),
        "links": LinkedIdentity.objects.for_user(subject).filter(user=found).order_by("linked"),
        "unlinking": may(subject, "delete", "core.linkedidentity"),
    }
    return render(request, "web/person.html", context)


@needs("add", "core.roleassignment")
@require_POST
@reauthenticated
def add_role(request: HttpRequest, identity: int) -> HttpResponse:
    """Give a role."""
    subject = subject_of_request(request)
    found = get_object_or_404(User.objects.for_user(subject), pk=identity)
    role, scope = request.POST.get("role", ""), request.POST.get("scope", "").strip() or "*"
    done = _("The role is given.")
    _tell(request, lambda: give_role(subject, found, role, scope=scope), done)
    return redirect("person", identity)


@needs("delete", "core.roleassignment")
@require_POST
@reauthenticated
def end_role(request: HttpRequest, identity: int) -> HttpResponse:
    """Take a role."""
    subject = subject_of_request(request)
    one = get_object_or_404(RoleAssignment.objects.for_user(subject, "delete"), pk=identity)
    _tell(request, lambda: take_role(subject, one), _("The role is taken."))
    return redirect("person", one.person_id)


@needs("change", "core.clearance")
@require_POST
@reauthenticated
def change_clearance(request: HttpRequest, identity: int) -> HttpResponse:
    """Set level and purposes."""
    subject = subject_of_request(request)
    found = get_object_or_404(User.objects.for_user(subject), pk=identity)
    level, purposes = _number(request, "level"), request.POST.getlist("purposes")
    done = _("The clearance is set.")
    _tell(request, lambda: set_clearance(subject, found, level, purposes), done)
    return redirect("person", identity)


@needs("delete", "core.linkedidentity")
@require_POST
@reauthenticated
def unlink_person(request: HttpRequest, identity: int) -> HttpResponse:
    """Forget which account at the sign-on provider is the person's."""
    subject = subject_of_request(request)
    found = get_object_or_404(User.objects.for_user(subject), pk=identity)
    # The one who unlinks themselves goes on.
    if unlink(subject, found, keep=request.session.session_key):
        messages.success(request, _("The link is gone, and the person's sessions have ended."))
    return redirect("person", identity)


@signed_in
@require_safe
def my_access(request: HttpRequest) -> HttpResponse:
    """What the reader may do, and how to ask for more."""
    subject, now = subject_of_request(request), timezone.now()
    # One's own are one's own, whatever the roles.
    mine = AccessGrant.objects.filter(person_id=subject.id)[:50]
    context = {
        "rights": _rights(subject),
        "roles": [ROLES.get(role, role) for role in sorted(subject.roles)],
        "level": subject.clearance,
        "purposes": [PURPOSES[name] for name in sorted(subject.purposes)],
        "mine": [(grant, _state(grant, now)) for grant in mine],
        "asking": may(subject, "add", "core.accessgrant"),
        "breaking": may(subject, "add", "core.breakglass"),
        "confirmed": recently_confirmed(request),
        "nouns": [(n, t.title) for n, t in sorted(TABLE.nouns.items()) if n not in NOT_LENT],
        "verbs": [(verb, VERB_TITLES[verb]) for verb in VERBS],
        "all_purposes": list(PURPOSES.items()),
        "wanted": request.GET.get("noun", ""),
    }
    return render(request, "web/my_access.html", context)


def _state(grant: AccessGrant, now: datetime) -> str:
    if grant.revoked:
        return _("revoked")
    if grant.ends is not None:
        return _("in force") if grant.ends > now else _("ended")
    return _("waiting") if grant.decided is None else _("refused")


def _wish(request: HttpRequest) -> dict[str, Any]:
    return {
        "verb": request.POST.get("verb", ""),
        "noun": request.POST.get("noun", ""),
        "level": _number(request, "level"),
        "purpose": request.POST.get("purpose", ""),
        "minutes": _number(request, "minutes"),
        "reason": request.POST.get("reason", ""),
    }


@needs("add", "core.accessgrant")
@require_POST
def ask_access(request: HttpRequest) -> HttpResponse:
    """Ask for a right for a time."""
    subject, wish = subject_of_request(request), _wish(request)
    ticket = request.POST.get("ticket", "")
    done = _("Your request waits for another person's approval.")
    _tell(request, lambda: ask(subject, **wish, ticket=ticket), done)
    return redirect("my_access")


@needs("add", "core.breakglass")
@require_http_methods(["GET", "POST"])
@reauthenticated
def emergency(request: HttpRequest) -> HttpResponse:
    """Break the glass, after proving once more who one is; a GET leads there and back."""
    if request.method == "POST":
        subject, wish = subject_of_request(request), _wish(request)
        done = _("You have emergency access. Owners and the privacy officer have been told.")
        _tell(request, lambda: break_glass(subject, **wish), done)
    return redirect("my_access")


@needs("approve", "core.accessgrant")
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Requests to decide, grants in force."""
    subject, now = subject_of_request(request), timezone.now()
    seen = AccessGrant.objects.for_user(subject).select_related("person")
    context = {
        "waiting": [
            (grant, may_decide(subject, grant))
            for grant in seen.filter(decided=None, broken_glass=False).order_by("asked")[:SHOWN]
        ],
        "running": seen.filter(ends__gt=now, revoked=None).order_by("ends")[:SHOWN],
        "glass": _glass(subject, now),
        "reviewing": may(subject, "approve", "core.breakglass"),
        "me": subject.id,
    }
    return render(request, "web/access_requests.html", context)


@needs("approve", "core.accessgrant")
@require_POST
@reauthenticated
def decide_request(request: HttpRequest, identity: int) -> HttpResponse:
    """Approve or refuse."""
    subject = subject_of_request(request)
    grant = get_object_or_404(AccessGrant.objects.for_user(subject), pk=identity)
    approve = request.POST.get("answer") == "approve"
    done = _("The request is approved.") if approve else _("The request is refused.")
    _tell(request, lambda: decide(subject, grant, approve=approve), done)
    return redirect("access_requests")


@signed_in
@require_POST
def revoke_grant(request: HttpRequest, identity: int) -> HttpResponse:
    """End a grant: one's own, or with the right to."""
    subject = subject_of_request(request)
    own = AccessGrant.objects.filter(person_id=subject.id)
    grant = get_object_or_404(own | AccessGrant.objects.for_user(subject, "delete"), pk=identity)
    _tell(request, lambda: revoke(subject, grant), _("The grant is ended."))
    return redirect("my_access" if grant.person_id == subject.id else "access_requests")


@needs("approve", "core.breakglass")
@require_POST
def review_glass(request: HttpRequest, identity: int) -> HttpResponse:
    """Review an emergency access."""
    subject = subject_of_request(request)
    grant = get_object_or_404(unreviewed(), pk=identity)
    justified, words = request.POST.get("answer") == "justified", request.POST.get("reason", "")
    done = _("The review is recorded.")
    _tell(request, lambda: review(subject, grant, justified=justified, answer=words), done)
    return redirect("access_requests")


@needs("see", "core.policy")
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The table itself: for each noun, who may what."""
    rules: dict[tuple[str, str], set[str]] = {}
    for rule in TABLE.rules:
        rules.setdefault((rule.noun, rule.role), set()).update(rule.verbs)
    context = {
        "roles": list(ROLES.values()),
        "rows": [
            (
                noun.title,
                name,
                [
                    [VERB_TITLES[verb] for verb in VERBS if verb in rules.get((name, role), ())]
                    for role in ROLES
                ],
            )
            for name, noun in sorted(TABLE.nouns.items())
        ],
        "version": POLICY_VERSION,
        "digest": TABLE.digest(),
    }
    return render(request, "web/policy.html", context)
