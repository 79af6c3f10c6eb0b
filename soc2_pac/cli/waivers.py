"""``waivers``: accept a failure, visibly."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    ListGroup,
    actor,
    check_filters,
    config_option,
    find_rule,
    format_option,
    instant,
    opened_store,
    store_option,
)
from soc2_pac.cli.summary import expiring
from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.audit.reviewers import People
    from soc2_pac.config import Config

_COLUMNS = (
    "waiver",
    "state",
    "rule",
    "scope",
    "resource",
    "owner",
    "approver",
    "approval",
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
@click.option("--approver", required=True, help="Another person, who agreed.")
@click.option("--scope", help="Only in this scope. Default: everywhere.")
@click.option(
    "--resource",
    help="Only this resource, by its id or name, or a pattern: 'sandbox-*'. Default: all.",
)
@click.option(
    "--expires", metavar="DATE", required=True, help="When it ends; waivers do not last for ever."
)
@click.option("--ahead", is_flag=True, help="Record it although it covers no current failure.")
def add(
    rule_id: str,
    config_path: str | None,
    store_url: str | None,
    reason: str,
    owner: str,
    approver: str,
    scope: str | None,
    resource: str | None,
    expires: str,
    ahead: bool,
) -> None:
    """Accept the failures of a rule until a date."""
    from soc2_pac import api, config, plugins, rule_files  # noqa: PLC0415
    from soc2_pac.audit import acceptance  # noqa: PLC0415

    settings = config.load(config_path, required=store_url is None)
    find_rule(rule_files.known(settings), rule_id)
    ends = instant(expires, "--expires")
    terms = acceptance.Terms(rule_id, reason, owner, approver, ends, scope, resource, ahead)
    with opened_store(config_path, store_url) as store:
        with store.reading() as connection:
            check_filters(connection, scope=scope)
        known = api.reviewing(settings, plugins.load())
        longest = settings.waivers.max_days
        waiver, covered = acceptance.accept(store, known, terms, longest=longest, by=actor(owner))
    failures = (
        "1 current failure, which stays"
        if covered == 1
        else f"{covered} current failures, which stay"
    )
    click.echo(f"{waiver} recorded. It covers {failures} visible as waived.")
    click.echo(plain(f"That {approver} agreed is on the word of {owner}: nothing proves it."))


def _people(connection: Connection, settings: Config) -> People:
    from soc2_pac import api, plugins  # noqa: PLC0415

    reading = api.reviewing(settings, plugins.load())
    return reading.people(connection, clock.now())


@waivers.command("list")
@config_option
@store_option
@click.option("--active", is_flag=True, help="Only those that hold now.")
@format_option
def list_(config_path: str | None, store_url: str | None, active: bool, form: str) -> None:
    """List waivers, ended ones too, each with what its approval rests on."""
    from soc2_pac import config  # noqa: PLC0415
    from soc2_pac.audit.approvals import rests_on  # noqa: PLC0415

    settings = config.load(config_path, required=store_url is None)
    with opened_store(config_path, store_url) as store:
        found = store.waivers(active=active)
        with store.reading() as connection:
            people = _people(connection, settings) if found else None
    now = clock.now()
    rows = [
        {
            **asdict(w),
            "resource": w.resource or w.pattern,
            "approval": rests_on(w, people),
            "state": "active" if w.active(now) else "revoked" if w.revoked_at else "expired",
        }
        for w in found
    ]
    if write(rows, _COLUMNS, form) == 0:
        click.echo("No waivers.", err=True)
    for line in expiring(w for w in found if w.active(now)):
        click.echo(line, err=True)


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
    by = actor(owner)
    with opened_store(config_path, store_url) as store:
        store.revoke_waiver(waiver, reason=reason, owner=by.claimed_name, by=by)
    click.echo(f"{waiver} revoked.")
