"""A history gives the same events whatever file they stand in, each label when it was known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.engine.backtest import HistoryError, Record, open_history, parse_map
from guanlan.engine.simulate import write_parquet

MAP = parse_map(
    """\
guanlan_map: 1
event: {column: KIND, values: {P: payment, R: refund}}
id: "tx-{ID}"
time: WHEN
entities: {card: "card-{CARD}", shop: SHOP}
fields:
  amount: {column: AMOUNT, as: money, scale: 2}
  note: NOTE
label: {column: FRAUD, fraud: [1], delay: 2h, source: bank, entities: [card]}
""",
    "map.yaml",
)

COLUMNS = ("ID", "WHEN", "KIND", "CARD", "SHOP", "AMOUNT", "NOTE", "FRAUD")
T0 = dt.datetime(2018, 7, 4, 10, 0, 0)


def row(number: int, minutes: int, fraud: int | None = 0, **other: Any) -> dict[str, Any]:
    cells = {
        "ID": number,
        "WHEN": T0 + dt.timedelta(minutes=minutes),
        "KIND": "P",
        "CARD": 7,
        "SHOP": "s-1",
        "AMOUNT": 12.34,
        "NOTE": None,
        "FRAUD": fraud,
    }
    return {**cells, **other}


def write(path: Path, table: list[dict[str, Any]]) -> Path:
    frame = pl.DataFrame(table, schema_overrides={"NOTE": pl.String, "FRAUD": pl.Int64})
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in table) + b"\n")
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
def test_a_row_becomes_a_wire_event(tmp_path: Path, suffix: str) -> None:
    table = [row(1, 0, 1), row(2, 5, AMOUNT=0.5, NOTE="午饭", KIND="R", CARD=None)]
    history = open_history(write(tmp_path / f"h{suffix}", table), MAP)
    assert history.total == 2
    first, second, label = list(history)
    assert msgspec.json.decode(first.body) == {
        "id": "tx-1",
        "type": "payment",
        "time": "2018-07-04T10:00:00.000000Z",
        "entities": {"card": "card-7", "shop": "s-1"},
        "fields": {"amount": 1234},
    }
    assert msgspec.json.decode(second.body) == {
        "id": "tx-2",
        "type": "refund",
        "time": "2018-07-04T10:05:00.000000Z",
        "entities": {"shop": "s-1"},
        "fields": {"amount": 50, "note": "午饭"},
    }
    assert msgspec.json.decode(label.body) == {
        "id": "label-tx-1",
        "type": "label",
        "time": "2018-07-04T12:00:00.000000Z",
        "entities": {"card": "card-7"},
        "fields": {"target": "tx-1", "value": "fraud", "source": "bank"},
    }
    for item in (first, second, label):
        wire = msgspec.json.decode(item.body)
        assert (item.id, item.type) == (wire["id"], wire["type"])
        assert (item.entities, item.fields) == (wire["entities"], wire["fields"])


def test_all_formats_give_the_same_bytes(tmp_path: Path) -> None:
    table = [row(n, n * 7, n % 3 == 0, AMOUNT=n / 100, NOTE="x") for n in range(50)]
    for line in table:
        line["FRAUD"] = int(line["FRAUD"])
    found = [
        [item.body for item in open_history(write(tmp_path / name, table), MAP)]
        for name in ("h.parquet", "h.csv", "h.ndjson", "h.jsonl")
    ]
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) == 50 + 17


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=25))
def test_time_order_and_labels_only_when_known(
    tmp_path: Path, drawn: list[tuple[int, bool]]
) -> None:
    table = [row(n, minutes, int(fraud)) for n, (minutes, fraud) in enumerate(drawn)]
    path = write(tmp_path / "h.csv", table or [row(0, 0)])
    if not table:
        return
    items = list(open_history(path, MAP))
    times = [item.time for item in items]
    assert times == sorted(times)
    place = {item.id: n for n, item in enumerate(items)}
    assert len(place) == len(items)
    ordered = sorted(range(len(drawn)), key=lambda n: (drawn[n][0], n))
    events = [item.id for item in items if item.type != "label"]
    assert events == [f"tx-{n}" for n in ordered], "equal times keep the order of the file"
    for n, (_, fraud) in enumerate(drawn):
        label = f"label-tx-{n}"
        assert (label in place) == fraud
        if fraud:
            known = items[place[f"tx-{n}"]].time + 2 * 3_600_000_000
            assert items[place[label]].time == known
            before = [i for i in items[: place[label]] if i.type != "label"]
            after = [i for i in items[place[label] :] if i.type != "label"]
            assert all(item.time < known for item in before)
            assert all(item.time >= known for item in after)


def test_also_legit(tmp_path: Path) -> None:
    text = "guanlan_map: 1\nevent: payment\nid: ID\ntime: WHEN\n"
    text += "label: {column: FRAUD, fraud: [1], delay: 1h, also_legit: true}\n"
    path = write(tmp_path / "h.parquet", [row(1, 0, 1), row(2, 1, 0), row(3, 2, None)])
    labels = [i for i in open_history(path, parse_map(text, "m")) if i.type == "label"]
    assert [(i.fields["target"], i.fields["value"]) for i in labels] == [
        ("1", "fraud"),
        ("2", "legit"),
    ]


def test_reading_again_gives_the_same(tmp_path: Path) -> None:
    history = open_history(write(tmp_path / "h.csv", [row(1, 5, 1), row(2, 0)]), MAP)
    assert list(history) == list(history)


def problem(path: Path, labels: Path | None = None) -> HistoryError:
    with pytest.raises(HistoryError) as caught:
        list(open_history(path, MAP, labels))
    return caught.value


@pytest.mark.parametrize(
    ("change", "column", "what"),
    [
        ({"AMOUNT": "1O.5"}, "AMOUNT", "expected an amount"),
        ({"WHEN": "yesterday"}, "WHEN", "expected a time like"),
        ({"WHEN": ""}, "WHEN", "expected a time, the cell is empty"),
        ({"ID": ""}, "tx-{ID}", "expected an id, a cell is empty"),
        ({"KIND": "Z"}, "KIND", "expected one of P, R"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(
    tmp_path: Path, change: dict[str, str], column: str, what: str
) -> None:
    table = [{k: str(v) for k, v in row(n, n, 0, NOTE="").items()} for n in range(3)]
    table[1].update(change)
    path = write(tmp_path / "h.csv", table)
    error = problem(path)
    assert (error.place, error.column) == ("line 3", column)
    assert what in error.what
    assert str(error).startswith(f"{path}: line 3, column {column}: ")
    assert all(value not in str(error) for value in change.values() if value and value != "Z")
    if column != "WHEN":
        assert problem(write(tmp_path / "h.parquet", table)).place == "row 2"


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    table = [{k: v for k, v in row(1, 0).items() if k != "CARD"}]
    for name in ("h.parquet", "h.csv", "h.ndjson"):
        error = problem(write(tmp_path / name, table))
        assert error.column == "CARD"
        if name != "h.ndjson":
            assert "AMOUNT, FRAUD, ID" in error.what


def test_files_that_are_not_what_their_name_says(tmp_path: Path) -> None:
    (tmp_path / "h.parquet").write_bytes(b"no")
    assert "not a readable Parquet file" in problem(tmp_path / "h.parquet").what
    (tmp_path / "h.xlsx").write_bytes(b"no")
    assert "expected a .parquet, .csv" in problem(tmp_path / "h.xlsx").what
    (tmp_path / "h.csv").write_bytes(",".join(COLUMNS).encode() + b"\n1,2\n")
    assert "expected 8 cells, found 2" in problem(tmp_path / "h.csv").what
    (tmp_path / "h.csv").write_bytes(",".join(COLUMNS).encode() + b"\n\xff,2\n")
    assert "UTF-8" in problem(tmp_path / "h.csv").what
    (tmp_path / "h.ndjson").write_bytes(b"{}\n[1]\n")
    assert problem(tmp_path / "h.ndjson").place in ("line 1", "line 2")
    with pytest.raises(FileNotFoundError):
        open_history(tmp_path / "absent.parquet", MAP)
    with pytest.raises(HistoryError, match="without a map"):
        open_history(tmp_path / "h.csv")


# -- wire events -------------------------------------------------------------------------------


def wire(number: int, time: str | int) -> bytes:
    event = {"id": f"e-{number}", "type": "payment", "time": time, "fields": {"amount": 5}}
    return msgspec.json.encode({**event, "entities": {"card": "c-1"}})


def test_wire_events_keep_their_bytes_and_are_put_in_order(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    late, early = wire(1, "2018-07-04T10:00:00+02:00"), wire(2, 1_530_000_000_000)
    path.write_bytes(late + b"\n\n  " + early + b" \r\n")
    history = open_history(path)
    assert history.total == 2
    items = list(history)
    assert [item.body for item in items] == [early, late]
    assert items[1].time == 1_530_691_200_000_000
    assert items[0].time == 1_530_000_000_000_000
    assert isinstance(items[0], Record)
    assert items[0].entities == {"card": "c-1"}


@pytest.mark.parametrize("body", [b"{}", b"nonsense", b"[1]", b'{"id":1}', wire(1, "noon")])
def test_a_bad_wire_event_is_named_by_line(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(wire(1, 5) + b"\n" + body + b"\n")
    with pytest.raises(HistoryError) as caught:
        list(open_history(path))
    assert caught.value.place == "line 2"


# -- labels of their own -------------------------------------------------------------------------


def test_labels_from_their_own_file(tmp_path: Path) -> None:
    events = tmp_path / "e.ndjson"
    hours = [f"2018-07-04T{h:02}:00:00Z" for h in range(4)]
    events.write_bytes(b"\n".join(wire(n, time) for n, time in enumerate(hours)))
    labels = tmp_path / "complaints.csv"
    labels.write_text(
        "event_id,label,known_at\n"
        "e-0,fraud,2018-07-04T02:30:00Z\n"
        "e-0,legit,2018-07-05T00:00:00Z\n"
        "e-1,1,2018-07-04T03:00:00Z\n"
        "e-9,fraud,2018-07-04T03:00:00Z\n"
    )
    items = list(open_history(events, labels=labels))
    assert [item.id for item in items] == [
        "e-0", "e-1", "e-2", "label-e-0", "label-e-1", "e-3", "label-e-0-2",
    ]  # fmt: skip
    assert items[3].fields == {"target": "e-0", "value": "fraud", "source": "complaints"}
    assert items[3].entities == {"card": "c-1"}
    assert items[6].fields["value"] == "legit"


@pytest.mark.parametrize(
    ("line", "column"),
    [(",fraud,2018-07-04", "event_id"), ("e,maybe,2018-07-04", "label"), ("e,1,", "known_at")],
)
def test_a_bad_label_is_named(tmp_path: Path, line: str, column: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(f"event_id,label,known_at\n{line}\n")
    events = tmp_path / "e.ndjson"
    events.write_bytes(wire(1, 5))
    with pytest.raises(HistoryError) as caught:
        open_history(events, labels=path)
    assert (caught.value.place, caught.value.column) == ("line 2", column)


def test_a_simulated_world_needs_no_map(tmp_path: Path) -> None:
    path = tmp_path / "world.parquet"
    write_parquet(path, 3000, 1, 1_790_000_000_000_000, 20.0, share=0.2)
    frame = pl.read_parquet(path)
    history = open_history(path)
    items = list(history)
    assert history.total == 3000
    events = [item for item in items if item.type != "label"]
    assert [item.id for item in events] == frame["event_id"].to_list()
    assert [item.time // 1000 for item in events] == [t // 1000 for t in frame["time"]]
    targets = {item.fields["target"] for item in items if item.type == "label"}
    assert targets <= set(frame.filter("is_fraud")["event_id"])
    assert targets
    assert [item.time for item in items] == sorted(item.time for item in items)
    other = tmp_path / "other.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    with pytest.raises(HistoryError, match="needs a map"):
        open_history(other)
