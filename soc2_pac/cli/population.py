"""``population``: every event of a period, with what shows that none is missing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from soc2_pac.cli.options import Choice, ListGroup, config_option, opened_store, store_option
from soc2_pac.errors import UsageError
from soc2_pac.output import FORMATS, plain, write

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.audit.populations import Population

_COLUMNS = (
    "kind", "scope", "status", "count", "covered_from", "covered_to", "looks", "pages", "last_look",
    "query",
)  # fmt: skip
_EVENT_COLUMNS = ("at", "scope", "name")
_INCOMPLETE = 3

period_option = click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    help="Days that both belong to it: 2026-01-01..2026-06-30.",
)


@click.group(cls=ListGroup)
def population() -> None:
    """List and export the events of a period, with the facts that show them to be all."""


@population.command("list")
@click.argument("kind", required=False)
@period_option
@config_option
@store_option
@click.option("--format", "form", type=Choice(FORMATS), default="table", show_default=True)
@click.pass_context
def list_(
    ctx: click.Context,
    kind: str | None,
    period_text: str | None,
    config_path: str | None,
    store_url: str | None,
    form: str,
) -> None:
    """List the populations in the store, or with KIND and --period the events of one."""
    from soc2_pac.audit import populations  # noqa: PLC0415

    if (kind is None) != (period_text is None):
        msg = "KIND and --period go together. Next: soc2-pac population list"
        raise UsageError(msg)
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        if kind is None or period_text is None:
            if write(populations.summaries(connection), _COLUMNS, form) == 0:
                click.echo("The store holds no population yet. Next: soc2-pac run", err=True)
            return
        period = populations.AuditPeriod.parse(period_text)
        found = populations.population(connection, kind, period)
        if form == "table":
            for line in _leading(found):
                click.echo(plain(line))
        write(found.rows(connection), (*_EVENT_COLUMNS, *found.rules), form)
        _finish(ctx, found)


@population.command()
@click.argument("kind")
@click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    required=True,
    help="Days that both belong to it: 2026-01-01..2026-06-30.",
)
@click.option("--format", "form", type=Choice(["csv", "json"]), default="csv", show_default=True)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there instead of to standard output; beside a CSV file goes FILE.meta.json.",
)
@config_option
@store_option
@click.pass_context
def export(
    ctx: click.Context,
    kind: str,
    period_text: str,
    form: str,
    output: Path | None,
    config_path: str | None,
    store_url: str | None,
) -> None:
    """Write every event of a period with the verdict of each rule. Exit code 3 when some may be missing."""
    from soc2_pac.audit import populations  # noqa: PLC0415

    period = populations.AuditPeriod.parse(period_text)
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = populations.population(connection, kind, period)
        if output is None:
            _write(found, connection, form, sys.stdout)
        else:
            with _created(output) as stream:
                _write(found, connection, form, stream)
            if form == "csv":
                with _created(output.with_name(f"{output.name}.meta.json")) as stream:
                    stream.write(_json(found.header, indent=1) + "\n")
        for line in _leading(found):
            click.echo(plain(line), err=True)
        _finish(ctx, found)


def _write(found: Population, connection: Connection, form: str, stream: TextIO) -> None:
    if form == "csv":
        write(found.rows(connection), found.columns, "csv", stream)
        return
    stream.write(f'{{"population": {_json(found.header)},\n "events": [')
    for number, record in enumerate(found.records(connection)):
        stream.write(",\n  " if number else "\n  ")
        stream.write(_json(record))
    stream.write("\n]}\n")


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, sort_keys=True, indent=indent)


def _created(path: Path) -> TextIO:
    """A file that its owner alone may read: it holds evidence."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _leading(found: Population) -> list[str]:
    header = found.header
    lines = [
        f"{header['count']} events of {header['kind']}, digest {header['digest']}",
        f"period: from {header['period']['from']} to {header['period']['to']}",
        f"scopes: {header['scopes_asked']} asked, {header['scopes_read']} read completely",
    ]
    lines += [
        f"{scope['scope']}: {scope['count_in_period']} events; {scope.get('looks', 0)} looks, "
        f"{scope.get('pages', 0)} pages; asked: {scope.get('query') or 'nothing yet'}"
        for scope in header["scopes"]
    ]
    lines += [f"incomplete: {reason}" for reason in header["incomplete_because"]]
    return lines


def _finish(ctx: click.Context, found: Population) -> None:
    if not found.header["complete"]:
        ctx.exit(_INCOMPLETE)
