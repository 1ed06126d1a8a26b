"""What a run was started for, and the entities that it speaks of."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from guanlan.response.models import Alert, Case, EntityRef, Incident, IncidentLink
from guanlan.response.plans.registry import StepContext, StepFailed

MOST: Final = 1000  # entities that one step deals with


def entities_of(context: StepContext, kind: str) -> list[EntityRef]:
    """The entities of a kind in the alert or the case that the run was started for; of an
    incident those of the alerts and cases that are tied to it. Raises StepFailed with one
    sentence where there are none, or too many to be dealt with unseen."""
    label, identity = context.origin
    spoken = _spoken_of(label, identity)
    if spoken is None:
        raise StepFailed(
            gettext_noop("The plan was started for no alert, no case and no incident.")
        )
    found = list(spoken.filter(kind=kind).distinct().order_by("pk")[: MOST + 1])
    if not found:
        raise StepFailed(
            gettext_noop("What the plan was started for names no entity of the kind %(kind)s."),
            kind=kind,
        )
    if len(found) > MOST:
        raise StepFailed(
            gettext_noop("There are more than %(n)s entities of the kind %(kind)s."),
            n=MOST,
            kind=kind,
        )
    return found


def _spoken_of(label: str, identity: str) -> QuerySet[EntityRef] | None:
    refs = EntityRef.objects.all()
    if not identity.isdecimal():
        return None
    if label == Alert._meta.label_lower:
        return refs.filter(alert_parts__alert_id=identity)
    if label == Case._meta.label_lower:
        return refs.filter(case_parts__case_id=identity)
    if label == Incident._meta.label_lower:
        tied = IncidentLink.objects.filter(incident_id=int(identity))
        ties = list(tied.values_list("noun", "key"))
        alerts, cases = (
            [key for noun, key in ties if noun == model._meta.label_lower]
            for model in (Alert, Case)
        )
        return refs.filter(Q(alert_parts__alert_id__in=alerts) | Q(case_parts__case_id__in=cases))
    return None
