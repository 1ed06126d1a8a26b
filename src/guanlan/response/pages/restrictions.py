"""Restrictions: what is blocked, limited, watched or allowed, by whom, why and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Denied, Subject, may
from guanlan.response.kinds import every_kind
from guanlan.response.models import Restriction, RestrictionState, SinkHolding
from guanlan.response.origins import thing_link
from guanlan.response.pages.restriction_forms import (
    AppealForm,
    LiftForm,
    ProposalForm,
    RefuseForm,
    RenewForm,
    end_of,
    kind_titles,
    named,
    terms_of,
)
from guanlan.response.restrictions import (
    appeal,
    approve,
    check_approver,
    find_sink,
    lift,
    propose,
    refuse,
    renew,
)
from guanlan.response.restrictions.standing import entity_page, masked_key, touching
from guanlan.response.restrictions.terms import (
    APPELLANTS,
    CAPABILITIES,
    EFFECTS,
    OUTCOMES_OF_APPEALS,
    REASONS,
    STATES,
    TOLD,
)
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Form,
    Happening,
    Heading,
    Link,
    Panel,
    Resource,
    Saved,
    State,
    Term,
    Timeline,
    register,
)
from guanlan.web.resource.details import facts
from guanlan.web.templatetags.console import moment
from guanlan.web.words import duration, language_tag, money, number

SOON: Final = timedelta(days=1)
_LOOKS: Final = {"proposed": "warn", "in_force": "on", "lifted": "off", "expired": "off",
                 "refused": "off"}  # fmt: skip


def state_of(row: Restriction) -> State:
    """Where it is; one that is to begin later says so."""
    if row.state == RestrictionState.IN_FORCE and row.starts > timezone.now():
        return State("warn", _("begins later"))
    return State(_LOOKS[row.state], STATES[row.state])


class ListedRestriction(NamedTuple):
    """A restriction as the columns read it."""

    row: Restriction
    kind: str
    key: str


def prepare(rows: Sequence[Restriction], subject: Subject) -> list[ListedRestriction]:
    """Restrictions with the titles of their kinds and masked keys."""
    titles, kinds = kind_titles(), every_kind()
    return [
        ListedRestriction(row, titles.get(row.kind, row.kind), masked_key(row.entity, kinds))
        for row in rows
    ]


def able(row: Restriction) -> list[str]:
    """Its capabilities in words."""
    return [str(CAPABILITIES.get(name, name)) for name in row.able]


def limits(row: Restriction) -> str:
    """The bounds of a limit, in words."""
    said = []
    if row.event_amount is not None:
        said.append(_("%(amount)s at a time") % {"amount": money(row.event_amount, row.currency)})
    over = duration(row.window_seconds * 1_000_000) if row.window_seconds is not None else ""
    if row.window_amount is not None:
        amount = money(row.window_amount, row.currency)
        said.append(_("%(amount)s in %(time)s") % {"amount": amount, "time": over})
    if row.window_count is not None:
        values = {"n": number(row.window_count), "time": over}
        said.append(_("%(n)s times in %(time)s") % values)
    return " · ".join(said)


def author_name(row: Restriction) -> str:
    """Who made it."""
    return row.author.get_username() if row.author is not None else _("the system")


def heading(row: Restriction) -> Heading:
    """What is restricted, who answers for it, and how long it still lasts."""
    key = masked_key(row.entity, every_kind())
    title = f"{EFFECTS[row.effect]} · {kind_titles().get(row.kind, row.kind)} {key}"
    running = row.state == RestrictionState.IN_FORCE and row.expires is not None
    clock = Clock(row.expires, row.starts) if running and row.expires is not None else None
    return Heading(title, over=row.name, owner=author_name(row), clock=clock)


def reads_reasons(row: Restriction, subject: Subject) -> bool:
    """Whether what people wrote about it may be read: by those who decide, and its author."""
    if row.author_id is not None and row.author_id == subject.id:
        return True
    return may(subject, "approve", "response.restriction")


def what(row: Restriction, subject: Subject) -> Mapping[str, Any]:
    """The terms."""
    told = TOLD.get(row.told)
    page = entity_page(row.entity, subject)
    context = facts(
        (_("Effect"), EFFECTS[row.effect]),
        (_("Capabilities"), _(", ").join(able(row))),
        (pgettext("of a restriction", "Limits"), limits(row)),
        (_("Begins"), moment(row.starts)),
        (
            _("Ends"),
            moment(row.expires, "until") if row.expires is not None else _("when it is lifted"),
        ),
        (_("The customer is told"), told.get(language_tag()) if told else _("nothing")),
    )
    return context | ({"more": _("the entity"), "more_url": page} if page else {})


def why(row: Restriction, subject: Subject) -> Mapping[str, Any]:
    """Who restricted, and why."""
    reads = reads_reasons(row, subject)
    return facts(
        (_("Reason"), REASONS.get(row.reason_code, row.reason_code)),
        (_("In their words"), row.reason if reads else ""),
        (_("Made for"), thing_link(row.origin, row.origin_pk) if row.origin else ""),
        (_("Proposed by"), author_name(row)),
        (_("Proposed"), moment(row.proposed)),
        (_("Approved by"), row.approver if row.state != "refused" else ""),
        (_("Ended by"), row.ended_by),
        (_("Ended"), moment(row.ended) if row.ended is not None else ""),
        (_("Why it ended"), row.end_reason if reads else ""),
    )


def holding_state(one: SinkHolding) -> State:
    """Whether a sink has what it should have."""
    if one.fault:
        return State("bad", _("fault: %(fault)s") % {"fault": one.fault})
    if not one.settled:
        return State("warn", _("on its way"))
    if one.holds == one.wanted:
        return State("on", _("held")) if one.wanted else State("off", _("not held"))
    return State("bad", _("differs"))


def held_by(row: Restriction, subject: Subject) -> Mapping[str, Any]:
    """What each sink was seen to hold."""
    rows = []
    for one in SinkHolding.objects.for_user(subject).filter(restriction=row).order_by("sink"):
        found = find_sink(one.sink)
        took = ""
        if one.since is not None:
            took = duration((one.since - one.asked) // timedelta(microseconds=1))
        rows.append(
            (
                found.title if found is not None else one.sink,
                holding_state(one).title,
                took,
                moment(one.checked) if one.checked is not None else "—",
            )
        )
    return {
        "heads": (_("Sink"), _("State"), _("After"), _("Read back")),
        "rows": rows,
        "empty": _("No sink holds it until it is approved."),
    }


def decisions(row: Restriction, subject: Subject) -> list[Happening]:
    """The newest decisions it had a part in."""
    return [
        Happening(one.at, one.text, one.mark, url=one.url)
        for one in touching(row.name, subject).newest
    ]


def appeals_of(row: Restriction, subject: Subject) -> Mapping[str, Any]:
    """Objections."""
    reads = may(subject, "approve", "response.appeal")
    rows = [
        (
            moment(one.received),
            APPELLANTS.get(one.by, one.by),
            OUTCOMES_OF_APPEALS[one.outcome],
            one.text if reads else "•••",
        )
        for one in row.appeals.for_user(subject).order_by("-id")
    ]
    return {
        "heads": (_("Received"), pgettext("of an appeal", "By"), _("Outcome"), _("What is said")),
        "rows": rows,
        "empty": _("Nobody has objected."),
    }


def _soon(term: Term, subject: Subject) -> Q | str:
    if term.values != ("yes",):
        return _("“%(name)s:” takes yes.") % {"name": term.name}
    return Q(state=RestrictionState.IN_FORCE, expires__lte=timezone.now() + SOON)


def _able(term: Term, subject: Subject) -> Q:
    found = Q()
    for value in term.values:
        found |= Q(capabilities__contains=f" {value} ")
    return found


def _approvable(row: Restriction, subject: Subject) -> bool:
    try:
        check_approver(subject, row)
    except Denied:
        return False
    return True


def _proposed(row: Restriction) -> bool:
    return bool(row.state == RestrictionState.PROPOSED)


def in_force(row: Restriction) -> bool:
    """Whether it holds, or is to."""
    return bool(row.state == RestrictionState.IN_FORCE)


def said_of(made: Restriction) -> str:
    """What is said once it was proposed."""
    if made.state == RestrictionState.PROPOSED:
        return _("%(name)s waits for another person's approval.") % {"name": made.name}
    return _("%(name)s is in force.") % {"name": made.name}


def _propose(subject: Subject, values: dict[str, Any]) -> Saved:
    made = propose(subject, named(values), terms_of(values))
    return Saved(made, said_of(made))


def _approve(row: Restriction, subject: Subject) -> str:
    approve(subject, row)
    return _("%(name)s is in force.") % {"name": row.name}


def _refuse(row: Restriction, subject: Subject, values: Mapping[str, Any]) -> str:
    refuse(subject, row, values["reason"])
    return _("%(name)s is refused.") % {"name": row.name}


def _lift(row: Restriction, subject: Subject, values: Mapping[str, Any]) -> str:
    lift(subject, row, values["reason"])
    return _("%(name)s is lifted.") % {"name": row.name}


def _renew(row: Restriction, subject: Subject, values: Mapping[str, Any]) -> str:
    try:
        renew(subject, row, end_of(values["lasts"], timezone.now()))
    except Denied:
        text = _("Somebody who may approve it, and did not propose it, renews it for so long.")
        raise ValidationError({"lasts": text}) from None
    return _("%(name)s is renewed.") % {"name": row.name}


def _appeal(row: Restriction, subject: Subject, values: Mapping[str, Any]) -> str:
    appeal(subject, row, by=values["by"], text=values["text"])
    return _("The appeal is recorded. Somebody who did not restrict decides on it.")


def _choices() -> Mapping[str, str | Promise]:
    return kind_titles()


RESTRICTIONS = register(
    Resource(
        noun="response.restriction",
        model=Restriction,
        title=gettext_lazy("Restriction"),
        titles=gettext_lazy("Restrictions"),
        path="restrictions",
        route="restrictions",
        one="restriction",
        place=("respond", 40),
        api="restrictions",
        columns=(
            Column("name", gettext_lazy("Number"), "id", value=lambda one: one.row.name,
                   cell="code", sort=True),
            Column("state", gettext_lazy("State"), value=lambda one: state_of(one.row)),
            Column("effect", gettext_lazy("Effect"), value=lambda one: EFFECTS[one.row.effect]),
            Column("kind", gettext_lazy("Kind"), value=lambda one: one.kind),
            # Masked as what it is; the clear key is behind a reveal of the entity.
            Column("who", gettext_lazy("Entity"), value=lambda one: one.key, cell="code", level=2),
            Column("capabilities", gettext_lazy("Capabilities"),
                   value=lambda one: able(one.row), cell="tags"),
            Column("limits", pgettext_lazy("of a restriction", "Limits"),
                   value=lambda one: limits(one.row), level=2,
                   wide=True),
            Column("reason_code", gettext_lazy("Reason"), wide=True,
                   value=lambda one: REASONS.get(one.row.reason_code, one.row.reason_code)),
            Column("expires", gettext_lazy("Ends"), value=lambda one: one.row.expires,
                   cell="until"),
            Column("author", pgettext_lazy("who did it", "By"), "author__username",
                   value=lambda one: author_name(one.row)),
            Column("automatic", gettext_lazy("Automatic"),
                   value=lambda one: one.row.automatic, cell="flag", shown=False),
            Column("approver", gettext_lazy("Approved by"), "approver__username", shown=False,
                   value=lambda one: one.row.approver),
            Column("proposed", gettext_lazy("Proposed"), value=lambda one: one.row.proposed,
                   cell="moment", shown=False, sort=True),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=STATES, group=True,
                   example="state:in_force"),
            Filter("effect", gettext_lazy("Effect"), "choice", choices=EFFECTS, group=True,
                   example="effect:block"),
            Filter("kind", gettext_lazy("Kind"), "choice", choices=_choices, group=True,
                   example="kind:user"),
            Filter("capability", gettext_lazy("Capability"), "choice", choices=CAPABILITIES,
                   read=_able, level=2, example="capability:transfer_out"),
            Filter("reason", gettext_lazy("Reason"), "choice", "reason_code", choices=REASONS,
                   group=True),
            Filter("automatic", gettext_lazy("Automatic"), "flag", group=True),
            Filter("network", gettext_lazy("A network"), "flag"),
            Filter("soon", gettext_lazy("Ends within a day"), "own", read=_soon, level=2,
                   example="soon:yes"),
            Filter("by", pgettext_lazy("who did it", "By"), "person", "author", example="by:me"),
            Filter("approver", gettext_lazy("Approved by"), "person", "approver"),
            Filter("after", gettext_lazy("Proposed from then on"), "time", "proposed", sign=">="),
            Filter("before", gettext_lazy("Proposed until then"), "time", "proposed", sign="<"),
        ),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(STATES["proposed"], "state:proposed"),
            Chip(gettext_lazy("in force"), "state:in_force"),
            Chip(gettext_lazy("ends within a day"), "soon:yes"),
            Chip(gettext_lazy("automatic"), "automatic:yes state:in_force"),
            Chip(gettext_lazy("mine"), "by:me"),
        ),
        order="-name",
        related=("entity", "author", "approver", "ended_by"),
        prepare=prepare,
        heading=heading,
        state=state_of,
        name_of=lambda row: row.name,
        facts=(),
        panels=(
            Panel(pgettext_lazy("of a restriction", "What"), "web/resource/facts.html", what),
            Timeline(
                gettext_lazy("Decisions it touched"),
                decisions,
                empty=gettext_lazy("It has changed no decision yet."),
            ),
            Panel(gettext_lazy("Why"), "web/resource/facts.html", why, wide=False),
            Panel(gettext_lazy("Sinks"), "web/resource/table.html", held_by, wide=False),
            Panel(gettext_lazy("Appeals"), "web/resource/table.html", appeals_of, wide=False),
        ),
        form=Form(
            make=lambda subject, row: ProposalForm,
            add=_propose,
            title=gettext_lazy("Restrict an entity"),
            button=gettext_lazy("Propose"),
        ),
        actions=(
            Action("approve", gettext_lazy("Approve"), _approve, verb="approve", when=_proposed,
                   offered=_approvable, again=True),
            Action("refuse", pgettext_lazy("a proposal", "Refuse"), _refuse, verb="approve",
                   when=_proposed,
                   form=lambda subject, row: RefuseForm),
            Action("renew", gettext_lazy("Renew"), _renew, when=in_force,
                   form=lambda subject, row: RenewForm),
            Action("appeal", gettext_lazy("Record an appeal"), _appeal, verb="see", when=in_force,
                   offered=lambda row, subject: may(subject, "add", "response.appeal"),
                   form=lambda subject, row: AppealForm),
            Action("lift", gettext_lazy("Lift"), _lift, when=in_force, danger=True, again=True,
                   form=lambda subject, row: LiftForm,
                   words=gettext_lazy("The entity is free again with its next event.")),
        ),
        links=(
            Link(gettext_lazy("Sinks"), "restriction_sinks"),
            Link(gettext_lazy("Never blocked"), "never_block"),
            Link(gettext_lazy("Appeals"), "restriction_appeals"),
        ),
        empty=gettext_lazy(
            "Nothing is restricted. Restrict an entity here, or on its page; plans do it by "
            "themselves, for a time."
        ),
        placeholder="state:in_force effect:block kind:user",
    )
)  # fmt: skip
