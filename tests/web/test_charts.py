"""A chart declares what it draws, and says the same in a table."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.template import engines
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM, Subject
from guanlan.web.charts import HEIGHT, WIDTH, Band, Chart, Mark, Series, spark
from guanlan.web.dashboards import Dashboard, Listing, Tile, Tiles

HOURS = Chart(
    id="hours",
    title="Alerts",
    x=["09:00", "10:00"],
    x_title="Hour",
    y="alerts",
    links=["/alerts?h=9", "/alerts?h=10"],
    series=[
        Series(name="high", colour="--bad", data=[1200, None]),
        Series(name="low", colour="--good", data=[3, 4]),
    ],
    marks=[Mark("release", x="10:00"), Mark("limit", y=1000)],
    bands=[Band("tolerated", None, 1000)],
)


def rendered(text: str, **context: object) -> str:
    template = engines["django"].from_string("{% load drawing %}" + text + "{% chart_scripts %}")
    with translation.override("en"):
        return template.render(context, RequestFactory().get("/"))


def test_the_table_says_what_is_drawn() -> None:
    with translation.override("en"):
        table = HOURS.table()
    assert table.head == ["Hour", "high", "low"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["09:00", "1,200", "3"],
        ["10:00", "—", "4"],
    ]
    assert [row[0].link for row in table.rows] == list(HOURS.links)


def test_the_specification_names_thresholds_bands_and_events() -> None:
    spec = HOURS.spec()
    assert spec["marks"] == [
        {"name": "release", "x": "10:00", "y": None},
        {"name": "limit", "x": None, "y": 1000},
    ]
    assert spec["bands"] == [{"name": "tolerated", "low": None, "high": 1000, "token": "--accent"}]
    assert json.loads(json.dumps(spec)) == spec
    assert "stack" not in spec


def test_a_chart_whose_numbers_do_not_fit_its_categories_is_an_error() -> None:
    with pytest.raises(ValueError, match="chart x: 1 values of 2 categories"):
        Chart(id="x", title="", x=["a", "b"], series=[Series(name="", colour="", data=[1])])
    with pytest.raises(ValueError, match="1 links of 2"):
        Chart(id="x", title="", x=["a", "b"], series=[], links=["/"])


def test_points_become_rows_of_their_own() -> None:
    chart = Chart(
        id="roc", title="ROC", points=True, x_title="honest", y="found",
        series=[Series(name="curve", colour="--accent", data=[(0, 0), (0.5, 0.25)])],
    )  # fmt: skip
    with translation.override("en"):
        rows = [[cell.text for cell in row] for row in chart.table().rows]
    assert rows == [["curve", "0", "0"], ["curve", "0.5", "0.25"]]


def test_a_page_with_a_chart_loads_its_scripts_and_one_without_does_not() -> None:
    text = rendered("{% chart one %}", one=HOURS)
    assert text.count("<script src") == 2
    assert "echarts" in text
    assert 'role="img" aria-label="Alerts"' in text
    assert '<th scope="row"><a href="/alerts?h=9">09:00</a></th>' in text
    assert "<script src" not in rendered("nothing")
    blank = Chart(id="none", title="Alerts", series=[], empty="unknown: no alert yet")
    text = rendered("{% chart one %}", one=blank)
    assert "unknown: no alert yet" in text
    assert "<script src" not in text


def test_what_a_chart_says_is_text() -> None:
    nasty = "</script><b>x</b>"
    chart = Chart(id="x", title=nasty, x=[nasty], series=[Series(name=nasty, colour="", data=[1])])
    text = rendered("{% chart one %}", one=chart)
    assert "<b>" not in text


@given(st.lists(st.none() | st.integers(-(10**9), 10**9), max_size=60))
def test_a_sparkline_stays_within_its_box_and_breaks_at_the_unknown(
    values: list[int | None],
) -> None:
    drawn = spark(values)
    runs = "".join("." if value is None else "v" for value in values).split(".")
    assert len(drawn.paths) == len([run for run in runs if run])
    for path in drawn.paths:
        for pair in path.removeprefix("M").split("L"):
            x, y = map(float, pair.split())
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    assert (drawn.last is None) == (not values or values[-1] is None)


def test_a_sparkline_has_words_and_no_style() -> None:
    text = rendered("{% sparkline values 'alerts by day' %}", values=[1, 2, None, 3])
    assert 'aria-label="alerts by day"' in text
    assert "style" not in text
    assert text.count("<path") == 2


def board() -> tuple[Dashboard[SimpleNamespace], list[str]]:
    made: list[str] = []
    dashboard: Dashboard[SimpleNamespace] = Dashboard(even_rows=frozenset({2}))

    @dashboard.panel(row=2, noun="fraud.decision")
    def chart(look: SimpleNamespace) -> Chart:
        made.append("chart")
        return HOURS

    @dashboard.panel(row=1, noun="fraud.decision")
    def numbers(look: SimpleNamespace) -> Tiles:
        made.append("numbers")
        return Tiles([Tile(label="Open", value=str(look.open), link="/alerts", trend=[1, 2])])

    @dashboard.panel(row=2, noun="fraud.decision")
    def listing(look: SimpleNamespace) -> Listing:
        return Listing(
            id="l", title="Newest", body="web/error.html", context={}, filled=False, empty="None."
        )

    return dashboard, made


def test_a_dashboard_draws_its_rows_in_order() -> None:
    dashboard, made = board()
    rows = dashboard.draw(SimpleNamespace(open=7), SYSTEM)
    assert made == ["numbers", "chart"]
    assert [(row.tiles, row.even, len(row.panels)) for row in rows] == [
        (True, False, 1),
        (False, True, 2),
    ]
    text = rendered("{% include 'web/panels.html' %}", rows=rows)
    assert 'href="/alerts"' in text
    assert 'class="spark"' in text
    assert "None." in text
    assert text.index("Open") < text.index("Newest")


def test_what_one_may_not_see_is_not_even_computed() -> None:
    dashboard, made = board()
    assert dashboard.draw(SimpleNamespace(open=7), Subject(id=1, name="nobody")) == []
    assert made == []
