"""``rules``: list, show, write and test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from soc2_pac import config
from soc2_pac.cases import load_cases
from soc2_pac.cli.options import (
    ListGroup,
    check_criteria,
    check_known,
    config_option,
    find_rule,
    format_option,
    instant,
    opened_store,
    severity_option,
    store_option,
)
from soc2_pac.cli.rules_cases import test
from soc2_pac.cli.rules_new import new
from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import UsageError
from soc2_pac.output import plain, write
from soc2_pac.rule_files import known, with_files

if TYPE_CHECKING:
    from soc2_pac.plugins import Registry
    from soc2_pac.rules import Rule

_WIDTH = 80
_DECIDED = ("what", "effect", "where", "reason", "owner", "date")
_HELD = (*_DECIDED, "since", "until", "findings", "not_judged")


@click.group(cls=ListGroup)
def rules() -> None:
    """List, show, write and test rules. Without a command: list."""


rules.add_command(new)
rules.add_command(test)


@rules.command("list")
@config_option
@click.option(
    "--criterion", "criteria", multiple=True, help="Only rules of this criterion or series (CC6)."
)
@click.option("--provider", help="Only rules of this provider.")
@click.option("--kind", help="Only rules that judge or read this kind.")
@click.option(
    "--known-as", help="The rule that answers this question of another tool, e.g. prowler:ID."
)
@click.option(
    "--off", is_flag=True, help="Only rules that the configuration switches off, with the reason."
)
@severity_option
@format_option
def list_(
    config_path: str | None,
    criteria: tuple[str, ...],
    provider: str | None,
    kind: str | None,
    known_as: str | None,
    off: bool,
    severities: tuple[str, ...],
    form: str,
) -> None:
    """List the rules that are installed, and those of [rules] paths."""
    settings = config.load(config_path, required=config_path is not None)
    registry = known(settings)
    check_criteria(criteria)
    check_known(provider, registry.providers, "provider", "soc2-pac plugins")
    check_known(kind, registry.collectors, "kind", "soc2-pac plugins --kinds")
    reasons: dict[str, str] = {}
    if off:
        settings = config.load(config_path)
        reasons = settings.active_rules(registry.rules)[1]
    rows = [
        {
            "rule": rule.id,
            "severity": rule.severity.value,
            "criteria": list(rule.criteria),
            "title": rule.title,
            "kind": rule.kind,
            "known_as": list(rule.known_as),
            **({"off": reasons[rule.id]} if off else {}),
        }
        for rule in registry.rules.values()
        if (not criteria or any(config.matches(rule, name) for name in criteria))
        and provider in (None, rule.provider)
        and (kind is None or kind in rule.kinds)
        and (not severities or rule.severity in severities)
        and (known_as is None or _known(rule, known_as))
        and (not off or rule.id in reasons)
    ]
    columns = ("rule", "severity", "criteria", "off" if off else "title")
    if write(rows, columns, form) == 0:
        click.echo("No rule matches.", err=True)


@rules.command()
@config_option
@store_option
@click.option(
    "--at",
    "moment",
    metavar="TIME",
    help="What was in force then, and what it touched: by the store alone.",
)
@click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    help="What was in force on these days, both included: by the store alone.",
)
@format_option
def decisions(
    config_path: str | None,
    store_url: str | None,
    moment: str | None,
    period_text: str | None,
    form: str,
) -> None:
    """List what is switched off, left out or loosened: why, by whom and since when.

    Without --at and --period: what the configuration says now. Each run records that; --at and --period ask the
    store, and count the findings that a decision touched and the resources that nobody judged because of it.
    """
    from soc2_pac.audit import decisions as made  # noqa: PLC0415
    from soc2_pac.audit.populations import AuditPeriod  # noqa: PLC0415

    if moment is None and period_text is None:
        if store_url is not None:
            msg = "--store needs --at or --period: without them the configuration is listed"
            raise UsageError(msg)
        settings = config.load(config_path)
        found = [
            {**msgspec.to_builtins(one), "rules": [rule for rule, _ in one.rules]}
            for one in made.decided(settings, known(settings).rules)
        ]
        if write(found, _DECIDED, form) == 0:
            click.echo("The configuration decides nothing away.", err=True)
        return
    if moment is not None and period_text is not None:
        msg = "--at and --period: name one of them"
        raise UsageError(msg)
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        if period_text is not None:
            period = AuditPeriod.parse(period_text)
            start, record = period.start, made.during(connection, period.start, period.end)
        else:
            start = instant(moment or "", "--at")
            record = made.at(connection, start)
    if write((held.row() for held in record.held), _HELD, form) == 0:
        click.echo("Nothing was decided away then.", err=True)
    if gap := record.gap(start):
        click.echo(f"Not known: {gap}.", err=True)


def _known(rule: Rule, name: str) -> bool:
    return any(name in (alias, alias.partition(":")[2]) for alias in rule.known_as)


@rules.command()
@click.argument("rule_id", metavar="RULE")
@config_option
def show(rule_id: str, config_path: str | None) -> None:
    """Show all there is to know of one rule, or of the rules in FILE.py."""
    settings = config.load(config_path, required=config_path is not None)
    registry, names = with_files(known(settings), [rule_id])
    for place, name in enumerate(names):
        if place:
            click.echo("")
        _show(find_rule(registry, name), registry)


def _show(rule: Rule, registry: Registry) -> None:
    click.echo(f"{rule.id}  [{rule.severity}]\n{rule.title}.")
    for note in rule.notes:
        click.echo(f"\n{click.wrap_text(plain(note), _WIDTH)}")
    _section("Criteria", [f"{name}  {CRITERIA[name].title}" for name in rule.criteria])
    _section("Why", [rule.why])
    _section("Fix", [rule.fix])
    _section(
        "Thresholds",
        [f"{threshold.name} = {_toml(threshold.default)}" for threshold in rule.thresholds],
        f"set in the configuration, [rules.{rule.id}]",
    )
    empty = rule.when_empty()
    _section("Where there is none of the kind", [f"{empty.status}: {empty.message}"])
    _section("Reads", _reads(rule, registry))
    _section("Known as", list(rule.known_as))
    cases = load_cases(rule)
    width = max((len(case.status) for case in cases), default=0)
    _section("Cases", [f"{case.status:<{width}}  {case.name}" for case in cases])
    click.echo(f"\nDefined in {rule.function.__module__}")


def _section(heading: str, lines: list[str], remark: str = "") -> None:
    """A heading and what stands below it; nothing at all when there are no lines."""
    if lines:
        click.echo(f"\n{heading}{f' ({remark})' if remark else ''}")
        for line in lines:
            click.echo(click.wrap_text(plain(line), _WIDTH, "  ", "    "))


def _reads(rule: Rule, registry: Registry) -> list[str]:
    lines = []
    optional = {kind.kind for kind in rule.where_sourced} - {rule.kind}
    for kind in rule.kinds:
        collector = registry.collectors.get(kind)
        calls = ", ".join(collector.calls) if collector else "NO INSTALLED COLLECTOR KNOWS IT"
        sourced = " (where its provider is a source)" if kind in optional else ""
        lines.append(f"{kind}{sourced}: {calls}")
    return lines


def _toml(value: object) -> str:
    """A threshold as it is written in the configuration."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
