"""Map files are read completely, and every problem is reported where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from guanlan.engine.backtest import Evaluation, MapError, load_map, parse_map
from guanlan.engine.scenario.model import Outcome

WHOLE = """\
guanlan_map: 1
event: {column: KIND, values: {P: payment, "7": refund}}
id: "tx-{SHOP}-{NUMBER}"
time: {column: WHEN, zone: Asia/Shanghai, format: "%d.%m.%Y %H:%M"}
entities:
  card: "card-{CARD}"
  shop: SHOP
fields:
  amount: {column: AMOUNT, as: money, scale: 2}
  channel: CHANNEL
  at: {column: AT, as: time, unit: ms}
label:
  column: FRAUD
  fraud: [1, "yes"]
  delay: 7d
  source: chargeback
  entities: card
evaluate:
  entity: card
  top: 50
  alert: monitor
  start: 2018-07-04
  costs: {fraud_share: 0.8, review: 200}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(MapError) as caught:
        parse_map(text, "m.yaml")
    return [str(issue) for issue in caught.value.issues]


def test_a_whole_map() -> None:
    found = parse_map(WHOLE, "m.yaml")
    assert found.columns == (
        "SHOP", "NUMBER", "WHEN", "KIND", "CARD", "AMOUNT", "CHANNEL", "AT", "FRAUD",
    )  # fmt: skip
    assert found.event.values == {"P": "payment", "7": "refund"}
    assert found.time.zone == "Asia/Shanghai"
    assert (found.fields["amount"].type, found.fields["amount"].scale) == ("money", 2)
    assert found.fields["channel"].type == "string"
    assert found.fields["at"].unit == "ms"
    assert found.label is not None
    assert found.label.delay == 7 * 86_400_000_000
    assert found.label.fraud == {"1", "yes"}
    assert found.label.entities == ("card",)
    assert not found.label.also_legit
    evaluation = found.evaluation
    assert (evaluation.entity, evaluation.top, evaluation.alert) == ("card", 50, Outcome.monitor)
    assert evaluation.start == 17_716  # days from 1970-01-01 to 2018-07-04
    assert evaluation.costs.fraud_share == 0.8
    assert evaluation.stop == Evaluation().stop


def test_the_shortest_map() -> None:
    found = parse_map("guanlan_map: 1\nevent: payment\nid: ID\ntime: T\n", "m.yaml")
    assert found.columns == ("ID", "T")
    assert found.label is None
    assert found.evaluation == Evaluation()


def test_a_label_names_all_entities_unless_told_otherwise() -> None:
    text = WHOLE.replace("  entities: card\n", "")
    label = parse_map(text, "m.yaml").label
    assert label is not None
    assert label.entities == ("card", "shop")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("guanlan_map: 1", "guanlan_map: 2", "m.yaml:1:14: guanlan_map must be 1"),
        ("guanlan_map: 1\n", "", "m.yaml:1:1: the map has no `guanlan_map`"),
        ("zone: Asia/Shanghai", "zone: Asia/Peking2", "`zone` of time must be an IANA time zone"),
        ("card-{CARD}", "card-{CARD", "m.yaml:6:9: entity `card` must be a column's name"),
        ("as: money", "as: cash", "`as` of field `amount` must be one of"),
        ("scale: 2", "scale: 99", "`scale` of field `amount` must be a whole number from 0 to 9"),
        ("as: time, unit: ms", "as: int, scale: 2", "`scale` of field `at` belongs to `as: money`"),
        ("delay: 7d", "delay: soon", "`delay` of label must be like 90s"),
        ("delay: 7d", "delay: ever", "`delay` of label must be like 90s"),
        ("  entities: card", "  entities: cord", "`entities` of label must be one of"),
        ("start: 2018-07-04", "start: July", "`start` of evaluate must be a day like 2018-07-04"),
        ("top: 50", "top: 0", "`top` of evaluate must be a whole number from 1"),
        ("alert: monitor", "alert: panic", "`alert` of evaluate must be one of"),
        ("source:", "sauce:", "m.yaml:16:3: label has an unknown key `sauce`"),
        ("id: \"tx-{SHOP}-{NUMBER}\"", "id: [1]", "m.yaml:3:5: id must be text"),
    ],
)  # fmt: skip
def test_problems_are_named_where_they_stand(old: str, new: str, expected: str) -> None:
    assert old in WHOLE
    found = problems(WHOLE.replace(old, new))
    assert any(expected in line for line in found), found
    assert all(line.startswith("m.yaml:") for line in found)


def test_all_problems_at_once() -> None:
    text = WHOLE.replace("scale: 2", "scale: x").replace("delay: 7d", "delay: x")
    found = problems(text.replace("top: 50", "top: x"))
    assert len(found) == 3
    assert [int(line.split(":")[1]) for line in found] == [9, 15, 20]


def test_not_yaml_and_not_text(tmp_path: Path) -> None:
    assert "not indented" in problems("guanlan_map: 1\n event: x\n")[0] or problems(
        "guanlan_map: 1\n event: x\n"
    )
    path = tmp_path / "m.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MapError, match="not UTF-8"):
        load_map(path)
    with pytest.raises(FileNotFoundError):
        load_map(tmp_path / "absent.yaml")
