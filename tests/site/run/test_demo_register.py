"""The demo's register: ten risks of the example file, open, with numbers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import Organisation
from guanlan.risk.models import LossEvent, Risk, RiskSettings
from guanlan.risk.register.reading import quant_risk
from guanlan.site.cli.risk_file import load_risks
from guanlan.site.run.risks import write_risks
from tests.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC)
FILE = Path(__file__).parents[3] / "examples/risks/wallet.yaml"


@pytest.mark.parametrize("currency", ["", "CNY"])  # a fresh demo has said none
def test_the_register_says_what_the_file_says(currency: str) -> None:
    person("owner")
    Organisation.objects.update_or_create(id=1, defaults={"currency": currency})
    file = load_risks(FILE)
    assert write_risks(file.said, NOW) == 10
    assert write_risks(file.said, NOW) == 0
    rows = Risk.objects.order_by("code")
    assert {row.state for row in rows} == {"open"}
    for row, wanted in zip(rows, file.risks.risks, strict=True):
        found = quant_risk(row.parameters.get())
        assert (found.severity, found.group) == (wanted.severity, wanted.group)
    settings = RiskSettings.objects.order_by("-version")[0]
    assert settings.shocks["processor_outage"]["hits"]["R-004"] == 0.9
    assert LossEvent.objects.filter(state="proposed").count() == 1
