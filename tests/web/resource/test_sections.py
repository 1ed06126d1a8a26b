"""A long form stands in sections: none of its fields is lost, what is wrong is open."""

from __future__ import annotations

from typing import ClassVar

from django import forms

from guanlan.web.templatetags.resource import sections


class Long(forms.Form):
    sections: ClassVar = {"Cells": ["a", "b"], "Limits": ["c"], "Plans": ["d"]}
    a = forms.IntegerField()
    b = forms.IntegerField(required=False)
    c = forms.IntegerField(required=False)
    d = forms.IntegerField()
    reason = forms.CharField(required=False)


def test_every_field_stands_once_and_in_its_order() -> None:
    found = sections(Long())
    assert [one.title for one in found] == ["Cells", "Limits", "Plans", ""]
    assert [field.name for one in found for field in one.fields] == [*Long().fields]
    assert [one.open for one in found] == [True, False, False, False]


def test_a_section_in_which_something_is_wrong_is_open() -> None:
    form = Long({"a": "1", "c": "x", "d": "2"})
    assert [one.open for one in sections(form)] == [True, True, False, False]


def test_a_form_without_sections_is_one() -> None:
    class Short(forms.Form):
        a = forms.IntegerField()
        b = forms.IntegerField()

    assert [(one.title, len(one.fields)) for one in sections(Short())] == [("", 2)]
