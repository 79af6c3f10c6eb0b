"""``people``: who works here, and whose each account is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.audit import accounts
from soc2_pac.cli.options import (
    ListGroup,
    check_known,
    config_option,
    format_option,
    opened_store,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.identity import IdentityGraph, Owned

_COLUMNS = ("person", "system", "login", "reason", "active", "mfa", "privileged")
_CONFLICTS = ("about", "subject", "persons", "reasons")
_WORDS = {True: "yes", False: "no", None: "unknown"}


@click.group(cls=ListGroup)
def people() -> None:
    """Query people over all systems. Without a command: list."""


@people.command("list")
@config_option
@store_option
@click.option("--unmatched", is_flag=True, help="Only accounts that nobody owns.")
@click.option("--leavers", is_flag=True, help="Only accounts of people who left that can be used.")
@click.option(
    "--privileged",
    is_flag=True,
    help="Only accounts that administer their system; how many may besides is said.",
)
@click.option(
    "--conflicts",
    is_flag=True,
    help="Instead: statements that contradict each other, or speak of no account; nothing was guessed.",
)
@click.option("--system", help="Only accounts in this system: github, or github:acme.")
@format_option
def list_(
    config_path: str | None,
    store_url: str | None,
    unmatched: bool,
    leavers: bool,
    privileged: bool,
    conflicts: bool,
    system: str | None,
    form: str,
) -> None:
    """List accounts with their owner, and by what statement they are theirs."""
    if unmatched + leavers + conflicts > 1 or (privileged and conflicts):
        msg = "name one of --unmatched, --leavers and --conflicts; --privileged goes with the first two"
        raise UsageError(msg)
    from soc2_pac import config, plugins  # noqa: PLC0415
    from soc2_pac.evaluate.people import read  # noqa: PLC0415

    # A store that is named needs no configuration.
    days = config.load(config_path, required=store_url is None).evidence.max_age_days
    registry = plugins.load()
    kinds = registry.kinds
    now = clock.now()
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = read(connection, kinds, now, timedelta(days=days), registry.joined_identities)
    systems = {account.account.system for account in found.graph.accounts}
    systems |= {one.partition(":")[0] for one in systems} | {
        kind.kind.partition(".")[0] for kind in kinds
    }
    check_known(system, dict.fromkeys(sorted(systems)), "system", "soc2-pac people list")
    if conflicts:
        count = write(_contradictions(found.graph), _CONFLICTS, form)
    else:
        chosen = list(
            accounts.chosen(found.graph, now, system, unmatched=unmatched, leavers=leavers)
        )
        listed = [owned for owned in chosen if owned.account.privileged or not privileged]
        count = write((_row(owned, now, form) for owned in listed), _COLUMNS, form)
        perhaps = sum(owned.account.privileged is None for owned in chosen) if privileged else 0
        if perhaps:
            click.echo(
                f"Note: of {perhaps} more it is not known whether they administer.", err=True
            )
    if count == 0:
        click.echo("No account matches." if not conflicts else "Nothing contradicts.", err=True)
    for note in found.notes:
        click.echo(f"Note: {plain(note)}", err=True)


def _contradictions(graph: IdentityGraph) -> Iterator[dict[str, object]]:
    for conflict in graph.conflicts:
        yield conflict._asdict()
    for link in graph.unused:
        yield {
            "about": "no account",
            "subject": f"{link.login} in {link.system}",
            "persons": (link.person_key,) if link.person_key else (),
            "reasons": (link.reason,),
        }


def _row(owned: Owned, now: datetime, form: str) -> dict[str, object]:
    if form == "json":
        return accounts.row(owned, now)
    account, person = owned.account, owned.person
    said = {
        "person": str(person) if person else "",
        "active": _WORDS[account.active],
        "mfa": _WORDS[account.mfa],
        "privileged": _WORDS[account.privileged],
    }
    return {"system": account.system, "login": account.login, "reason": owned.reason, **said}
