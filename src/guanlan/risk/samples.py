"""Where a measurement is looked at: on the page of its indicator."""

from __future__ import annotations

from django.urls import reverse

from guanlan.risk.models import IndicatorSample


def ref_of(sample: IndicatorSample) -> str:
    """How a measurement is named elsewhere: its indicator and itself."""
    return f"{sample.indicator_id}.{sample.pk}"


def address_of(ref: str) -> str:
    """The address of the indicator of such a name; empty where it is none."""
    key = ref.partition(".")[0]
    return reverse("indicator", args=[int(key)]) if key.isdecimal() else ""
