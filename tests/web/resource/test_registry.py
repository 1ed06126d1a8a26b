"""What stops the start: every fault of a declaration, with the name of its resource."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured
from msgspec import structs

from guanlan.core.access import SYSTEM
from guanlan.core.models import ApiKey, User
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import Chip, Column, Filter, Form, registry
from guanlan.web.resource.fields import prepared
from guanlan.web.resource.registry import faults, register

NEW = structs.replace(KEYS, path="p", route="r", one="o")


def test_a_resource_is_registered_once_and_only_during_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_closed", False)
    with pytest.raises(ImproperlyConfigured, match=r"core\.apikey is registered twice"):
        register(NEW)
    with pytest.raises(ImproperlyConfigured, match="taken"):
        register(structs.replace(KEYS, noun="core.clearance"))
    monkeypatch.setattr(registry, "_closed", True)
    with pytest.raises(ImproperlyConfigured, match="start is over"):
        register(structs.replace(NEW, noun="core.clearance"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"noun": "core.nothing"}, "knows no such noun"),
        ({"columns": (*KEYS.columns, Column("colour", "C", level=2))}, "has no field colour"),
        ({"columns": (*KEYS.columns, Column("v", "V", value=str))}, "v has no data level"),
        ({"columns": (*KEYS.columns, KEYS.columns[0])}, "name stands twice"),
        ({"columns": (*KEYS.columns, Column("n", "N", "name", level=2, sort=True))}, "no index"),
        ({"columns": (*KEYS.columns, Column("r", "R", "revoked", level=2, sort=True))}, "no index"),
        ({"columns": (*KEYS.columns, Column("i", "I", "id", level=3, sort=True))}, "masked"),
        ({"columns": (*KEYS.columns, Column("x", "X", "id", level=2, cell="pie"))}, "unknown cell"),
        ({"columns": (*KEYS.columns, Column("pk", "X", "id", level=2))}, "the name is taken"),
        ({"filters": (Filter("colour", "C"),), "chips": ()}, "has no field colour"),
        ({"filters": (*KEYS.filters, KEYS.filters[0])}, "stands twice"),
        ({"chips": (Chip("x", "colour:red"),)}, "colour:red"),
        ({"order": "name"}, "no sortable column"),
        ({"one": ""}, "needs `one`"),
        ({"facts": ("colour",)}, "no column colour"),
    ],
)
def test_a_fault_is_named(change: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in faults(structs.replace(KEYS, **change)))
    assert faults(KEYS) == []


class Owned(forms.Form):
    owner = forms.ModelChoiceField(User.objects.all())


class Privileged(forms.Form):
    name = forms.CharField()
    is_superuser = forms.BooleanField(required=False)


def test_a_relation_that_is_not_scoped_stops_the_start() -> None:
    form = Form(make=lambda subject, row: Owned)
    assert any("Related" in fault for fault in faults(structs.replace(KEYS, form=form)))


def test_a_field_that_gives_a_privilege_is_locked() -> None:
    form = Privileged({"name": "x", "is_superuser": "on"}, initial={"is_superuser": False})
    prepared(form, SYSTEM)
    assert form.is_valid()
    assert form.cleaned_data == {"name": "x", "is_superuser": False}
    assert ApiKey._meta.label_lower == KEYS.noun
