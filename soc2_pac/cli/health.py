"""``health``: whether the store is fresh, for monitors and containers. Reads; asks no provider."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import click

from soc2_pac import clock, config
from soc2_pac.cli.options import Choice, config_option
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text, utc_time
from soc2_pac.output import json_text
from soc2_pac.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from soc2_pac.store.queries import RunItem

_DAY = "1d"
_SLACK = 1.25
"""Runs of a schedule do not end at the same minute: a cadence may be exceeded by a quarter."""
_RUNS = 50
"""Runs that are gone through for one that collected."""
_MINUTES = 60_000


class Health(NamedTuple):
    """What there is to say of a store."""

    fresh: bool
    said: str
    """One line."""
    last_success: str | None
    """When the last run that collected something came to its end, UTC."""
    age_seconds: int | None
    max_age_seconds: int
    not_read: tuple[str, ...] = ()
    """Configured sources without a complete collection in that time."""


@click.command()
@config_option
@click.option(
    "--max-age",
    metavar="TIME",
    help="How old the last successful run may be: 90m, 12h, 2d. Default: [audit] cadence and a quarter.",
)
@click.option(
    "--complete", is_flag=True, help="Only a run counts whose collections are all complete."
)
@click.option(
    "--format",
    "form",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="One line for people, or one object.",
)
@click.pass_context
def health(
    ctx: click.Context, config_path: str | None, max_age: str | None, complete: bool, form: str
) -> None:
    """Say whether the last successful run is recent enough.

    A run is successful when it came to its end and collected at least one kind completely. Of each configured
    source at least one kind must have been collected completely in that time, too.

    \b
    Exit codes: 0 fresh; 2 the configuration or the store cannot be read;
    3 no successful run, or it is too old, or a source was not read.
    """
    settings = config.load(config_path)
    allowed = _allowed(max_age, settings.audit.cadence)
    with open_store(settings.store_url) as store:
        runs, now = store.runs(_RUNS), clock.now()
        found = health_of(runs, now, allowed, complete=complete)
        read = store.sources_read([run.id for run in runs])
    found = _with_sources(found, settings.raw_sources, read, now - allowed)
    click.echo(json_text(found._asdict()) if form == "json" else found.said)
    ctx.exit(0 if found.fresh else 3)


def health_of(
    runs: Sequence[RunItem], now: datetime, max_age: timedelta, *, complete: bool = False
) -> Health:
    """Judge the last runs.

    Args:
        runs: the newest first.
        now: UTC.
        max_age: how old the last successful one may be.
        complete: whether only those are successful whose collections are all complete.
    """
    most = int(max_age.total_seconds())
    last = next((run for run in runs if _successful(run, complete=complete)), None)
    ended = last.finished_at if last else None
    if last is None or ended is None:
        said = (
            f"stale: no run of the last {_RUNS} was successful"
            if runs
            else "stale: nothing ran yet"
        )
        return Health(
            fresh=False,
            said=f"{said}. Next: soc2-pac run",
            last_success=None,
            age_seconds=None,
            max_age_seconds=most,
        )
    age = now - utc_time(ended)
    fresh = age <= max_age
    line = f"{'fresh' if fresh else 'stale'}: run {last.id} ended {_told(age)} ago ({utc_text(utc_time(ended))[:16]}Z)"
    line += f", {_told(max_age)} are allowed"
    if missing := last.collections - (last.complete or 0):
        line += f"; {missing} of its {last.collections} collections are not complete"
    later = [run for run in runs if run.id > last.id and run.status in {"failed", "interrupted"}]
    if later:
        line += f"; run {later[0].id} {later[0].status} since"
    if not fresh:
        line += ". Next: soc2-pac run"
    return Health(fresh, line, ended, int(age.total_seconds()), most)


def _with_sources(
    found: Health, sources: Iterable[str], read: Mapping[str, str], since: datetime
) -> Health:
    """The same, stale where a configured source was not read since: others hide nothing of it."""
    missing = tuple(name for name in sorted(sources) if read.get(name, "") < utc_text(since))
    if not missing or not found.fresh:
        return found._replace(not_read=missing)
    said = (
        f"stale: no complete collection of {', '.join(missing)} in {_told(timedelta(seconds=found.max_age_seconds))}. "
        "Next: soc2-pac doctor"
    )
    return found._replace(fresh=False, said=said, not_read=missing)


def _successful(run: RunItem, *, complete: bool) -> bool:
    if run.status != "finished" or not run.complete:
        return False
    return run.complete == run.collections or not complete


def _allowed(max_age: str | None, cadence: str) -> timedelta:
    if max_age is None:
        return timedelta(milliseconds=config.duration_of(cadence or _DAY)) * _SLACK
    try:
        number = max_age.removesuffix("m")
        if number != max_age and number.isascii() and number.isdigit() and int(number) > 0:
            return timedelta(milliseconds=int(number) * _MINUTES)
        return timedelta(milliseconds=config.duration_of(max_age))
    except ValueError as error:
        msg = f"--max-age: '{max_age}' is no duration. Write 90m, 12h, 2d or 1w"
        raise UsageError(msg) from error


def _told(age: timedelta) -> str:
    """``3 d 4 h``, ``5 h 10 min``, ``2 min``."""
    minutes = max(0, int(age.total_seconds() // 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
