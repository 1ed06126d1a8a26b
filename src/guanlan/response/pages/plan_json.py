"""Writing a draft as CACAO JSON, with every problem and the readable plan beside it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from guanlan.response.pages.plan_editor import draft_of
from guanlan.response.plans import writing
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.differing import changes
from guanlan.response.plans.reading import known, playbook_of
from guanlan.response.plans.showing import Document, reader, role_title
from guanlan.web.rights import needs, subject_of_request


@needs("change", "response.planversion")
@require_http_methods(["GET", "HEAD", "POST"])
def edit_json(request: HttpRequest, version: int) -> HttpResponse:
    """Change a draft. What would be lost, or is no plan at all, is not kept; a plan with other
    problems is: a draft may have them until it is submitted. Nothing typed is thrown away."""
    subject = subject_of_request(request)
    found = draft_of(request, version)
    plan = playbook_of(found)
    text, problems, status = found.body, check(plan, known()), 200
    seen, stale = found.digest, ""
    if request.method == "POST":
        text = request.POST.get("text", "")
        seen = request.POST.get("seen", "") or "-"
        typed, problems = writing.problems_of(text)
        if typed is None or any(one.lost for one in problems):
            status = 422
        elif request.POST.get("what") == "save":
            try:
                writing.save_draft(subject, found, typed, timezone.now(), seen)
            except writing.Changed as error:
                stale, status, seen = error.messages[0], 409, found.digest
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
            else:
                messages.success(request, _("The draft is kept."))
                return redirect("plan_version", found.pk)
        plan = typed or plan
    context = {
        "version": found,
        "text": text,
        "seen": seen,
        "stale": stale,
        "problems": problems,
        "document": Document(plan),
        "changes": changes(playbook_of(found), plan, reader()),
        "roles": [(role, role_title(role)) for role in known().roles],
        "automatic": sorted(known().steps),
        "title": _("Write the draft"),
        "section": "plans",
        "status": status,
        "tab": "json",
    }
    return render(request, "response/plan/edit.html", context, status=status)
