"""Every field of every table has one data level, and a start without it fails."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from guanlan.core.access import TABLE, ScopedQuerySet, levels
from guanlan.core.access.levels import check_levels, faults, level_of
from guanlan.core.models import ApiKey, User
from guanlan.core.sealing.fields import SealedField

OURS = [model for model in apps.get_models() if model.__module__.startswith("guanlan.")]


def test_every_field_of_every_table_is_classified_once() -> None:
    assert faults(apps.get_models()) == []


@pytest.mark.parametrize(
    ("declared", "wrong"),
    [
        ({2: "id"}, ["core.Pebble.weight: no data level"]),
        ({2: "id weight colour"}, ["core.Pebble.colour: no such field"]),
        ({2: "id weight", 3: "weight"}, ["core.Pebble.weight: more than one data level"]),
        ({2: "id", 6: "weight"}, ["core.Pebble: data level 6 does not exist, expected 1 to 4"]),
        ({2: "id weight"}, []),
    ],
)
def test_a_field_forgotten_doubled_or_mistyped_is_named(
    declared: dict[int, str], wrong: list[str]
) -> None:
    class Pebble(models.Model):
        data_levels: ClassVar[dict[int, str]] = declared
        weight = models.IntegerField()

        class Meta:
            app_label = "core"
            apps = Apps()  # known to nobody else

        def __str__(self) -> str:
            return "pebble"

    assert faults([Pebble]) == wrong


def test_the_start_stops_at_a_field_without_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiKey, "data_levels", {2: "id name scopes created created_by revoked"})
    with pytest.raises(ImproperlyConfigured, match=r"core\.ApiKey\.sha256: no data level"):
        check_levels()
    monkeypatch.setitem(levels.THIRD_PARTY, "sessions.session", {2: "expire_date session_key"})
    with pytest.raises(ImproperlyConfigured, match=r"sessions\.Session\.session_data"):
        check_levels()


def test_a_level_is_found_by_name_key_and_path() -> None:
    assert level_of(User, "password") == 4
    assert level_of(ApiKey, "created_by_id") == 2
    assert level_of(ApiKey, "created_by__email") == 3
    assert level_of(ApiKey, "pk") == 2
    assert level_of(Session, "session_data") == 4
    for path in ("nothing", "name__length", "created_by__nothing"):
        with pytest.raises(LookupError):
            level_of(ApiKey, path)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_knows_its_noun_and_what_a_subject_may_see(model: Any) -> None:
    assert isinstance(model._default_manager.all(), ScopedQuerySet)
    noun = getattr(model, "policy_noun", model._meta.label_lower)
    assert noun in TABLE.nouns


# Of level 3 and above, and neither sealed nor a digest: `docs/security/access.md` names each.
NOT_SEALED = {
    "account.EmailAddress.email", "core.User.email",  # of staff
    "response.ComplaintGateway.slug",  # an address; what calls there is believed by its signature
    "core.SignedIn.session_key", "sessions.Session.session_key", "sessions.Session.session_data",
}  # fmt: skip
# What is kept of these is hashed or sealed before it reaches its column.
MADE_UNREADABLE = {
    "core.User.password", "core.Attempt.subject", "core.LinkedIdentity.sha256",
    "core.Invitation.sha256", "core.Invitation.email_index", "core.Organisation.code",
    "core.ApiKey.sha256", "core.Delivery.number_hash", "fraud.Entity.key_index",
    "response.EntityRef.key_index", "response.Complaint.email_index",
    "response.Complaint.phone_index",
    "mfa.Authenticator.data",
}  # fmt: skip
UNUSED = {"account.EmailConfirmation.key"}  # allauth's table; no letter of its is sent


def test_what_is_of_level_three_lies_sealed_but_for_what_is_named() -> None:
    plain = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if level_of(model, field.name) >= 3 and not isinstance(field, SealedField)
    }
    assert plain == NOT_SEALED | MADE_UNREADABLE | UNUSED
