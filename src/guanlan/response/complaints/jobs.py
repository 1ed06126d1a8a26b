"""The jobs of complaints."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.complaints.bursts import raise_bursts
from guanlan.response.complaints.letters import forget_seen
from guanlan.response.complaints.mail import poll_all
from guanlan.response.complaints.telling import tell_due
from guanlan.response.complaints.texting import settle_replies


@job("complaints.remind", title=_("Complaints that are due"), every=900, timeout=300)
def remind(progress: Progress) -> Told:
    """Tell whose complaints are due soon, or over."""
    progress.check()
    return Told(gettext_noop("%(n)s messages made"), {"n": tell_due(timezone.now())})


@job("complaints.mail", title=_("Mailboxes of complaints"), every=60, retries=0, timeout=900)
def read_mail(progress: Progress) -> Told:
    """Read what is new in every mailbox."""
    return Told(gettext_noop("%(n)s letters read"), {"n": poll_all(timezone.now(), progress.check)})


@job("complaints.texts", title=_("Replies to complaints by SMS"), every=60, timeout=300)
def settle(progress: Progress) -> Told:
    """Write down which replies by SMS were sent, and which were not."""
    progress.check()
    return Told(gettext_noop("%(n)s replies settled"), {"n": settle_replies(timezone.now())})


@job("complaints.forget", title=_("Letters and calls that were seen"), every="41 3 * * *")
def forget(progress: Progress) -> Told:
    """Forget what cannot come again."""
    progress.check()
    return Told(gettext_noop("%(n)s forgotten"), {"n": forget_seen(timezone.now())})


@job("complaints.bursts", title=_("Bursts of complaints"), every=600, timeout=300)
def watch(progress: Progress) -> Told:
    """Raise alerts of what comes in more often than its past lets expect."""
    progress.check()
    return Told(gettext_noop("%(n)s bursts raised"), {"n": raise_bursts(timezone.now())})
