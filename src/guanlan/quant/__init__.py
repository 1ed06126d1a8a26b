"""Risk mathematics: the loss of a year, what makes it, and how well it is known.

    risks = RiskSet("CNY", (Risk("phishing", gamma_from_interval(2, 9),
                                 lognormal_from_interval(200_000, 80_000_000)),))
    portfolio = Portfolio(risks)
    portfolio.measures()

Frequencies (Poisson, Gamma-mixed) and severities (lognormal, PERT, counted losses with a Pareto
tail, layers of insurance) are summed by transform. Amounts are int64 minor units of one currency,
floats inside. No Django, no input or output, no clock, no chance but a Generator that is passed in.
What it gives is management information, not regulatory capital.

For early warning and targets: exact limits of counts (`poisson_limit`, `count_limit`) and shares
(`Share`), of windows that slide (`upper_crossing_limit`) from their own past (`count_baseline`),
`season` for what is usual at an hour, `cusum` and `robust_cusum` for drift, `damped_holt` for
where it goes, `warning_record` for what warnings were worth, `count_ratio` with its power for "did
it fall?", `mann_kendall` and `theil_sen` for trends.
"""

from guanlan.quant.bayes import credible, updated
from guanlan.quant.count_baseline import CountBaseline, count_baseline, share_baseline
from guanlan.quant.count_limit import count_limit
from guanlan.quant.count_ratio import Ratio, Verdict, count_ratio, power, quarters_needed
from guanlan.quant.crossing_limit import (
    lower_crossing_limit,
    share_crossing_limit,
    upper_crossing_limit,
)
from guanlan.quant.cumulants import Cumulants
from guanlan.quant.cusum import Cusum, cusum
from guanlan.quant.damped_holt import Ahead, damped_holt
from guanlan.quant.delta import Delta, delta
from guanlan.quant.digest import MODEL, digest
from guanlan.quant.empirical import Empirical, empirical
from guanlan.quant.expert import gamma_from_interval
from guanlan.quant.frequency import Frequency
from guanlan.quant.grid import Fit, Grid
from guanlan.quant.interval import Interval, parameter_interval
from guanlan.quant.invalid import Invalid
from guanlan.quant.layer import Layer, Recovered, Retained
from guanlan.quant.lognormal import Lognormal, lognormal_from_interval, lognormal_from_quantile
from guanlan.quant.mann_kendall import Trend, mann_kendall
from guanlan.quant.measures import LEVELS, Contribution, Measures, Point, Tail
from guanlan.quant.monte_carlo import simulate
from guanlan.quant.pareto_tail import ParetoTail, fit_tail
from guanlan.quant.pert import Pert, pert_from_interval
from guanlan.quant.poisson_limit import poisson_interval, poisson_limit
from guanlan.quant.portfolio import Portfolio
from guanlan.quant.riskset import Group, Risk, RiskSet, Shock
from guanlan.quant.robust_cusum import RobustCusum, robust_cusum
from guanlan.quant.scaled import Scaled, scaled
from guanlan.quant.season import Season, season
from guanlan.quant.severity import Severity
from guanlan.quant.share_limit import Share
from guanlan.quant.theil_sen import Slope, theil_sen
from guanlan.quant.warning_record import WarningRecord, share_interval, warning_record

__all__ = [
    "LEVELS",
    "MODEL",
    "Ahead",
    "Contribution",
    "CountBaseline",
    "Cumulants",
    "Cusum",
    "Delta",
    "Empirical",
    "Fit",
    "Frequency",
    "Grid",
    "Group",
    "Interval",
    "Invalid",
    "Layer",
    "Lognormal",
    "Measures",
    "ParetoTail",
    "Pert",
    "Point",
    "Portfolio",
    "Ratio",
    "Recovered",
    "Retained",
    "Risk",
    "RiskSet",
    "RobustCusum",
    "Scaled",
    "Season",
    "Severity",
    "Share",
    "Shock",
    "Slope",
    "Tail",
    "Trend",
    "Verdict",
    "WarningRecord",
    "count_baseline",
    "count_limit",
    "count_ratio",
    "credible",
    "cusum",
    "damped_holt",
    "delta",
    "digest",
    "empirical",
    "fit_tail",
    "gamma_from_interval",
    "lognormal_from_interval",
    "lognormal_from_quantile",
    "lower_crossing_limit",
    "mann_kendall",
    "parameter_interval",
    "pert_from_interval",
    "poisson_interval",
    "poisson_limit",
    "power",
    "quarters_needed",
    "robust_cusum",
    "scaled",
    "season",
    "share_baseline",
    "share_crossing_limit",
    "share_interval",
    "simulate",
    "theil_sen",
    "updated",
    "upper_crossing_limit",
    "warning_record",
]
