"""Complaints: the list, the page of one, and the form that takes one down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from guanlan.core.access import Subject, may
from guanlan.response.complaints.deadlines import in_time
from guanlan.response.complaints.handling import handler
from guanlan.response.complaints.showing import (
    MESSAGES,
    ComplaintLook,
    category_title,
    clear_value,
    complaint_state,
    priority_state,
    reveal_choices,
    show_complaints,
    timeline,
)
from guanlan.response.complaints.sorting import category_titles
from guanlan.response.complaints.telling import labels_in_words
from guanlan.response.complaints.terms import (
    CAUSES,
    CHANNELS,
    LABELS,
    NOUN,
    OPEN,
    OUTCOMES,
    PRIORITIES,
    STATES,
)
from guanlan.response.models import Complaint, ComplaintMessage, EntityRef
from guanlan.response.pages import complaint_acts as acts
from guanlan.response.pages import complaint_forms as forms
from guanlan.response.pages.giving import Giving, giving_many
from guanlan.response.terms import CATEGORIES
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.dashboards import Tile
from guanlan.web.pages.revealing import Clear, RevealForm, answer_reveal
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Form,
    Heading,
    Link,
    Numbers,
    Panel,
    Resource,
    Term,
    Timeline,
    facts,
    register,
)
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.templatetags.console import moment
from guanlan.web.words import duration

YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


def by_open(term: Term, subject: Subject) -> Q:
    """Those whose customer has not been told, or the others."""
    waits = Q(state__in=OPEN)
    return waits if term.value == "yes" else ~waits


def by_lateness(term: Term, subject: Subject) -> Q:
    """Those that are overdue now, or the others."""
    late = Q(state__in=OPEN, told=None, due__lte=timezone.now())
    return late if term.value == "yes" else ~late


def by_label(term: Term, subject: Subject) -> Q:
    """Those with one of these labels."""
    found = Q(pk=None)
    for name in term.values:
        if name in LABELS:
            found |= Q(**{name: True})
    return found


def by_customer(term: Term, subject: Subject) -> Q | str:
    """Those of a customer: by the exact key, address or number, or by the entity's `~7`."""
    numbers = [v[1:] for v in term.values if v.startswith("~")]
    if any(not n.isdecimal() or len(n) > 18 for n in numbers):
        return _("“%(name)s:” cannot be this.") % {"name": term.name}
    found = Q(customer__in=[int(n) for n in numbers])
    for value in (v for v in term.values if not v.startswith("~")):
        refs = EntityRef.objects.for_user(subject).filter(kind="user", key_index=value)
        found |= Q(customer__in=refs) | Q(email_index=value) | Q(phone_index=value)
    return found


def heading(look: ComplaintLook) -> Heading:
    """What it is called, whose it is, and by when the customer is told."""
    row = look.row
    return Heading(
        row.subject,
        over=row.receipt,
        owner=row.owner.get_username() if row.owner else "",
        clock=Clock(row.due, row.received) if row.told is None and row.state in OPEN
        else row.received,
    )  # fmt: skip


def tiles(look: ComplaintLook, subject: Subject) -> list[Tile]:
    """The clock, the priority, what was written, how it was rated."""
    row = look.row
    now = timezone.now()
    state = in_time(row.due, row.told, now)
    end = row.told or now
    days = _("%(n)s of %(days)s days") % {
        "n": max(0, (end - row.received).days), "days": row.days + row.extension,
    }  # fmt: skip
    listed = reverse("complaints")
    priority = [*PRIORITIES][row.priority]
    return [
        Tile(label=_("Told in") if row.told else _("Waiting since"),
             value=duration(round((end - row.received).total_seconds()) * 1_000_000), note=days,
             link=f"{listed}?q=late:yes" if state is False else f"{listed}?q=open:yes",
             state="bad" if state is False else ""),
        Tile(label=_("Priority"), value=str(PRIORITIES[priority]), note=labels_in_words(row),
             link=f"{listed}?q=open:yes priority:{priority}",
             state=("", "warn", "bad")[row.priority]),
        Tile(label=pgettext("with a customer", "Messages"), value=str(len(look.rows)),
             link="#messages"),
        Tile(label=_("Satisfaction"),
             value="—" if row.satisfaction is None else f"{row.satisfaction}/5",
             note="" if row.satisfaction else _("not rated by the customer"),
             link=f"{listed}?q=open:no"),
    ]  # fmt: skip


def clock_facts(look: ComplaintLook, subject: Subject) -> Mapping[str, Any]:
    """How the time limit comes about."""
    row = look.row
    kind = _("complex") if row.complex else _("simple")
    asked = row.extension_asked is not None and not row.extension
    return facts(
        (_("Time limit"), _("%(kind)s: %(n)s calendar days from when it came in") % {
            "kind": kind, "n": row.days}),
        (_("Extension"), _("%(n)s days more") % {"n": row.extension} if row.extension
         else _("asked for, not decided") if asked else _("none")),
        (pgettext("of a complaint", "Due"), moment(row.due, "until")),
        (_("Told"), row.told),
        (_("Version of the limits"), row.terms or _("as it comes with the platform")),
    )  # fmt: skip


def ties(look: ComplaintLook, subject: Subject) -> Mapping[str, Any]:
    """Whether what stands there is tied or proposed."""
    return {"proposed": any(not one.tied for one in look.ties)}


def _of(
    name: str, title: str | Promise, read: Callable[[Any], Any] | None = None, **options: Any
) -> Column:
    """A column that reads a field of the complaint in a prepared row."""
    value = read or attrgetter(f"complaint.{options.get('field') or name}")
    return Column(name, title, value=value, level=2, **options)


def _name(user: Any) -> str | None:
    return user.get_username() if user else None


COMPLAINTS = register(
    Resource(
        noun=NOUN,
        model=Complaint,
        title=gettext_lazy("Complaint"),
        titles=gettext_lazy("Complaints"),
        path="complaints",
        route="complaints",
        one="complaint",
        place=("respond", 50),
        api="complaints",
        columns=(
            _of("priority", gettext_lazy("Priority"),
                lambda row: priority_state(row.complaint), cell="state", sort=True),
            _of("receipt", gettext_lazy("Number"), cell="code"),
            _of("subject", gettext_lazy("Complaint"), wide=True),
            _of("state", gettext_lazy("State"),
                lambda row: complaint_state(row.complaint), cell="state"),
            _of("category", gettext_lazy("Category"),
                lambda row: category_title(row.complaint), field="category__code", wide=True),
            _of("channel", gettext_lazy("How it came"),
                lambda row: str(CHANNELS[row.complaint.channel])),
            _of("owner", pgettext_lazy("of a thing", "Owner"),
                lambda row: _name(row.complaint.owner)),
            _of("due", pgettext_lazy("of a complaint", "Due"), cell="until", sort=True),
            _of("received", gettext_lazy("Came in"), cell="moment", sort=True),
            _of("product", gettext_lazy("Product"), shown=False),
            Column("customer", gettext_lazy("Customer"), "customer", shown=False, level=3,
                   mask=attrgetter("customer")),
            _of("risk", gettext_lazy("Kind of risk"),
                lambda row: str(CATEGORIES[row.complaint.risk]), shown=False),
            _of("labels", gettext_lazy("Labels"), attrgetter("labels"), cell="tags", field="media",
                shown=False),
            _of("told", gettext_lazy("Customer told"), cell="moment", shown=False),
            _of("outcome", gettext_lazy("Outcome"),
                lambda row: OUTCOMES.get(row.complaint.outcome), shown=False),
            _of("cause", gettext_lazy("Root cause"),
                lambda row: CAUSES.get(row.complaint.cause), shown=False),
            _of("satisfaction", gettext_lazy("Satisfaction"), cell="number", shown=False),
            _of("closed", gettext_lazy("Closed"), cell="moment", shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=STATES, group=True,
                   example="state:new"),
            Filter("open", gettext_lazy("Customer not told yet"), "choice", choices=YES_NO,
                   read=by_open, level=2, example="open:yes"),
            Filter("late", gettext_lazy("Overdue"), "choice", choices=YES_NO, read=by_lateness,
                   level=2),
            Filter("category", gettext_lazy("Category"), "choice", "category__code",
                   choices=category_titles, group=True),
            Filter("channel", gettext_lazy("How it came"), "choice", choices=CHANNELS,
                   group=True),
            Filter("product", gettext_lazy("Product"), group=True),
            Filter("risk", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True),
            Filter("label", gettext_lazy("Labels"), "choice", choices=LABELS, read=by_label,
                   level=2, example="label:regulator"),
            Filter("priority", gettext_lazy("Priority"), "choice", choices=PRIORITIES,
                   stored={name: n for n, name in enumerate(PRIORITIES)}, ordered=True,
                   group=True, example="priority:>=high"),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("outcome", gettext_lazy("Outcome"), "choice", choices=OUTCOMES, group=True),
            Filter("cause", gettext_lazy("Root cause"), "choice", choices=CAUSES, group=True),
            Filter("stars", gettext_lazy("Satisfaction"), "number", "satisfaction",
                   example="stars:<=2"),
            Filter("like", gettext_lazy("May be the same as another"), "flag", "like", null=True),
            Filter("more", gettext_lazy("More time asked for"), "flag", "extension_asked",
                   null=True),
            Filter("customer", gettext_lazy("Customer"), "own", read=by_customer, level=3),
            Filter("number", gettext_lazy("Number"), "exact", "id"),
            Filter("due", gettext_lazy("Due until then"), "time", "due", sign="<"),
            Filter("after", gettext_lazy("Came in from then on"), "time", "received", sign=">="),
            Filter("before", gettext_lazy("Came in until then"), "time", "received", sign="<"),
            Filter("told", gettext_lazy("Customer told from then on"), "time", "told", sign=">="),
        ),
        search=("subject", "product"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("open"), "open:yes"),
            Chip(gettext_lazy("mine"), "open:yes owner:me"),
            Chip(gettext_lazy("nobody's"), "open:yes owner:none"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("escalated"), "open:yes priority:>=high"),
            Chip(gettext_lazy("more time asked for"), "open:yes more:yes"),
            Chip(gettext_lazy("perhaps the same"), "open:yes like:yes"),
        ),
        order="-received",
        related=("owner", "category", "customer", "about"),
        prepare=show_complaints,
        look=ComplaintLook,
        heading=heading,
        state=complaint_state,
        name_of=lambda row: row.receipt,
        facts=("category", "risk", "product", "channel", "labels", "received", "outcome", "cause",
               "closed"),
        panels=(
            Numbers(tiles),
            Panel(gettext_lazy("What the customer says"), "response/complaint/said.html"),
            Panel(pgettext_lazy("with a customer", "Messages"), "response/complaint/messages.html",
                  id="messages"),
            Timeline(gettext_lazy("Timeline"), timeline),
            Panel(gettext_lazy("Customer"), "response/complaint/customer.html", wide=False),
            Panel(gettext_lazy("Time limit"), "web/resource/facts.html", clock_facts, wide=False),
            Panel(gettext_lazy("Like it"), "response/complaint/near.html", wide=False,
                  when=lambda look, subject: bool(look.near)),
            Panel(gettext_lazy("Incident"), "response/complaint/ties.html", ties, wide=False,
                  when=lambda look, subject: bool(look.ties)),
        ),
        form=Form(
            make=lambda subject, row: forms.Entering,
            add=acts.add,
            button=gettext_lazy("Take in"),
            title=gettext_lazy("Take down a complaint"),
        ),
        drifts=("reminded", "like", "likeness"),
        actions=(
            Action("take", gettext_lazy("Take it"), acts.take,
                   when=lambda row: row.state != "closed" and row.owner_id is None),
            Action("reply", gettext_lazy("Reply"), acts.reply,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: forms.replying(row)),
            Action("sort", gettext_lazy("Sort"), acts.sort,
                   form=lambda subject, row: forms.sorting(row),
                   many=lambda subject: forms.SortingMany),
            Action("give", gettext_lazy("Give to"), acts.give,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: Giving, many=giving_many(Giving, handler)),
            Action("label", gettext_lazy("Labels"), acts.label,
                   form=lambda subject, row: forms.labelling(row), button=gettext_lazy("Save")),
            Action("told", gettext_lazy("Customer told"), acts.told,
                   when=lambda row: row.state in OPEN, form=lambda subject, row: forms.Telling),
            Action("complex", gettext_lazy("Complex"), acts.find_complex,
                   when=lambda row: row.state in OPEN and not row.complex,
                   form=lambda subject, row: forms.Why),
            Action("extend", gettext_lazy("Ask for more time"), acts.ask_extension,
                   when=lambda row: row.state in OPEN and not row.extension_asked,
                   form=lambda subject, row: forms.Why),
            Action("decide", gettext_lazy("Decide on more time"), acts.decide_extension,
                   verb="approve",
                   when=lambda row: row.extension_asked is not None and not row.extension,
                   offered=lambda row, subject: row.extension_by_id != subject.id,
                   form=lambda subject, row: forms.Deciding),
            Action("same", gettext_lazy("Same as"), acts.same,
                   when=lambda row: row.state != "closed",
                   form=lambda subject, row: forms.initial_same(row)),
            Action("distinct", gettext_lazy("Another one"), acts.distinct, bulk=False,
                   when=lambda row: row.like_id is not None),
            Action("tie", gettext_lazy("Tie to an incident"), acts.tie,
                   offered=lambda row, subject: may(subject, "change", "response.incident"),
                   form=lambda subject, row: forms.Tying),
            Action("reopen", gettext_lazy("Open again"), acts.reopen,
                   when=lambda row: row.state not in OPEN,
                   form=lambda subject, row: forms.Why),
            Action("close", gettext_lazy("Close"), acts.close, danger=True,
                   when=lambda row: row.state == "answered",
                   words=gettext_lazy("It leaves the work; the customer may open it again."),
                   form=lambda subject, row: forms.Closing),
        ),
        links=(
            Link(gettext_lazy("Figures"), "complaint_figures"),
            Link(gettext_lazy("Take in a file"), "import_complaints"),
            Link(gettext_lazy("Not understood"), "complaint_letters"),
            Link(gettext_lazy("Mailboxes"), "complaint_mailboxes"),
            Link(gettext_lazy("Gateways"), "complaint_gateways"),
            Link(gettext_lazy("Categories"), "complaint_categories"),
            Link(gettext_lazy("Ready texts"), "reply_templates"),
            Link(gettext_lazy("Time limits"), "complaint_terms"),
        ),
        empty=gettext_lazy(
            "No complaint came in yet. Customers write one at /complain, programs send them to"
            " /api/v1/complaints, and what is said on the telephone is taken down here."
        ),
        placeholder="open:yes owner:me label:regulator",
    )
)  # fmt: skip


@needs("reveal", NOUN)
@require_POST
@reauthenticated
@sensitive_variables()
def reveal_complaint(request: HttpRequest, identity: int) -> HttpResponse:
    """One masked value of a complaint in the clear."""
    subject = subject_of_request(request)
    rows = Complaint.objects.for_user(subject).select_related("customer")
    row = get_object_or_404(rows, pk=identity)
    found = ComplaintMessage.objects.for_user(subject).filter(complaint=row)
    messages = list(found.order_by("-at", "-id")[:MESSAGES])
    choices = reveal_choices(row, messages)
    name = request.POST.get("value", "")
    titles = dict(choices)
    if name not in titles:
        raise Http404
    form = RevealForm(request.path, choices, ComplaintLook(row, subject).reveal.purposes)
    value = Clear(titles[name], 3, clear_value(row, name, messages))
    return answer_reveal(request, form, value, NOUN, str(row.pk), name)
