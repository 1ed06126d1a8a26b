"""What the register says on the overview."""

from __future__ import annotations

from django.utils.translation import ngettext

from guanlan.risk.models import Risk
from guanlan.risk.registry import address
from guanlan.web.overview import Figure, Glance, loop
from guanlan.web.words import number


@loop("identify", noun="risk.register", order=20)
def open_risks(glance: Glance) -> Figure:
    """Risks that count."""
    n = Risk.objects.for_user(glance.subject).filter(state=Risk.State.OPEN).count()
    text = ngettext("open risk in the register", "open risks in the register", n)
    return Figure(number(n), text, address("risks", "state:open"))
