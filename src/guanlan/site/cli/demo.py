"""`guanlan demo`: a company of its own, with a past, and live traffic being decided."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from guanlan.core.models import ApiKey
from guanlan.core.services import create_api_key, revoke_api_key
from guanlan.engine.backtest import Costs, Evaluation, backtest
from guanlan.engine.scenario import load_scenario
from guanlan.fraud.services import store_backtest
from guanlan.site.cli.risk_file import load_risks
from guanlan.site.cli.up import address, announce
from guanlan.site.cli.words import BadInput, Fault, data_option, progress, warm_option
from guanlan.site.run.grievances import tell_complaints
from guanlan.site.run.prepare import prepare_demo
from guanlan.site.run.risks import write_risks
from guanlan.site.run.serve import CannotStart, Options, microseconds, open_engine, serve
from guanlan.site.run.supervise import worker_beside
from guanlan.site.run.traffic import Sender, Traffic, seed

KEY_NAME = "demo traffic"
MARK = "demo.mark"  # only a directory that holds it is ever thrown away
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where "everywhere" answers us
HISTORY = "history.parquet"  # to try `guanlan backtest` and `guanlan send` with
EVALUATION = Evaluation(
    top=20,
    alerts_per_day=50,
    fold_days=2,  # the history is a week: periods and the wait for labels are short
    delay_days=1,
    known_days=1,
    costs=Costs(review=500, false_positive=5_000),  # fen
)
RISKS = Path("examples") / "risks" / "wallet.yaml"
SCENARIO = Path("examples") / "wallet" / "scenario.yaml"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.1, 1000),
    help="Events a second.",
)
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and begin anew.")
@warm_option
@data_option
def demo(host: str, port: int, rate: float, fresh: bool, warm: bool) -> None:
    """Run a demo company: seeded, live, on its own data directory (var/demo)."""
    scenario: Path = settings.PROJECT / SCENARIO
    if not scenario.is_file():
        raise BadInput(f"{scenario}: not found; the demo runs from the project's directory")
    if fresh:
        forget(settings.DATA)
    if settings.CONFIG.of("mfa").origin == "default":
        settings.MFA = "optional"  # every page of the demo says that this account has none
    made = prepare_demo()
    (settings.DATA / MARK).touch()
    traffic = Traffic(rate, microseconds())
    try:
        if not any(settings.LOG_DIRECTORY.glob("*.glog")):
            tell_the_past(scenario, traffic)
            told = tell_complaints(timezone.now())
            click.echo(
                f"{told:,} complaints of six weeks, so that indicators have a past", err=True
            )
        else:
            skip_the_past(traffic)
        risks = settings.PROJECT / RISKS
        if risks.is_file():
            write_risks(load_risks(risks).said, timezone.now())
        sender = Sender(traffic, traffic_key())

        def ready(bound: int) -> None:
            announce("all", host, bound)
            if made.password:
                click.echo(f"Sign in as {made.owner} with {made.password}  (shown once)")
            else:
                click.echo(f"Sign in as {made.owner}; password lost? guanlan demo --fresh")
            click.echo("Live traffic is on its way. Ctrl-C ends the demo.")
            sender.start(address(LOOPBACK.get(host, host), bound))

        try:
            with worker_beside():
                serve(Options(host=host, port=port, scenario=scenario, warm=warm), ready)
        finally:
            sender.stop()
    except CannotStart as error:
        raise Fault(str(error)) from None


def tell_the_past(scenario: Path, traffic: Traffic) -> None:
    """Decide the simulated past, by the events' own times, and backtest a week of it."""
    click.echo("A past for the demo company: a week with attacks of every kind", err=True)
    history = traffic.write_history(settings.DATA / HISTORY)
    with open_engine(scenario, "event", warm=False) as engine, progress() as bar:
        task = bar.add_task("deciding", total=traffic.expected)
        seeded = seed(engine, traffic, history, lambda count: bar.advance(task, count))
    click.echo(f"{seeded.decided:,} events decided", err=True)
    loaded = load_scenario(scenario)
    result = backtest(
        loaded,
        history,
        evaluation=EVALUATION,
        cache=settings.CACHE_DIRECTORY,
        compiled=False,
    )
    report = msgspec.json.decode(result.report.json())
    store_backtest("A week of the demo company", loaded.name, loaded.digest, report)


def skip_the_past(traffic: Traffic) -> None:
    """Go to the present; a log that has a past keeps it."""
    while traffic.due(traffic.now, 10_000):
        pass


def traffic_key() -> str:
    """A new key for the traffic; those of earlier demos are revoked."""
    for old in ApiKey.objects.filter(name=KEY_NAME, revoked__isnull=True):
        revoke_api_key(old.id)
    return create_api_key(KEY_NAME, ["events:write"]).token


def forget(data: Path) -> None:
    """Empty the demo's data directory; refuses any other."""
    if any(data.iterdir()) and not (data / MARK).exists():
        if {path.name for path in data.iterdir()} == {"secret.key"}:
            return
        raise ImproperlyConfigured(f"{data}: not a demo's directory; nothing was removed")
    for path in data.iterdir():
        if path.name == "secret.key":
            continue  # settings hold it already
        shutil.rmtree(path) if path.is_dir() else path.unlink()
