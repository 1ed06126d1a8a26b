"""Answering the form by which one masked value is asked for in the clear."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from guanlan.core.access.revealing import Unrecorded, allow_reveal
from guanlan.web.pages.errors import error_page
from guanlan.web.rights import subject_of_request


class RevealForm(NamedTuple):
    """What a page needs to offer a reveal; without purposes it says how to ask for one."""

    url: str
    choices: list[tuple[str, str]]  # name, title
    purposes: list[tuple[str, str]]


class Clear(NamedTuple):
    """A value as it would be shown, and the level that it has."""

    title: str
    level: int
    clear: str


@sensitive_variables()
def answer_reveal(
    request: HttpRequest, form: RevealForm, value: Clear, noun: str, identity: str, name: str
) -> HttpResponse:
    """The value, once its reading is on record; else the form again with what was wrong."""
    asked = {key: request.POST.get(key, "") for key in ("purpose", "reason")}
    context: dict[str, Any] = {"reveal": form, "asked": asked, "chosen": name}
    try:
        allow_reveal(subject_of_request(request), noun, identity, name, level=value.level, **asked)
    except ValidationError as error:
        return render(request, "web/reveal.html", context | {"errors": error.message_dict})
    except Unrecorded:
        return error_page(
            request,
            503,
            _("This cannot be revealed now"),
            _("The audit log does not take entries, so nothing is shown. Tell the operators."),
        )
    answer = render(request, "web/revealed.html", {"title": value.title, "value": value.clear})
    answer.headers["Cache-Control"] = "no-store"
    return answer
