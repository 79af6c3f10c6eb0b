"""The command line. Sub-commands are imported when they are called: ``--help`` loads nothing else."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from soc2_pac.collect.logs import tame

if TYPE_CHECKING:
    from types import FrameType

_COMMANDS = {
    "init": ("soc2_pac.cli.init:init", "Write a commented configuration to start from."),
    "doctor": ("soc2_pac.cli.doctor:doctor", "Who is each source, and what may it not read?"),
    "run": ("soc2_pac.cli.run:run", "Collect everything, judge everything, keep it."),
    "health": ("soc2_pac.cli.health:health", "Is the last successful run recent enough?"),
    "collect": ("soc2_pac.cli.run:collect", "Collect evidence without judging it."),
    "evaluate": ("soc2_pac.cli.run:evaluate", "Judge the evidence in the store."),
    "check": ("soc2_pac.cli.check:check", "Judge rules live, with only the calls that they need."),
    "rules": ("soc2_pac.cli.rules:rules", "List, show, write and test rules."),
    "findings": ("soc2_pac.cli.findings:findings", "Query findings and their history."),
    "evidence": ("soc2_pac.cli.evidence:evidence", "Query the documents behind the findings."),
    "gaps": ("soc2_pac.cli.gaps:gaps", "What could not be seen, since when, and what to grant."),
    "query": ("soc2_pac.cli.query:query", "Ask the store: saved questions, or SQL of your own."),
    "population": (
        "soc2_pac.cli.population:population",
        "List and export the events of a period.",
    ),
    "report": (
        "soc2_pac.cli.report:report",
        "Type I, Type II and readiness reports, in every format.",
    ),
    "serve": ("soc2_pac.cli.serve:serve", "Show the store as pages in a browser."),
    "tokens": ("soc2_pac.cli.tokens:tokens", "Who may read the pages, as what, until when."),
    "auditors": (
        "soc2_pac.cli.auditors:auditors",
        "Auditors: what they may see, and what they ask.",
    ),
    "bundle": (
        "soc2_pac.cli.bundle:bundle",
        "The evidence of a period in one file, with its proof.",
    ),
    "people": ("soc2_pac.cli.people:people", "Query people, and whose each account is."),
    "review": (
        "soc2_pac.cli.review:review",
        "Review access, and prove that what was revoked is gone.",
    ),
    "controls": (
        "soc2_pac.cli.controls:controls",
        "The company's own controls, and their evidence.",
    ),
    "attestations": (
        "soc2_pac.cli.attestations:attestations",
        "Evidence that people hand in.",
    ),
    "attest": ("soc2_pac.cli.attestations:add", "Short for attestations add."),
    "waivers": ("soc2_pac.cli.waivers:waivers", "Accept failures: dated, owned, visible."),
    "sources": ("soc2_pac.cli.sources:sources", "List scopes; retire those no longer ours."),
    "permissions": (
        "soc2_pac.cli.permissions:permissions",
        "Print a provider's least-privilege policy.",
    ),
    "verify": (
        "soc2_pac.cli.integrity:verify",
        "Check a store, or a bundle, for tampering.",
    ),
    "checkpoint": ("soc2_pac.cli.integrity:checkpoint", "Write down where the ledger stands."),
    "db": ("soc2_pac.cli.db:db", "Upgrade, copy or archive the store."),
    "plugins": ("soc2_pac.cli.plugins:plugins", "List installed plugins and what they add."),
}
"""Name -> (where it is, one line of help)."""


_READER_GONE = 141
"""What a shell reports of a program that SIGPIPE ended: neither all is well nor a finding."""


class _ReaderGone(Exception):
    """Nobody reads our output any more. Click would exit 1 for it, which says that something failed."""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGone from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        from soc2_pac.cli import added  # noqa: PLC0415

        return [*_COMMANDS, *added.names(_COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            from soc2_pac.cli import added  # noqa: PLC0415

            return added.load(cmd_name)
        import importlib  # noqa: PLC0415

        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            if args[0] not in known:
                from soc2_pac.text import nearest  # noqa: PLC0415

                msg = f"there is no command '{args[0]}'.{nearest(args[0], known)} Next: soc2-pac --help"
                raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from soc2_pac.cli import added  # noqa: PLC0415

        del ctx
        told = [(name, text) for name, (_, text) in _COMMANDS.items()]
        told += [(name, added.told(name)) for name in added.names(_COMMANDS)]
        with formatter.section("Commands"):
            formatter.write_dl(told)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415

        click.echo(f"soc2-pac {version('soc2-pac')}")
        ctx.exit()


def _no_color(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["NO_COLOR"] = "1"


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=_no_color,
    help="No colours on a terminal either; NO_COLOR=1 says the same.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version.",
)
def root() -> None:
    """Collect configuration evidence for SOC 2 and judge it by rules.

    \b
    Exit codes: 0 nothing to act on; 1 findings at or above --fail-on; 2 usage or configuration;
    3 evidence incomplete; 4 the store was tampered with.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point: turns every ending into an exit code and, where due, one clear message."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # In the background of a shell it is ignored, and stays so.
        signal.signal(signal.SIGINT, _terminate)
    tame()
    # Documents and SDKs make millions of objects that no cycle holds; looking for cycles at Python's usual
    # pace took a tenth of a run's CPU, at this pace none that can be measured, for 1 MB more memory.
    gc.set_threshold(200_000, 20, 100)
    # Threads wait for answers most of the time. Taking turns at Python's usual pace, those that do not took a tenth
    # of a run's CPU from each other.
    sys.setswitchinterval(0.02)
    try:
        code = root.main(args=arguments, prog_name="soc2-pac", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        code = ending.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. The store is consistent; the next run goes on from here.", err=True)
        code = 130
    except (_ReaderGone, BrokenPipeError):
        # Whoever read our output has seen enough (head, less). What is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _READER_GONE
    except Exception as error:  # noqa: BLE001 - the last place: nothing may print a credential
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    from soc2_pac.collect.redact import scrub  # noqa: PLC0415
    from soc2_pac.errors import Soc2PacError  # noqa: PLC0415
    from soc2_pac.output import plain  # noqa: PLC0415

    if isinstance(error, Soc2PacError):
        text = f"Error: {error}"
    else:
        import traceback  # noqa: PLC0415

        text = "".join(traceback.format_exception(error))
    # A provider's names stand in messages, too: they must not steer the terminal.
    click.echo("\n".join(plain(line) for line in scrub(text).splitlines()), err=True)
    if isinstance(error, Soc2PacError):
        return error.exit_code
    click.echo("This is a defect in soc2-pac or a plugin. The store is consistent.", err=True)
    return 2


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM and Ctrl-C end alike: transactions roll back, the run is noted as interrupted."""
    # Nothing is imported here: the signal may have come in the middle of that very import.
    fetch = sys.modules.get("soc2_pac.collect.fetch")
    stopping = getattr(fetch, "stopping", None)
    if stopping is not None:
        stopping.set()
    raise KeyboardInterrupt
