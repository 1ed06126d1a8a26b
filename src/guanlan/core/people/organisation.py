"""The organisation of this installation, and setting it up with a code that works once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.models import Organisation, User

KEPT_SECONDS: Final = 30.0
_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
CURRENCIES: Final = (
    "CNY", "HKD", "TWD", "USD", "EUR", "GBP", "JPY", "SGD", "AUD", "CAD", "CHF", "IDR", "INR",
    "KRW", "MOP", "MYR", "NZD", "PHP", "THB", "VND",
)  # fmt: skip


class Facts(NamedTuple):
    """What pages need of the organisation."""

    name: str
    zone: ZoneInfo
    currency: str


_kept: list[tuple[float, Facts]] = []


def organisation() -> Facts:
    """The organisation; read again after half a minute, so that other processes' changes show."""
    now = time.monotonic()
    if _kept and now - _kept[0][0] < KEPT_SECONDS:
        return _kept[0][1]
    row = Organisation.objects.filter(pk=1).first() or Organisation()
    facts = Facts(row.name, ZoneInfo(row.time_zone or settings.TIME_ZONE), row.currency)
    _kept[:] = [(now, facts)]
    return facts


def forget(**_signal: object) -> None:
    """Read the organisation anew the next time."""
    _kept.clear()


post_save.connect(forget, sender=Organisation)


def new_setup_code() -> str | None:
    """A code with which a fresh installation is set up, in place of any earlier one; None when
    there is an account already. Only its hash is kept: show it once."""
    with transaction.atomic():
        if User.objects.exists():
            return None
        code = "-".join("".join(secrets.choice(_ALPHABET) for _i in range(5)) for _j in range(6))
        Organisation.objects.update_or_create(pk=1, defaults={"code": _digest(code)})
    return code


def can_be_set_up() -> bool:
    """Whether a set-up code is waiting to be used."""
    row = Organisation.objects.filter(pk=1).first()
    return row is not None and bool(row.code) and not User.objects.exists()


def code_fits(code: str) -> bool:
    """Whether this is the set-up code that waits to be used."""
    row = Organisation.objects.filter(pk=1).first()
    return (
        row is not None
        and bool(row.code)
        and hmac.compare_digest(bytes(row.code), _digest(code))
        and not User.objects.exists()
    )


def set_up_organisation(
    code: str,
    *,
    name: str,
    time_zone: str,
    currency: str,
    username: str,
    email: str,
    password: str,
) -> User:
    """Name the organisation and make its owner; the code is dead afterwards.

    Raises ValidationError, by field; nothing is made then.
    """
    with act("organisation.setup", ("core.organisation", "1")), transaction.atomic():
        row = Organisation.objects.select_for_update().filter(pk=1).first()
        if row is None or not code_fits(code):
            raise ValidationError({"code": _("This is not the set-up code, or it has been used.")})
        faults = _wrong(name, time_zone, currency)
        owner = User(username=username.strip(), email=email.strip())
        owner.is_staff = owner.is_superuser = True
        try:
            owner.clean_fields(exclude=["password"])
        except ValidationError as error:
            faults |= {field: list(texts) for field, texts in error.message_dict.items()}
        try:
            validate_password(password, owner)
        except ValidationError as error:
            faults["password"] = list(error.messages)
        if faults:
            raise ValidationError(faults)
        owner.set_password(password)
        owner.save()
        row.name, row.time_zone, row.currency = name.strip(), time_zone, currency
        row.set_up, row.code = timezone.now(), b""
        row.save()
    return owner


def change_organisation(subject: Subject, *, name: str, time_zone: str, currency: str) -> None:
    """Give the organisation another name, zone or currency. Raises Denied; ValidationError, by
    field."""
    require(subject, "change", "core.organisation")
    if faults := _wrong(name, time_zone, currency):
        raise ValidationError(faults)
    detail: Detail = {"time_zone": time_zone, "currency": currency}
    with act("organisation.change", ("core.organisation", "1"), detail=detail):
        row = Organisation.objects.select_for_update().filter(pk=1).first() or Organisation()
        row.name, row.time_zone, row.currency = name.strip(), time_zone, currency
        row.save()


def _wrong(name: str, time_zone: str, currency: str) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if not 1 <= len(name.strip()) <= 80:
        faults["name"] = [_("Give the organisation a name of 1 to 80 characters.")]
    if time_zone not in available_timezones():
        faults["time_zone"] = [_("Give a time zone such as Asia/Shanghai.")]
    if currency not in CURRENCIES:
        faults["currency"] = [_("Choose one of the currencies listed.")]
    return faults


def _digest(code: str) -> bytes:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()
