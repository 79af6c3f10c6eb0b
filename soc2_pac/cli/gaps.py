"""``gaps``: what we could not see, since when, and what to grant."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    config_option,
    format_option,
    moment,
    opened_store,
    store_option,
)
from soc2_pac.output import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.audit.gaps import Gap

_COLUMNS = (
    "cause", "kind", "scope", "since", "last_complete", "permission", "rules", "findings", "reason",
)  # fmt: skip
_SINCE = (
    "cause", "kind", "scope", "since", "until", "days", "permission", "rules", "findings", "reason",
)  # fmt: skip


@click.command()
@config_option
@store_option
@click.option(
    "--since",
    metavar="DATE|RUN",
    help="Also what was not known at some time from this date, or the start of this run, on.",
)
@format_option
@click.pass_context
def gaps(
    ctx: click.Context,
    config_path: str | None,
    store_url: str | None,
    since: str | None,
    form: str,
) -> None:
    """List what could not be seen, by kind and scope: since when, why, what to grant, what hangs on it.

    Rules and findings are those that are inconclusive or stale now because of it. Exit code 3 where there are gaps
    now, 0 where there are none.
    """
    from soc2_pac import api, config, plugins  # noqa: PLC0415
    from soc2_pac.audit.gaps import gaps as found_gaps  # noqa: PLC0415

    # A store that is named needs no configuration.
    settings = config.load(config_path, required=store_url is None)
    now = clock.now()
    with opened_store(config_path, store_url) as store:
        work = api.make_workspace(settings, plugins.load(), sources_needed=False).knowing(store)
        with store.reading() as connection:
            start = moment(connection, since, "--since") if since is not None else None
            found = found_gaps(connection, api.reads(work), now, start)
    write(_rows(found, now), _COLUMNS if start is None else _SINCE, form)
    still = [gap for gap in found if gap.until is None]
    for lacking, rules in sorted(work.unsourced.items()):
        click.echo(f"Note: {len(rules)} rules are not judged: no {lacking} source.", err=True)
    if not still:
        click.echo("No gap now: everything that the rules read is known.", err=True)
        return
    counts = Counter(gap.cause for gap in still)
    said = ", ".join(f"{count} {cause}" for cause, count in sorted(counts.items()))
    click.echo(f"Gaps now: {len(still)} ({said}).", err=True)
    ctx.exit(3)


def _rows(found: list[Gap], now: datetime) -> Iterator[dict[str, object]]:
    for gap in found:
        length = gap.length(now)
        days = None if length is None else round(length / timedelta(days=1), 2)
        row = asdict(gap)
        row["resources"] = len(gap.resources) or None
        yield {**row, "days": days}
