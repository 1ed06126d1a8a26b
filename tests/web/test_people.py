"""Screens of people, roles, requests, emergency access and the policy: all of the kit."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core import services
from guanlan.core.access import TABLE, subject_of
from guanlan.core.access.granting import ask
from guanlan.core.access.subjects import SYSTEM
from guanlan.core.access.table import ROLES
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import (
    AccessGrant,
    AuditEntry,
    Invitation,
    Message,
    RoleAssignment,
    User,
)
from guanlan.core.people.inviting import accept, invite
from guanlan.web.pages.people import PEOPLE
from guanlan.web.resource.many import run
from tests.people import confirm, person
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db

WISH = {
    "verb": "reveal", "noun": "fraud.entity", "level": "3", "purpose": "incident_response",
    "minutes": "30", "reason": "incident 7 is open",
}  # fmt: skip
WANTED: dict[str, Any] = WISH | {"level": 3, "minutes": 30}


def client_of(user: User, *, confirmed: bool = True) -> Client:
    """The browser of a person, who has just proven who they are unless `confirmed` is False."""
    client = Client()
    client.force_login(user)
    if confirmed:
        confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


class TestPeople(ResourceSuite):
    noun = "core.user"
    secret = "hidden@example.com"
    there: ClassVar[int] = 1

    def make(self, n: int) -> User:
        return User.objects.create(username=f"person{n:06}", email=self.secret)


class TestRoles(ResourceSuite):
    noun = "core.roleassignment"
    there: ClassVar[int] = 1

    def make(self, n: int) -> RoleAssignment:
        return RoleAssignment.objects.create(person=some(n), role="operations")


class TestGrants(ResourceSuite):
    noun = "core.accessgrant"
    form: ClassVar[dict[str, Any]] = WISH

    def make(self, n: int) -> AccessGrant:
        return grant(some(n))


class TestGlass(ResourceSuite):
    noun = "core.breakglass"
    form: ClassVar[dict[str, Any]] = WISH

    def make(self, n: int) -> AccessGrant:
        return grant(some(n), broken_glass=True)


class TestInvitations(ResourceSuite):
    noun = "core.invitation"
    secret = "hidden@example.com"
    form: ClassVar[dict[str, Any]] = {"email": "new@example.com", "role": "operations"}

    def make(self, n: int) -> Invitation:
        return Invitation.objects.create(
            email=self.secret, role="operations", sha256=b"%d" % n, expires=timezone.now()
        )


def some(n: int) -> User:
    return User.objects.get_or_create(username=f"some{n}")[0]


def grant(user: User, **fields: Any) -> AccessGrant:
    made = {"verb": "see", "noun": "fraud.entity", "minutes": 30, "reason": "why not"}
    return AccessGrant.objects.create(person=user, **made, **fields)


def held(user: User) -> tuple[set[str], int]:
    """What somebody has now: roles and clearance."""
    subject = subject_of(User.objects.get(pk=user.pk))
    return set(subject.roles), subject.clearance


def test_an_owner_gives_and_takes_a_role_and_sets_a_clearance() -> None:
    owner, user = client_of(person("owner")), person(None, "li.na")
    assert "li.na" in owner.get("/settings/people").content.decode()
    page = f"/settings/people/{user.pk}"
    form = owner.get(f"{page}/do/give_role").content.decode()
    assert "Fraud analyst" in form
    owner.post(f"{page}/do/give_role", {"role": "fraud_analyst", "scope": "*"})
    owner.post(f"{page}/do/clear", {"level": "3", "purposes": ["legal_duty"]})
    assert held(user) == ({"fraud_analyst"}, 3)
    assert "Fraud analyst" in owner.get(page).content.decode()
    assert owner.post(f"{page}/do/give_role", {"role": "fraud_analyst", "scope": "*"}).status_code
    assert RoleAssignment.objects.filter(person=user).count() == 1
    owner.post(f"/settings/roles/{RoleAssignment.objects.get(person=user).pk}/do/take")
    assert held(user) == (set(), 3)


def test_a_role_is_given_only_by_a_person_who_has_just_proven_who_they_are() -> None:
    owner, user = client_of(person("owner", password="x"), confirmed=False), person(None, "li.na")
    for name in ("give_role", "clear", "disable", "reset_factors"):
        address = f"/settings/people/{user.pk}/do/{name}"
        answer = owner.post(address, {"role": "operations", "scope": "*", "level": "4"})
        assert answer.status_code == 422, name
        assert "_proof-password" in answer.content.decode(), name
    assert held(user) == (set(), 2)
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize("role", ["owner", "administrator", "privacy_officer", "operations"])
def test_nobody_gives_themselves_a_right_by_any_path(role: str) -> None:
    """Page, form with a foreign id, list, API, and the name of another in the body."""
    user, other = person(role), person(None, "other")
    before, client = held(user), client_of(user)
    mine, theirs = f"/settings/people/{user.pk}", f"/settings/people/{other.pk}"
    for wanted in ("owner", "risk_owner"):
        form = {"role": wanted, "scope": "*", "person": user.pk, "given_by": "1", "id": user.pk}
        assert client.post(f"{mine}/do/give_role", form).status_code in (403, 404)
        client.post(f"{theirs}/do/give_role", form)  # what is named beyond the fields is not read
    clearance = {"level": "4", "purposes": ["audit"], "person": user.pk, "pk": user.pk}
    assert client.post(f"{mine}/do/clear", clearance).status_code in (403, 404)
    client.post(f"{theirs}/do/clear", clearance)
    for action in ("give_role", "clear", "disable"):
        bulk = {"action": action, "key": [user.pk], "sure": "1", "role": "owner", "level": "4"}
        client.post("/settings/people/act", bulk)
        for address in (f"/api/v1/people/{user.pk}/{action}", f"/api/v1/people/{user.pk}"):
            for method in (client.post, client.patch, client.put):
                sent = method(address, bulk, content_type="application/json")
                assert sent.status_code >= 400
    assignment = RoleAssignment.objects.get(person=user)
    assert client.post(f"/settings/roles/{assignment.pk}/do/take").status_code in (403, 404)
    for address in ("/api/v1/roles", f"/api/v1/roles/{assignment.pk}"):
        sent = client.post(address, {"role": "owner"}, content_type="application/json")
        assert sent.status_code >= 400
    assert held(user) == before
    assert User.objects.get(pk=user.pk).is_active


def test_a_foreign_id_in_the_form_gives_nothing_to_whom_it_names() -> None:
    """Two identifiers: the one in the address counts, the one in the body is not read."""
    owner = client_of(person("owner"))
    first, second = person(None, "first"), person(None, "second")
    form = {"role": "operations", "scope": "*", "person": second.pk, "pk": second.pk}
    owner.post(f"/settings/people/{first.pk}/do/give_role", form)
    owner.post(f"/settings/people/{first.pk}/do/clear", {"level": "3", "person": second.pk})
    assert held(first) == ({"operations"}, 3)
    assert held(second) == (set(), 2)


def test_the_directory_is_for_those_who_may_see_people() -> None:
    other = person(None, "hidden.person")
    client = client_of(person("customer_service"))
    for path in ("/settings/people", f"/settings/people/{other.pk}", "/settings/people/999999"):
        answer = client.get(path)
        assert answer.status_code == 403  # alike, whether there is such a person or not
        assert "hidden.person" not in answer.content.decode()


def names(client: Client, query: str) -> list[str]:
    said = {"q": query, "columns": "username"}
    rows = client.post("/settings/people/filter", said, follow=True).context["rows"]
    return [row.cells[0].text for row in rows]


def test_people_are_found_by_what_they_may_and_have_done() -> None:
    owner = person("owner")
    client = client_of(owner)
    bo, jo = person("operations", "bo"), person(None, "jo", clearance=3)
    User.objects.filter(pk=bo.pk).update(last_login=timezone.now() - dt.timedelta(days=90))
    User.objects.filter(pk=jo.pk).update(is_active=False)
    Authenticator.objects.create(user=bo, type="totp", data={})
    Authenticator.objects.create(user=jo, type="recovery_codes", data={})
    made = invite(subject_of(owner), "new@example.com", "operations")
    accept(made.token, "zo", "a long pass phrase")
    assert names(client, "role:operations") == ["bo", "zo"]
    assert names(client, "clearance:3") == ["jo"]
    assert names(client, "clearance:2") == ["bo", "zo"]
    assert names(client, "clearance:>=3") == ["jo", "owner"]
    assert names(client, "factor:totp") == ["bo"]
    assert names(client, "factor:none") == ["jo", "owner", "zo"]
    assert names(client, "enabled:no") == ["jo"]
    month = (timezone.now() - dt.timedelta(days=30)).date().isoformat()
    assert names(client, f"seen:{month}") == ["bo"]
    assert names(client, "ever:no") == ["jo", "zo"]
    assert names(client, "invited:me") == ["zo"]
    assert names(client, "invited:none") == ["bo", "jo", "owner"]
    assert names(client, "o role:operations") == ["bo", "zo"]
    assert names(client, "example.com") == []  # an address is level 3: it is not searched


def test_a_disabled_account_is_out_at_once_and_stays_listed_with_its_roles() -> None:
    owner, user = client_of(person("owner")), person("operations", "li.na")
    theirs = client_of(user)
    token = services.create_api_key("wallet", ["decisions:read"], user).token
    key = Client(headers={"Authorization": f"Bearer {token}"})
    assert theirs.get("/account").status_code == 200
    assert key.get("/api/v1/decisions").status_code == 200
    said = owner.post(f"/settings/people/{user.pk}/do/disable", follow=True).content.decode()
    assert "1 API key that it answered for is refused" in said
    assert "Operations" in said
    assert theirs.get("/account").status_code == 302
    assert key.get("/api/v1/decisions").status_code == 401
    assert services.load_api_keys() == []
    assert held(user) == (set(), 0)
    owner.post(f"/settings/people/{user.pk}/do/enable")
    assert held(user) == ({"operations"}, 2)
    assert key.get("/api/v1/decisions").status_code == 200
    assert theirs.get("/account").status_code == 302  # the old session does not come back


def test_many_are_disabled_and_those_who_may_not_be_are_left() -> None:
    owner = person("owner")
    first, second = person("operations", "first"), person("auditor", "second")
    client = client_of(owner)
    said = {"action": "disable", "all": "1", "state": "", "sure": "1"}
    client.post("/settings/people/act", said)
    active = User.objects.filter(is_active=True).order_by("username")
    assert list(active.all()) == [owner]
    admin = client_of(person("administrator"))
    User.objects.filter(pk__in=[first.pk, second.pk]).update(is_active=True)
    admin.post("/settings/people/act", said)
    names = list(active.values_list("username", flat=True))
    assert names == ["administrator", "owner", "second"]


def test_another_second_factor_is_asked_for_and_the_person_is_told() -> None:
    owner, user = client_of(person("owner")), person("operations", "li.na")
    theirs = client_of(user)
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=user, type=kind, data={})
    assert "code of an app" in owner.get(f"/settings/people/{user.pk}").content.decode()
    owner.post(f"/settings/people/{user.pk}/do/reset_factors")
    assert not Authenticator.objects.filter(user=user).exists()
    assert theirs.get("/account").status_code == 302
    assert Message.objects.get(template="account.factors_reset").recipient == user
    admin = client_of(person("administrator"))
    address = f"/settings/people/{User.objects.get(username='owner').pk}/do/reset_factors"
    assert admin.post(address).status_code == 403


def test_every_session_of_a_person_ends() -> None:
    owner, user = client_of(person("owner")), person("operations", "li.na")
    theirs = [client_of(user), client_of(user)]
    said = owner.post(f"/settings/people/{user.pk}/do/end_sessions", follow=True)
    assert "2 sessions have ended" in said.content.decode()
    assert [client.get("/account").status_code for client in theirs] == [302, 302]


def test_the_sessions_of_everybody_end_at_once_but_of_who_ends_them() -> None:
    boss = person("owner")
    owner, others = client_of(boss), [person("operations", f"li.{n}") for n in range(3)]
    theirs = [client_of(user) for user in (*others, others[0])]
    assert [client.get("/account").status_code for client in theirs] == [200] * 4
    said = {"action": "end_sessions", "all": "1", "state": ""}
    asked = owner.post("/settings/people/act", said)
    assert asked.status_code == 200  # first it is confirmed
    assert [client.get("/account").status_code for client in theirs] == [200] * 4
    told = owner.post("/settings/people/act", said | {"sure": "1"}, follow=True)
    assert "Done to 3 rows." in told.content.decode()
    assert [client.get("/account").status_code for client in theirs] == [302] * 4
    assert owner.get("/account").status_code == 200
    below = client_of(person("operations", "li.4"))
    assert below.post("/settings/people/act", said | {"sure": "1"}).status_code in (403, 404)


def test_the_page_of_a_person_tells_both_sides_of_their_history() -> None:
    owner, user = person("owner"), person("operations", "li.na")
    client = client_of(owner)
    client.post(f"/settings/people/{user.pk}/do/give_role", {"role": "communications"} | ALL)
    ask(subject_of(user), **WANTED)
    client_of(user).post("/settings/access/requests/new", WISH)
    copy_rows()  # the log of earlier tests may be long, and a page copies a part of it only
    shown = client.get(f"/settings/people/{user.pk}").content.decode()
    about, by = shown.split("<h2>What this person did")
    assert '<span title="role.give">Give a role</span>' in about
    assert '<span title="grant.ask">Ask for access</span>' in by
    assert "What this person did" not in (
        client_of(person("administrator")).get(f"/settings/people/{user.pk}").content.decode()
    )
    assert AuditEntry.objects.filter(act="grant.ask", actor="li.na").exists()


ALL = {"scope": "*"}


def test_an_invitation_is_sent_again_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guanlan.web.pages.invitations.send_mail", lambda *letter: 0)
    client = client_of(person("owner"))
    form = {"email": "new@example.com", "role": "operations"}
    first = client.post("/settings/invitations/new", form).content.decode()
    assert "/join/" in first  # without a channel for e-mail the link is shown, once
    one = Invitation.objects.get()
    page = f"/settings/invitations/{one.pk}"
    assert "new@example.com" not in client.get(page).content.decode()
    Invitation.objects.update(expires=timezone.now() - dt.timedelta(days=1))
    again = client.post(f"{page}/do/renew").content.decode()
    tokens = [text.split("/join/")[1].split("<")[0] for text in (first, again)]
    assert Client().get(f"/join/{tokens[0]}").status_code == 410
    assert Client().get(f"/join/{tokens[1]}").status_code == 200
    assert tokens[1] not in client.get(page).content.decode()
    client.post(f"{page}/do/withdraw")
    assert Client().get(f"/join/{tokens[1]}").status_code == 410
    found = client.get("/settings/invitations", {"q": "state:withdrawn"}).context["rows"]
    assert [row.key for row in found] == [str(one.pk)]


def test_one_id_is_resolved_once_and_checked() -> None:
    """The grant named in the address is the one that is decided, whatever the form says."""
    mine, theirs = person("privacy_officer", clearance=4), person("operations")
    own, other = ask(subject_of(mine), **WANTED), ask(subject_of(theirs), **WANTED)
    client = client_of(mine)
    answer = client.post(
        f"/settings/access/requests/{own.pk}/do/approve", {"identity": other.pk, "key": other.pk}
    )
    assert answer.status_code == 403
    assert not AccessGrant.objects.exclude(decided=None).exists()
    client.post(f"/settings/access/requests/{other.pk}/do/approve")
    assert list(AccessGrant.objects.exclude(decided=None)) == [other]


def test_a_request_is_always_ones_own_and_a_foreign_person_is_not_taken() -> None:
    """Writable foreign keys: what the form names beyond its fields is not written."""
    victim, user = person("owner"), person("operations")
    form = WISH | {"person": victim.pk, "approved": "1"}
    client_of(user).post("/settings/access/requests/new", form)
    made = AccessGrant.objects.get()
    assert (made.person, made.approved, made.starts) == (user, None, None)
    sent = client_of(user).post("/api/v1/grants", form, content_type="application/json")
    assert sent.json()["error"]["code"] == "unknown"


def test_others_see_only_their_own_requests_and_emergencies() -> None:
    one, two = person("operations", "one"), person("fraud_analyst", "two")
    own, other = grant(one), grant(two)
    mine, theirs = grant(one, broken_glass=True), grant(two, broken_glass=True)
    client, officer = client_of(one), client_of(person("privacy_officer"))
    for path, seen, hidden in (
        ("/settings/access/requests", own, other),
        ("/settings/access/emergencies", mine, theirs),
    ):
        assert [row.key for row in client.get(path).context["rows"]] == [str(seen.pk)]
        assert client.get(f"{path}/{hidden.pk}").status_code == 404
        assert len(officer.get(path).context["rows"]) == 2
    # The reason is for those who decide, and for whoever gave it.
    assert "why not" in client.get(f"/settings/access/requests/{own.pk}").content.decode()
    assert "why not" in officer.get(f"/settings/access/requests/{own.pk}").content.decode()
    admin = client_of(person("administrator"))
    assert "why not" not in admin.get(f"/settings/access/requests/{own.pk}").content.decode()


def test_a_grant_is_given_back_by_its_holder_and_ended_by_who_may() -> None:
    user, owner = person("operations"), person("owner")
    first, second = ask(subject_of(user), **WANTED), ask(subject_of(user), **WANTED)
    for one in (first, second):
        client_of(owner).post(f"/settings/access/requests/{one.pk}/do/approve")
    client_of(user).post(f"/settings/access/requests/{first.pk}/do/give_back")
    assert client_of(user).post(f"/settings/access/requests/{second.pk}/do/end").status_code == 403
    client_of(owner).post(f"/settings/access/requests/{second.pk}/do/end")
    ended = AccessGrant.objects.order_by("pk").values_list("revoked_by__username", flat=True)
    assert list(ended) == ["operations", "owner"]


def test_the_glass_breaks_only_for_who_has_just_proven_who_they_are_and_is_reviewed() -> None:
    owner, user = person("owner"), person("operations", password="a long pass phrase")
    asked = client_of(user, confirmed=False).post("/settings/access/emergencies/new", WISH)
    assert "_proof-password" in asked.content.decode()
    assert not AccessGrant.objects.exists()
    client_of(user).post("/settings/access/emergencies/new", WISH)
    made = AccessGrant.objects.get()
    assert made.broken_glass
    page = f"/settings/access/emergencies/{made.pk}"
    form = {"found": "justified", "finding": "the incident was real"}
    assert client_of(user).post(f"{page}/do/review", form).status_code == 403
    client = client_of(owner)
    assert client.post(f"{page}/do/review", form | {"finding": "no"}).status_code == 422
    client.post(f"{page}/do/review", form)
    made.refresh_from_db()
    assert (made.justified, made.reviewed_by) == (True, owner)


def test_a_refusal_says_which_right_is_missing_and_where_to_ask() -> None:
    client = client_of(person("communications"))
    text = client.get("/settings/policy").content.decode()
    assert "You lack the right “see” for “Access policy”." in text
    assert "My access" in text
    assert client.get("/settings/access").status_code == 200


def test_the_policy_is_shown_whole_or_of_one_role() -> None:
    client = client_of(person("auditor"))
    whole = client.get("/settings/policy").content.decode()
    assert all(str(title) in whole for title in ("Fraud analyst", "Communications"))
    one = client.get("/settings/policy", {"role": "communications"}).context["groups"]
    rows = [row for _app, rows in one for row in rows]
    assert all(len(cells) == 1 and cells[0][1] for _title, _name, cells in rows)
    # All that can be done is one word, whose meaning stands behind it.
    assert re.search(r'title="see, add, [^"]*">everything<', whole)
    groups = client.get("/settings/policy", {"role": "x"}).context["groups"]
    assert len(groups[0][1][0][2]) == len(ROLES)
    assert {name for _app, rows in groups for _title, name, _cells in rows} == {*TABLE.nouns}


def test_the_auditor_sees_and_can_send_none_of_the_forms() -> None:
    user = person(None, "other")
    made = grant(user)
    client = client_of(person("auditor"))
    for path in ("people", "roles", "access/requests", "access/emergencies", "invitations"):
        assert client.get(f"/settings/{path}").status_code == 200
        assert client.post(f"/settings/{path}/new", WISH).status_code in (403, 405)
    assert client.post(f"/settings/access/requests/{made.pk}/do/approve").status_code == 403
    for action in ("give_role", "clear", "disable", "reset_factors"):
        answer = client.post(f"/settings/people/{user.pk}/do/{action}", {"role": "owner"})
        assert answer.status_code == 403


def test_a_bulk_act_goes_on_where_one_is_denied() -> None:
    action = next(one for one in PEOPLE.actions if one.name == "disable")
    people = [person("owner"), person("operations", "second")]
    outcome = run(PEOPLE, subject_of(people[0]), action, iter(people))
    assert (outcome.done, outcome.refused) == (1, 1)
    assert run(PEOPLE, SYSTEM, action, iter(people)).done == 0  # the last owner, and one who is off


def test_an_invitation_that_nobody_vouches_for_any_more_is_shown_as_void(client: Client) -> None:
    owner, admin = person("owner"), person("administrator", "leaving")
    invite(subject_of(admin), "new@example.com", "operations")
    client.force_login(owner)
    client.cookies["guanlan_language"] = "en"
    number = Invitation.objects.get().pk
    pages = "/settings/invitations?q=", f"/settings/invitations/{number}"
    for address in pages:
        assert "void: who invited" not in client.get(address).content.decode()
    RoleAssignment.objects.filter(person=admin).delete()
    for address in pages:
        assert "void: who invited" in client.get(address).content.decode()


def test_the_filter_of_invitations_and_their_state_agree(client: Client) -> None:
    owner = person("owner")
    admin, off = person("administrator", "leaving"), person("administrator", "off")
    for subject, name in ((owner, "a"), (admin, "b"), (off, "c"), (owner, "d"), (owner, "e")):
        invite(subject_of(subject), f"{name}@example.com", "operations")
    invite(subject_of(owner), "f@example.com", "owner")
    made = {str(one.email)[0]: one.pk for one in Invitation.objects.all()}
    RoleAssignment.objects.filter(person=admin).update(until=timezone.now())
    User.objects.filter(pk=off.pk).update(is_active=False)
    Invitation.objects.filter(pk=made["d"]).update(expires=timezone.now())
    Invitation.objects.filter(pk=made["e"]).update(revoked=timezone.now())
    Invitation.objects.filter(pk=made["a"]).update(invited_by=None)
    client.force_login(owner)
    client.cookies["guanlan_language"] = "en"
    expected = {"waiting": "af", "void": "bc", "expired": "d", "withdrawn": "e", "accepted": ""}
    words = {"void": "void: who invited", "withdrawn": "taken back"}
    for state, names in expected.items():
        page = client.get(reverse("invitations"), {"q": f"state:{state}"})
        rows = page.context["rows"]
        assert {int(row.key) for row in rows} == {made[name] for name in names}, state
        for row in rows:
            said = next(cell.text for cell in row.cells if cell.column.name == "state")
            assert words.get(state, state) in said, "the column says what the filter asked for"
    page = client.get(reverse("invitations"), {"q": "-state:void,waiting"})
    assert {int(row.key) for row in page.context["rows"]} == {made["d"], made["e"]}


def test_the_details_of_an_act_are_written_in_words(client: Client) -> None:
    invite(subject_of(person("owner")), "new@example.com", "operations")
    copy_rows()
    # The log outlives the database of a test: others have invited too.
    row = AuditEntry.objects.filter(act="invitation.make").latest("pk")
    client.force_login(person("auditor", "eyes"))
    client.cookies["guanlan_language"] = "zh-hans"
    text = client.get(f"/settings/audit/{row.index}").content.decode()
    assert "<dt>角色</dt><dd>运营</dd>" in text
