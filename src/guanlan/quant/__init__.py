"""Risk mathematics: the loss of a year, what makes it, and how well it is known.

    risks = RiskSet("CNY", (Risk("phishing", gamma_from_interval(2, 9),
                                 lognormal_from_interval(200_000, 80_000_000)),))
    portfolio = Portfolio(risks)
    portfolio.measures()

Frequencies (Poisson, Gamma-mixed) and severities (lognormal, PERT, counted losses with a Pareto
tail, layers of insurance) are summed by transform. Amounts are int64 minor units of one currency,
floats inside. No Django, no input or output, no clock, no chance but a Generator that is passed in.
What it gives is management information, not regulatory capital.
"""

from guanlan.quant.bayes import credible, updated
from guanlan.quant.cumulants import Cumulants
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
from guanlan.quant.measures import LEVELS, Contribution, Measures, Point, Tail
from guanlan.quant.monte_carlo import simulate
from guanlan.quant.pareto_tail import ParetoTail, fit_tail
from guanlan.quant.pert import Pert, pert_from_interval
from guanlan.quant.portfolio import Portfolio
from guanlan.quant.riskset import Group, Risk, RiskSet, Shock
from guanlan.quant.severity import Severity

__all__ = [
    "LEVELS",
    "MODEL",
    "Contribution",
    "Cumulants",
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
    "Recovered",
    "Retained",
    "Risk",
    "RiskSet",
    "Severity",
    "Shock",
    "Tail",
    "credible",
    "delta",
    "digest",
    "empirical",
    "fit_tail",
    "gamma_from_interval",
    "lognormal_from_interval",
    "lognormal_from_quantile",
    "parameter_interval",
    "pert_from_interval",
    "simulate",
    "updated",
]
