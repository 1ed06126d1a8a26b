"""What is typed into a filter, and how it stands in addresses.

Histories of browsers and logs of proxies keep addresses, so what may name a person stands in
none: the filter is posted, and the address that shows its rows holds it sealed (`?s=…`), for one
list and one person and no longer than a session lasts. Everything else stands there plainly
(`?q=…`) and can be shared.
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import Final

from django.conf import settings

from guanlan.core.access import MASKED_FROM, TABLE, Subject
from guanlan.core.sealing import Unopened, keyring
from guanlan.web.resource.declared import Resource
from guanlan.web.resource.reading import filter_level
from guanlan.web.resource.words import Term, read_terms
from guanlan.web.search import sensitive

PLAIN: Final = "q"
SEALED: Final = "s"
_LONGEST: Final = 4096
_CHOSEN: Final = ("number", "time", "choice", "flag")  # kinds whose values are no free text


def personal(resource: Resource, query: str) -> bool:
    """Whether a filter may name somebody: it asks by a field of level 3 or above, or in free
    words a list of such things, or by what looks like a personal number."""
    terms, problems = read_terms(query)
    return bool(problems and sensitive(query)) or any(_personal(resource, one) for one in terms)


def _personal(resource: Resource, term: Term) -> bool:
    one = resource.all_filters().get(term.name)
    if one is None:  # free words, or a name there is no filter of
        least = TABLE.nouns[resource.noun].level
    else:
        if all(value.startswith("~") for value in term.values):  # the number of a masked one
            return False
        level = filter_level(resource, one)
        least = TABLE.nouns[resource.noun].level if level is None else level
    if least >= MASKED_FROM:
        return True
    return (one is None or one.kind not in _CHOSEN) and any(map(sensitive, term.values))


def standing(resource: Resource, subject: Subject, query: str) -> tuple[str, str]:
    """(name, value) of the part of an address that says this filter."""
    if not personal(resource, query):
        return PLAIN, query
    until = int(time.time()) + settings.SESSION_COOKIE_AGE
    blob = keyring().seal("field", f"{until} {query}".encode(), _bound(resource, subject))
    return SEALED, base64.urlsafe_b64encode(blob).decode().rstrip("=")


def opened(resource: Resource, subject: Subject, token: str) -> str:
    """The filter in a token. Raises Unopened for another list's or person's, and an old one."""
    try:
        if len(token) > _LONGEST:
            raise ValueError
        blob = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        raise Unopened("it was altered") from None
    text = keyring().open("field", blob, _bound(resource, subject)).decode()
    until, _blank, query = text.partition(" ")
    if int(until) < time.time():
        raise Unopened("its time is over")
    return query


def _bound(resource: Resource, subject: Subject) -> bytes:
    return f"filter\0{resource.noun}\0{subject.id}".encode()
