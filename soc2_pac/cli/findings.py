"""``findings``: query current findings and their history."""

from __future__ import annotations

import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import click

from soc2_pac.cli.differences import diff
from soc2_pac.cli.options import (
    Choice,
    ListGroup,
    Page,
    check_criteria,
    check_filters,
    config_option,
    find_rule,
    one_finding,
    opened_store,
    page_options,
    severity_option,
    status_option,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.model import Severity, Status
from soc2_pac.output import FORMATS, exchange, plain, write
from soc2_pac.store import queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from soc2_pac.audit.controls import ByRule
    from soc2_pac.store import Store

_TO_ACT_ON = (Status.FAIL, Status.INCONCLUSIVE, Status.ERROR, Status.STALE)
"""What SARIF holds where no status is asked for: its readers show any result as a problem."""
_COLUMNS = ("status", "severity", "rule", "scope", "resource", "message", "fingerprint")


@click.group(cls=ListGroup)
def findings() -> None:
    """Query findings and their history. Without a command: list."""


@findings.command("list")
@config_option
@store_option
@click.option(
    "--criterion",
    "criteria",
    multiple=True,
    help="A criterion (CC6.1) or series (CC6); repeatable.",
)
@click.option("--rule", "rules", multiple=True, help="A rule id; repeatable.")
@click.option(
    "--control", "control", metavar="ID", help="Only findings of the rules that this control names."
)
@status_option
@severity_option
@click.option("--provider", help="Only findings about this provider.")
@click.option("--scope", help="Exact, or a prefix ending in *: 'aws:123456789012/*'.")
@click.option("--kind", help="Only findings about this kind.")
@click.option("--resource", help="Id or name of a resource.")
@click.option(
    "--waived/--not-waived", default=None, help="Only waived, or only not waived failures."
)
@click.option(
    "--outside/--not-outside",
    default=None,
    help="Only what decisions of the configuration leave out of the count, or only what counts.",
)
@page_options
@click.option(
    "--format",
    "form",
    type=Choice([*FORMATS, *exchange.FORMATS]),
    default="table",
    show_default=True,
    help="Of the rows; or for other programs: SARIF 2.1.0 (what passes only with --status), JUnit XML, OCSF 1.5 "
    "(one JSON object a line).",
)
def list_(
    config_path: str | None,
    store_url: str | None,
    criteria: tuple[str, ...],
    rules: tuple[str, ...],
    control: str | None,
    statuses: tuple[str, ...],
    severities: tuple[str, ...],
    provider: str | None,
    scope: str | None,
    kind: str | None,
    resource: str | None,
    waived: bool | None,
    outside: bool | None,
    page: Page,
    form: str,
) -> None:
    """List current findings, failures first and then by severity.

    CSV and JSON name the controls of each, where some are recorded.
    Exit code 3 where nothing was judged yet.
    """
    from soc2_pac import clock, config  # noqa: PLC0415
    from soc2_pac.audit.controls import ByRule  # noqa: PLC0415
    from soc2_pac.model import utc_text  # noqa: PLC0415
    from soc2_pac.store.findings import last_as_of  # noqa: PLC0415

    days = config.load(config_path, required=config_path is not None).evidence.max_age_days
    check_criteria(criteria)
    _check_rules(rules, config_path)
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        if last_as_of(connection) is None:
            # An empty list, or an empty file for another program, would read like good news.
            click.echo("Nothing was judged yet. Next: soc2-pac run", err=True)
            sys.exit(3)
        check_filters(connection, provider=provider, kind=kind, scope=scope)
        if control is not None:
            rules = _of_control(connection, control, rules)
        if form == "sarif" and not statuses:
            statuses = tuple(status.value for status in _TO_ACT_ON)
        found = queries.findings(
            connection,
            rules=rules,
            criteria=criteria,
            statuses=[Status(s) for s in statuses],
            severities=[Severity(s) for s in severities],
            provider=provider,
            scope=scope,
            kind=kind,
            resource=resource,
            waived=waived,
            outside=outside,
            by_rule=form == "junit",
            after=page.behind(queries.Position),
            limit=page.asked,
        )
        found = page.cut(found, queries.Position.of)
        if form in exchange.FORMATS:
            count = _exchange(connection, found, form)
        else:
            approvals = _approvals(store)
            controls = ByRule(connection)
            columns = (*_COLUMNS, "controls") if controls and form == "csv" else _COLUMNS
            rows = _rows(found, controls, approvals, full=form == "json")
            count = write(rows, columns, form)
        outdated = queries.outdated(connection, utc_text(clock.now()), days)
    if count == 0:
        click.echo("No finding matches.", err=True)
    page.say(count)
    if outdated is not None:
        click.echo(f"{outdated} Next: soc2-pac run", err=True)


def _exchange(connection: Connection, found: Iterator[queries.Finding], form: str) -> int:
    """Write findings for another program."""
    from importlib.metadata import version  # noqa: PLC0415

    from soc2_pac import plugins  # noqa: PLC0415
    from soc2_pac.output import junit, ocsf, sarif  # noqa: PLC0415
    from soc2_pac.store import waivers  # noqa: PLC0415

    rules = plugins.load().rules
    context = exchange.Context(
        version(plugins.DISTRIBUTION),
        queries.last_instant(connection),
        {rule.id: exchange.Words(rule.title, rule.why, rule.fix) for rule in rules.values()},
        {waiver.waiver: waiver for waiver in waivers.listed(connection)},
    )
    writers = {"sarif": sarif.write, "junit": junit.write, "ocsf": ocsf.write}
    return writers[form](found, context, sys.stdout)


def _of_control(connection: Connection, control_id: str, rules: tuple[str, ...]) -> tuple[str, ...]:
    """The judged rules that a control names, as far as ``--rule`` names them too. Raises UsageError for none."""
    from soc2_pac.audit import controls  # noqa: PLC0415

    _, control = controls.one(connection, control_id)
    named = controls.rules_of(control.rules, queries.rule_counts(connection))
    found = tuple(rule for rule in named if not rules or rule in rules)
    if not found:
        what = "none of its rules was judged yet" if control.rules else "it names no rule"
        msg = f"control {control_id} has no findings: {what}. Next: soc2-pac controls show {control_id}"
        raise UsageError(msg)
    return found


def _check_rules(names: tuple[str, ...], config_path: str | None) -> None:
    if names:
        from soc2_pac import config, rule_files  # noqa: PLC0415

        registry = rule_files.known(config.load(config_path, required=config_path is not None))
        for name in names:
            find_rule(registry, name)


def _rows(
    found: Iterator[queries.Finding],
    controls: ByRule,
    approvals: Mapping[str, str],
    *,
    full: bool,
) -> Iterator[dict[str, object]]:
    # One after the other, since asdict() copies all that a field holds: a third of the time of a long list.
    names = [field.name for field in fields(queries.Finding)]
    for finding in found:
        row: dict[str, object] = {name: getattr(finding, name) for name in names}
        if controls:
            row["controls"] = controls.of(finding.rule)
        if finding.waiver:
            row["approval"] = approvals[finding.waiver]
        if not full:
            row["resource"] = finding.resource_name or finding.resource
            if finding.waiver:
                row["status"] = f"{finding.status} (waived)"
            if finding.outside:
                row["status"] = f"{finding.status} (outside)"
                row["message"] = f"{finding.message} [{'; '.join(finding.because)}]"
        yield row


findings.add_command(diff)


def _approvals(store: Store) -> dict[str, str]:
    """What the approval of each waiver in force rests on."""
    from soc2_pac.audit.approvals import rests_on  # noqa: PLC0415

    return {waiver.waiver: rests_on(waiver) for waiver in store.waivers()}


@findings.command()
@click.argument("fingerprint")
@config_option
@store_option
def show(fingerprint: str, config_path: str | None, store_url: str | None) -> None:
    """Show one finding whole, with its history. The start of its FINGERPRINT is enough."""
    with opened_store(config_path, store_url) as store:
        finding = one_finding(store, fingerprint)
        history = store.finding_history(finding.fingerprint)
        rests_on = store.finding_documents(finding.fingerprint)
        approvals = _approvals(store) if finding.waiver else {}
    waived = f"  (waived: {finding.waiver})" if finding.waiver else ""
    if finding.outside:
        waived += "  (outside: not counted)"
    facts = {
        "rule": finding.rule,
        "title": finding.title,
        "status": f"{finding.status}{waived}",
        "severity": finding.severity,
        "criteria": ", ".join(finding.criteria),
        "scope": finding.scope,
        "kind": finding.kind,
        "resource": finding.resource,
        "name": finding.resource_name,
        "message": finding.message,
        "since": finding.since,
        "failing since": finding.failing_since,
        "fix by": finding.sla_due,
        "holds until": finding.until,
        "approval": approvals.get(finding.waiver or ""),
        "decided": "; ".join(finding.because) or None,
        "thresholds": _thresholds(finding.thresholds),
        "evidence": finding.evidence,
        "fingerprint": finding.fingerprint,
    }
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name:<16}{plain(value)}")
    if rests_on:
        click.echo("\nRests on")
        rows = ({**asdict(item), "digest": item.digest and item.digest[:12]} for item in rests_on)
        write(rows, ("role", "kind", "scope", "resource", "digest", "collection"), "table")
        short = finding.fingerprint[:8]
        click.echo(f"\nThe documents: soc2-pac evidence show --finding {short}")
    click.echo("\nHistory")
    write(
        (asdict(period) for period in history),
        ("valid_from", "valid_to", "status", "message"),
        "table",
    )


def _thresholds(values: Mapping[str, object]) -> str | None:
    """Those of the rule itself; what the engine adds to them starts with a dollar sign."""
    own = [f"{name} = {value}" for name, value in values.items() if not name.startswith("$")]
    return ", ".join(own) or None
