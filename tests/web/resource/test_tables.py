"""Tables of panels."""

from __future__ import annotations

from django.template.loader import render_to_string


def test_a_table_of_many_columns_says_beside_each_cell_what_it_is() -> None:
    heads = ["Year", "Checked", "Source", "Checked by"]
    shown = render_to_string(
        "web/resource/table.html", {"heads": heads, "rows": [[2026, "yes", "Notice 1", "ann"]]}
    )
    assert "rows listing" in shown
    for head, value in zip(heads, ("2026", "yes", "Notice 1", "ann"), strict=True):
        assert f'<td data-label="{head}"><span>{value}</span></td>' in shown


def test_a_table_of_few_columns_stays_a_table_and_may_have_no_heads() -> None:
    shown = render_to_string("web/resource/table.html", {"rows": [["1", "a"]]})
    assert '<table class="rows">' in shown
    assert "<td>1</td><td>a</td>" in shown
