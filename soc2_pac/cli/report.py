"""``report``: Type I at an instant, Type II over a period, and readiness before an audit."""

from __future__ import annotations

import contextlib
import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    Choice,
    check_criteria,
    check_filters,
    config_option,
    instant,
    opened_store,
    several,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Options
    from soc2_pac.report import Report

_FORMATS = ("html", "pdf", "xlsx", "csv", "json", "md", "oscal")
_TABLES = ("csv", "md")
"""Formats that hold one table."""
_BINARY = ("pdf", "xlsx")


@dataclass(frozen=True)
class _Asked:
    """What all reports are asked."""

    criteria: tuple[str, ...]
    scopes: tuple[str, ...]
    framework: str
    checkpoints: tuple[Path, ...]
    form: str | None
    table: str | None
    output: str | None
    config_path: str | None
    store_url: str | None


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every report; the command takes an :class:`_Asked`."""

    @click.option(
        "--criteria",
        multiple=True,
        metavar="ID[,ID]",
        help="Only these criteria or series (CC6); the report says what it leaves out.",
    )
    @click.option(
        "--scope",
        "scopes",
        multiple=True,
        metavar="SCOPE",
        help="Only this scope, or a prefix ending in *; the report says what it leaves out. Repeatable.",
    )
    @click.option(
        "--framework",
        type=Choice(FRAMEWORKS),
        default="soc2",
        show_default=True,
        help="By whose requirements findings are grouped.",
    )
    @click.option(
        "--checkpoint",
        "checkpoints",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A checkpoint that was kept elsewhere: the report says whether the ledger holds it. Repeatable.",
    )
    @click.option(
        "--format",
        "form",
        type=Choice(_FORMATS),
        help="Default: by the ending of --output, or else md.",
    )
    @click.option(
        "--table", metavar="NAME", help="Of csv and md: which table. Default of csv: deviations."
    )
    @click.option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write there instead of to standard output; FOLDER/ for all formats.",
    )
    @config_option
    @store_option
    @functools.wraps(command)
    def asking(
        *args: object,
        criteria: tuple[str, ...],
        scopes: tuple[str, ...],
        framework: str,
        checkpoints: tuple[Path, ...],
        form: str | None,
        table: str | None,
        output: str | None,
        config_path: str | None,
        store_url: str | None,
        **options: object,
    ) -> None:
        wanted = check_criteria(several(criteria))
        asked = _Asked(
            wanted,
            several(scopes),
            framework,
            checkpoints,
            form,
            table,
            output,
            config_path,
            store_url,
        )
        command(*args, asked=asked, **options)

    return asking


@click.group()
def report() -> None:
    """What an auditor reads: the state at an instant, operation over a period, and where you stand."""


@report.command()
@click.option("--as-of", "as_of", metavar="TIME", required=True, help="E.g. 2026-03-31T12:00:00Z.")
@click.option(
    "--rules",
    "rules",
    type=Choice(("then", "now")),
    default="then",
    show_default=True,
    help="Those that judged then, or today's over the evidence of then (marked so).",
)
@_options
def type1(as_of: str, rules: str, asked: _Asked) -> None:
    """State at one instant, as the store knew it then, by the rules that judged then."""
    from soc2_pac.audit import instant as engine  # noqa: PLC0415

    at = instant(as_of, "--as-of")
    if at > clock.now():
        msg = (
            f"--as-of: {as_of} has not come yet, and a report about it would not stay the same. "
            "Next: an earlier instant, or soc2-pac report readiness"
        )
        raise UsageError(msg)
    with _reading(asked) as (connection, options):
        now = None
        if rules == "now":
            from soc2_pac import api  # noqa: PLC0415

            now = api.workspace(asked.config_path, sources_needed=False).active
        _write(engine.report(connection, at, options, now), asked)


@report.command()
@click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    required=True,
    help="Days that both belong to it: 2026-01-01..2026-06-30. It ends with the last record, if that is earlier.",
)
@_options
def type2(period_text: str, asked: _Asked) -> None:
    """Operation over a period, with every deviation and every gap in what was known."""
    from soc2_pac.audit import period as engine  # noqa: PLC0415
    from soc2_pac.audit.populations import AuditPeriod  # noqa: PLC0415

    period = AuditPeriod.parse(period_text)
    with _reading(asked) as (connection, options):
        _write(engine.report(connection, period, options), asked)


@report.command()
@_options
def readiness(asked: _Asked) -> None:
    """Where you stand before an audit: what holds, what fails, what was not seen, and what to do next."""
    from soc2_pac.audit import readiness as engine  # noqa: PLC0415

    with _reading(asked) as (connection, options):
        _write(engine.report(connection, options), asked)


@report.command()
def schema() -> None:
    """Print the JSON Schema of reports in JSON."""
    from soc2_pac.output.reports import json_file  # noqa: PLC0415

    click.echo(json_file.schema(), nl=False)


@contextlib.contextmanager
def _reading(asked: _Asked) -> Iterator[tuple[Connection, Options]]:
    """The store and what is asked of it; refuses what names nothing."""
    from soc2_pac import api, config, rule_files  # noqa: PLC0415
    from soc2_pac.audit import exported  # noqa: PLC0415
    from soc2_pac.audit.measured import Options  # noqa: PLC0415
    from soc2_pac.store import checkpoint  # noqa: PLC0415

    _check(asked)
    settings = config.load(asked.config_path, required=asked.store_url is None)
    registry = rule_files.known(settings)
    options = Options(
        criteria=asked.criteria,
        scopes=asked.scopes,
        rules=registry.rules,
        known=api.reviewing(settings, registry),
        framework=asked.framework,
        checkpoints=tuple(map(checkpoint.load, exported.read(asked.checkpoints))),
        kept=tuple(map(checkpoint.load, exported.read(exported.kept(settings)))),
    )
    with opened_store(asked.config_path, asked.store_url) as store, store.reading() as connection:
        for scope in asked.scopes:
            check_filters(connection, scope=scope)
        yield connection, options


def _check(asked: _Asked) -> None:
    """Raise UsageError where the options on writing do not fit together."""
    form = _form(asked)
    if asked.table is not None and (form not in _TABLES or _folder(asked)):
        msg = "--table goes with --format csv or md: the other formats hold all tables"
        raise UsageError(msg)
    if _folder(asked) and asked.form is not None:
        msg = "-o FOLDER/ writes all formats: leave --format out, or name a file"
        raise UsageError(msg)
    if form in _BINARY and asked.output is None and sys.stdout.isatty():
        msg = f"{form} is no text for a terminal. Next: -o report.{form}"
        raise UsageError(msg)


def _folder(asked: _Asked) -> bool:
    return asked.output is not None and asked.output.endswith("/")


def _form(asked: _Asked) -> str:
    if asked.form is not None:
        return asked.form
    ending = Path(asked.output).suffix.removeprefix(".") if asked.output else ""
    if not asked.output or _folder(asked):
        return "md"
    if ending in _FORMATS:
        return ending
    msg = f"-o {asked.output}: its ending names no format. Next: --format, one of {', '.join(_FORMATS)}"
    raise UsageError(msg)


def _write(made: Report, asked: _Asked) -> None:
    from soc2_pac.output import reports  # noqa: PLC0415

    for warning in made.warnings:
        click.echo(f"note: {warning}", err=True)
    if asked.table is not None:
        _check_table(made, asked.table)
    if asked.output is not None and _folder(asked):
        for path in reports.write_all(made, Path(asked.output)):
            click.echo(str(path), err=True)
        return
    with _target(asked.output) as target:
        reports.write(made, _form(asked), target, table=asked.table)


def _check_table(made: Report, name: str) -> None:
    from soc2_pac.text import nearest  # noqa: PLC0415

    known = [table.name for table in made.tables]
    if name not in known:
        msg = f"there is no table '{name}'.{nearest(name, known)} Known: {', '.join(known)}"
        raise UsageError(msg)


@contextlib.contextmanager
def _target(output: str | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that is there only when all of it was written."""
    if output is None:
        yield sys.stdout.buffer
        return
    path = Path(output)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        msg = f"-o {output} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    finally:
        unfinished.unlink(missing_ok=True)
