"""Actions on many objects: how far each is, what became of it, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guanlan.core.access import Subject, Verb, may
from guanlan.web.models import BulkAct
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Heading,
    Panel,
    Resource,
    State,
    register,
    resource_of,
)
from guanlan.web.resource.bulk import cancel
from guanlan.web.resource.outcome import Outcome

STATES: Final[dict[str, str | Promise]] = dict(BulkAct.State.choices)
_LOOKS: Final = {
    "waiting": "none",
    "running": "on",
    "done": "on",
    "cancelled": "off",
    "failed": "bad",
}


def state(row: BulkAct) -> State:
    """Where it is."""
    return State(_LOOKS[row.state], STATES[row.state])


def rows(subject: Subject, verb: Verb) -> QuerySet[BulkAct]:
    """One's own; all of them for who looks after the jobs or reads the audit log."""
    found = BulkAct.objects.for_user(subject, verb).defer("keys", "stamps", "typed")
    reads = verb != "change" and may(subject, "see", "core.auditentry")
    every = reads or may(subject, "change", "core.job")
    return found if every else found.filter(owner_id=subject.id)


def _resource(row: BulkAct) -> Resource | None:
    """The resource whose objects it is about; None where there is none any more."""
    try:
        return resource_of(row.noun)
    except KeyError:
        return None


def title(row: BulkAct) -> str:
    """What is done to what."""
    resource = _resource(row)
    if resource is None:
        return f"{row.noun} · {row.action}"
    action = next((one.title for one in resource.actions if one.name == row.action), row.action)
    return f"{resource.titles} · {action}"


def progress(row: BulkAct, subject: Subject) -> Mapping[str, Any]:
    """How far it is."""
    resource = _resource(row)
    return {
        "open": row.finished is None,
        "list": resource.route if resource is not None else "",
        "groups": Outcome(row.words).groups,
    }


BULK_ACTS = register(
    Resource(
        noun="web.bulkact",
        model=BulkAct,
        title=_("Action on many objects"),
        titles=_("Actions on many objects"),
        path="settings/bulk",
        route="bulk_acts",
        under="jobs",
        one="bulk",
        columns=(
            Column("created", _("Started"), cell="moment", sort=True),
            Column("what", _("What"), "action", value=title, wide=True),
            Column("owner", _("Who"), "owner__username", level=2),
            Column("state", _("State"), value=state, cell="state"),
            Column("done", _("Done"), cell="number"),
            Column("refused", _("Left as they are"), cell="number"),
            Column("total", _("All told"), cell="number"),
            Column("finished", _("Ended"), cell="moment"),
        ),
        filters=(
            Filter("state", _("State"), "choice", choices=STATES, group=True),
            Filter("noun", _("Which list"), "exact", example="noun:core.apikey"),
            Filter("owner", _("Who"), "person", example="owner:me"),
        ),
        chips=(
            Chip(_("all"), ""),
            Chip(_("under way"), "state:waiting,running"),
        ),
        order="-created",
        related=("owner",),
        rows=rows,
        state=state,
        name_of=title,
        heading=lambda row: Heading(owner=row.owner.get_username() if row.owner else ""),
        panels=(Panel(_("Progress"), "web/bulk_progress.html", progress),),
        actions=(
            Action(
                "cancel",
                _("Cancel"),
                cancel,
                when=lambda row: row.finished is None and not row.cancelling,
                danger=True,
                words=_("It ends before its next row. What is done stays done."),
                bulk=False,
            ),
        ),
        empty=_(
            "Choose many rows of a list and an action: what takes longer than a moment is done "
            "apart and appears here."
        ),
    )
)
