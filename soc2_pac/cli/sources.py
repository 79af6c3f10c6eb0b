"""``sources``: which scopes the store knows, and those that are no longer ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from soc2_pac.cli.options import (
    ListGroup,
    actor,
    config_option,
    format_option,
    opened_store,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.output import write
from soc2_pac.text import listed

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS = ("source", "scope", "kinds", "last_collection", "complete", "retired_at", "reason")


@click.group(cls=ListGroup)
def sources() -> None:
    """List the scopes that were collected, and retire those that are no longer ours. Without a command: list."""


@sources.command("list")
@config_option
@store_option
@format_option
def list_(config_path: str | None, store_url: str | None, form: str) -> None:
    """List each scope with its last collection, retired ones too."""
    from soc2_pac.store import scopes  # noqa: PLC0415

    with opened_store(config_path, store_url) as store, store.reading() as connection:
        count = write(scopes.listed(connection), _COLUMNS, form)
    if count == 0:
        click.echo("Nothing was collected yet. Next: soc2-pac run", err=True)


@sources.command()
@click.argument("name", metavar="NAME|SCOPE")
@config_option
@store_option
@click.option("--reason", required=True, help="Why it is no longer ours: an auditor will read it.")
@click.option("--owner", required=True, help="The person who answers for it.")
@click.option("--by", help="Who records it. Default: the user of this computer.")
def retire(
    name: str,
    config_path: str | None,
    store_url: str | None,
    reason: str,
    owner: str,
    by: str | None,
) -> None:
    """End a source, a scope, or an account and all in it: 'aws:111122223333/*'.

    Its findings are closed, its documents stay as history, and nothing of it becomes stale. A later collection
    in a scope shows that it is ours again. Take a source out of the configuration first.
    """
    from soc2_pac import api, config, plugins  # noqa: PLC0415
    from soc2_pac.acts.scopes import Retired  # noqa: PLC0415
    from soc2_pac.audit import removals, reviews  # noqa: PLC0415
    from soc2_pac.store import scopes  # noqa: PLC0415

    settings = config.load(config_path, required=False)
    if name in settings.raw_sources:
        where: Path | str = settings.path or "the configuration"
        msg = f"source {name} is still in {where}: the next run would read it again. Take it out first"
        raise UsageError(msg)
    who, known = actor(by), {*settings.raw_sources, *plugins.load().of_the_store}
    with (
        opened_store(config_path, store_url) as store,
        store.database.run_lock(),
        store.database.writing() as connection,
    ):
        act = scopes.retire(connection, name, reason=reason, owner=owner, by=who, configured=known)
    with opened_store(config_path, store_url) as store, store.database.run_lock():
        # What a review revoked there can be looked for by nobody: that is said from now on.
        reading = api.reviewing(settings, plugins.load())
        removals.prove(store, reading, by=reviews.machine("sources retire"))
    ended = act.said(Retired).scopes
    click.echo(f"Retired {len(ended)} {'scope' if len(ended) == 1 else 'scopes'}: {listed(ended)}.")
    click.echo("Next: soc2-pac evaluate closes the findings there; so does the next run.")
