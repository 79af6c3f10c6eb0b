"""``db``: the store's schema, and copies of the store."""

from __future__ import annotations

import click

from soc2_pac.cli.options import config_option, store_option


@click.group()
def db() -> None:
    """Upgrade the store's schema, or copy the store."""


@db.command()
@config_option
@store_option
def upgrade(config_path: str | None, store_url: str | None) -> None:
    """Bring the store to this version's schema; creates it where there is none."""
    from soc2_pac import config  # noqa: PLC0415
    from soc2_pac.store import schema  # noqa: PLC0415
    from soc2_pac.store.database import Database  # noqa: PLC0415

    database = Database(store_url or config.load(config_path, required=False).store_url)
    try:
        before, after = schema.upgrade(database)
    finally:
        database.close()
    if before == after:
        click.echo(f"{database.name} has schema {after} already.")
    else:
        click.echo(f"{database.name}: schema {before or 'none'} -> {after}.")


@db.command("copy")
@click.argument("source")
@click.argument("target")
def copy_(source: str, target: str) -> None:
    """Copy a whole store from one URL to another, ids, history and ledger intact; then verify the copy."""
    from soc2_pac.store import copy, open_store  # noqa: PLC0415
    from soc2_pac.store.database import Database  # noqa: PLC0415

    origin, destination = Database(source), Database(target)
    try:
        copied = copy(origin, destination)
    finally:
        origin.close()
        destination.close()
    click.echo(f"{sum(copied.values()):,} rows in {len(copied)} tables copied.")
    with open_store(target) as store:
        report = store.verify()
    if not report.sound:
        from soc2_pac.errors import IntegrityError  # noqa: PLC0415

        msg = f"the copy is not sound: {report.problems[0].where}: {report.problems[0].what}"
        raise IntegrityError(msg)
    click.echo("The copy is sound.")
