"""``waivers``: accept a failure, visibly."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
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
from soc2_pac.errors import UsageError
from soc2_pac.model import Status, utc_text
from soc2_pac.output import plain, write
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.audit.reviewers import People
    from soc2_pac.config import Config
    from soc2_pac.store.queries import Finding
    from soc2_pac.store.waivers import Waiver

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
    from soc2_pac import config, rule_files  # noqa: PLC0415
    from soc2_pac.store.waivers import check_terms, matches  # noqa: PLC0415

    settings = config.load(config_path, required=store_url is None)
    find_rule(rule_files.known(settings), rule_id)
    longest = settings.waivers.max_days
    ends = instant(expires, "--expires")
    check_terms(reason, owner, approver, ends, clock.now())
    if ends > clock.now() + timedelta(days=longest + 1):
        msg = f"--expires: a waiver lasts {longest} days at most ([waivers] max_days)"
        raise UsageError(msg)
    with opened_store(config_path, store_url) as store:
        with store.reading() as connection:
            check_filters(connection, scope=scope)
            _two_people(
                connection, config.load(config_path, required=store_url is None), owner, approver
            )
        pattern = resource if resource is not None and "*" in resource else None
        named = None if pattern else resource
        known = store.findings(rules=[rule_id], scope=scope, resource=named) if named else []
        uid = named and _uid(named, [f for f in known if scope in (None, f.scope)])
        covered = sum(
            uid in (None, f.resource)
            and scope in (None, f.scope)
            and (pattern is None or matches(pattern, f.resource, f.resource_name))
            for f in store.stream_findings(
                rules=[rule_id], scope=scope, resource=uid, statuses=[Status.FAIL]
            )
        )
        if covered == 0 and not ahead:
            what = f"'{resource}'" if resource else "the rule"
            msg = (
                f"{what} has no current failure of {rule_id}: the waiver would cover nothing. Next: "
                f"soc2-pac findings list --rule {rule_id}, or --ahead to record it all the same"
            )
            raise UsageError(msg)
        _refuse_second(store.waivers(active=True), rule_id, scope, uid, pattern, ends)
        waiver = store.add_waiver(
            rule=rule_id,
            reason=reason,
            owner=owner,
            scope=scope,
            resource=uid,
            pattern=pattern,
            approver=approver,
            by=actor(owner),
            expires_at=ends,
        )
    failures = (
        "1 current failure, which stays"
        if covered == 1
        else f"{covered} current failures, which stay"
    )
    click.echo(f"{waiver} recorded. It covers {failures} visible as waived.")
    click.echo(plain(f"That {approver} agreed is on the word of {owner}: nothing proves it."))


def _refuse_second(
    before: Iterable[Waiver],
    rule: str,
    scope: str | None,
    uid: str | None,
    pattern: str | None,
    ends: datetime,
) -> None:
    """Raise UsageError where the same is accepted already, for as long or longer."""
    for one in before:
        same = (one.rule, one.scope, one.resource, one.pattern) == (rule, scope, uid, pattern)
        if same and (one.expires_at is None or one.expires_at >= utc_text(ends)):
            until = f"until {one.expires_at[:10]}" if one.expires_at else "without an end"
            msg = (
                f"{one.waiver} accepts the same {until} already. Next: soc2-pac waivers list, or "
                f"soc2-pac waivers revoke {one.waiver}"
            )
            raise UsageError(msg)


def _two_people(connection: Connection, settings: Config, owner: str, approver: str) -> None:
    """Owner and approver are people who work here, and not the same, where the store knows people.

    Raises:
        UsageError: somebody is unknown, has left, or approves what is their own.
    """
    people = _people(connection, settings)
    if not people.known:
        return
    found = [
        people.reviewer(name, option)
        for name, option in ((owner, "--owner"), (approver, "--approver"))
    ]
    if found[0].id == found[1].id:
        msg = f"{found[0].name} cannot approve a waiver of their own: name somebody else"
        raise UsageError(msg)


def _people(connection: Connection, settings: Config) -> People:
    from soc2_pac import api, plugins  # noqa: PLC0415

    reading = api.reviewing(settings, plugins.load())
    return reading.people(connection, clock.now())


def _uid(resource: str, found: list[Finding]) -> str:
    """The id of a resource that somebody named by its id or by its name. Raises UsageError for several."""
    if any(finding.resource == resource for finding in found):
        return resource
    ids = sorted({f.resource for f in found if f.resource_name == resource and f.resource})
    if len(ids) > 1:
        msg = (
            f"{len(ids)} resources are called '{resource}': {listed(ids)}. Next: name one by its id"
        )
        raise UsageError(msg)
    return ids[0] if ids else resource


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
