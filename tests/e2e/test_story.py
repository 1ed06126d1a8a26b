"""A wave of account takeovers, from the first event to the lesson learnt: the real platform in
processes of its own, real events at its door, and four people in real browsers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from guanlan.client import Client
from guanlan.response.plans.cacao import Automatic, Manual, Text
from guanlan.response.plans.cacao_write import to_json
from tests.response.plans.plans import END, ident, playbook
from tests.response.plans.plans import start as start_step
from tests.site.cli import conftest as cli
from tests.site.cli.running import Result, Started

data, tables, migrated = cli.data, cli.tables, cli.migrated  # fixtures
guanlan, start = cli.guanlan, cli.start

pytestmark = [pytest.mark.usefixtures("migrated"), pytest.mark.xdist_group("story")]

SCENARIO = """
guanlan: 1
scenario: wave
title: {en: Wave, zh: 浪潮, zh-Hant: 浪潮}
currency: CNY
timezone: Asia/Shanghai
entities:
  user: {title: {en: customer, zh: 客户, zh-Hant: 客戶}, level: 2}
  device: {title: {en: device, zh: 设备, zh-Hant: 裝置}, level: 2}
events:
  transfer:
    title: {en: transfer, zh: 转账, zh-Hant: 轉帳}
    entities: {user: required, device: required}
    fields:
      amount:
        {type: money, required: true, level: 2, title: {en: amount, zh: 金额, zh-Hant: 金額}}
features:
  customers_1h:
    title: {en: customers of the device, zh: 设备的客户数, zh-Hant: 裝置的客戶數}
    on: transfer
    by: device
    agg: distinct
    of: user
    window: 1h
rules:
  - id: transfer.takeover
    on: transfer
    title: {en: one device empties accounts, zh: 同一设备转空账户, zh-Hant: 同一裝置轉空帳戶}
    when: customers_1h > 1
    score: 80
    severity: high
    reason: {en: one device for many, zh: 一机多户, zh-Hant: 一機多戶}
policy:
  bands: [{score: 50, outcome: review}, {score: 100, outcome: decline}]
  fallback: review
"""
PEOPLE = """
import json, django
django.setup()
from django.test import Client
from tests.people import confirm, person
keys = {}
for name, role in (("wei", "owner"), ("na", "fraud_analyst"), ("jing", "risk_owner"),
                   ("yi", "compliance_officer")):
    who = person(role, name, clearance=3, purposes=("fraud_investigation",))
    client = Client()
    client.force_login(who)
    confirm(client)
    keys[name] = client.cookies["guanlan_session"].value
print(json.dumps(keys))
"""
VICTIMS = ("u-2", "u-3", "u-4", "u-5")

People = Callable[[str], Page]
Post = Callable[[str, str], str]


@pytest.fixture
def platform(start: Callable[..., Started], tmp_path: Path) -> str:
    """The address of the platform; a second factor is not asked for."""
    scenario = tmp_path / "wave.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    running = start(
        "up", "--port", "0", "--no-warm", "--scenario", scenario, GUANLAN_MFA="optional"
    )
    return running.ready()


@pytest.fixture
def people(platform: str, chromium: Browser, data: Path) -> Iterator[People]:
    """The page of one of four people, each in a browser of their own."""
    told = subprocess.run(
        [sys.executable, "-c", PEOPLE],
        capture_output=True,
        text=True,
        timeout=120,
        env=cli.environment(data) | {"PYTHONPATH": f"{cli.ROOT / 'src'}:{cli.ROOT}"},
        cwd=data.parent,
        check=True,
    )
    keys = json.loads(told.stdout.splitlines()[-1])
    pages: dict[str, Page] = {}

    def page_of(name: str) -> Page:
        if name not in pages:
            context = chromium.new_context(reduced_motion="reduce")
            values = {"guanlan_session": keys[name], "guanlan_language": "en"}
            context.add_cookies(
                [{"name": key, "value": value, "url": platform} for key, value in values.items()]
            )
            pages[name] = context.new_page()
            pages[name].set_default_timeout(30_000)
        return pages[name]

    yield page_of
    for page in pages.values():
        page.context.close()


@pytest.fixture
def post(platform: str, guanlan: Callable[..., Result]) -> Iterator[Post]:
    """Send a transfer; how it is decided."""
    numbers = iter(range(1, 1000))
    with Client(platform, guanlan("key", "create", "wallet").out.strip()) as client:

        def transfer(user: str, device: str) -> str:
            event = {
                "id": f"t-{next(numbers)}",
                "type": "transfer",
                "entities": {"user": user, "device": device},
                "fields": {"amount": 900_000},
            }
            return str(client.post(event).outcome)

        yield transfer


def press(page: Page, name: str) -> None:
    """Press a button of the page, or a link that looks like one, and be where it leads."""
    main = page.locator("main")
    button = main.get_by_role("button", name=name, exact=True)
    button = button.or_(main.get_by_role("link", name=name, exact=True)).first
    if not button.count() and (more := main.get_by_text("More", exact=True)).count():
        more.click()  # what is seldom done stands aside
    assert button.count(), f"no button {name} at {page.url}:\n{page.locator('main').inner_text()}"
    with page.expect_navigation():
        button.click()


def follow(page: Page, name: str) -> None:
    """Follow a link of the page by its text."""
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name=name).first.click()


def text_of(page: Page, address: str) -> str:
    """What a page says."""
    page.goto(address)
    return page.locator("main").inner_text()


def open_row(page: Page, text: str) -> None:
    """Open the object of the row of a list that has this text."""
    row = page.locator("main tbody tr", has_text=text).first
    with page.expect_navigation():
        row.locator("a").first.click()


def fill(page: Page, **values: str) -> None:
    """Fill in fields of a form by their names."""
    for name, value in values.items():
        field = page.locator(f"main [name={name}]")
        if field.evaluate("e => e.tagName") == "SELECT":
            said = [one.strip() for one in field.locator("option").all_inner_texts()]
            field.select_option(label=value) if value in said else field.select_option(value)
        else:
            field.fill(value)


def shows(page: Page, address: str, text: str | re.Pattern[str], seconds: float = 90) -> None:
    """Look at a page until it shows something: jobs of the platform take their time."""
    until = time.monotonic() + seconds
    while True:
        page.goto(address)
        said = page.locator("main").inner_text()
        if re.search(text, said):
            return
        assert time.monotonic() < until, f"{address} does not show {text!r}:\n{said}"
        page.wait_for_timeout(500)


def plan() -> str:
    """Restrict whom the incident speaks of, tell compliance, then a person closes the way in."""
    a, b, c = (ident("action", n) for n in (1, 2, 3))
    return to_json(
        playbook(
            start_step(a),
            Automatic(
                id=a, name=Text(en="Restrict the customers"), command="restrict", next=b,
                parameters={"kind": "user", "effect": "block", "reason_code": "takeover",
                            "hours": 24},
            ),
            Automatic(
                id=b, name=Text(en="Tell compliance"), command="notify", next=c,
                parameters={"role": "compliance_officer", "text": "Accounts are taken over."},
            ),
            Manual(
                id=c, name=Text(en="Close the way in"), instruction=Text(en="Block the device."),
                role="fraud_analyst", limit=600, next=END.id,
            ),
            END,
        )
    )  # fmt: skip


def prepared(people: People, platform: str) -> None:
    """What an organisation has before anything happens: a plan in force, and a criterion."""
    wei, jing = people("wei"), people("jing")
    wei.goto(f"{platform}/plan-import")
    fill(wei, category="fraud", text=plan())
    press(wei, "Import")
    press(wei, "Submit for review")
    jing.goto(wei.url)
    press(jing, "Approve")
    expect(jing.locator("main")).to_contain_text("in force")
    wei.goto(f"{platform}/incident-criteria/new")
    fill(
        wei, name="Takeover wave", category="fraud", severity="high", count="4", minutes="60",
        title="Accounts are taken over", impact="major", urgency="high",
    )  # fmt: skip
    press(wei, "Save")
    expect(wei.locator("main")).to_contain_text("The criterion is in force.")


def test_from_the_first_event_to_the_lesson_learnt(
    platform: str, people: People, post: Post
) -> None:
    prepared(people, platform)

    # Identify: one device empties one account after the other.
    assert post("u-1", "d-666") == "approve"
    assert [post(user, "d-666") for user in VICTIMS] == ["review"] * 4
    na = people("na")
    shows(na, f"{platform}/cases?q=live:yes", "4 rows")

    # Respond: four alerts are one matter.
    for _row in range(4):
        na.keyboard.press("j")
        na.keyboard.press("x")
    na.locator(".bulk-bar").get_by_role("button", name=re.compile("Merge into the eldest")).click()
    press(na, "Merge into the eldest")
    shows(na, f"{platform}/cases?q=live:yes", "1 row\\b")
    open_row(na, "one device empties accounts")
    case = na.url
    assert re.search(r"Alerts\s+4\b", na.locator("main").inner_text())

    # The criterion has declared the incident; its plan restricts whom it speaks of.
    jing = people("jing")
    shows(jing, f"{platform}/incidents", "Accounts are taken over")
    open_row(jing, "Accounts are taken over")
    incident = jing.url
    press(jing, "Give a role")
    fill(jing, role="commander", person="me")
    press(jing, "Give a role")
    press(jing, "Start a plan")
    fill(jing, plan=option(jing, "plan", "Payment outage", "user fraud"))
    press(jing, "Start a plan")
    assert post("u-99", "d-1") == "approve"
    run = jing.locator("main a[href^='/plan-runs/']").first.get_attribute("href")
    assert run is not None
    shows(jing, f"{platform}{run}", "4 restricted, 0 not")
    assert [post(user, "d-1") for user in VICTIMS] == ["decline"] * 4
    assert post("u-98", "d-2") == "approve"

    # A person closes the way in; those who were to be told were.
    shows(na, f"{platform}{run}", "Close the way in")
    press(na, "Done")
    press(na, "Done")
    shows(na, f"{platform}{run}", "Steps over\\s+3 / 3")
    yi = people("yi")
    yi.goto(platform)
    expect(yi.locator("header")).to_contain_text(re.compile("[1-9]"))

    # Clocks of regulators, and the report that stops them.
    yi.goto(incident)
    follow(yi, "Start clocks")
    yi.get_by_label("attack on networks or systems").check()
    fill(yi, grade="major")
    press(yi, "Which rules apply?")
    press(yi, "Start the chosen clocks")
    expect(yi.locator("main")).to_contain_text(re.compile("clocks? runs?"))
    clock = yi.locator("main a[href^='/clocks/']").first.get_attribute("href")
    assert clock is not None
    yi.goto(f"{platform}{clock}")
    press(yi, "Write the report")
    fill(yi, language="en")
    press(yi, "Write the report")
    with yi.expect_navigation():
        yi.locator("main a[href^='/regulatory-reports/']").first.click()
    report = yi.url
    expect(yi.locator("main")).to_contain_text("Accounts are taken over")
    press(yi, "Ask for approval")
    wei = people("wei")
    wei.goto(report)
    press(wei, "Approve")
    yi.goto(report)
    press(yi, "Mark as sent")
    fill(yi, receipt="2026-118")
    press(yi, "Mark as sent")
    shows(yi, report, "sent")
    assert "Cybersecurity Law running" not in text_of(yi, incident)

    # It is over: closed, reviewed, and something changes.
    jing.goto(incident)
    press(jing, "Stable")
    press(jing, "Stable")
    press(jing, "Close")
    fill(jing, reason="The other reports follow by their clocks.")
    press(jing, "Close")
    press(jing, "Review")
    fill(jing, causes="Passwords of another service were tried here.")
    press(jing, "Review")
    press(jing, "Add a lesson")
    fill(jing, title="New devices need a second factor")
    press(jing, "Add a lesson")
    shows(jing, f"{platform}/lessons", "New devices need a second factor")
    open_row(jing, "New devices need a second factor")
    press(jing, "Add an action")
    fill(jing, title="Step up new devices", owner="na", due="2030-01-01T09:00")
    press(jing, "Add an action")
    shows(na, f"{platform}/lesson-actions", "Step up new devices")
    open_row(na, "Step up new devices")
    press(na, "Done")
    fill(na, note="The rule is in force.")
    press(na, "Done")
    jing.goto(na.url)
    press(jing, "Verify")
    expect(jing.locator("main")).to_contain_text("Verified.")

    # The case is closed by two; nothing of it is left to do.
    na.goto(case)
    press(na, "Close")
    na.locator("[name=disposition][value=confirmed]").check()
    fill(na, reason="Taken over; the customers were called.")
    press(na, "Close")
    jing.goto(case)
    press(jing, "Confirm closing")
    if jing.url != case:
        press(jing, "Confirm closing")
    shows(jing, case, "confirmed")


def option(page: Page, name: str, *words: str) -> str:
    """The value of the option that has these words."""
    for one in page.locator(f"main [name={name}] option").all():
        if all(word in one.inner_text() for word in words):
            return str(one.get_attribute("value"))
    raise AssertionError(f"{name} offers nothing with {words}")
