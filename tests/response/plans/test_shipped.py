"""Plans that come with the platform: each is sound, whole, in three languages, installed once."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.response.models import Plan, PlanVersion
from guanlan.response.plans.cacao import LANGUAGES, If, Manual, Parallel, Start, Step, Text
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.cacao_read import read
from guanlan.response.plans.cacao_write import to_json
from guanlan.response.plans.first_start import install_plans
from guanlan.response.plans.flow import Seen, ahead
from guanlan.response.plans.reading import known
from guanlan.response.plans.shipped import SHIPPED, Shipped
from guanlan.response.terms import CATEGORIES
from tests.response.plans.conftest import NOW, someone

NAMES = [one.key for one in SHIPPED]
WANTED = {
    "account_takeover", "payment_outage", "data_leak", "ransomware", "ddos", "third_party",
    "fraud_ring", "mass_complaint", "reputation_crisis", "compliance_breach",
}  # fmt: skip


def test_each_emergency_has_its_plan() -> None:
    assert set(NAMES) == WANTED
    assert {one.category for one in SHIPPED} == set(CATEGORIES)


def texts_of(step: Step) -> list[Text]:
    found = [step.name]
    if isinstance(step, Manual):
        found.append(step.instruction)
    return found


@pytest.mark.parametrize("shipped", SHIPPED, ids=NAMES)
def test_it_is_sound_and_whole(shipped: Shipped) -> None:
    plan = shipped.playbook
    for language in LANGUAGES:
        with translation.override(language):
            assert check(plan, known()) == []
    assert read(to_json(plan)) == (plan, [])
    manual = [step for step in plan.steps if isinstance(step, Manual)]
    assert len(manual) >= 8
    assert any(isinstance(step, If | Parallel) for step in plan.steps)
    assert len({step.role for step in manual}) >= 4, "more than one desk has its part"
    assert len({step.limit for step in manual}) >= 3, "times that were thought about"
    asked = {name for step in manual for name in step.asks}
    assert asked == {one.name for one in plan.variables}, "what conditions need is recorded"
    assert {"review"} <= {step.name.en.lower().split()[0] for step in manual}
    # Whole in three languages; the two Chinese texts are not the same characters.
    for text in [plan.name, plan.description, *(one.text for one in plan.variables)] + [
        text for step in plan.steps for text in texts_of(step) if step.name != Text()
    ]:
        assert text.en
        assert text.en.isascii() or "’" in text.en
        assert text.zh_hans
        assert text.zh_hant
        assert not text.zh_hans.isascii()
    long = [t for step in manual for t in [step.instruction]]
    assert all(text.zh_hans != text.zh_hant for text in long)
    assert all(len(text.en) > 80 for text in long), "concrete enough to act on"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHIPPED), st.data())
def test_it_comes_to_its_end_by_every_way(shipped: Shipped, data: st.DataObject) -> None:
    plan = shipped.playbook
    steps = plan.by_id()
    seen: dict[str, Seen] = {}
    while not (now := ahead(plan, seen)).ended:
        assert now.next, "it stands still"
        one = data.draw(st.sampled_from(now.next))
        fork = isinstance(steps[one], If)
        outcome = str(data.draw(st.booleans())).lower() if fork else ""
        seen[one] = Seen("done", outcome)
    done = [steps[one] for one in seen]
    assert isinstance(done[0], Start)
    assert any(step.name.en == "Review and lessons" for step in done)


@pytest.mark.django_db
def test_they_are_in_force_with_the_first_start_and_left_alone_after_it() -> None:
    assert install_plans(NOW) == 10
    assert Plan.objects.exclude(current=None).count() == 10
    assert PlanVersion.objects.filter(state="approved", author=None).count() == 10
    Plan.objects.filter(shipped="ddos").update(name="Ours now", retired=NOW)
    assert install_plans(NOW) == 0
    assert Plan.objects.get(shipped="ddos").name == "Ours now"
    assert someone("operations").id is not None
