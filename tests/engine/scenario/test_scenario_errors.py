"""Every fault of a declaration: where it is reported and what is said (`faults.txt`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guanlan.engine.scenario import parse_scenario
from tests.engine.scenario.marked import WALLET, assert_problems, changed, problems, unmarked

Case = tuple[str, str, list[str], list[str]]


def cases() -> Iterator[Case]:
    """(what stood there, what stands there now, messages, (start, hint) of conditions)."""
    text = (Path(__file__).parent / "faults.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            assert {line[0] for line in lines} <= set("-+!~"), block
            parts = {sign: [line[1:] for line in lines if line[0] == sign] for sign in "-+!~"}
            yield "\n".join(parts["-"]), "\n".join(parts["+"]), parts["!"], parts["~"]


CASES = list(cases())


@pytest.mark.parametrize(("old", "new", "messages", "conditions"), CASES)
def test_a_fault_is_placed_and_said(
    old: str, new: str, messages: list[str], conditions: list[str]
) -> None:
    marked = changed(old, new)
    if messages:
        assert_problems(marked, *messages)
        return
    text, [place] = unmarked(marked)
    (issue,) = problems(text)
    ((start, hint),) = [condition.split("... ") for condition in conditions]
    assert (issue.line, issue.column) == place
    assert issue.message.startswith(start)
    assert hint in issue.message


def test_a_place_is_counted_from_one_in_characters() -> None:
    (issue,) = problems(changed("zh: IP 地址}, level: 3}", "zh: IP 地址}, level: 9}"))
    assert str(issue) == (
        "bad.yaml:10:51: level of entity kind `ip` must be a whole number from 1 to 4"
    )


@pytest.mark.parametrize("key", ["guanlan", "scenario", "title", "currency", "timezone", "policy"])
def test_a_missing_section_is_said_at_the_start(key: str) -> None:
    lines = WALLET.split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{key}:"))
    end = next((n for n in range(start + 1, len(lines)) if lines[n][:1].strip()), len(lines))
    issues = problems("\n".join(lines[:start] + lines[end:]))
    assert [issue.message for issue in issues] == [f"the scenario has no `{key}`"]


def test_all_problems_are_reported_at_once_and_in_order() -> None:
    text = changed("IP 地址}, level: 3}", "IP 地址}, level: 9}")
    text = changed("agg: avg, of: amount", "agg: avg, of: channel", text)
    text = changed("severity: high", "severity: loud", text)
    text = changed("fallback: review", "fallback: later", text)
    issues = problems(text)
    assert [issue.line for issue in issues] == [10, 36, 61, 82]
    assert sorted(issues, key=lambda issue: (issue.line, issue.column)) == list(issues)


def test_a_file_that_is_nothing_but_problems_is_given_up() -> None:
    issues = problems(WALLET + "\n".join(f"k{number}: 1" for number in range(20_000)))
    assert len(issues) == 1_001
    assert issues[-1].message == "too many problems; reading stops here"


def test_what_refers_to_a_broken_declaration_is_not_reported_again() -> None:
    # `amount` cannot be read; three features and a rule speak of it or of those features.
    assert_problems(
        changed("amount: {type: money", "amount: {type: ▲cash"),
        "type of field `amount` of event type `transfer` must be one of "
        "money, int, number, bool, string, time",
    )
    assert_problems(
        changed("user_out_1h: {title: {en: sent in an hour, zh: 一小时转出}, on: transfer",
                "user_out_1h: {title: {en: sent in an hour, zh: 一小时转出}, on: ▲transfers"),
        "there is no event type `transfers`; did you mean `transfer`?",
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "cvv",
        "cvc",
        "cvv2",
        "cvc2",
        "cav2",
        "cid",
        "pin",
        "pin_block",
        "track",
        "track1",
        "track2",
        "PIN",
        "Track-2",
        "安全码",
        "密码",
        "支付密碼",
        "card_security_code",
        "password",
    ],
)
def test_card_verification_values_pins_and_tracks_cannot_be_declared(name: str) -> None:
    field = "{type: string, level: 4, title: {en: a, zh: b}}"
    marked = changed("      memo: {", f"      ▲{name}: {field}\n      memo: {{")
    assert_problems(
        marked,
        f"field `{name}` of event type `transfer` would hold a card verification value, PIN, "
        "password or track data, which Guanlan never takes; remove it",
    )


@pytest.mark.parametrize("name", ["cvv_result", "tracking", "pinned", "spin", "placid"])
def test_names_that_only_contain_such_words_are_allowed(name: str) -> None:
    field = "{type: string, level: 1, title: {en: a, zh: b}}"
    text = changed("      memo: {", f"      {name}: {field}\n      memo: {{")
    parse_scenario(text, "good.yaml")


def _repeated(section: str, make: str, number: int) -> str:
    lines = "".join(make.replace("%", str(n)) for n in range(number))
    return changed(f"\n{section}:\n", f"\n{section}:\n{lines}")


@pytest.mark.parametrize(
    ("section", "make", "own", "limit"),
    [
        ("events", "  e%: {title: {en: a, zh: b}, entities: {user: required}}\n", 3, 64),
        ("features", "  f%: {title: {en: a, zh: b}, on: login, by: user, agg: is_new}\n",
         9, 512),
        ("rules", ("  - {id: r%, on: login, title: {en: a, zh: b}, when: success, severity: low,"
         " reason: {en: a, zh: b}}\n"), 2, 2000),
    ],
)  # fmt: skip
def test_limits(section: str, make: str, own: int, limit: int) -> None:
    parse_scenario(_repeated(section, make, limit - own), "full.yaml")
    (issue,) = problems(_repeated(section, make, limit - own + 1))
    assert issue.message.startswith(f"at most {limit:,} {section} are allowed, not {limit + 1:,}")
