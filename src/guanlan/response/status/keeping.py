"""Keeping the status page: whether it is public, its components, their states, its news."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Denied, Subject, may, require
from guanlan.core.audit import act
from guanlan.response.clocks import stating
from guanlan.response.clocks.terms import LANGUAGES
from guanlan.response.incidents.finding import NOUN as INCIDENT
from guanlan.response.incidents.timeline import Value, enter
from guanlan.response.models import (
    Incident,
    MaintenanceWindow,
    PublicMaintenance,
    RoleHeld,
    Statement,
    StatusComponent,
    StatusPage,
    StatusPost,
    StatusSpan,
)
from guanlan.response.status.reading import names_of

NOUN: Final = "response.statuscomponent"
FINE: Final = "operational"
# Whoever has one of these roles in an incident says what the public sees of it.
SPEAKERS: Final = ("commander", "liaison", "communications")
AUDIENCES: Final = ("customers", "media")
MOST: Final = 60  # components
NAMES: Final = ("name_zh_hans", "name_zh_hant", "name_en")


def switch(subject: Subject, public: bool, now: dt.datetime) -> None:
    """Let everybody see the page, or nobody. Raises Denied, and ValidationError where there is
    nothing to be seen yet."""
    require(subject, "manage", NOUN)
    if public and not StatusComponent.objects.filter(retired=None).exists():
        raise ValidationError(_("Add a component first: the page would be empty."))
    with act("status.switch", ("response.statuspage", "1"), detail={"public": public}):
        StatusPage.objects.update_or_create(
            pk=1, defaults={"public": public, "changed": now, "changed_by_id": subject.id}
        )


def page_row() -> StatusPage:
    """Whether the page is public, and since when; off where nobody has said."""
    return StatusPage.objects.select_related("changed_by").filter(pk=1).first() or StatusPage()


def save_component(
    subject: Subject, row: StatusComponent | None, values: Mapping[str, object], now: dt.datetime
) -> StatusComponent:
    """Add a component, or change one. Raises Denied, ValidationError by field."""
    require(subject, "add" if row is None else "change", NOUN)
    made = row or StatusComponent(created=now, created_by_id=subject.id)
    for name in (*NAMES, "product"):
        setattr(made, name, " ".join(str(values[name]).split()))
    made.place = int(str(values["place"]))
    if not any(getattr(made, name) for name in NAMES):
        raise ValidationError({"name_zh_hans": _("Give it a name in one language at least.")})
    if row is None and StatusComponent.objects.filter(retired=None).count() >= MOST:
        text = _("The page shows %(most)s components at most.")
        raise ValidationError(text % {"most": MOST})
    with act("status.component", made):
        made.save()
    return made


def retire(subject: Subject, row: StatusComponent, now: dt.datetime) -> None:
    """Take a component off the page; its past is kept. Raises Denied, ValidationError."""
    require(subject, "change", NOUN)
    with act("status.retire", row):
        mine = StatusComponent.objects.filter(pk=row.pk, retired=None)
        if not mine.update(retired=now):
            raise ValidationError(_("It is off the page already."))


def bring_back(subject: Subject, row: StatusComponent) -> None:
    """Put a component on the page again. Raises Denied."""
    require(subject, "change", NOUN)
    with act("status.retire", row, detail={"back": True}):
        StatusComponent.objects.filter(pk=row.pk).update(retired=None)


def speaks(subject: Subject, incident: Incident) -> bool:
    """Whether the subject says what the public sees of an incident: by a role in it, or because
    they keep the page."""
    if may(subject, "change", NOUN):
        return True
    held = RoleHeld.objects.filter(
        incident=incident, role__in=SPEAKERS, person_id=subject.id, renounced_at=None
    )
    return subject.id is not None and may(subject, "change", INCIDENT) and held.exists()


def _speaking(subject: Subject, incident: Incident) -> Incident:
    """The incident, locked, for who speaks of it. Raises Denied."""
    rows = Incident.objects.for_user(subject, "change").select_for_update(of=("self",))
    found = rows.filter(pk=incident.pk).first()
    if found is None or not speaks(subject, incident):
        raise Denied(f"{subject.name} may not speak of this incident", "change", NOUN)
    return found


def set_states(
    subject: Subject, incident: Incident, states: Mapping[int, str], now: dt.datetime
) -> int:
    """Set the states of components (by key) because of an incident; how many have changed.
    `operational` ends what the incident did to one. Raises Denied, ValidationError."""
    with act("status.set", incident, detail={"components": len(states)}):
        row = _speaking(subject, incident)
        if row.state == Incident.State.CLOSED:
            raise ValidationError(_("The incident is closed."))
        known = {one.pk: one for one in StatusComponent.objects.filter(retired=None)}
        if unknown := set(states) - set(known):
            raise ValidationError(_("There is no component %(n)s.") % {"n": min(unknown)})
        going = {one.component_id: one for one in StatusSpan.objects.filter(
            incident=row, ends=None)}  # fmt: skip
        changed = 0
        for key, state in states.items():
            if state not in (FINE, *StatusSpan.State.values):
                raise ValidationError(_("A component has no such state."))
            old = going.get(key)
            if (old.state if old is not None else FINE) == state:
                continue
            changed += 1
            values: dict[str, Value] = {"component": str(known[key]), "state": state}
            values |= {f"title_{lang}": name for lang, name in names_of(known[key]).items()}
            enter(row, "status", now, subject, values=values)
            if old is not None:
                old.ends = max(now, old.begins)
                old.save(update_fields=["ends"])
            if state != FINE:
                StatusSpan.objects.create(
                    component=known[key], incident=row, state=state, begins=now,
                    set_by_id=subject.id,
                )  # fmt: skip
    return changed


def states_of(incident: Incident) -> dict[int, str]:
    """What an incident does to components now, by key."""
    rows = StatusSpan.objects.filter(incident=incident, ends=None)
    return dict(rows.values_list("component_id", "state"))


def postable(statement: Statement) -> bool:
    """Whether a statement can be put on the page: approved, to the public, about an incident."""
    return (
        statement.state in ("approved", "published")
        and statement.audience in AUDIENCES
        and statement.about_noun == INCIDENT
        and not StatusPost.objects.filter(statement=statement).exists()
    )


def post(subject: Subject, statement: Statement, phase: str, now: dt.datetime) -> StatusPost:
    """Put an approved statement on the page, word for word, under its incident; one that was not
    published yet is published by this. Raises Denied, ValidationError."""
    require(subject, "change", stating.NOUN)
    if phase not in StatusPost.Phase.values:
        raise ValidationError({"phase": _("There is no such phase.")})
    if not postable(statement):
        raise ValidationError(
            _("Only an approved statement about an incident, to customers or media, is posted.")
        )
    incident = Incident.objects.for_user(subject).filter(pk=statement.about_id).first()
    if incident is None:
        raise ValidationError(_("The incident of the statement is not there."))
    with act("status.post", statement, detail={"phase": phase}):
        if statement.state == "approved":
            stating.publish(subject, statement, at=now, proof=_("Status page"), now=now)
        made = StatusPost(
            incident=incident, statement=statement, phase=phase, at=now, posted_by_id=subject.id,
            texts={code: statement.texts[code] for code in LANGUAGES if code in statement.texts},
        )  # fmt: skip
        made.save()
        enter(incident, "posted", now, subject, values={"phase": phase})
    return made


def withdraw(subject: Subject, statement: Statement, now: dt.datetime) -> None:
    """Take what was posted off the page; that it stood there is kept. Raises Denied,
    ValidationError."""
    require(subject, "change", stating.NOUN)
    with act("status.withdraw", statement):
        mine = StatusPost.objects.filter(statement=statement, withdrawn=None)
        if not mine.update(withdrawn=now):
            raise ValidationError(_("It does not stand on the status page."))


def show_maintenance(
    subject: Subject, window: MaintenanceWindow, components: Iterable[int], now: dt.datetime
) -> None:
    """Show a maintenance window to the public, with the components that it touches; with none,
    show it no longer. Raises Denied, ValidationError."""
    require(subject, "change", NOUN)
    wanted = set(components)
    found = list(StatusComponent.objects.filter(pk__in=wanted, retired=None))
    if len(found) != len(wanted):
        raise ValidationError({"components": _("Choose components of the page.")})
    with act("status.maintenance", window, detail={"components": len(found)}):
        if not found:
            PublicMaintenance.objects.filter(window=window).delete()
            return
        row, _made = PublicMaintenance.objects.update_or_create(
            window=window, defaults={"shown": now, "shown_by_id": subject.id}
        )
        row.components.set(found)
