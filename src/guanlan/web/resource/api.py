"""The JSON API of every resource that has a name for it: the same filters, rights and masks.

A caller is a person's session (whose writes carry the CSRF token) or an API key, whose scopes
are roles of the policy. An error is `{"error": {"code", "message", "field"?}}`, as at the door.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import URLPattern, path
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from guanlan.core.access import (
    ANONYMOUS,
    ANYWHERE,
    Denied,
    Subject,
    Verb,
    require,
    subject_of_key,
)
from guanlan.core.audit import AuditUnavailable, acting, actor, refused, refused_input
from guanlan.core.misplaced import key_in_address
from guanlan.core.services import key_of_token
from guanlan.web.accounts.addresses import client_address
from guanlan.web.resource import registry
from guanlan.web.resource.acts import action_form, asked_again, in_scope
from guanlan.web.resource.asked import personal
from guanlan.web.resource.cells import plain, value_of
from guanlan.web.resource.declared import Ask, Found, Resource, Saved
from guanlan.web.resource.details import object_of
from guanlan.web.resource.editing import Changed, declared_form, form_of, save
from guanlan.web.resource.fields import say
from guanlan.web.resource.openapi import document
from guanlan.web.resource.reading import (
    COUNTED,
    PAGE,
    allowed,
    counted,
    find,
    order_of,
    read_key,
    write_key,
)
from guanlan.web.resource.stamps import stamp
from guanlan.web.resource.words import LONGEST, read_terms
from guanlan.web.rights import public, subject_of_request

logger = logging.getLogger("guanlan.web")

MOST: Final = 200  # rows of one answer
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


class Refused(Exception):
    """The call is answered with an error; the message holds no value of the call."""

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message} | ({"field": field} if field else {})


def _answer(status: int, body: Mapping[str, Any], **headers: str) -> JsonResponse:
    return JsonResponse(
        body, status=status, headers=headers, json_dumps_params={"ensure_ascii": False}
    )


def _caller(request: HttpRequest) -> Subject:
    """Who calls; raises Refused where nobody known does, or a key stands in the address."""
    if name := key_in_address(request.get_full_path()):
        logger.warning("the API key gl_%s_... was sent in an address: revoke it", name)
        refused_input("key in address", "api")
        message = _(
            "An API key belongs into the header Authorization: Bearer gl_…, never into an "
            "address, which logs keep. Revoke this one and make another."
        )
        raise Refused(401, "key_in_address", message)
    header = request.headers.get("Authorization", "")
    if header:
        kind, _blank, token = header.partition(" ")
        try:
            key = key_of_token(token if kind.lower() == "bearer" else "")
        except ValidationError as error:
            refused("see", "api")
            raise Refused(401, "unauthorized", error.messages[0]) from None
        return subject_of_key(key.id, key.scopes)
    if not request.user.is_authenticated:
        raise Refused(
            401, "unauthorized", _("Send an API key: Authorization: Bearer gl_…, or sign in.")
        )
    if request.method not in _SAFE:
        check = CsrfViewMiddleware(lambda _request: HttpResponse())
        check.process_request(request)
        if check.process_view(request, _unprotected, (), {}) is not None:
            raise Refused(403, "csrf", _("The call lacks the CSRF token of its session."))
    return subject_of_request(request)


def _unprotected(request: HttpRequest) -> HttpResponse:
    """A view that CSRF protection covers, unlike those of the API themselves."""
    return HttpResponse()


def _view(methods: Mapping[str, Callable[..., HttpResponse]]) -> Any:
    """A view of the API: one function a method, refusals as one sentence."""

    @public
    @csrf_exempt
    def view(request: HttpRequest, **kwargs: str) -> HttpResponse:
        address = client_address(request)
        try:
            with acting(ANONYMOUS, address=address):
                subject = _caller(request)
            do = methods.get("GET" if request.method == "HEAD" else str(request.method))
            if do is None:
                answer = _answer(
                    405, {"error": {"code": "method", "message": _("This method is not offered.")}}
                )
                answer["Allow"] = ", ".join(methods)
                return answer
            with acting(subject, address=address, request=actor().request):
                return _written(do, request, subject, **kwargs)
        except Refused as refused:
            return _answer(refused.status, {"error": refused.error})
        except Http404:
            return _answer(
                404, {"error": {"code": "not_found", "message": _("There is nothing here")}}
            )
        except RequestDataTooBig:
            refused_input("size", "api", address)
            text = _("The body has at most %(n)s bytes.") % {
                "n": settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            }
            return _answer(413, {"error": {"code": "too_large", "message": text}})
        except AuditUnavailable:
            text = _("The audit log cannot be written, so nothing was done.")
            return _answer(503, {"error": {"code": "unrecorded", "message": text}})
        except PermissionDenied:
            text = _("The caller lacks the right to do this.")
            return _answer(403, {"error": {"code": "forbidden", "message": text}})

    return view


def _written(
    do: Callable[..., HttpResponse], request: HttpRequest, subject: Subject, **kwargs: str
) -> HttpResponse:
    """Do it; what the policy refuses is written down."""
    try:
        return do(request, subject, **kwargs)
    except Denied as denied:
        if denied.noun:
            refused(denied.verb, denied.noun)
        raise


def _require(resource: Resource, subject: Subject, verb: Verb) -> None:
    """Raises Denied unless the subject may do `verb` to some rows at least."""
    require(subject, verb, resource.noun, scope=ANYWHERE)


def patterns() -> list[URLPattern]:
    """The addresses of the API."""
    found = [path("api/openapi.json", _view({"GET": describe}), name="openapi")]
    for resource in registry.resources():
        if resource.api:
            found += _of(resource)
    return found


def describe(request: HttpRequest, subject: Subject) -> HttpResponse:
    """What the API offers to this caller."""
    mine = [one for one in registry.resources() if one.api and allowed(one, subject, "see")]
    return _answer(200, document(mine))


def _of(resource: Resource) -> list[URLPattern]:
    def bound(do: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def run(request: HttpRequest, subject: Subject, **kwargs: str) -> HttpResponse:
            _require(resource, subject, "see")
            return do(request, subject, resource, **kwargs)

        return run

    many = {"GET": bound(listed)}
    one = {"GET": bound(shown)}
    if resource.form is not None and resource.form.add is not None:
        many["POST"] = bound(added)
    if resource.form is not None and resource.form.change is not None:
        one["PATCH"] = bound(changed)
    root = f"api/v1/{resource.api}"
    found = [
        path(root, _view(many), name=f"api_{resource.route}"),
        path(
            f"{root}/search",
            _view({"POST": bound(searched)}),
            name=f"api_{resource.route}_search",
        ),
        path(f"{root}/<str:key>", _view(one), name=f"api_{resource.route}_one"),
    ]
    if resource.actions:
        view = _view({"POST": bound(done)})
        found.append(path(f"{root}/<str:key>/<str:name>", view, name=f"api_{resource.route}_do"))
    return found


def _items(resource: Resource, rows: Any, subject: Subject) -> list[dict[str, Any]]:
    ready = resource.prepare(rows, subject) if resource.prepare else rows
    return [
        {"pk": str(row.pk)}
        | {c.name: plain(c, value_of(resource, c, one)) for c in resource.columns}
        for row, one in zip(rows, ready, strict=True)
    ]


def listed(request: HttpRequest, subject: Subject, resource: Resource) -> HttpResponse:
    """One page of rows, and the cursor of the next."""
    twice = next((name for name, values in request.GET.lists() if len(values) > 1), None)
    if twice is not None:
        raise Refused(400, "twice", _("A parameter is given once."), twice)
    if personal(resource, request.GET.get("q", "")[:LONGEST]):
        message = _("Post this filter to %(path)s: what may name a person stands in no address.")
        raise Refused(400, "filter", message % {"path": f"{request.path}/search"}, "q")
    return _page(request.GET, subject, resource)


def searched(request: HttpRequest, subject: Subject, resource: Resource) -> HttpResponse:
    """The same, asked in the body."""
    data = _posted(request)
    if unknown := sorted(set(data) - {"q", "sort", "limit", "cursor"}):
        raise Refused(422, "unknown", _("There is no such field."), unknown[0])
    return _page(data, subject, resource)


def _page(said: MultiValueDict[str, Any], subject: Subject, resource: Resource) -> HttpResponse:
    text = said.get("q", "").replace("\0", "")
    if len(text) > LONGEST:
        raise Refused(400, "filter", _("A filter has at most %(n)s characters.") % {"n": LONGEST})
    terms, problems = read_terms(text)
    sort = said.get("sort", "") or resource.order
    limit = said.get("limit", "") or str(PAGE)
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 5 and 1 <= int(limit) <= MOST):
        message = _("limit is a whole number from 1 to %(n)s.") % {"n": MOST}
        raise Refused(400, "limit", message, "limit")
    if order_of(resource, sort) is None:
        raise Refused(400, "sort", _("This list cannot be sorted like this."), "sort")
    cursor = said.get("cursor", "")
    older = read_key(resource, sort, cursor)
    if cursor and older is None:
        raise Refused(400, "cursor", _("cursor is none that this list gave."), "cursor")
    ask = Ask(tuple(terms), subject, sort, older=older, limit=int(limit))
    found = Found((), problems=problems) if problems else find(resource, ask)
    if problems := list(found.problems):
        raise Refused(400, "filter", problems[0], "q")
    count = counted(resource, ask)
    body = {
        "items": _items(resource, found.rows, subject),
        "next": write_key(found.older) or None,
        "count": min(count, COUNTED),
        "more": count > COUNTED,
    }
    return _answer(200, body)


def _etag(resource: Resource, row: Any) -> str:
    return f'"{stamp(row, resource.drifts)}"'


def shown(request: HttpRequest, subject: Subject, resource: Resource, key: str) -> HttpResponse:
    """One object; its ETag is what a change must name."""
    row = object_of(resource, subject, key)
    return _answer(200, _items(resource, [row], subject)[0], ETag=_etag(resource, row))


def _posted(request: HttpRequest, limit: int = 200) -> MultiValueDict[str, Any]:
    """The body, as forms read it."""
    try:
        # Strict, unlike Python's own: no NaN, no half of a character, UTF-8 only, depth bounded.
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict) or len(body) > limit:
        raise Refused(400, "body", _("The body is expected to be a JSON object."))
    data = MultiValueDict[str, Any]()
    for name, value in body.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list) for one in values):
            message = _("A field holds a text, a number, true, false, or a list of texts.")
            raise Refused(422, "invalid", message, name)
        data.setlist(name, [one if isinstance(one, str) else json.dumps(one)
                            for one in values if one is not None])  # fmt: skip
    return data


def _saved(
    resource: Resource, subject: Subject, row: Any, data: Any, seen: str
) -> tuple[Saved, Any]:
    form = form_of(resource, subject, row, data)
    _values(form, resource)
    try:
        return save(resource, subject, row, form, seen), form
    except ValidationError as error:
        say(form, error)
    except Changed:
        raise Refused(
            412, "changed", _("It was changed meanwhile: read it again, then change it.")
        ) from None
    name, errors = next(iter(form.errors.items()))
    raise Refused(422, "invalid", str(errors[0]), "" if name == "__all__" else name)


def _confirmed(request: HttpRequest, resource: Resource) -> None:
    """A sensitive form is sent by a person who proved who they are within ten minutes."""
    if asked_again(request, declared_form(resource), request.path) is not None:
        message = _("Confirm in the console that it is you, then call again.")
        raise Refused(403, "confirm", message)


def added(request: HttpRequest, subject: Subject, resource: Resource) -> HttpResponse:
    """Make an object; what is shown only once is in `once`."""
    _require(resource, subject, "add")
    _confirmed(request, resource)
    made, _form = _saved(resource, subject, None, _posted(request), "")
    row = object_of(resource, subject, str(made.object.pk))
    body = _items(resource, [row], subject)[0]
    return _answer(201, body | ({"once": dict(made.once)} if made.once else {}))


def changed(request: HttpRequest, subject: Subject, resource: Resource, key: str) -> HttpResponse:
    """Change an object; `If-Match` holds the ETag with which it was read."""
    _require(resource, subject, "change")
    _confirmed(request, resource)
    row = object_of(resource, subject, key, "change")
    seen = request.headers.get("If-Match", "").strip('"')
    if not seen:
        message = _("Send If-Match with the ETag of what you read.")
        raise Refused(428, "if_match", message)
    data = _posted(request)
    known = form_of(resource, subject, row)
    for name in known.fields:  # what is not sent stays as it is
        value = known.get_initial_for_field(known.fields[name], name)
        if name not in data and value is not None:
            kept = value if isinstance(value, list) else [value]
            data.setlist(name, [json.dumps(v) if isinstance(v, dict) else str(v) for v in kept])
    _saved(resource, subject, row, data, seen)
    row = object_of(resource, subject, key)
    return _answer(200, _items(resource, [row], subject)[0], ETag=_etag(resource, row))


def done(
    request: HttpRequest, subject: Subject, resource: Resource, key: str, name: str
) -> HttpResponse:
    """Do an action to an object. Those that ask a person to prove who they are are not here."""
    here = (one for one in resource.actions if not one.again and not one.together)
    action = next((one for one in here if one.name == name), None)
    row = object_of(resource, subject, key)
    if action is None:
        raise Http404
    in_scope(resource, subject, action, row)
    if not action.fits(row):
        raise Refused(409, "state", _("This does not fit its present state."))
    values: tuple[Any, ...] = ()
    if action.form is not None:
        values = (_values(action_form(action, subject, row, _posted(request)), resource),)
    try:
        made = action.do(row, subject, *values)
    except ValidationError as error:
        raise Refused(409, "state", " ".join(error.messages)) from None
    if isinstance(made, str):
        return _answer(200, {"message": made})
    once = {"once": dict(made.once)} if made.once else {}
    return _answer(200, {"message": made.notice} | once)


def _values(form: forms.Form, resource: Resource) -> dict[str, Any]:
    """What a valid form holds; raises Refused naming the first field that is not as expected."""
    unknown = sorted(set(form.data) - set(form.fields))
    if unknown:
        refused_input("unknown field", f"api {resource.noun}")
        raise Refused(422, "unknown", _("There is no such field."), unknown[0])
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Refused(422, "invalid", str(errors[0]), "" if name == "__all__" else name)
    return form.cleaned_data
