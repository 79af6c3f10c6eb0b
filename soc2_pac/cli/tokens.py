"""``tokens``: who may read the pages, as what, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    Choice,
    ListGroup,
    actor,
    config_option,
    format_option,
    instant,
    opened_store,
    store_option,
)
from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from soc2_pac.acts.access import Role

_COLUMNS = ("token", "state", "name", "role", "until", "created_at", "created_by", "revoked_at", "reason")  # fmt: skip
_by_option = click.option("--by", metavar="NAME", help="Who does it. Default: the user of this computer.")  # fmt: skip


@click.group(cls=ListGroup)
def tokens() -> None:
    """Who may read the pages of soc2-pac serve with a token. Without a command: list."""


@tokens.command()
@config_option
@store_option
@click.option("--name", required=True, help="Who holds it: a person, or a program.")
@click.option(
    "--role",
    required=True,
    # The words of soc2_pac.acts.access, which help need not import.
    type=Choice(("viewer", "operator")),
    help="A viewer reads; an operator also accepts, hands in, decides and answers.",
)
@click.option(
    "--until", required=True, metavar="DATE", help="When it ends: a year from now at most."
)
@_by_option
def create(
    config_path: str | None,
    store_url: str | None,
    name: str,
    role: Role,
    until: str,
    by: str | None,
) -> None:
    """Create a token and print it, once: the store keeps its hash only."""
    from soc2_pac.audit import access  # noqa: PLC0415

    ends, who = instant(until, "--until"), actor(by)
    with opened_store(config_path, store_url) as store, store.database.writing() as connection:
        grant, token = access.create(
            connection, name=name, role=role, until=ends, by=who, now=clock.now()
        )
    click.echo(token)
    click.echo(
        plain(f"{grant.id} recorded: {grant.said.name}, {role}, until {grant.said.until}. ")
        + "The token is shown this once. Send it as Authorization: Bearer TOKEN, or sign in with it.",
        err=True,
    )


@tokens.command("list")
@config_option
@store_option
@format_option
def list_(config_path: str | None, store_url: str | None, form: str) -> None:
    """List tokens, expired and revoked ones too."""
    from soc2_pac.audit import access  # noqa: PLC0415

    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = access.rows(connection, clock.now())
    if write(found, _COLUMNS, form) == 0:
        click.echo("No tokens.", err=True)


@tokens.command()
@click.argument("token")
@config_option
@store_option
@click.option("--reason", required=True, help="Why it ends.")
@_by_option
def revoke(
    token: str, config_path: str | None, store_url: str | None, reason: str, by: str | None
) -> None:
    """Take a TOKEN back, by its id. What it signed in ends at once."""
    from soc2_pac.audit import access  # noqa: PLC0415

    who = actor(by)
    with opened_store(config_path, store_url) as store, store.database.writing() as connection:
        access.revoke(connection, token, reason=reason, by=who, now=clock.now())
    click.echo(f"{token} revoked.")
