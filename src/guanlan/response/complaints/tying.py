"""Tying complaints to the incident that they come from."""

from __future__ import annotations

import datetime as dt

from guanlan.core.access import Subject
from guanlan.response.complaints.handling import changing
from guanlan.response.complaints.history import note
from guanlan.response.complaints.terms import NOUN
from guanlan.response.incidents.moving import link
from guanlan.response.models import Complaint, Incident


def tie(subject: Subject, complaint: Complaint, incident: Incident, now: dt.datetime) -> Complaint:
    """Tie it to an incident; both timelines say so. Raises Denied, or ValidationError where it is
    tied already."""
    with changing(subject, complaint, "complaint.tie", now, {"incident": incident.pk}) as row:
        link(subject, incident, NOUN, str(row.pk), now=now)
        note(row, "tied", now, by=subject, values={"incident": incident.pk})
    return row
