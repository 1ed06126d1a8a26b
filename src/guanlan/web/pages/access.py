"""What the reader may do and why, and the policy itself."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.core.access import TABLE, VERBS, Subject, explain, may
from guanlan.core.access.nouns import POLICY_VERSION, Noun
from guanlan.core.access.table import PURPOSES, ROLE_NOTES, ROLES, VERB_TITLES
from guanlan.core.models import AccessGrant
from guanlan.web.pages.grants import grant_state
from guanlan.web.rights import needs, signed_in, subject_of_request

FEW: Final = 2  # verbs that are named even where they are all that a noun offers


def rights_of(subject: Subject) -> list[dict[str, Any]]:
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


@signed_in
@require_safe
def my_access(request: HttpRequest) -> HttpResponse:
    """What the reader may do, and where to ask for more."""
    subject = subject_of_request(request)
    # One's own are one's own, whatever the roles.
    mine = AccessGrant.objects.filter(person_id=subject.id)[:50]
    context = {
        "rights": rights_of(subject),
        "roles": [ROLES.get(role, role) for role in sorted(subject.roles)],
        "level": subject.clearance,
        "purposes": [PURPOSES[name] for name in sorted(subject.purposes)],
        "mine": [
            (
                grant,
                "broken_glass" if grant.broken_glass else "access_request",
                may(
                    subject, "see", "core.breakglass" if grant.broken_glass else "core.accessgrant"
                ),
                grant_state(grant),
            )
            for grant in mine
        ],
        "asking": may(subject, "add", "core.accessgrant"),
        "breaking": may(subject, "add", "core.breakglass"),
    }
    return render(request, "web/my_access.html", context)


def _said(noun: Noun, verbs: set[str]) -> tuple[list[str], str]:
    """What a cell of the policy says; where that is all the noun offers, what all means."""
    titles = [str(VERB_TITLES[verb]) for verb in VERBS if verb in verbs]
    if len(titles) > FEW and len(titles) == len(noun.verbs):
        return [_("everything")], ", ".join(titles)
    return titles, ""


@needs("see", "core.policy")
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The table itself: for each noun, which role may do what; of one role where it is named."""
    chosen = request.GET.get("role", "")
    shown = {chosen: ROLES[chosen]} if chosen in ROLES else ROLES
    rules: dict[tuple[str, str], set[str]] = {}
    for rule in TABLE.rules:
        rules.setdefault((rule.noun, rule.role), set()).update(rule.verbs)
    groups: dict[str, list[tuple[Any, str, list[tuple[Any, ...]]]]] = {}
    for name, noun in sorted(TABLE.nouns.items()):
        cells = [
            (title, *_said(noun, rules.get((name, role), set()))) for role, title in shown.items()
        ]
        if len(shown) > 1 or any(verbs for _title, verbs, _all in cells):
            groups.setdefault(name.partition(".")[0], []).append((noun.title, name, cells))
    context = {
        "roles": ROLES.items(),
        "shown": shown.values(),
        "chosen": chosen if chosen in ROLES else "",
        "note": ROLE_NOTES.get(chosen, ""),
        "groups": [(apps.get_app_config(app).verbose_name, rows) for app, rows in groups.items()],
        "version": POLICY_VERSION,
        "digest": TABLE.digest(),
    }
    return render(request, "web/policy.html", context)
