"""YAML that is not a scenario: each fault has its line, its column and one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from guanlan.engine.scenario import (
    ScenarioError,
    canonical,
    document,
    from_canonical,
    load_scenario,
    parse_scenario,
)
from guanlan.engine.scenario.environment import names
from tests.engine.scenario.marked import WALLET, assert_problems, changed, problems, unmarked


@pytest.fixture(params=["libyaml", "python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers of PyYAML: where libyaml is missing, the same places are reported."""
    name: str = request.param
    if name == "python":
        monkeypatch.setattr(document, "_LOADER", yaml.SafeLoader)
    else:
        assert yaml.__with_libyaml__
    return name


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("a: 1\n▲\tb: x\n", "a tab stands in the indentation, where YAML wants spaces"),
        ("a: {b: &x [▲*x]}\n",
         "this alias stands inside the value that it repeats"),
        ("a: ▲*nothing\n", "this alias names an anchor that does not exist above it"),
        ("a: 1\n▲a: 2\n", "the key `a` stands twice, first on line 1"),
        ('a: 1\n▲"a": 2\n', "the key `a` stands twice, first on line 1"),
        ("a: ▲!!python/object:os.system x\n",
         "tags such as `tag:yaml.org,2002:python/object:os.system` are not used in scenario files"),
        ("a: ▲!secret {b: c}\n", "tags such as `!secret` are not used in scenario files"),
        ("a: &x {b: 1}\nc: {▲<<: *x}\n", "merge keys (`<<`) are not used in scenario files"),
        ("▲[1]: a\n", "a key must be a plain word, not a list or a mapping"),
        ("a: 1\n▲---\nb: 2\n", "a scenario file holds one document, and here starts another"),
        ("a: 1\nb: c▲: d\n",
         "a `:` cannot stand here; quote the text if the colon belongs to it"),
        ("a: ▲\x00\n", "the character U+0000 may not stand in a scenario file"),
        ("a: x▲\x07y\n", "the character U+0007 may not stand in a scenario file"),
        ("a: x▲\u2028y\n", "the character U+2028 may not stand in a scenario file"),
        ("▲- a\n- b\n", "a scenario file is a mapping that starts with `guanlan: 1`"),
        ("▲just words\n", "a scenario file is a mapping that starts with `guanlan: 1`"),
        ("▲", "a scenario file is a mapping that starts with `guanlan: 1`"),
        ("▲# nothing but a remark\n", "a scenario file is a mapping that starts with `guanlan: 1`"),
    ],
)  # fmt: skip
def test_broken_yaml_is_placed(marked: str, message: str) -> None:
    assert_problems(marked, message)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["a: [1, 2\n", "a: 'b\n", "a:\n    b: 1\n  c: 2\n", "a: {b\n: }]"])
def test_other_broken_yaml_is_one_problem_inside_the_text(text: str) -> None:
    (issue,) = problems(text)
    assert 1 <= issue.line <= text.count("\n") + 1
    assert issue.message


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_ten_thousand_nested_brackets_are_refused_at_the_first_that_is_too_deep(
    opening: str,
) -> None:
    (issue,) = problems("a: " * (opening != "- ") + opening * 10_000)
    assert issue.line == 1
    assert issue.message in (
        f"values are nested deeper than {document.MAX_DEPTH} levels here",
        "this is not YAML: Maximum nesting level reached, set with yaml_set_max_nest_level())",
    )


@pytest.mark.usefixtures("loader")
def test_an_alias_bomb_is_counted_and_not_expanded() -> None:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 30)]
    (issue,) = problems("\n".join(lines))
    assert issue.message == f"the file holds more than {document.MAX_NODES:,} values"


def test_a_file_over_one_mebibyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("# " + "x" * (1 << 20), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value) == f"{path}:1:1: the file is larger than 1,048,576 bytes"
    assert [issue.message for issue in problems("#" + "猫" * (1 << 19))] == [
        "the file is larger than 1,048,576 bytes"
    ]


def test_a_file_that_is_missing_or_a_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.yaml:1:1: the file cannot be read: No such"):
        load_scenario(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match=r":1:1: the file cannot be read: Is a directory"):
        load_scenario(tmp_path)


def test_bytes_that_are_not_utf8_are_placed(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yaml"
    path.write_bytes("guanlan: 1\r\nscenario: 包\r\n".encode("gbk"))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value) == f"{path}:2:11: the file is not UTF-8 text here"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + WALLET.replace("\n", "\r\n").encode())
    assert load_scenario(path) == parse_scenario(WALLET, "wallet.yaml")
    text, places = unmarked(changed("currency: CNY", "currency: ▲XXX"))
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert [(i.line, i.column) for i in caught.value.issues] == places


@pytest.mark.usefixtures("loader")
def test_both_parsers_read_the_same_scenario() -> None:
    assert parse_scenario(WALLET, "a").digest == parse_scenario(WALLET, "b").digest


def test_an_alias_repeats_a_value() -> None:
    text = changed("user: {title: {en: customer", "user: {title: &customer {en: customer")
    text = changed("trusted: {title: {en: trusted customers, zh: 信任客户}",
                   "trusted: {title: *customer", text)  # fmt: skip
    scenario = parse_scenario(text, "alias.yaml")
    assert {spec.name: spec.title.en for spec in scenario.lists}["trusted"] == "customer"


def test_a_role_is_called_by_its_own_title_where_it_has_one() -> None:
    scenario = parse_scenario(
        (Path(__file__).parents[3] / "examples" / "wallet" / "scenario.yaml").read_text("utf-8"),
        "wallet.yaml",
    )
    payee = names(scenario, "transfer", str).names["payee"]
    assert [payee.title.get(lang) for lang in ("en", "zh-Hans", "zh-Hant")] == [
        "payee", "收款人", "收款人",
    ]  # fmt: skip
    assert names(scenario, "label", str).names["payee"].title == payee.title
    assert from_canonical(canonical(scenario)) == scenario
