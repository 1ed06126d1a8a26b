"""The key of an entity in the clear: asked for by form, written down, shown once."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from guanlan.core.access import MASKED_FROM, Subject
from guanlan.core.access.revealing import purposes_for
from guanlan.response.kinds import Kind, every_kind, kind_title
from guanlan.response.models import EntityRef
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.pages.revealing import Clear, RevealForm, answer_reveal
from guanlan.web.rights import needs, subject_of_request

NOUN = "response.entityref"


def reveal_form(ref: EntityRef, kinds: Mapping[str, Kind], subject: Subject) -> RevealForm | None:
    """The form for an entity's key; None where the key is shown anyway."""
    kind = kinds.get(ref.kind)
    level = kind.level if kind is not None else 4
    if level < MASKED_FROM:
        return None
    return RevealForm(
        reverse("reveal_entity_ref", args=[ref.pk]),
        [("key", kind_title(ref.kind, kinds))],
        purposes_for(subject, NOUN, level),
    )


@needs("reveal", NOUN)
@require_POST
@reauthenticated
@sensitive_variables()
def reveal_entity_ref(request: HttpRequest, identity: int) -> HttpResponse:
    """The key of an entity that response speaks of."""
    subject = subject_of_request(request)
    ref = get_object_or_404(EntityRef.objects.for_user(subject), pk=identity)
    kinds = every_kind()
    form = reveal_form(ref, kinds, subject)
    if form is None:
        raise Http404
    kind = kinds.get(ref.kind)
    value = Clear(form.choices[0][1], kind.level if kind is not None else 4, str(ref.key))
    return answer_reveal(request, form, value, NOUN, str(ref.pk), "key")
