"""The audit log: searched in its copy, proven from its file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject, Verb
from guanlan.core.audit import AuditUnavailable, open_log
from guanlan.core.audit.acts import ACTS, OUTCOMES, act_name
from guanlan.core.audit.copying import BATCH, copy_rows
from guanlan.core.audit.proofs import prove_inclusion
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.models import AuditCursor, AuditEntry
from guanlan.web.resource import Chip, Column, Filter, Heading, Panel, Resource, State, register
from guanlan.web.resource.words import Term
from guanlan.web.templatetags.console import from_microseconds

_LOOKS: Final = {"done": "on", "seen": "on", "refused": "warn", "failed": "bad", "undone": "off"}
KINDS: Final[dict[str, str | Promise]] = {
    "person": gettext_lazy("person"),
    "key": gettext_lazy("API key"),
    "system": gettext_lazy("system"),
    "nobody": gettext_lazy("unknown caller"),
}
PROVEN_LIMIT: Final = 2_000_000  # rows up to which a page computes a proof by itself


def state(entry: AuditEntry) -> State:
    """The outcome, by word and shape."""
    return State(_LOOKS.get(entry.outcome, "none"), OUTCOMES.get(entry.outcome, entry.outcome))


def rows(subject: Subject, verb: Verb) -> QuerySet[AuditEntry]:
    """The rows, with what was written a moment ago."""
    copy_rows(limit=BATCH)
    return AuditEntry.objects.for_user(subject, verb)


def by_object(term: Term, subject: Subject) -> Q | str:
    """`object:core.apikey` or `object:core.apikey/abc12345`."""
    condition = Q()
    for value in term.values:
        label, slash, identity = value.partition("/")
        one = Q(object_label=label)
        condition |= one & Q(object_id=identity) if slash else one
    return condition


def _clock(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = timezone.make_aware(moment)
    return int(moment.timestamp() * 1_000_000)


def proof(entry: AuditEntry, subject: Subject) -> Mapping[str, Any]:
    """The row as it stands in the file, its path to the root, and the checkpoint over it."""
    cursor = AuditCursor.objects.filter(id=1).first()
    covered = cursor.verified_rows if cursor else 0
    context: dict[str, Any] = {"covered": covered, "proven_at": cursor and cursor.verified_at}
    if entry.index >= PROVEN_LIMIT or (cursor and cursor.rows > PROVEN_LIMIT):
        return {**context, "command": f"guanlan audit prove {entry.index}"}
    try:
        found = prove_inclusion(settings.DATA / DIRECTORY, entry.index)
    except (OSError, ValueError):
        return {**context, "missing": True}
    return {**context, "proof": found, "holds": found.holds()}


def standing() -> dict[str, Any]:
    """How far the log is proven, whether it can be written, and the key it is signed with."""
    log = open_log()
    cursor = AuditCursor.objects.filter(id=1).first()
    missed = log.gap.current()
    try:
        public = log.checkpointer.signer.public
    except AuditUnavailable:
        public = ""
    return {
        "cursor": cursor,
        "missed": missed,
        "since": datetime.fromtimestamp(missed.since / 1e6, UTC) if missed else None,
        "public": public,
        "checkpoint_fault": log.checkpointer.failed,
    }


AUDIT = register(
    Resource(
        noun="core.auditentry",
        model=AuditEntry,
        title=gettext_lazy("Row of the audit log"),
        titles=gettext_lazy("Audit log"),
        path="settings/audit",
        route="audit",
        one="audit_row",
        api="audit",
        place=("settings", 60),
        before="web/audit_standing.html",
        columns=(
            Column("index", gettext_lazy("Row"), cell="number", sort=True),
            Column("at", gettext_lazy("Time"), cell="clock"),
            Column("actor", gettext_lazy("Who"), cell="template", template="web/cells/actor.html"),
            Column("act", gettext_lazy("Act"), cell="template", template="web/cells/act.html"),
            Column(
                "object",
                gettext_lazy("On what"),
                value=lambda row: f"{row.object_label} {row.object_id}".strip(),
                cell="template",
                template="web/cells/on_what.html",
                level=2,
            ),
            Column("outcome", gettext_lazy("Outcome"), value=state, cell="state"),
            Column("reason", gettext_lazy("Reason"), wide=True),
            Column(
                "purpose",
                gettext_lazy("Purpose"),
                cell="template",
                template="web/cells/purpose.html",
                shown=False,
            ),
            Column(
                "detail",
                gettext_lazy("Detail"),
                cell="template",
                template="web/cells/act_detail.html",
                shown=False,
            ),
            Column(
                "roles",
                gettext_lazy("Roles"),
                cell="template",
                template="web/cells/roles.html",
                shown=False,
            ),
            Column(
                "actor_kind",
                gettext_lazy("Kind of actor"),
                cell="template",
                template="web/cells/actor_kind.html",
                shown=False,
            ),
            Column("address", gettext_lazy("Address (keyed digest)"), cell="code", shown=False),
            Column("session", gettext_lazy("Session (keyed digest)"), cell="code", shown=False),
            Column("request", gettext_lazy("Request"), cell="code", shown=False),
        ),
        filters=(
            Filter(
                "act",
                gettext_lazy("Act"),
                "exact",
                choices=ACTS,
                group=True,
                example="act:key.revoke",
            ),
            Filter("actor", gettext_lazy("Who"), "exact", group=True, example="actor:owner"),
            Filter(
                "kind",
                gettext_lazy("Kind of actor"),
                "choice",
                "actor_kind",
                choices=KINDS,
                group=True,
            ),
            Filter(
                "object",
                gettext_lazy("On what"),
                "own",
                read=by_object,
                level=2,
                example="object:core.apikey",
            ),
            Filter("outcome", gettext_lazy("Outcome"), "choice", choices=OUTCOMES, group=True),
            Filter("purpose", gettext_lazy("Purpose"), "exact"),
            Filter("session", gettext_lazy("Session (keyed digest)"), "exact"),
            Filter("address", gettext_lazy("Address (keyed digest)"), "exact"),
            Filter(
                "after",
                gettext_lazy("From then on"),
                "own",
                read=lambda t, s: _time(t, "gte"),
                level=2,
            ),
            Filter(
                "before",
                gettext_lazy("Until then"),
                "own",
                read=lambda t, s: _time(t, "lt"),
                level=2,
            ),
        ),
        search=("act", "actor", "object_id"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("read"), "outcome:seen"),
            Chip(gettext_lazy("refused"), "outcome:refused"),
            Chip(gettext_lazy("undone"), "outcome:undone"),
        ),
        order="-index",
        rows=rows,
        state=state,
        history=False,  # it is history
        heading=lambda row: Heading(clock=from_microseconds(row.at)),
        name_of=lambda row: f"{row.index} · {act_name(row.act)}",
        panels=(Panel(gettext_lazy("Proof"), "web/audit_proof.html", proof),),
        empty=gettext_lazy("Everything that is done here is written down and appears here."),
    )
)


def _time(term: Term, sign: str) -> Q | str:
    clock = _clock(term.values[0])
    if clock is None:
        return _("“%(name)s:” takes a time, such as 2026-11-23T09:00.") % {"name": term.name}
    return Q(**{f"at__{sign}": clock})
