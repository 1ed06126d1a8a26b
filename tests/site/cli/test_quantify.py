"""`guanlan quantify`: a risk file in, a table or JSON out; a bad one is answered with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from guanlan.quant import Portfolio
from guanlan.site.cli.quantify import quantify
from guanlan.site.cli.risk_file import RiskFileError, load_risks, parse_risks
from guanlan.site.cli.verbs import run

EXAMPLE = Path(__file__).parents[3] / "examples" / "risks" / "wallet.yaml"
GOOD = """\
guanlan_risks: 1
currency: CNY
risks:
  one:
    frequency: {interval: [1, 4]}
    severity: {lognormal: {interval: [1000, 90000]}}
  two:
    frequency: {rate: 2}
    severity: {pert: {least: 100, mode: 200, most: 900}}
"""


def test_the_example_is_quantified_for_people() -> None:
    result = CliRunner().invoke(quantify, [str(EXAMPLE), "--draws", "20"])
    assert result.exit_code == 0, result.output
    assert "VaR 99.9" in result.output
    assert "Account takeover" in result.output
    assert "not regulatory capital" in result.output


def test_json_can_be_computed_again_to_the_byte() -> None:
    runs = [CliRunner().invoke(quantify, [str(EXAMPLE), "--json", "--draws", "20"])] * 2
    runs.append(CliRunner().invoke(quantify, [str(EXAMPLE), "--json", "--draws", "20"]))
    assert runs[0].output == runs[2].output
    told = json.loads(runs[0].output)
    portfolio = Portfolio(load_risks(EXAMPLE).risks)
    assert told["digest"] == portfolio.digest
    assert told["complete"] is True
    assert told["tails"][1]["var"] == round(portfolio.quantiles()[1])
    parts = told["contributions"]["risks"]
    assert sum(part["tvar"] for part in parts) == pytest.approx(told["tails"][1]["tvar"], rel=1e-6)
    assert told["interval"]["expected"][0] < told["expected"] < told["interval"]["expected"][1]


def edited(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


BAD = {
    "interval upside down": (
        edited("[1000, 90000]", "[90000, 1000]"),
        6,
        "severity.lognormal.interval",
        "upside down",
    ),
    "frequency upside down": (
        edited("[1, 4]", "[4, 1]"),
        5,
        "risks.one.frequency.interval",
        "upside down",
    ),
    "severity zero": (edited("[1000, 90000]", "[0, 90000]"), 6, "interval[0]", "above zero"),
    "severity negative": (edited("[1000, 90000]", "[-5, 90000]"), 6, "interval[0]", "above zero"),
    "severity a fraction": (
        edited("[1000, 90000]", "[10.5, 90000]"),
        6,
        "interval[0]",
        "whole minor units",
    ),
    "severity too large": (edited("90000", "9" * 19), 6, "interval[1]", "minor units"),
    "frequency unknown": (edited("{rate: 2}", "{}"), 8, "risks.two.frequency", "events a year"),
    "frequency empty": (edited("{rate: 2}", ""), 8, "risks.two.frequency", "empty"),
    "frequency absent": (
        edited("    frequency: {rate: 2}\n", ""),
        8,
        "risk `two`",
        "no `frequency`",
    ),
    "frequency not a number": (edited("rate: 2", "rate: .nan"), 8, "frequency.rate", "a number"),
    "frequency negative": (edited("rate: 2", "rate: -2"), 8, "frequency.rate", "zero or above"),
    "both ways": (edited("{rate: 2}", "{rate: 2, interval: [1, 2]}"), 8, "frequency", "either"),
    "currency mixed": (
        edited("    frequency: {rate: 2}", "    currency: EUR\n    frequency: {rate: 2}"),
        8,
        "risks.two.currency",
        "one currency",
    ),
    "currency none": (edited("CNY", "yuan"), 2, "currency", "CNY"),
    "outside the bounds": (
        edited("most: 900}", "most: 900, interval: [50, 800]}"),
        9,
        "severity.pert.interval",
        "outside",
    ),
    "mode outside": (edited("mode: 200", "mode: 1000"), 9, "severity.pert.mode", "between"),
    "two severities": (
        edited("{pert: {", "{losses: {amounts: [5, 6]}, pert: {"),
        9,
        "severity",
        "one of",
    ),
    "unknown key": (edited("rate: 2", "rat: 2"), 8, "rat", "rate"),
    "group unknown": (
        edited("    frequency: {rate: 2}", "    group: none\n    frequency: {rate: 2}"),
        8,
        "group",
        "name of a group",
    ),
    "not this kind": (edited("guanlan_risks: 1", "guanlan: 1"), 1, "guanlan", "guanlan_risks"),
    "known rate that learns": (
        edited("{rate: 2}", "{rate: 2, observed: {events: 1, years: 1}}"),
        8,
        "frequency",
        "learns nothing",
    ),
    "no years": (
        edited("[1, 4]}", "[1, 4], observed: {events: 1, years: 0}}"),
        5,
        "observed.years",
        "above zero",
    ),
    "insurance of more than all": (
        edited(
            "    severity: {pert", "    insurance: {deductible: 5, share: 2}\n    severity: {pert"
        ),
        9,
        "risks.two.insurance.share",
        "at most 1",
    ),
    "a year insured that is not independent": (
        edited("risks:\n", "frailty: 0.1\nrisks:\n").replace(
            "    severity: {pert", "    year_insurance: {deductible: 5}\n    severity: {pert"
        ),
        10,
        "risks.two.year_insurance",
        "without group",
    ),
    "no risks": ("guanlan_risks: 1\ncurrency: CNY\nrisks: {}\n", 3, "risks", "a risk at least"),
    "not yaml": ("guanlan_risks: 1\n\trisks: {}\n", 2, "tab", "spaces"),
    "a list": ("- 1\n", 1, "risk file", "guanlan_risks: 1"),
}


@pytest.mark.parametrize(("text", "line", "field", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_answered_with_line_field_and_what_was_expected(
    text: str,
    line: int,
    field: str,
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "risks.yaml"
    file.write_text(text)
    assert run(["quantify", str(file)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(f"guanlan: {file}:{line}:"), told
    assert field in told
    assert expected in told


def test_every_problem_is_kept() -> None:
    text = edited("[1, 4]", "[4, 1]").replace("mode: 200", "mode: 1000")
    with pytest.raises(RiskFileError) as found:
        parse_risks(text, "x.yaml")
    assert [issue.line for issue in found.value.issues] == [5, 9]
