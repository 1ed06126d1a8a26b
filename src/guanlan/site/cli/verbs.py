"""The table of verbs, and what happens to an error on its way out.

Verbs live in modules of their own and are imported when called: Django has to be set up, and
its data directory be known, before a module that uses its models may be imported; and a verb
that needs neither starts at once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import click
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DatabaseError
from django.utils import translation

from guanlan import __version__
from guanlan.engine.log import LogError
from guanlan.engine.scenario import ScenarioError
from guanlan.site.cli.words import say
from guanlan.site.start import platform_module

FAULTS = 1
BAD_USE = 2
INTERRUPTED = 128 + signal.SIGINT
DATA = "GUANLAN_DATA"


class Verb(NamedTuple):
    """Where a verb lives and what it does."""

    module: str
    help: str
    platform: bool = False  # needs Django set up first
    serves: bool = False  # people's languages are those of its requests and messages
    data: str | None = None  # its own default of GUANLAN_DATA


VERBS = {
    "demo": Verb("demo", "A demo company with live simulated traffic.", True, True, "var/demo"),
    "up": Verb("up", "Run the platform.", True, True),
    "worker": Verb("worker", "Run jobs and deliver messages.", True, True),
    "doctor": Verb("doctor", "Check everything; name each fault and its mend."),
    "config": Verb("config", "Print every setting, its value and where it stands."),
    "migrate": Verb("prepare", "Bring the database to this version.", True),
    "first-run": Verb("prepare", "Database, set-up code and a first API key.", True),
    "simulate": Verb("simulate", "Labelled wallet traffic with injected attacks."),
    "backtest": Verb("backtest", "Decide a whole history and judge the decisions."),
    "scenario": Verb("scenario", "Check a scenario file; print its JSON Schema."),
    "quantify": Verb("quantify", "Loss distribution of a risk set."),
    "send": Verb("send", "Post a file of events over HTTP."),
    "log": Verb("log", "Verify, replay, project or export the event log.", True),
    "assess": Verb("assess", "Verify signed assessments.", True),
    "audit": Verb("audit", "Prove the audit log: verify, prove, consistency.", True),
    "key": Verb("key", "Create, list or revoke API keys.", True),
    "crypto": Verb("crypto", "Encryption at rest: inventory, new keys, re-encryption.", True),
    "backup": Verb("backup", "Copy the running instance; its keys apart.", True),
    "restore": Verb("restore", "Make an instance from its backup."),
    "bench": Verb("bench", "Benchmarks: ratios measured in one run."),
}


class Verbs(click.Group):
    """A group that imports a verb when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        verb = VERBS.get(args[0]) if args else None
        if verb is not None:
            # Settings are read once, on import, so the directory must be known before.
            named = _option(args, "--data") or os.environ.get(DATA) or verb.data
            if named:
                os.environ[DATA] = named
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        name = f"guanlan.site.cli.{verb.module}"
        module: Any = platform_module(name) if verb.platform else import_module(name)
        if verb.platform and not verb.serves:
            translation.activate("en")  # as everything else that the command line says
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


def _option(args: Sequence[str], name: str) -> str | None:
    """The value of a long option among unparsed arguments."""
    for index, arg in enumerate(args):
        if arg == "--":
            return None
        if arg == name and index + 1 < len(args):
            return args[index + 1]
        if arg.startswith(f"{name}="):
            return arg.partition("=")[2]
    return None


@click.group(
    cls=Verbs,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="guanlan")
def verbs() -> None:
    """Guanlan: real-time risk control for fintech products."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; its exit code."""
    try:
        code = verbs.main(arguments, prog_name="guanlan", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return BAD_USE
    except click.UsageError as error:
        say(error.format_message())
        return BAD_USE
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        say(error.format_message())
        return error.exit_code
    except ScenarioError as error:
        say(_first(error))
        return BAD_USE
    except ImproperlyConfigured as error:
        say(str(error))
        return BAD_USE
    except ValidationError as error:
        say(" ".join(error.messages))
        return BAD_USE
    except LogError as error:
        say(str(error))
        return FAULTS
    except DatabaseError as error:
        say(f"the database answers: {error}; try: guanlan doctor")
        return FAULTS
    except BrokenPipeError:
        # Whoever read our output has gone; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULTS
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"{where}{error.strerror or error}")
        return BAD_USE
    return code if isinstance(code, int) else 0


def _first(error: ScenarioError) -> str:
    """The first issue of a scenario, and how to see the others."""
    first, *more = error.issues
    if not more:
        return str(first)
    # A map file has issues of the same kind, but no verb that lists them all.
    hint = f"; guanlan scenario check {first.file}" if type(error) is ScenarioError else ""
    return f"{first} (and {len(more)} more{hint})"


def main() -> None:
    """Entry point of the `guanlan` command."""
    sys.exit(run())
