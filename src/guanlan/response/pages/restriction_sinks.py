"""Sinks with their read-back, the never-block list, and appeals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from guanlan.core.access import SYSTEM, Subject, may
from guanlan.response.kinds import every_kind
from guanlan.response.models import Appeal, NeverBlock, Sink, SinkHolding
from guanlan.response.pages.restriction_forms import kind_titles
from guanlan.response.pages.restrictions import holding_state
from guanlan.response.restrictions import (
    decide_appeal,
    find_sink,
    protect_and_lift,
    unprotect,
)
from guanlan.response.restrictions.holding import STALE
from guanlan.response.restrictions.standing import masked_key
from guanlan.response.restrictions.terms import APPELLANTS, OUTCOMES_OF_APPEALS
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Link,
    Panel,
    Resource,
    Saved,
    State,
    register,
)
from guanlan.web.resource.details import facts
from guanlan.web.templatetags.console import moment


def sink_title(one: Sink) -> str:
    """How a sink is called."""
    found = find_sink(one.name)
    return str(found.title) if found is not None else one.name


def sink_state(one: Sink) -> State:
    """Whether it is reached, and whether it held what it should."""
    if one.fault:
        return State("bad", _("fault: %(fault)s") % {"fault": one.fault})
    if one.seen is None:
        return State("unknown", _("never reached"))
    if timezone.now() - one.seen > STALE:
        return State("unknown", _("not reached"))
    if one.differing:
        return State("warn", _("differed, repaired"))
    return State("on", _("holds what it should"))


def open_at(one: Sink, subject: Subject) -> Mapping[str, Any]:
    """What is on its way or failed, the oldest first."""
    seen = SinkHolding.objects.for_user(subject).filter(sink=one.name, settled=False)
    rows = [
        (f"r{held.restriction_id}", holding_state(held).title, moment(held.asked))
        for held in seen.order_by("id")[:50]
    ]
    return {
        "heads": (_("Restriction"), _("State"), _("Since")),
        "rows": rows,
        "empty": _("Nothing is on its way."),
    }


def repaired_at(one: Sink, subject: Subject) -> Mapping[str, Any]:
    """What once differed."""
    seen = SinkHolding.objects.for_user(subject).filter(sink=one.name, repairs__gt=0)
    rows = [
        (f"r{held.restriction_id}", held.repairs, moment(held.checked) if held.checked else "—")
        for held in seen.order_by("-checked")[:50]
    ]
    return {
        "heads": (_("Restriction"), _("Repaired so often"), _("Last read back")),
        "rows": rows,
        "empty": _("Every read-back found what should be there."),
    }


SINKS = register(
    Resource(
        noun="response.sink",
        model=Sink,
        title=gettext_lazy("Sink"),
        titles=gettext_lazy("Sinks"),
        path="restriction-sinks",
        route="restriction_sinks",
        under="restrictions",
        one="restriction_sink",
        columns=(
            Column("name", gettext_lazy("Sink"), value=sink_title, sort=True),
            Column("state", gettext_lazy("State"), value=sink_state, level=2),
            Column("should", gettext_lazy("Should hold"), cell="number"),
            Column("holds", gettext_lazy("Holds"), cell="number"),
            Column("differing", gettext_lazy("Differed at the last read-back"), cell="number"),
            Column("repaired", gettext_lazy("Repaired, ever"), cell="number"),
            Column("checked", gettext_lazy("Last read back"), cell="moment"),
            Column("seen", gettext_lazy("Last reached"), cell="moment"),
        ),
        order="name",
        state=sink_state,
        name_of=sink_title,
        discussed=False,
        panels=(
            Panel(gettext_lazy("On its way"), "web/resource/table.html", open_at),
            Panel(gettext_lazy("Repaired"), "web/resource/table.html", repaired_at),
        ),
        links=(Link(gettext_lazy("Restrictions"), "restrictions"),),
        empty=gettext_lazy("A sink appears here once it was reached or asked to hold something."),
    )
)


class NeverForm(forms.Form):
    """What is never blocked."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=256,
        required=False,
        help_text=gettext_lazy("a key, an address or a network; empty: everything of this kind"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("case or ticket, no personal data"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields
        offered["kind"].choices = [*kind_titles().items()]


def _protect(subject: Subject, values: dict[str, Any]) -> Saved:
    pk, ended = protect_and_lift(subject, **values)
    said = _("It is never blocked from now on.")
    if ended:
        text = ngettext("%(n)s restriction was ended.", "%(n)s restrictions were ended.", ended)
        said += " " + text % {"n": ended}
    return Saved(NeverBlock.objects.get(pk=pk), said)


def _unprotect(one: NeverBlock, subject: Subject) -> str:
    unprotect(subject, one)
    return _("It may be restricted again.")


class ListedNever(NamedTuple):
    """An entry of the never-block list as the columns read it."""

    row: NeverBlock
    kind: str
    key: str


def listed(rows: Sequence[NeverBlock], subject: Subject) -> list[ListedNever]:
    """Entries with the titles of their kinds, and what they protect, masked."""
    titles, kinds = kind_titles(), every_kind()
    return [
        ListedNever(
            row,
            titles.get(row.kind, row.kind),
            _("everything of this kind") if row.entity is None else masked_key(row.entity, kinds),
        )
        for row in rows
    ]


def never_name(row: NeverBlock) -> str:
    """What an entry protects, in words."""
    (one,) = listed([row], SYSTEM)
    return f"{one.kind} {one.key}"


NEVER = register(
    Resource(
        noun="response.neverblock",
        model=NeverBlock,
        title=gettext_lazy("Never blocked"),
        titles=gettext_lazy("Never blocked"),
        path="never-block",
        route="never_block",
        under="restrictions",
        one="never_blocked",
        api="never-block",
        columns=(
            Column("kind", gettext_lazy("Kind"), value=lambda one: one.kind),
            Column("what", gettext_lazy("Entity"), value=lambda one: one.key, cell="code", level=2),
            Column(
                "added_by",
                pgettext_lazy("who did it", "By"),
                "added_by__username",
                value=lambda one: one.row.added_by,
            ),
            Column(
                "added",
                gettext_lazy("Since"),
                value=lambda one: one.row.added,
                cell="moment",
                sort=True,
            ),
        ),
        filters=(
            Filter("kind", gettext_lazy("Kind"), "choice", choices=kind_titles, group=True),
            Filter("network", gettext_lazy("A network"), "flag"),
            Filter("by", pgettext_lazy("who did it", "By"), "person", "added_by"),
        ),
        order="-added",
        related=("entity", "added_by"),
        prepare=listed,
        name_of=never_name,
        panels=(
            Panel(
                gettext_lazy("Why"),
                "web/resource/facts.html",
                lambda one, subject: facts((_("Reason"), one.reason)),
                when=lambda one, subject: may(subject, "add", "response.neverblock"),
            ),
        ),
        form=Form(
            make=lambda subject, row: NeverForm,
            add=_protect,
            title=gettext_lazy("Never block"),
            button=gettext_lazy("Add"),
            again=True,
        ),
        actions=(
            Action(
                "remove",
                gettext_lazy("Remove"),
                _unprotect,
                verb="delete",
                danger=True,
                again=True,
                words=gettext_lazy("From then on it may be blocked or limited like any other."),
            ),
        ),
        links=(Link(gettext_lazy("Restrictions"), "restrictions"),),
        empty=gettext_lazy(
            "Nothing is protected. Put your own networks, test accounts and whatever must always "
            "work here: no person and no plan can then block it."
        ),
    )
)


class DecideForm(forms.Form):
    """What becomes of an appeal."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[(name, OUTCOMES_OF_APPEALS[name]) for name in ("lifted", "upheld")],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=gettext_lazy("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


def _decide(one: Appeal, subject: Subject, values: Mapping[str, Any]) -> str:
    decide_appeal(subject, one, lifts=values["outcome"] == "lifted", answer=values["answer"])
    return _("The appeal is decided.")


def appeal_state(one: Appeal) -> State:
    """How it ended, or that it waits."""
    look = {"open": "warn", "lifted": "on", "upheld": "off"}[one.outcome]
    return State(look, OUTCOMES_OF_APPEALS[one.outcome])


def _decides(one: Appeal, subject: Subject) -> bool:
    made = one.restriction
    return subject.id is None or subject.id not in (made.author_id, made.approver_id)


APPEALS = register(
    Resource(
        noun="response.appeal",
        model=Appeal,
        title=gettext_lazy("Appeal"),
        titles=gettext_lazy("Appeals"),
        path="restriction-appeals",
        route="restriction_appeals",
        under="restrictions",
        one="restriction_appeal",
        api="restriction-appeals",
        columns=(
            Column("restriction", gettext_lazy("Restriction"), "restriction_id",
                   value=lambda one: one.restriction.name, cell="code"),
            Column("outcome", gettext_lazy("Outcome"), value=appeal_state),
            Column("by", pgettext_lazy("of an appeal", "By"),
                   value=lambda one: APPELLANTS.get(one.by, one.by)),
            Column("text", gettext_lazy("What is said")),
            Column("received", gettext_lazy("Received"), cell="moment", sort=True),
            Column("decided_by", pgettext_lazy("of an appeal or a finding", "Decided by"),
                   "decided_by__username"),
        ),
        filters=(
            Filter("outcome", gettext_lazy("Outcome"), "choice", choices=OUTCOMES_OF_APPEALS,
                   group=True, example="outcome:open"),
            Filter("by", pgettext_lazy("of an appeal", "By"), "choice", choices=APPELLANTS,
                   group=True),
        ),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("open"), "outcome:open"),
        ),
        order="-received",
        related=("restriction", "decided_by", "recorded_by"),
        state=appeal_state,
        name_of=lambda one: _("Appeal against %(name)s") % {"name": one.restriction.name},
        panels=(
            Panel(
                gettext_lazy("What is said"),
                "web/resource/facts.html",
                lambda one, subject: facts(
                    (_("What is said"), one.text), (_("Answer"), one.answer)
                ),
                when=lambda one, subject: may(subject, "approve", "response.appeal"),
            ),
        ),
        actions=(
            Action("decide", gettext_lazy("Decide"), _decide, verb="approve",
                   when=lambda one: one.outcome == "open", offered=_decides,
                   form=lambda subject, one: DecideForm, again=True),
        ),
        links=(Link(gettext_lazy("Restrictions"), "restrictions"),),
        empty=gettext_lazy(
            "Nobody has objected. An appeal is recorded on the page of a restriction."
        ),
    )
)  # fmt: skip
