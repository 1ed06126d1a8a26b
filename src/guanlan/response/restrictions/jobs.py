"""Each minute: what is over ends, and the sinks that the worker reaches are read back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job
from guanlan.response.restrictions.ending import expire
from guanlan.response.restrictions.holding import check
from guanlan.response.restrictions.sinks import SinkFault, sinks


@job("restrictions.expire", title=_("Restrictions that are over"), every=60)
def end_what_is_over(progress: Progress) -> Told:
    """Expire restrictions."""
    return Told(gettext_noop("%(n)s restrictions expired"), {"n": expire()})


@job("restrictions.check", title=_("Read-back of sinks"), every=60)
def read_back(progress: Progress) -> Told:
    """Compare and repair; the engine's own process does the same by itself."""
    differed = 0
    for one in sinks():
        if one.sink.here():
            try:
                differed += check(one)
            except SinkFault:  # written down beside the sink
                continue
    return Told(gettext_noop("%(n)s differences repaired"), {"n": differed})
