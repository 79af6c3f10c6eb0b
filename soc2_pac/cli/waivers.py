"""``waivers``: accept a failure, visibly."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime

import click

from soc2_pac.cli.options import (
    ListGroup,
    config_option,
    find_rule,
    format_option,
    instant,
    opened_store,
    store_option,
)
from soc2_pac.output import write

_COLUMNS = (
    "waiver",
    "state",
    "rule",
    "scope",
    "resource",
    "owner",
    "reason",
    "added_at",
    "expires_at",
)


@click.group(cls=ListGroup)
def waivers() -> None:
    """Accept failures: dated, owned, and visible as failures that were accepted. Without a command: list."""


@waivers.command()
@click.argument("rule_id", metavar="RULE")
@config_option
@store_option
@click.option("--reason", required=True, help="Why it is accepted: an auditor will read it.")
@click.option("--owner", required=True, help="The person who accepts the risk.")
@click.option("--scope", help="Only in this scope. Default: everywhere.")
@click.option("--resource", help="Only this resource, by its id. Default: all.")
@click.option(
    "--expires", metavar="DATE", required=True, help="When it ends; waivers do not last for ever."
)
def add(
    rule_id: str,
    config_path: str | None,
    store_url: str | None,
    reason: str,
    owner: str,
    scope: str | None,
    resource: str | None,
    expires: str,
) -> None:
    """Accept the failures of a rule until a date."""
    from soc2_pac import plugins  # noqa: PLC0415

    find_rule(plugins.load(), rule_id)
    with opened_store(config_path, store_url) as store:
        waiver = store.add_waiver(
            rule=rule_id,
            reason=reason,
            owner=owner,
            scope=scope,
            resource=resource,
            expires_at=instant(expires, "--expires"),
        )
        covered = sum(f.waiver == waiver for f in store.findings(rules=[rule_id]))
    click.echo(
        f"{waiver} recorded. It covers {covered} current failures, which stay visible as waived."
    )


@waivers.command("list")
@config_option
@store_option
@click.option("--active", is_flag=True, help="Only those that hold now.")
@format_option
def list_(config_path: str | None, store_url: str | None, active: bool, form: str) -> None:
    """List waivers, ended ones too."""
    with opened_store(config_path, store_url) as store:
        found = store.waivers(active=active)
    now = datetime.now(UTC)
    rows = [
        {
            **asdict(w),
            "state": "active" if w.active(now) else "revoked" if w.revoked_at else "expired",
        }
        for w in found
    ]
    if write(rows, _COLUMNS, form) == 0:
        click.echo("No waivers.", err=True)


@waivers.command()
@click.argument("waiver")
@config_option
@store_option
@click.option("--reason", required=True, help="Why it ends.")
@click.option("--owner", help="Who ends it. Default: the user of this computer.")
def revoke(
    waiver: str, config_path: str | None, store_url: str | None, reason: str, owner: str | None
) -> None:
    """End a waiver before its date."""
    with opened_store(config_path, store_url) as store:
        store.revoke_waiver(waiver, reason=reason, owner=owner or getpass.getuser())
    click.echo(f"{waiver} revoked.")
