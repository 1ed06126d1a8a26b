"""One masked value in the clear: asked for by form, written down, shown once."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from guanlan.core.access import MASKED_FROM, Subject
from guanlan.core.access.revealing import Unrecorded, allow_reveal, purposes_for
from guanlan.core.event_log import log_keys
from guanlan.engine.log import LogError, LogReader
from guanlan.fraud import programs
from guanlan.fraud.frames import record
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.showing import Shower
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.pages.errors import error_page
from guanlan.web.rights import needs, subject_of_request


class RevealForm(NamedTuple):
    """What a page needs to offer a reveal; without purposes it says how to ask for one."""

    url: str
    choices: list[tuple[str, str]]  # name, title
    purposes: list[tuple[str, str]]


class _Value(NamedTuple):
    title: str
    level: int
    clear: str


def entity_form(found: Entity, shower: Shower, subject: Subject) -> RevealForm | None:
    """The form for an entity's key; None where the key is shown anyway."""
    level = shower.layout.level(found.kind)
    if level < MASKED_FROM:
        return None
    url = reverse("reveal_entity", args=[found.id])
    title = shower.kind(found.kind)
    return RevealForm(url, [("key", title)], purposes_for(subject, "fraud.entity", level))


def decision_form(
    row: Decision, fields: dict[str, Any], shower: Shower, subject: Subject
) -> RevealForm | None:
    """The form for what is masked of a decided event; None where nothing is."""
    masked = {n: v for n, v in _values(row, fields, shower).items() if v.level >= MASKED_FROM}
    if not masked:
        return None
    lowest = min(value.level for value in masked.values())
    return RevealForm(
        reverse("reveal_decision", args=[row.seq]),
        [(name, value.title) for name, value in masked.items()],
        purposes_for(subject, "fraud.decision", lowest),
    )


@sensitive_variables()
def _values(row: Decision, fields: dict[str, Any], shower: Shower) -> dict[str, _Value]:
    """Keys of entities and fields of the event, by the name the form gives them."""
    found = {}
    for role, key in (row.entities or {}).items():
        if key is not None:
            level = shower.layout.level(shower.layout.kind(row.type, role))
            found[f"entity {role}"] = _Value(shower.role(row.type, role), level, str(key))
    for name, value in fields.items():
        if value is not None:
            title, level = shower.field(row.type, name), shower.field_level(row.type, name)
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[f"field {name}"] = _Value(title, level, text)
    return found


@needs("reveal", "fraud.entity")
@require_POST
@reauthenticated
@sensitive_variables()
def reveal_entity(request: HttpRequest, identity: int) -> HttpResponse:
    """The key of an entity."""
    subject = subject_of_request(request)
    found = get_object_or_404(Entity.objects.for_user(subject), pk=identity)
    shower = Shower(programs.latest())
    form = entity_form(found, shower, subject)
    if form is None:
        raise Http404
    value = _Value(form.choices[0][1], shower.layout.level(found.kind), found.key)
    return _answer(request, form, value, "fraud.entity", str(found.id), "key")


@needs("reveal", "fraud.decision")
@require_POST
@reauthenticated
@sensitive_variables()
def reveal_decision(request: HttpRequest, seq: int) -> HttpResponse:
    """A key or a field of a decided event, as it was received."""
    subject = subject_of_request(request)
    row = get_object_or_404(Decision.objects.for_user(subject), seq=seq)
    epoch = programs.epoch_at(row.position)
    shower = Shower(epoch.scenario if epoch is not None else None)
    fields = fields_at(row.position)
    name = request.POST.get("value", "")
    value = _values(row, fields, shower).get(name)
    form = decision_form(row, fields, shower, subject)
    if value is None or form is None or value.level < MASKED_FROM:
        raise Http404
    return _answer(request, form, value, "fraud.decision", str(seq), name)


def fields_at(position: int) -> dict[str, Any]:
    """The fields of the event in the log at `position`; none where it cannot be read."""
    reader = LogReader(settings.LOG_DIRECTORY, log_keys())
    try:
        return dict(record(reader.at(position)).event.fields)
    except (OSError, LogError, LookupError):
        return {}
    finally:
        reader.close()


@sensitive_variables()
def _answer(
    request: HttpRequest, form: RevealForm, value: _Value, noun: str, identity: str, name: str
) -> HttpResponse:
    """The value, once its reading is on record; else the form again with what was wrong."""
    asked = {key: request.POST.get(key, "") for key in ("purpose", "reason")}
    context: dict[str, Any] = {"reveal": form, "asked": asked, "chosen": name}
    try:
        allow_reveal(subject_of_request(request), noun, identity, name, level=value.level, **asked)
    except ValidationError as error:
        return render(request, "web/reveal.html", context | {"errors": error.message_dict})
    except Unrecorded:
        return error_page(
            request,
            503,
            _("This cannot be revealed now"),
            _("The audit log does not take entries, so nothing is shown. Tell the operators."),
        )
    answer = render(request, "web/revealed.html", {"title": value.title, "value": value.clear})
    answer.headers["Cache-Control"] = "no-store"
    return answer
