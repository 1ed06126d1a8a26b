"""Second factors of other people: what kinds they have, and asking them for new ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from allauth.mfa.models import Authenticator

from guanlan.core import outbox
from guanlan.core.access import Subject
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.core.people.accounts import require_governing
from guanlan.core.people.sessions import revoke_sessions

APP: Final = str(Authenticator.Type.TOTP)
PASSKEY: Final = str(Authenticator.Type.WEBAUTHN)

outbox.template(
    "account.factors_reset",
    names={"by": 2},
    texts={
        "en": (
            "Your second factors were removed",
            "{by} removed them. Set up another at your next sign-in; call security if in doubt.",
        ),
        "zh-hans": (
            "您的第二因素已被移除",
            "{by} 移除了它们，请在下次登录时重新设置。如非您本人要求，请联系安全团队。",
        ),
        "zh-hant": (
            "您的第二因素已被移除",
            "{by} 移除了它們，請在下次登入時重新設定。如非您本人要求，請聯絡資安團隊。",
        ),
    },
)


def factors_of(people: Iterable[User]) -> dict[int, set[str]]:
    """The kinds of second factors of these people, in one query; recovery codes are none."""
    found: dict[int, set[str]] = {}
    rows = Authenticator.objects.filter(user__in=list(people), type__in=(APP, PASSKEY))
    for person, kind in rows.values_list("user_id", "type"):
        found.setdefault(person, set()).add(kind)
    return found


def reset_factors(subject: Subject, person: User) -> int:
    """Remove every second factor of a person, recovery codes too, and end their sessions; they
    set up another at the next sign-in, and are told. How many were removed.

    Raises Denied for oneself, and for whoever may not close the account.
    """
    require_governing(subject, person)
    theirs = Authenticator.objects.filter(user_id=person.pk)
    kinds = sorted(str(kind) for kind in theirs.values_list("type", flat=True))
    with act("factor.reset", person, detail={"kinds": kinds}):
        theirs.delete()
        revoke_sessions(person)
        outbox.send(
            "account.factors_reset", to=person, context={"by": subject.name}, urgency="urgent"
        )
    return len(kinds)
