"""Routes of sign-in, of a person's own account, of invitations and the first run.

allauth finds its views by name, so some of ours have a second one.
"""

from __future__ import annotations

from allauth.account.views import reauthenticate
from allauth.mfa.base import views as codes
from allauth.mfa.webauthn import views as passkeys
from django.urls import path

from guanlan.web.accounts import factors
from guanlan.web.pages import accounts, invitations, setup, signin, sso
from guanlan.web.rights import public

urlpatterns = [
    path("login", signin.login, name="login"),
    path("login", signin.login, name="account_login"),
    path("login/factor", public(factors.authenticate), name="mfa_authenticate"),
    path("login/passkey", public(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("login/sso", sso.start, name="sso"),
    path("login/sso/back", sso.back, name="sso_back"),
    path("logout", signin.logout, name="logout"),
    path("logout", signin.logout, name="account_logout"),
    path("language", signin.language, name="language"),
    path("forgotten", accounts.forgotten, name="forgotten"),
    path("forgotten/<str:identity>/<str:token>", accounts.new_password, name="new_password"),
    path("account", accounts.account, name="account"),
    path("account", accounts.account, name="mfa_index"),
    path("account", accounts.account, name="mfa_list_webauthn"),
    path("account/second-factor", accounts.second_factor, name="second_factor"),
    path("account/password", accounts.change_password, name="change_password"),
    path("account/sessions/end", accounts.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<int:identity>/end", accounts.end_session, name="end_session"),
    path("account/confirm", reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code", codes.reauthenticate, name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/confirm/sso", sso.confirm, name="sso_confirm"),
    path("account/app", factors.add_app, name="mfa_activate_totp"),
    path("account/app/remove", factors.remove_app, name="mfa_deactivate_totp"),
    path("account/passkeys/add", factors.add_passkey, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove", factors.remove_passkey, name="mfa_remove_webauthn"),
    path("account/recovery-codes/new", factors.new_codes, name="mfa_generate_recovery_codes"),
    path("join/<str:token>", invitations.accept_invitation, name="accept_invitation"),
    path("setup", setup.setup, name="setup"),
]
