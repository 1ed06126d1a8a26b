"""The secret link by which a customer looks at a complaint: derived, so nothing of it is stored.

A link is an HMAC-SHA-256 of the complaint under the installation's secret; who has it sees the
state and the masked replies, may add something, and may rate how it was dealt with.
"""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.urls import reverse

from guanlan.response.models import Complaint
from guanlan.web.accounts.addresses import link_to


def token_of(complaint: Complaint) -> str:
    """The secret part of the link: 43 characters, 256 bits."""
    said = f"complaint link {complaint.pk} {complaint.seal_id}".encode()
    made = hmac.digest(settings.SECRET_KEY.encode(), said, "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def path_of(complaint: Complaint) -> str:
    """The path of the page."""
    return reverse("complaint_state", args=[complaint.pk, token_of(complaint)])


def link_of(complaint: Complaint) -> str:
    """The whole address, for a letter; empty where nobody knows how people reach the platform."""
    found = link_to(path_of(complaint))
    return found if "://" in found else ""


def found_by(number: int, token: str) -> Complaint | None:
    """The complaint of a link; None where there is none."""
    row = Complaint.objects.filter(pk=number).select_related("category").first()
    given = token.encode()
    return row if row is not None and hmac.compare_digest(token_of(row).encode(), given) else None
