"""A report of suspicious transactions on paper: as it is handed to the authority, and nothing
around it. Parties are masked; who may reveal them prints them in the clear, each on record."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from guanlan.core.access import MASKED_FROM, Subject
from guanlan.core.access.revealing import Unrecorded, allow_reveal, purposes_for
from guanlan.core.people.organisation import organisation
from guanlan.response.clocks.terms import WAYS
from guanlan.response.kinds import every_kind, kind_title, masked
from guanlan.response.models import EntityRef, SuspicionReport
from guanlan.response.models.suspicions import NOUN
from guanlan.response.pages.suspicions import SuspicionLook
from guanlan.response.papers import sections
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.pages.errors import error_page
from guanlan.web.rights import needs, subject_of_request

ENTITY: Final = "response.entityref"
UNKNOWN_LEVEL: Final = 4  # of an entity of a kind that is not known any more


class Party(NamedTuple):
    """A party as a line of the report; `level` is that of its key."""

    number: int
    role: str
    kind: str
    key: str
    level: int


class Step(NamedTuple):
    """Who did what on its way, and when."""

    what: str
    who: str
    at: Any
    more: str = ""


@needs("see", NOUN)
@require_safe
@never_cache
def printed(request: HttpRequest, identity: int) -> HttpResponse:
    """The report as it is printed; reading it is written down."""
    return _page(request, _found(request, identity))


@needs("reveal", ENTITY)
@require_POST
@never_cache
@reauthenticated
@sensitive_variables()
def printed_clear(request: HttpRequest, identity: int) -> HttpResponse:
    """The same with its parties in the clear, once each of them is on record."""
    row = _found(request, identity)
    subject = subject_of_request(request)
    asked = {name: request.POST.get(name, "") for name in ("purpose", "reason")}
    hidden = [one for one in parties_of(row, subject) if one.level >= MASKED_FROM]
    if not hidden:
        raise Http404
    try:
        for one in hidden:
            allow_reveal(subject, ENTITY, str(one.number), "key", level=one.level, **asked)
    except ValidationError as error:
        return _page(request, row, asked=asked, errors=error.message_dict, status=422)
    except Unrecorded:
        return error_page(
            request,
            503,
            _("This cannot be revealed now"),
            _("The audit log does not take entries, so nothing is shown. Tell the operators."),
        )
    return _page(request, row, clear=True)


def _found(request: HttpRequest, identity: int) -> SuspicionReport:
    rows = SuspicionReport.objects.for_user(subject_of_request(request))
    return get_object_or_404(rows.select_related("author", "approver", "case"), pk=identity)


def parties_of(row: SuspicionReport, subject: Subject, clear: bool = False) -> list[Party]:
    """The parties of a report, by their number and role, masked unless they are to be clear."""
    named: list[list[Any]] = row.facts["parties"]
    refs = EntityRef.objects.for_user(subject).in_bulk([entity for entity, _role in named])
    kinds = every_kind()
    found = []
    for entity, role in named:
        if (ref := refs.get(entity)) is None:
            continue
        kind = kinds.get(ref.kind)
        found.append(Party(
            ref.pk, role if role != ref.kind else "", kind_title(ref.kind, kinds),
            str(ref.key) if clear else masked(ref, kinds),
            kind.level if kind is not None else UNKNOWN_LEVEL,
        ))  # fmt: skip
    return found


def _way(row: SuspicionReport) -> list[Step]:
    """The approvals, in order; of what has not happened only its name."""
    author = row.author.get_username() if row.author else ""
    approver = row.approver.get_username() if row.approver and row.approved else ""
    return [
        Step(_("Written by"), author, row.created, _("draft %(n)s") % {"n": row.draft}),
        Step(_("Handed in"), author if row.handed_in else "", row.handed_in),
        Step(_("Approved by"), approver, row.approved),
        Step(_("Sent"), str(WAYS.get(row.sent_how, "")), row.sent_at, str(row.receipt or "")),
    ]


def _page(
    request: HttpRequest,
    row: SuspicionReport,
    *,
    clear: bool = False,
    asked: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    subject = subject_of_request(request)
    look = SuspicionLook(row, subject)  # which writes down who read it
    with translation.override(row.language):
        context = {
            "row": row,
            "look": look,
            "organisation": organisation().name,
            "sections": sections(look.text),
            "parties": parties_of(row, subject, clear),
            "more_parties": int(row.facts.get("more_parties", 0)),
            "clear": clear,
            "way": _way(row),
            "approved": row.state in ("approved", "sent"),
            "withdrawn": row.state == "withdrawn",
            "purposes": [] if clear else _purposes(row, subject),
            "asked": asked or {},
            "errors": errors or {},
            "now": timezone.now(),
            "printer": subject.name,
        }
        return render(request, "response/suspicion/print.html", context, status=status)


def _purposes(row: SuspicionReport, subject: Subject) -> list[tuple[str, str]]:
    levels = [one.level for one in parties_of(row, subject) if one.level >= MASKED_FROM]
    return purposes_for(subject, ENTITY, max(levels)) if levels else []
