"""An installation is set up once, with the code that was printed."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import subject_of
from guanlan.core.models import Organisation, User
from guanlan.core.people.organisation import (
    can_be_set_up,
    code_fits,
    forget,
    new_setup_code,
    organisation,
    set_up_organisation,
)

pytestmark = pytest.mark.django_db

ANSWERS = {
    "name": "Pond Pay",
    "time_zone": "Asia/Taipei",
    "currency": "TWD",
    "username": "first",
    "email": "first@example.com",
    "password": "a long pass phrase",
}


def test_the_code_makes_the_owner_once() -> None:
    code = new_setup_code()
    assert code is not None
    assert can_be_set_up()
    owner = set_up_organisation(code.lower().replace("-", " "), **ANSWERS)
    assert "owner" in subject_of(owner).roles
    facts = organisation()
    forget()
    assert (facts.name, facts.zone.key, facts.currency) == ("Pond Pay", "Asia/Taipei", "TWD")
    with pytest.raises(ValidationError):
        set_up_organisation(code, **(ANSWERS | {"username": "second"}))
    assert not can_be_set_up()
    assert new_setup_code() is None


def test_without_the_code_nothing_is_made() -> None:
    code = new_setup_code()
    newer = new_setup_code()
    assert code is not None
    assert newer is not None
    assert not code_fits(code)
    assert code_fits(newer)
    for wrong in ("", code, "AAAAA-AAAAA-AAAAA-AAAAA"):
        with pytest.raises(ValidationError):
            set_up_organisation(wrong, **ANSWERS)
    assert not User.objects.exists()
    assert newer not in str(Organisation.objects.values().get())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("time_zone", "Mars/Olympus"),
        ("currency", "XXX"),
        ("username", ""),
        ("email", "nobody"),
        ("password", "short"),
    ],
)
def test_a_bad_answer_is_refused_by_name_and_the_code_still_works(field: str, value: str) -> None:
    code = new_setup_code()
    assert code is not None
    with pytest.raises(ValidationError) as refused:
        set_up_organisation(code, **(ANSWERS | {field: value}))
    assert list(refused.value.message_dict) == [field]
    assert code_fits(code)


def test_the_code_is_dead_once_an_account_was_made_in_another_way() -> None:
    code = new_setup_code()
    assert code is not None
    User.objects.create(username="made at the command line")
    assert not code_fits(code)
    with pytest.raises(ValidationError):
        set_up_organisation(code, **ANSWERS)
    assert User.objects.count() == 1
