"""``population``: every event of a period, with what shows that none is missing, and samples of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac.cli.options import Choice, ListGroup, config_option, opened_store, store_option
from soc2_pac.errors import UsageError
from soc2_pac.output import FORMATS, plain, write

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.audit.populations import AuditPeriod, Population
    from soc2_pac.plugins import Registry

_COLUMNS = (
    "kind", "scope", "status", "count", "covered_from", "covered_to", "collections", "pages", "last_collection",
    "query",
)  # fmt: skip
_EVENT_COLUMNS = ("at", "scope", "name")
_FILES = ("csv", "json", "xlsx")
_INCOMPLETE = 3

_period = click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    required=True,
    help="Days that both belong to it: 2026-01-01..2026-06-30.",
)
_form = click.option(
    "--format",
    "form",
    type=Choice(_FILES),
    default="csv",
    show_default=True,
    help="xlsx: a workbook.",
)
_output = click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there instead of to standard output; beside a CSV file go FILE.cover.csv and FILE.meta.json.",
)


@click.group(cls=ListGroup)
def population() -> None:
    """List, export and sample the events of a period, with the facts that show them to be all."""


@population.command("list")
@click.argument("kind", required=False)
@click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    help="Days that both belong to it: 2026-01-01..2026-06-30.",
)
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
            rows = [*populations.summaries(connection), *_derived(connection)]
            if write(rows, _COLUMNS, form) == 0:
                click.echo("The store holds no population yet. Next: soc2-pac run", err=True)
            return
        period = populations.AuditPeriod.parse(period_text)
        found = _population(connection, kind, period, config_path, store_url)
        if form == "table":
            for line in _leading(found):
                click.echo(plain(line))
        write(found.rows(connection), (*_EVENT_COLUMNS, *found.rules), form)
        _finish(ctx, found)


@population.command()
@click.argument("kind")
@_period
@_form
@_output
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
    from soc2_pac.cli.population_files import written  # noqa: PLC0415

    period = populations.AuditPeriod.parse(period_text)
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = _population(connection, kind, period, config_path, store_url)
        written(found, connection, form, output)
        for line in _leading(found):
            click.echo(plain(line), err=True)
        _finish(ctx, found)


@population.command()
@click.argument("kind")
@_period
@click.option("--size", type=int, help="How many events.")
@click.option("--seed", help="Any text: the same one draws the same sample again.")
@click.option(
    "--ids",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Instead of drawing: the events that this file names, one uid a line.",
)
@click.option("--suggest", is_flag=True, help="Only say what sizes are common practice.")
@_form
@_output
@config_option
@store_option
@click.pass_context
def sample(
    ctx: click.Context,
    kind: str,
    period_text: str,
    size: int | None,
    seed: str | None,
    ids: Path | None,
    suggest: bool,
    form: str,
    output: Path | None,
    config_path: str | None,
    store_url: str | None,
) -> None:
    """Draw a sample of the events of a period, or take those that are named. Exit code 3 as with export.

    The draw is repeatable: events are ordered by the SHA-256 of "SEED:UID", and the first --size are the sample.
    Algorithm, seed and the digest of the population are printed.
    """
    from soc2_pac.audit import populations, samples  # noqa: PLC0415
    from soc2_pac.cli.population_files import written  # noqa: PLC0415

    _check_choice(size, seed, ids, suggest=suggest)
    period = populations.AuditPeriod.parse(period_text)
    named = samples.read_ids(ids) if ids is not None else []
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = _population(connection, kind, period, config_path, store_url)
        if suggest:
            for line in _suggestion(found):
                click.echo(plain(line))
            _finish(ctx, found)
            return
        taken = (
            samples.chosen(found, named)
            if ids is not None
            else samples.drawn(found, size or 0, seed or "")
        )
        written(taken, connection, form, output)
        for line in (*_sampled(taken), *_leading(found)):
            click.echo(plain(line), err=True)
        _finish(ctx, found)


def _check_choice(size: int | None, seed: str | None, ids: Path | None, *, suggest: bool) -> None:
    ways = (suggest, ids is not None, size is not None or seed is not None)
    if sum(ways) != 1 or (ways[2] and (size is None or seed is None)):
        msg = "say how to sample: --size N with --seed TEXT, or --ids FILE, or --suggest alone"
        raise UsageError(msg)


def _population(
    connection: Connection,
    kind: str,
    period: AuditPeriod,
    config_path: str | None,
    store_url: str | None,
) -> Population:
    """A population that a provider lists, or one that is derived from the store's history."""
    from soc2_pac import api, config, plugins  # noqa: PLC0415
    from soc2_pac.audit import history, populations  # noqa: PLC0415

    registry = plugins.load()
    if kind in history.KINDS:
        # A store that is named needs no configuration.
        settings = config.load(config_path, required=store_url is None)
        return history.population(connection, api.reviewing(settings, registry), kind, period)
    shapes = {kind.kind: kind for kind in registry.kinds}
    return populations.population(
        connection, kind, period, shapes.get(kind), others=tuple(history.KINDS)
    )


def _derived(connection: Connection) -> list[dict[str, object]]:
    """The populations that are derived, where anything was collected that they are derived from."""
    from soc2_pac import plugins  # noqa: PLC0415
    from soc2_pac.audit import history  # noqa: PLC0415

    registry: Registry = plugins.load()
    collected = history.derivable(connection, registry.kinds)
    if not collected:
        return []
    return [
        {"kind": kind, "scope": "(from history)", "status": "derived", "query": what}
        for kind, what in history.KINDS.items()
    ]


def _leading(found: Population) -> list[str]:
    header = found.header
    lines = [
        f"{header['count']} events of {header['kind']}, digest {header['digest']}",
        f"period: from {header['period']['from']} to {header['period']['to']}",
        f"scopes: {header['scopes_asked']} asked, {header['scopes_read']} read completely",
    ]
    if header.get("perhaps"):
        lines.append(f"{header['perhaps']} of these may have been before or after the period")
    lines += [
        f"{scope['scope']}: {scope['count_in_period']} events; {scope.get('collections', 0)} collections, "
        f"{scope.get('pages', 0)} pages; asked: {scope.get('query') or 'nothing yet'}"
        for scope in header["scopes"]
        if "count_in_period" in scope
    ]
    lines += [f"note: {text}" for text in header.get("limits", ())]
    lines += [f"incomplete: {reason}" for reason in header["incomplete_because"]]
    return lines


def _sampled(taken: Population) -> list[str]:
    said = taken.header["sample"]
    seed = "" if said["seed"] is None else f", seed '{said['seed']}'"
    fewer = said["asked"] - said["size"]
    return [
        f"sample of {said['size']} of {said['population_count']} events: {said['algorithm']}{seed}",
        *([f"{said['asked']} were asked for, and there are no more"] if fewer else []),
    ]


def _suggestion(found: Population) -> list[str]:
    from soc2_pac.audit.samples import suggested  # noqa: PLC0415

    count = found.header["count"]
    size, why = suggested(count)
    return [
        *_leading(found),
        f"common practice for {count} events: {size} ({why})",
        "This is a suggestion only: no standard demands it, and the auditor decides.",
        "sizes: all up to 5; 5 of 6 to 50; 10% of 51 to 250; 25 of more",
    ]


def _finish(ctx: click.Context, found: Population) -> None:
    if not found.header["complete"]:
        ctx.exit(_INCOMPLETE)
