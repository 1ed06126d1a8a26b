"""The jobs of complaints."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.complaints.telling import tell_due


@job("complaints.remind", title=_("Complaints that are due"), every=900, timeout=300)
def remind(progress: Progress) -> Told:
    """Tell whose complaints are due soon, or over."""
    progress.check()
    return Told(gettext_noop("%(n)s messages made"), {"n": tell_due(timezone.now())})
