"""Rights in the reader's words."""

from __future__ import annotations

from typing import cast

from django import template
from django.utils.translation import gettext as _

from guanlan.core.access import TABLE
from guanlan.core.access.nouns import Verb
from guanlan.core.access.table import VERB_TITLES
from guanlan.core.models import AccessGrant

register = template.Library()


@register.filter
def right(grant: AccessGrant) -> str:
    """What a grant lets its person do: the thing, then the verb."""
    noun = TABLE.nouns.get(grant.noun)
    return _("%(noun)s: %(verb)s") % {
        "noun": noun.title if noun is not None else grant.noun,
        "verb": VERB_TITLES.get(cast(Verb, grant.verb), grant.verb),
    }
