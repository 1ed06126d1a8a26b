"""One masked value in the clear: asked for by form, written down, shown once."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from guanlan.core.access import MASKED_FROM, Subject
from guanlan.core.access.revealing import purposes_for
from guanlan.core.event_log import log_keys
from guanlan.engine.log import LogError, LogReader
from guanlan.fraud import programs
from guanlan.fraud.frames import record
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.showing import Shower
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.pages.revealing import Clear, RevealForm, answer_reveal
from guanlan.web.rights import needs, subject_of_request


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
def _values(row: Decision, fields: dict[str, Any], shower: Shower) -> dict[str, Clear]:
    """Keys of entities and fields of the event, by the name the form gives them."""
    found = {}
    for role, key in (row.entities or {}).items():
        if key is not None:
            level = shower.layout.level(shower.layout.kind(row.type, role))
            found[f"entity {role}"] = Clear(shower.role(row.type, role), level, str(key))
    for name, value in fields.items():
        if value is not None:
            title, level = shower.field(row.type, name), shower.field_level(row.type, name)
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[f"field {name}"] = Clear(title, level, text)
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
    value = Clear(form.choices[0][1], shower.layout.level(found.kind), found.key)
    return answer_reveal(request, form, value, "fraud.entity", str(found.id), "key")


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
    return answer_reveal(request, form, value, "fraud.decision", str(seq), name)


def fields_at(position: int) -> dict[str, Any]:
    """The fields of the event in the log at `position`; none where it cannot be read."""
    reader = LogReader(settings.LOG_DIRECTORY, log_keys())
    try:
        return dict(record(reader.at(position)).event.fields)
    except (OSError, LogError, LookupError):
        return {}
    finally:
        reader.close()
