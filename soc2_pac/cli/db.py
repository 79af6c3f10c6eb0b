"""``db``: the store's schema, copies of the store, and what leaves it."""

from __future__ import annotations

from pathlib import Path

import click

from soc2_pac import clock
from soc2_pac.cli.options import actor, config_option, instant, opened_store, store_option
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text


@click.group()
def db() -> None:
    """Upgrade the store's schema, copy the store, or archive what is old."""


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


@db.command()
@config_option
@store_option
@click.option(
    "--before",
    metavar="DATE",
    required=True,
    help="Documents that were current last before this day leave; today's stay whatever it is.",
)
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file that takes them; never overwritten.",
)
@click.option("--reason", required=True, help="Why: an auditor will read it.")
@click.option("--owner", required=True, help="The person who answers for it.")
@click.option("--by", help="Who does it. Default: the user of this computer.")
def archive(
    config_path: str | None,
    store_url: str | None,
    before: str,
    output: Path,
    reason: str,
    owner: str,
    by: str | None,
) -> None:
    """Move the texts of old documents into a file. Digests, findings and the ledger stay, and verify holds.

    Take a checkpoint and keep the file: without it, nobody can look at what was judged then.
    """
    from soc2_pac.acts.bodies import Removed  # noqa: PLC0415
    from soc2_pac.store import archive as archives  # noqa: PLC0415

    until, who = instant(before, "--before"), actor(by)
    if until > clock.now():
        msg = f"--before: {before} lies in the future"
        raise UsageError(msg)
    with opened_store(config_path, store_url) as store, store.database.run_lock():
        with store.database.writing() as connection:
            act = archives.archive(connection, until, output, reason=reason, owner=owner, by=who)
        if act is None:
            click.echo(
                f"No document was current last before {utc_text(until)}: nothing to archive."
            )
            return
        store.database.shrink()
    said = act.said(Removed)
    click.echo(
        f"Wrote {said.count:,} documents ({said.size:,} bytes) to {output}; digest {act.attachment}."
    )
    click.echo(f"Read one back: soc2-pac evidence show DIGEST --archive {output}")


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
