"""Backtest: decide a whole history with the live engine, and judge the decisions.

history = open_history(path, load_map(map_path))
result = backtest(scenario, history, evaluation=..., progress=print)
result.decided.decisions.write_parquet(out)
result.report.json()
"""

from guanlan.engine.backtest.evaluation import Costs, Evaluation
from guanlan.engine.backtest.history import History, open_history
from guanlan.engine.backtest.mapping import EventMap, MapError, load_map, parse_map
from guanlan.engine.backtest.record import HistoryError, Record
from guanlan.engine.backtest.report import Report, build_report
from guanlan.engine.backtest.run import (
    Backtest,
    BacktestFailed,
    Decided,
    Refusal,
    backtest,
    decide_history,
)

__all__ = [
    "Backtest",
    "BacktestFailed",
    "Costs",
    "Decided",
    "Evaluation",
    "EventMap",
    "History",
    "HistoryError",
    "MapError",
    "Record",
    "Refusal",
    "Report",
    "backtest",
    "build_report",
    "decide_history",
    "load_map",
    "open_history",
    "parse_map",
]
