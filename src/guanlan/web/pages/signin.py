"""Sign-in with a name and password, sign-out, language."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from guanlan.core.models import User
from guanlan.core.people.linking import may_sign_in_here
from guanlan.core.people.organisation import can_be_set_up
from guanlan.web.accounts.signing_on import sign_on_name
from guanlan.web.cookies import keep
from guanlan.web.rights import public


class SignIn(forms.Form):
    """Name and password; says nothing about which of the two was wrong."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def way_back(request: HttpRequest, value: str) -> str:
    """`value` when it leads back to this console, else its first page."""
    if value and url_has_allowed_host_and_scheme(
        value, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return value
    return "/"


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Sign in by password; a person already signed in is sent on. Where single sign-on is
    required, a password that is not an owner's is as good as a wrong one."""
    target = way_back(request, request.POST.get("next", request.GET.get("next", "")))
    if request.user.is_authenticated:
        return redirect(target)
    if request.method == "GET" and not User.objects.exists() and can_be_set_up():
        return redirect("setup")
    form = SignIn(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"]
        user = authenticate(request, username=name, password=form.cleaned_data["password"])
        if isinstance(user, User) and may_sign_in_here(user):
            # A second factor is asked for from here; the session begins after it.
            signing_in = Login(user=user, redirect_url=target)
            answer: HttpResponse = perform_password_login(request, {"username": name}, signing_in)
            return answer
        form.add_error(None, _("User name or password is wrong."))
        status = 401
    context = {
        "form": form,
        "next": target,
        "sso": sign_on_name(),
        "only": settings.OIDC_REQUIRED,
    }
    return render(request, "web/login.html", context, status=status)


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session, and have the browser forget what it kept of it."""
    end_session(request)
    response = redirect("login")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language of the console in a cookie."""
    target = way_back(request, request.POST.get("next", ""))
    response = redirect(target)
    chosen = request.POST.get("language", "")
    if translation.check_for_language(chosen) and chosen in dict(settings.LANGUAGES):
        keep(response, "guanlan_language", chosen)
    return response
