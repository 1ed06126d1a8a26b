"""Screens of jobs, channels and messages: who may see and do what, and what is never shown."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core import outbox
from guanlan.core.access import subject_of
from guanlan.core.jobs import registered, sweeping
from guanlan.core.models import Channel, Delivery, JobRun, Message, Preference, User, Worker
from tests.people import confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser(
        "owner", email="owner@example.com", password="long enough it is"
    )


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(owner)
    confirm(client)
    return client


@pytest.fixture
def stranger() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_user("stranger", password="long enough it is"))
    return client


@pytest.fixture
def channel() -> Channel:
    made = Channel.objects.create(name="hook", kind="webhook")
    made.config = {"url": "https://hooks.example.com/x", "secret": "s3cr3t-value"}
    made.save()
    return made


def text(client: Client, name: str, *args: object, status: int = 200) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == status
    return response.content.decode()


def test_jobs_tell_what_failed_and_why_and_how_far_they_are(browser: Client) -> None:
    sweeping.take_stock()
    now = timezone.now()
    JobRun.objects.create(job="outbox.deliver", state="failed", error="OSError in x.py:3",
                          started=now, finished=now)  # fmt: skip
    JobRun.objects.create(job="platform.clean", state="running", started=now, done=3, total=7)
    page = text(browser, "jobs")
    assert "No worker is running." in page
    assert "OSError in x.py:3" in page
    assert "Try again" in page
    assert (
        page.index("These want attention") < page.index("OSError in x.py:3") < page.index("daily")
    )
    assert "3 of 7" in page
    assert "daily at 03:17" in page
    Worker.objects.create(host="h", pid=1)
    assert "No worker is running." not in text(browser, "jobs")


def test_a_late_job_is_called_late(browser: Client) -> None:
    sweeping.take_stock(timezone.now() - timedelta(days=2))
    periodic = sum(spec.every is not None for spec in registered())
    page = text(browser, "jobs")
    assert page.count('<span class="state warn">late</span>') == 2 * periodic  # at the top, in line
    assert page.index("These want attention") < page.index("<table")


def test_a_job_is_run_and_cancelled_by_post_only(browser: Client) -> None:
    url = reverse("run_job", args=["platform.clean"])
    assert browser.get(url).status_code == 405
    assert browser.post(url).status_code == 302
    run = JobRun.objects.get()
    cancelling = reverse("job_runs_do", args=[run.pk, "cancel"])
    assert browser.get(cancelling).status_code == 405
    assert browser.post(cancelling).status_code == 302
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert browser.post(reverse("run_job", args=["nothing"])).status_code == 404


def test_screens_of_settings_are_closed_to_others(stranger: Client, channel: Channel) -> None:
    for name in ("jobs", "job_runs", "channels", "deliveries"):
        text(stranger, name, status=403)
    for url in (
        reverse("run_job", args=["platform.clean"]),
        reverse("try_channel", args=[channel.pk]),
        reverse("toggle_channel", args=[channel.pk]),
        reverse("channel", args=[channel.pk]),
        reverse("new_channel", args=["email"]),
    ):
        assert stranger.post(url, {"enabled": "no"}).status_code == 403
    assert Channel.objects.get().enabled
    assert not JobRun.objects.exists()
    assert not Delivery.objects.exists()


def test_a_channel_is_made_and_its_secret_never_comes_back(browser: Client) -> None:
    url = reverse("new_channel", args=["webhook"])
    values = {"channel_name": "hook", "per_minute": "10", "url": "https://h.example.com/",
              "secret": "s3cr3t-value"}  # fmt: skip
    assert browser.post(url, {**values, "url": "gopher://h"}).status_code == 400
    assert browser.post(url, values).status_code == 302
    made = Channel.objects.get()
    page = text(browser, "channel", made.pk) + text(browser, "channels")
    assert "https://h.example.com/" in page
    assert "s3cr3t-value" not in page
    bad = browser.post(url, {**values, "channel_name": "", "per_minute": "0", "url": ""})
    assert "s3cr3t-value" not in bad.content.decode()
    # Every field that is wrong has its error, all at once.
    assert bad.content.decode().count('class="field wrong"') == 3
    assert bad.content.decode().count('class="field-error"') == 3
    assert "This is needed." in bad.content.decode()


def test_a_test_that_fails_says_why(browser: Client, channel: Channel) -> None:
    channel.config = {"url": "http://127.0.0.1/", "secret": "s"}
    channel.save()
    page = browser.post(reverse("try_channel", args=[channel.pk]), follow=True).content.decode()
    assert "was not sent: the address lies inside the network and is not allowed" in page


def test_what_was_sent_shows_no_address(browser: Client, owner: User, channel: Channel) -> None:
    outbox.send("channel.test", to=[owner, channel], context={"channel": "hook"})
    message = Message.objects.filter(recipient=owner).get()
    Delivery.objects.create(message=message, channel=channel, state="failed", why="rejected")
    page = text(browser, "deliveries")
    assert "o***@example.com" in page
    assert "owner@example.com" not in page
    assert "the other side refuses it" in page
    assert (
        "the other side refuses it"
        not in browser.get(reverse("deliveries") + "?q=state:sent").content.decode()
    )
    shown = re.sub(r"<[^>]*>", "", page.split('class="rows listing"')[1])
    assert "Test of" in shown
    assert "channel.test" not in shown.split("How to filter")[0], "in words, not by its name"
    grouped = browser.get(reverse("deliveries") + "?group=template").content.decode()
    assert "template%3Achannel.test" in grouped
    exported = browser.post(reverse("deliveries_export", args=["csv"]))
    assert "owner@example.com" not in b"".join(exported).decode()


def test_messages_are_read_and_acknowledged_by_their_reader(
    browser: Client, stranger: Client, owner: User
) -> None:
    [message] = outbox.send(
        "channel.test", to=owner, context={"channel": "<b>hook</b>"},
        acknowledge_within=timedelta(minutes=5),
    )  # fmt: skip
    page = text(browser, "notifications")
    assert "Test of &lt;b&gt;hook&lt;/b&gt;" in page
    assert "wants an answer" in page
    follow = reverse("follow_notification", args=[message.pk])
    assert follow not in page  # it is about nothing
    [other] = outbox.send(
        "channel.test", to=owner, context={"channel": "x"}, about=("core.channel", "1")
    )
    assert reverse("follow_notification", args=[other.pk]) in text(browser, "notifications")
    assert "hook" not in text(stranger, "notifications")
    url = reverse("acknowledge_notification", args=[message.pk])
    assert browser.get(url).status_code == 405
    assert stranger.post(url).status_code == 404
    assert browser.post(url).status_code == 302
    message.refresh_from_db()
    assert message.acknowledged_by == owner
    outbox.send("channel.test", to=owner, context={"channel": "x"})
    for none in ("9" * 40, "9" * 5000, "x"):
        assert browser.post(reverse("read_notifications"), {"id": none}).status_code == 302
    assert outbox.unread(subject_of(owner)).exists(), "what names no message marks none"
    browser.post(reverse("read_notifications"))
    assert not outbox.unread(subject_of(owner)).exists()


def test_wishes_are_kept_and_the_number_is_masked(browser: Client, owner: User) -> None:
    url = reverse("notification_preferences")
    assert browser.post(url, {"phone": "123"}).status_code == 400
    assert not Preference.objects.exists()
    wishes = {"by_sms": "on", "phone": "+8613800138000", "quiet_from": "22:00", "quiet_to": "07:30",
              "digest": "day", "zone": "UTC", "language": "en"}  # fmt: skip
    assert browser.post(url, wishes).status_code == 302
    page = text(browser, "notification_preferences")
    assert "***8000" in page
    assert "13800138000" not in page
    assert 'value="22:00"' in page
    browser.post(url, {"forget_phone": "on"})
    assert Preference.objects.get(user=owner).phone == ""


def test_pages_ask_the_database_as_often_for_many_rows(
    browser: Client, owner: User, channel: Channel, django_assert_max_num_queries: object
) -> None:
    for index in range(60):
        outbox.send("channel.test", to=[owner, channel], context={"channel": str(index)})
        JobRun.objects.create(job="platform.clean", asked_by=owner)
    for name in ("jobs", "job_runs", "deliveries", "notifications", "channels"):
        with django_assert_max_num_queries(20):  # type: ignore[operator]
            text(browser, name)


def test_the_place_that_a_page_stands_below_is_lit_in_the_sidebar(browser: Client) -> None:
    lit = '<a href="/settings/channels" aria-current="true">'
    assert lit in browser.get("/settings/channels/new/webhook").content.decode()
    assert lit not in browser.get("/account").content.decode()
