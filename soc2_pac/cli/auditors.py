"""``auditors``: who may see a period and criteria, what they ask, and what they are answered."""

from __future__ import annotations

from datetime import timedelta

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    ListGroup,
    actor,
    config_option,
    format_option,
    instant,
    opened_store,
    store_option,
)
from soc2_pac.cli.tokens import revoke
from soc2_pac.output import plain, write

_COLUMNS = (
    "token", "state", "name", "start", "end", "criteria", "until", "created_at", "created_by", "revoked_at", "reason",
)  # fmt: skip
_REQUESTS = (
    "number", "entry", "state", "auditor", "by", "about", "said", "recorded_at", "answer", "answered_by",
)  # fmt: skip
_OPENED = ("opened_at", "auditor", "path", "query")
_MOST = 1000
_by_option = click.option("--by", metavar="NAME", help="Who does it. Default: the user of this computer.")  # fmt: skip


@click.group(cls=ListGroup)
def auditors() -> None:
    """Auditors: what they may see, what they ask, what they opened. Without a command: list."""


@auditors.command()
@click.argument("name")
@config_option
@store_option
@click.option("--period", required=True, metavar="A..B", help="2026-01-01..2026-06-30, both days.")
@click.option("--criteria", required=True, metavar="LIST", help="Criteria or series: CC6,CC7.1.")
@click.option("--until", required=True, metavar="DATE", help="When access ends: a year from now at most.")  # fmt: skip
@_by_option
def add(
    name: str,
    config_path: str | None,
    store_url: str | None,
    period: str,
    criteria: str,
    until: str,
    by: str | None,
) -> None:
    """Let NAME read a period and criteria.

    Prints their token, once: nobody can read it again.
    """
    from soc2_pac.audit import access, bounds  # noqa: PLC0415
    from soc2_pac.audit.populations import AuditPeriod  # noqa: PLC0415
    from soc2_pac.model import utc_text  # noqa: PLC0415

    within = AuditPeriod.parse(period)
    last = within.end - timedelta(milliseconds=1)
    limits = bounds.Bounds(utc_text(within.start), utc_text(last), bounds.named(criteria))
    ends, who = instant(until, "--until"), actor(by)
    with opened_store(config_path, store_url) as store, store.database.writing() as connection:
        grant, token = access.create(
            connection,
            name=name,
            role="auditor",
            until=ends,
            by=who,
            now=clock.now(),
            bounds=limits,
        )
    click.echo(token)
    click.echo(
        plain(
            f"{grant.id} recorded: {grant.said.name} reads {', '.join(limits.criteria)} of {period} "
        )
        + f"until {grant.said.until}. The token is shown this once. They sign in with it at /login, "
        "or open /login#TOKEN.",
        err=True,
    )


@auditors.command("list")
@config_option
@store_option
@format_option
def list_(config_path: str | None, store_url: str | None, form: str) -> None:
    """List auditors, those whose access ended too."""
    from soc2_pac.audit import access  # noqa: PLC0415

    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = [row for row in access.rows(connection, clock.now()) if row["role"] == "auditor"]
    if write(found, _COLUMNS, form) == 0:
        click.echo("No auditors.", err=True)


auditors.add_command(revoke)


@auditors.command()
@config_option
@store_option
@format_option
def requests(config_path: str | None, store_url: str | None, form: str) -> None:
    """List what auditors asked and noted, with the answers."""
    from soc2_pac.audit import requests as asked  # noqa: PLC0415

    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = list(asked.rows(connection))
    if write(found, _REQUESTS, form) == 0:
        click.echo("No requests.", err=True)


@auditors.command()
@click.argument("number", type=click.IntRange(1))
@click.argument("answer")
@config_option
@store_option
@_by_option
def answer(
    number: int, answer: str, config_path: str | None, store_url: str | None, by: str | None
) -> None:
    """Answer the request or note NUMBER."""
    from soc2_pac.store import messages  # noqa: PLC0415

    who = actor(by)
    with opened_store(config_path, store_url) as store, store.database.writing() as connection:
        messages.answer(connection, number, answer, by=who)
    click.echo(f"Answer to {number} recorded.")


@auditors.command()
@config_option
@store_option
@click.option("--auditor", metavar="ID", help="Only by this one.")
@format_option
def opened(config_path: str | None, store_url: str | None, auditor: str | None, form: str) -> None:
    """List what auditors opened, newest first: a thousand at most."""
    from soc2_pac.store import messages  # noqa: PLC0415

    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = [one._asdict() for one in messages.views(connection, auditor=auditor, limit=_MOST)]
    if write(found, _OPENED, form) == 0:
        click.echo("No auditor opened a page yet.", err=True)
