"""Taking a complaint in, whichever way it came: once, masked, sorted, with its clock running."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.response.complaints.deadlines import due_of, terms_in_force
from guanlan.response.complaints.history import note
from guanlan.response.complaints.labels import labels_of, priority_of
from guanlan.response.complaints.likeness import most_alike
from guanlan.response.complaints.markup import has_markup, text_of
from guanlan.response.complaints.masking import masked_text, plain
from guanlan.response.complaints.sorting import category_for
from guanlan.response.complaints.telling import tell_escalated
from guanlan.response.complaints.terms import CHANNELS, LANGUAGES, NOUN
from guanlan.response.entities import LONGEST_KEY, Named, rows_of
from guanlan.response.models import Complaint

LONGEST: Final = 20_000
LONGEST_SUBJECT: Final = 120
LONGEST_PRODUCT: Final = 60
AHEAD: Final = dt.timedelta(minutes=5)
LIKE_WITHIN: Final = dt.timedelta(days=90)
LIKE_AMONG: Final = 20  # the customer's newest complaints that a new one is compared with
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()\-.]{3,30}")


class Incoming(Struct, frozen=True, kw_only=True):
    """What came in. `source` is the key, mailbox or gateway it came by, `external` its own id
    there (an idempotency key): without one it counts as another each time. `customer` is the key
    of the user as the sender says it; `gateway` the number of the gateway, if it is one."""

    channel: str
    text: str
    source: str = ""
    gateway: int | None = None
    external: str = ""
    subject: str = ""
    received: dt.datetime | None = None
    product: str = ""
    category: str = ""
    customer: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""


class Identity(NamedTuple):
    """By what a complaint is known again: `origin` for the same message of the same source,
    `digest` for the same words."""

    origin: str
    digest: str


class Taken(NamedTuple):
    """The complaint, and whether it was made now; else it was there already."""

    complaint: Complaint
    new: bool


Hook = Callable[[Complaint, dt.datetime], None]
_hooks: Final[list[Hook]] = []


def on_taken(hook: Hook) -> None:
    """Call `hook(complaint, now)` with each new complaint, in the transaction that makes it."""
    _hooks.append(hook)


def take_in(
    subject: Subject, incoming: Incoming, now: dt.datetime, identity: Identity | None = None
) -> Taken:
    """Take a complaint in. One with an id of its source that was taken in is not made again;
    `identity` says by what it is known again where that is not what comes in now.

    Raises Denied, or ValidationError by field; also where the id was used for something else.
    """
    require(subject, "add", NOUN)
    origin, digest = identity or identity_of(incoming)
    there = Complaint.objects.filter(origin=origin).first()
    if there is None:
        row = check(incoming, subject, now)
        row.origin, row.digest = origin, digest
        try:
            with transaction.atomic():
                return Taken(_made(row, incoming, subject, now), True)
        except IntegrityError:  # another took the same one in at the same moment
            there = Complaint.objects.filter(origin=origin).first()
            if there is None:
                raise
    if not hmac.compare_digest(there.digest, digest):
        twin = Complaint.objects.filter(origin=twin_of(origin, digest)).first()
        if twin is not None:  # the id stood for two messages, and a person took in both
            return Taken(twin, False)
        text = _("This id was used for another complaint; nothing was taken in.")
        raise ValidationError({"idempotency_key": text})
    return Taken(there, False)


def origin_of(incoming: Incoming) -> str:
    """What is the same for the same complaint of the same source: a keyed SHA-256, hexadecimal."""
    external = incoming.external or secrets.token_hex(16)
    said = json.dumps([incoming.channel, incoming.source, external])
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, b"complaint origin" + said.encode(), "sha256").hex()


def identity_of(incoming: Incoming) -> Identity:
    """By what it is known again."""
    return Identity(origin_of(incoming), _digest(incoming))


def twin_of(origin: str, digest: str) -> str:
    """The origin of another complaint under the same id: of the same words it is the same."""
    said = f"complaint twin {origin} {digest}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), said, "sha256").hex()


def _digest(one: Incoming) -> str:
    parts = (one.subject, one.text, one.product, one.category, one.customer, one.email, one.phone)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def check(one: Incoming, subject: Subject, now: dt.datetime) -> Complaint:
    """The complaint that it would be, not kept. Raises ValidationError by field."""
    if one.channel not in CHANNELS:
        names = ", ".join(CHANNELS)
        raise ValidationError({"channel": _("It is one of %(names)s.") % {"names": names}})
    received = one.received or now
    if received.utcoffset() is None:
        raise ValidationError({"received": _("The time says no zone.")})
    if received > now + AHEAD:
        raise ValidationError({"received": _("This time lies ahead.")})
    text = text_in(one.text)
    masked = masked_text(text)
    said = masked_text(" ".join(one.subject.split()))
    product = masked_text(" ".join(one.product.split()))
    if len(product) > LONGEST_PRODUCT:
        problem = _("At most %(n)s characters.") % {"n": LONGEST_PRODUCT}
        raise ValidationError({"product": problem})
    category = category_for(one.category, f"{one.subject}\n{text}")
    labels = labels_of(f"{one.subject}\n{text}")
    terms = terms_in_force()
    days = terms.complex if category.complex else terms.simple
    return Complaint(
        brought_by=subject.name,
        channel=one.channel,
        gateway_id=one.gateway,
        language=one.language if one.language in LANGUAGES else _language(),
        received=received,
        product=product,
        category=category,
        risk=category.risk,
        subject=(said or masked.split("\n", 1)[0])[:LONGEST_SUBJECT],
        text=text,
        masked=masked,
        email=email_in(one.email),
        phone=phone_in(one.phone),
        media="media" in labels,
        regulator="regulator" in labels,
        legal="legal" in labels,
        priority=priority_of(labels),
        complex=category.complex,
        days=days,
        terms=terms.version,
        due=due_of(received, days),
        touched=now,
    )


def _language() -> str:
    language = translation.get_language() or ""
    return language if language in LANGUAGES else LANGUAGES[0]


def text_in(text: str, field: str = "text") -> str:
    """A customer's words as they are kept: of HTML only what can be read. Raises ValidationError
    by field where nothing is left, or too much."""
    said = plain(text_of(text) if has_markup(text) else text)
    if not said:
        raise ValidationError({field: _("Write what is wrong.")})
    if len(said) > LONGEST:
        problem = _("At most %(n)s characters.") % {"n": f"{LONGEST:,}"}
        raise ValidationError({field: problem})
    return said


def email_in(address: str) -> str | None:
    """An address as it is kept; None where there is none. Raises ValidationError by field."""
    if not (said := address.strip()):
        return None
    try:
        validate_email(said)
    except ValidationError:
        raise ValidationError({"email": _("This is no e-mail address.")}) from None
    return said


def phone_in(number: str) -> str | None:
    """A telephone number as it is kept; None where there is none. Raises ValidationError."""
    if not (said := plain(number)):
        return None
    if not _PHONE.fullmatch(said):
        raise ValidationError({"phone": _("This is no telephone number.")})
    return said


def _made(row: Complaint, one: Incoming, subject: Subject, now: dt.datetime) -> Complaint:
    detail: Detail = {
        "channel": row.channel,
        "category": row.category.code,
        "priority": row.priority,
    }
    with act("complaint.take", detail=detail) as on:
        if key := one.customer.strip():
            if len(key) > LONGEST_KEY:
                text = _("The key of the %(kind)s is empty or longer than 256 characters.")
                raise ValidationError({"customer": text % {"kind": "user"}})
            named = Named("user", key)
            row.customer = rows_of([named])[named]
        if found := _most_alike(row):
            row.like_id, row.likeness = found
        row.save()
        on(row)
        note(row, "taken", now, by=subject, values={"channel": row.channel})
        if row.priority:
            tell_escalated(row, now)
        for hook in _hooks:
            hook(row, now)
    return row


def _most_alike(row: Complaint) -> tuple[int, int] | None:
    """The customer's earlier complaint that says nearly the same, and how nearly, in percent."""
    rows = Complaint.objects.filter(received__gte=row.received - LIKE_WITHIN)
    if row.customer_id is not None:
        rows = rows.filter(customer=row.customer_id)
    elif row.email:
        rows = rows.filter(email_index=row.email)
    elif row.phone:
        rows = rows.filter(phone_index=row.phone)
    else:
        return None
    newest = rows.exclude(outcome="duplicate").order_by("-received", "-id")[:LIKE_AMONG]
    return most_alike(str(row.text), ((other.pk, str(other.text)) for other in newest))
