"""What is shown of decisions at a glance, panel by panel."""

from __future__ import annotations

from functools import cached_property

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import figures, words
from guanlan.fraud.figures import Count, LogState, Window
from guanlan.fraud.showing import Shower, decisions_url
from guanlan.fraud.templatetags.fraud import latency
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Dashboard, Listing, Tile, Tiles
from guanlan.web.templatetags.console import compact_money, number, percent

SEVERE_ROWS = 9
RULE_ROWS = 10
IN_MILLISECONDS = 5000  # microseconds from which the axis is in milliseconds
NONE = Count(0, 0)


class Look:
    """A window of time as these figures look at it; what no panel asks for is not read."""

    def __init__(self, span: Window, shower: Shower, subject: Subject) -> None:
        self.span = span
        self.shower = shower
        self.subject = subject
        self._single = may(subject, "see", "fraud.decision")

    def list_of(self, query: str) -> str:
        """The address of the decisions behind a number; none for who may not see them."""
        return decisions_url(query) if self._single else ""

    @cached_property
    def when(self) -> str:
        """The window as a condition of the list's filter."""
        return since(self.span)

    @cached_property
    def labels(self) -> list[str]:
        return day_labels(self.span)

    @cached_property
    def log(self) -> LogState:
        return figures.log_state()

    @property
    def waiting(self) -> str:
        """How many decisions wait for a person; a stroke for who may see no decision."""
        if not self._single:
            return "—"
        return number(figures.waiting_for_review(self.span, self.subject))

    @cached_property
    def bars(self) -> dict[int, dict[int, Count]]:
        return figures.outcomes_by_bar(self.span, self.subject)

    @cached_property
    def histograms(self) -> dict[int, dict[int, int]]:
        return figures.latency_by_bar(self.span, self.subject)

    @cached_property
    def totals(self) -> dict[int, Count]:
        """Decisions and amounts by outcome."""
        totals: dict[int, Count] = {}
        for bar in self.bars.values():
            for outcome, count in bar.items():
                before = totals.get(outcome, NONE)
                totals[outcome] = Count(
                    before.decisions + count.decisions, before.amount + count.amount
                )
        return totals

    @property
    def decisions(self) -> int:
        return sum(count.decisions for count in self.totals.values())


FIGURES = Dashboard[Look]()


def since(span: Window) -> str:
    """The window as a condition of the list's filter."""
    text = f"after:{figures.local_text(span.first)}"
    return f"{text} before:{figures.local_text(span.end)}" if span.stale else text


def day_labels(span: Window) -> list[str]:
    """What stands under each bar: the time, with the day where the window has several."""
    form = "%H:%M" if span.hours <= 24 else "%m-%d %H:%M"
    return [f"{figures.local(bar):{form}}" for bar in span.bars]


@FIGURES.panel(row=1, noun="fraud.figures")
def numbers(look: Look) -> Tiles:
    """The numbers first; each leads to what makes it up."""
    totals, log = look.totals, look.log
    histogram = figures.merged(look.histograms.values())
    stopped = [totals.get(int(outcome), NONE) for outcome in figures.STOPPED]
    approved = totals.get(int(Outcome.approve), NONE).decisions
    if log.reason:
        state = _("unreadable")
    else:
        state = filesizeformat(log.behind) if log.behind else _("up to date")
    return Tiles(
        [
            Tile(
                label=_("Decisions"),
                value=number(look.decisions),
                note=_("%(share)s approved") % {"share": percent(approved / look.decisions)}
                if look.decisions
                else "—",
                link=look.list_of(look.when),
            ),
            Tile(
                label=_("Value stopped"),
                value=compact_money(sum(c.amount for c in stopped), look.shower.currency),
                note=_("%(n)s held or declined") % {"n": sum(c.decisions for c in stopped)},
                link=look.list_of(f"outcome:>=hold {look.when}"),
            ),
            Tile(
                label=_("To review"),
                value=look.waiting,
                note=_("without a label"),
                link=look.list_of(f"outcome:review {look.when}"),
            ),
            Tile(
                label=_("Decided within (p99)"),
                value=latency(figures.quantile(histogram, 0.99)),
                note=_("half within %(p50)s") % {"p50": latency(figures.quantile(histogram, 0.5))},
                link="#latency",
            ),
            Tile(
                label=_("Log and projection"),
                value=state,
                note=_("not yet projected")
                if log.behind
                else _("%(n)s events in all") % {"n": number(log.events)},
                link=reverse("health"),
                state="bad" if log.reason else "",
            ),
        ]
    )


@FIGURES.panel(row=2, noun="fraud.figures")
def outcomes(look: Look) -> Chart:
    """Decisions over time, stacked by outcome; a bar links to its decisions."""
    span, bars = look.span, look.bars
    present = sorted({outcome for bar in bars.values() for outcome in bar})
    return Chart(
        id="outcomes",
        title=_("Decisions by outcome"),
        x=look.labels,
        y=_("decisions"),
        stacked=True,
        whole=True,
        zoom=True,
        links=[
            look.list_of(
                f"after:{figures.local_text(bar)} before:{figures.local_text(bar + span.bar)}"
            )
            for bar in span.bars
        ],
        series=[
            Series(
                name=str(words.OUTCOMES[Outcome(outcome).name]),
                colour=f"--o-{Outcome(outcome).name}",
                data=[bars[bar].get(outcome, NONE).decisions for bar in span.bars],
            )
            for outcome in present
        ],
        empty=_("Nothing was decided in this time."),
    )


@FIGURES.panel(row=2, noun="fraud.figures")
def latencies(look: Look) -> Chart:
    """Median and 99th percentile of the decide latency over time."""
    span, histograms = look.span, look.histograms
    lines = {
        share: [figures.quantile(histograms[bar], share) for bar in span.bars]
        for share in (0.99, 0.5)
    }
    most = max((value for line in lines.values() for value in line if value), default=0)
    unit, scale = (_("ms"), 1000) if most >= IN_MILLISECONDS else (_("µs"), 1)
    return Chart(
        id="latency",
        title=_("Time to decide"),
        kind="line",
        x=look.labels,
        y=unit,
        unit=unit,
        low=0,
        zoom=True,
        series=[
            Series(
                name=name,
                colour=colour,
                symbols=True,
                data=[_scaled(value, scale) for value in lines[share]],
            )
            for name, colour, share in (
                (_("99 in 100 within"), "--o-monitor", 0.99),
                (_("half within"), "--o-approve", 0.5),
            )
        ],
    )


def _scaled(value: float | None, scale: int) -> float | None:
    return None if value is None else round(value / scale, 1 if scale > 1 else None)


@FIGURES.panel(row=3, noun="fraud.decision")
def severe(look: Look) -> Listing:
    """What to look at first."""
    rows = [
        look.shower.row(decision) for decision in figures.newest_severe(SEVERE_ROWS, look.subject)
    ]
    return Listing(
        id="severe",
        title=_("Latest severe decisions"),
        body="fraud/rows.html",
        context={"rows": rows},
        filled=bool(rows),
        empty=_("None yet. Decisions that ask for more than a review appear here."),
        more=decisions_url("outcome:>=challenge"),
    )


@FIGURES.panel(row=3, noun="fraud.figures")
def rules(look: Look) -> Listing:
    """The rules that spoke most."""
    counts = figures.rule_counts(look.span, look.subject, RULE_ROWS)
    return Listing(
        id="rule-hits",
        title=_("Rules that hit most"),
        body="fraud/rule_hits.html",
        context={
            "rules": [
                (one, look.shower.rule(one.name), look.list_of(f"rule:{one.name} {look.when}"))
                for one in counts
            ],
            "most_hits": max((one.hits for one in counts), default=0),
        },
        filled=bool(counts),
        empty=_("No rule has hit in this time."),
        more=reverse("scenario"),
    )
