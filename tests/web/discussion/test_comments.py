"""Comments: on what one may see, plain, told to whom they name, kept or taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.utils import timezone

from guanlan.core import outbox
from guanlan.core.access import Denied, Subject, subject_of
from guanlan.core.models import User
from guanlan.fraud.models import Backtest, Decision
from guanlan.web.discussion import comment, discussed, edit_comment, remove_comment, shown
from guanlan.web.discussion.commenting import LONGEST
from guanlan.web.discussion.models import Comment
from guanlan.web.discussion.topics import find_object, mentionable
from tests.people import person

pytestmark = pytest.mark.django_db
NOUN = "fraud.decision"


def said(subject: Subject, found: Decision) -> list[str]:
    comments = shown(subject, NOUN, found)["comments"]
    assert isinstance(comments, list)
    return [str(one.text) for one in comments]


def test_a_comment_is_text_whatever_it_says(decision: Decision, client: Client) -> None:
    owner = person()
    client.force_login(owner)
    nasty = "<script>alert(1)</script>\n[x](javascript:alert(1)) \u202egnp.exe"
    client.post(f"/discussion/{NOUN}/7/comment", {"text": nasty})
    text = client.get(f"/discussion/{NOUN}/7").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert '<a href="javascript' not in text


def test_what_one_may_not_see_one_may_not_discuss(decision: Decision, client: Client) -> None:
    stranger = person("committee_member")
    with pytest.raises(Http404):
        comment(subject_of(stranger), NOUN, "7", "hello")
    client.force_login(stranger)
    for path in (f"/discussion/{NOUN}/7", f"/discussion/{NOUN}/7/people"):
        assert client.get(path).status_code == 404
    for path in ("comment", "file"):
        answer = client.post(f"/discussion/{NOUN}/7/{path}", {"text": "x"})
        assert answer.status_code == 404
    assert not Comment.objects.exists()


@pytest.mark.parametrize("noun", ["core.user", "no.such", "fraud.decision'--", "sessions.session"])
def test_only_what_is_declared_is_discussed(noun: str) -> None:
    with pytest.raises(Http404):
        find_object(subject_of(person()), noun, "1")


@pytest.mark.parametrize("identity", ["8", "x", "7; drop", "9" * 40, "", "\0"])
def test_what_is_not_there_is_not_found(decision: Decision, identity: str) -> None:
    with pytest.raises(Http404):
        find_object(subject_of(person()), NOUN, identity)


def test_the_auditor_reads_and_says_nothing(decision: Decision) -> None:
    comment(subject_of(person()), NOUN, "7", "seen")
    auditor = subject_of(person("auditor"))
    assert said(auditor, decision) == ["seen"]
    with pytest.raises(Denied):
        comment(auditor, NOUN, "7", "me too")


def test_who_is_named_and_may_see_it_is_told_once(decision: Decision) -> None:
    author = person("fraud_analyst", "ana")
    colleague, outsider = person("fraud_analyst", "bo"), person("committee_member", "cy")
    made = comment(
        subject_of(author), NOUN, "7", "@bo, @cy, @nobody and me @ana: see mail@bo.example"
    )
    assert made.mentions == [author.pk, colleague.pk]
    (message,) = outbox.unread(subject_of(colleague))
    assert (message.about_noun, message.about_id) == (NOUN, "7")
    assert "ana" in outbox.notices([message], "en")[0].text.subject
    assert not outbox.unread(subject_of(outsider)).exists()
    assert not outbox.unread(subject_of(author)).exists()
    edit_comment(subject_of(author), made.pk, "@bo again")
    assert outbox.unread(subject_of(colleague)).count() == 1
    (shown_text,) = said(subject_of(author), decision)
    assert shown_text == '<b class="mention">@bo</b> again'


def test_the_directory_is_of_those_who_may_see_it(decision: Decision, client: Client) -> None:
    for role, name in (("fraud_analyst", "ana"), ("committee_member", "cy"), (None, "ex")):
        person(role, name)
    User.objects.create(username="gone", is_active=False)
    assert [user.username for user in mentionable(NOUN, "7")] == ["ana"]
    client.force_login(User.objects.get(username="ana"))
    text = client.get(f"/discussion/{NOUN}/7/people").content.decode()
    assert "@ana" in text
    assert "cy" not in text


def test_names_behind_an_at_are_of_those_who_may_see_it(decision: Decision, client: Client) -> None:
    me = person("fraud_analyst", "anton")
    for name in ("ana", "ana.li", "li.ana", "banana", "Anna"):
        person("fraud_analyst", name)
    person("communications", "anabel")  # may not see decisions
    left = person("fraud_analyst", "anatol")
    User.objects.filter(pk=left.pk).update(is_active=False)
    client.force_login(me)

    def offered(begun: str, noun: str = NOUN) -> list[str]:
        answer = client.get(f"/discussion/{noun}/7/people", {"q": begun})
        return answer.json()["names"] if answer.status_code == 200 else [str(answer.status_code)]

    assert offered("ana") == ["ana", "ana.li", "li.ana"]
    assert offered("AN") == ["Anna", "ana", "ana.li", "li.ana"]  # never oneself
    assert offered("anab") == offered("anat") == offered("(") == offered("nobody") == []
    assert "anabel" not in offered("")
    for n in range(20):
        person("fraud_analyst", f"many{n:02}")
    assert offered("many") == [f"many{n:02}" for n in range(8)]
    client.force_login(User.objects.get(username="anabel"))
    assert offered("ana") in (["403"], ["404"])  # who may not see the object learns no name


def test_personal_numbers_are_shown_masked(decision: Decision) -> None:
    author = subject_of(person())
    comment(
        author, NOUN, "7", "called 13800138000, card 6222 0202 0011 2233, li@example.com; case 42"
    )
    (text,) = said(author, decision)
    assert "13800138000" not in text
    assert "0202" not in text
    assert "li@example.com" not in text
    assert "case 42" in text


def test_a_comment_is_changed_by_its_author_and_only_for_a_while(decision: Decision) -> None:
    author, other = subject_of(person()), subject_of(person("fraud_analyst"))
    made = comment(author, NOUN, "7", "first")
    assert edit_comment(author, made.pk, "second").edited is not None
    with pytest.raises(Denied):
        edit_comment(other, made.pk, "mine")
    late = timezone.now() + timedelta(minutes=16)
    with pytest.raises(ValidationError):
        edit_comment(author, made.pk, "third", late)
    assert said(author, decision) == ["second"]


def test_a_comment_taken_back_keeps_its_place_and_loses_its_text(decision: Decision) -> None:
    author, other = subject_of(person()), subject_of(person("fraud_analyst"))
    made = comment(author, NOUN, "7", "regretted")
    with pytest.raises(Denied):
        remove_comment(other, made.pk)
    remove_comment(author, made.pk)
    kept = Comment.objects.get()
    assert (kept.text, kept.removed is None) == ("", False)
    with pytest.raises(Denied):
        edit_comment(author, made.pk, "after all")


def test_an_empty_or_endless_comment_is_refused_and_nothing_typed_is_lost(
    decision: Decision, client: Client
) -> None:
    client.force_login(person())
    client.cookies["guanlan_language"] = "en"
    long = "x" * (LONGEST + 1)
    answer = client.post(f"/discussion/{NOUN}/7/comment", {"text": long})
    assert answer.status_code == 400
    assert long in answer.content.decode()
    part = client.post(
        f"/discussion/{NOUN}/7/comment", {"text": " \n"}, headers={"HX-Request": "true"}
    )
    assert "Write something." in part.content.decode()
    assert not Comment.objects.exists()


def test_a_noun_is_discussed_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        discussed(NOUN, address=str)


def test_reading_asks_the_database_no_more_for_many(
    decision: Decision, django_assert_max_num_queries: object
) -> None:
    author = subject_of(person())
    person("fraud_analyst", "bo")
    for index in range(30):
        comment(author, NOUN, "7", f"@bo {index}")
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert len(said(author, decision)) == 30
    assert Backtest.objects.count() == 0
