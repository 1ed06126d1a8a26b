"""The right each view needs, declared beside it.

    @needs("see", "fraud.decision")
    @require_safe
    def decisions(request): ...

`@signed_in` is for what belongs to every person (their own account, their language) and
`@public` for what must be reached before signing in. The `Rights` middleware refuses a view that
declares nothing, and `undeclared` finds such views before the server starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver

from guanlan.core.access import ANONYMOUS, ANYWHERE, TABLE, Subject, Verb, may

View = TypeVar("View", bound=Callable[..., Any])
# Packages whose views only ever touch the account of the person who asks.
OWN_ACCOUNT: Final = ("allauth.",)


class Need(NamedTuple):
    """What a view needs: a right, or only a person (`see` of nothing), or nobody."""

    verb: Verb = "see"
    noun: str = ""
    public: bool = False

    def allows(self, subject: Subject) -> bool:
        """Whether `subject` may reach the view; a right in any one scope is enough here."""
        if self.public:
            return True
        if not self.noun:
            return subject.id is not None
        return may(subject, self.verb, self.noun, scope=ANYWHERE)


PUBLIC: Final = Need(public=True)
SIGNED_IN: Final = Need()


def needs(verb: Verb, noun: str) -> Callable[[View], View]:
    """Declare that a view is for those who may `verb` the `noun`."""

    def declare(view: View) -> View:
        view.need = Need(verb, noun)  # type: ignore[attr-defined]
        return view

    return declare


def public(view: View) -> View:
    """Declare that a view is for everybody, signed in or not."""
    view.need = PUBLIC  # type: ignore[attr-defined]
    return login_not_required(view)


def signed_in(view: View) -> View:
    """Declare that a view is for every signed-in person."""
    view.need = SIGNED_IN  # type: ignore[attr-defined]
    return view


def subject_of_request(request: HttpRequest) -> Subject:
    """Who asks."""
    subject: Subject = getattr(request, "subject", ANONYMOUS)
    return subject


def need_of(view: Callable[..., Any]) -> Need | None:
    """What a view declares, or None."""
    declared = getattr(view, "need", None)
    if isinstance(declared, Need):
        return declared
    if view.__module__.startswith(OWN_ACCOUNT):
        return SIGNED_IN if getattr(view, "login_required", True) else PUBLIC
    return None


def routes() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(pattern, name, view) of every route of the console."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(
    patterns: list[URLPattern | URLResolver], before: str
) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, address)
        else:
            yield address, pattern.name or "", pattern.callback


def undeclared() -> list[str]:
    """What is wrong with the rights of the routes, a sentence each."""
    wrong = []
    for address, _name, view in routes():
        need = need_of(view)
        if need is None:
            wrong.append(f"/{address}: the view declares no right (needs, signed_in or public)")
        elif need.noun and need.noun not in TABLE.nouns:
            wrong.append(f"/{address}: the noun {need.noun} is not registered")
        elif need.noun and need.verb not in TABLE.nouns[need.noun].verbs:
            wrong.append(f"/{address}: {need.noun} has no verb {need.verb}")
    return wrong


def check_rights() -> None:
    """Raises ImproperlyConfigured when a route has no right; called before the first request."""
    wrong = undeclared()
    if wrong:
        raise ImproperlyConfigured("\n".join(wrong))


@cache
def _needs_by_name() -> dict[str, Need | None]:
    return {name: need_of(view) for _address, name, view in routes() if name}


def route_allowed(subject: Subject, name: str) -> bool:
    """Whether `subject` may reach the route of this name."""
    need = _needs_by_name().get(name)
    return need is not None and need.allows(subject)
