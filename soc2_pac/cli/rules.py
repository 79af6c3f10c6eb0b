"""``rules``: list, show, write and test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from soc2_pac import cases as case_files
from soc2_pac import config, plugins
from soc2_pac.cli.options import check_criteria, config_option, format_option, severity_option
from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import UsageError
from soc2_pac.model import Status
from soc2_pac.output import write
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from soc2_pac.plugins import Registry
    from soc2_pac.rules import Rule


@click.group()
def rules() -> None:
    """List, show, write and test rules."""


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
    """List the installed rules."""
    registry = plugins.load()
    check_criteria(criteria)
    reasons: dict[str, str] = {}
    if off:
        reasons = config.load(config_path).active_rules(registry.rules)[1]
    rows = [
        {
            "rule": rule.id,
            "severity": rule.severity.value,
            "criteria": list(rule.criteria),
            "title": rule.title,
            "kind": rule.kind,
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
    if write(rows, columns, form) == 0 and form == "table":
        click.echo("No rule matches.")


def _known(rule: Rule, name: str) -> bool:
    return any(name in (alias, alias.partition(":")[2]) for alias in rule.known_as)


def find(registry: Registry, rule_id: str) -> Rule:
    """The rule of an id. Raises UsageError naming the nearest."""
    if rule_id not in registry.rules:
        msg = f"there is no rule '{rule_id}'.{nearest(rule_id, registry.rules)} Next: soc2-pac rules list"
        raise UsageError(msg)
    return registry.rules[rule_id]


@rules.command()
@click.argument("rule_id")
def show(rule_id: str) -> None:
    """Show all there is to know of one rule."""
    registry = plugins.load()
    rule = find(registry, rule_id)
    click.echo(f"{rule.id}  [{rule.severity}]\n{rule.title}.\n")
    click.echo("Criteria")
    for criterion in rule.criteria:
        click.echo(f"  {criterion}  {CRITERIA[criterion].title}")
    for heading, text in (("Why", rule.why), ("Fix", rule.fix)):
        click.echo(f"\n{heading}\n" + click.wrap_text(text, 80, "  ", "  "))
    click.echo("\nThresholds" if rule.thresholds else "\nThresholds: none")
    for threshold in rule.thresholds:
        click.echo(f"  {threshold.name} = {threshold.default!r}   set in [rules.{rule.id}]")
    click.echo(f"\nEmpty population\n  {rule.when_empty().status}: {rule.when_empty().message}")
    click.echo("\nReads")
    for kind in rule.kinds:
        collector = registry.collectors.get(kind)
        calls = (
            ", ".join(collector.calls) if collector else "NO INSTALLED COLLECTOR KNOWS THIS KIND"
        )
        click.echo(click.wrap_text(f"{kind}: {calls}", 80, "  ", "    "))
    if rule.known_as:
        click.echo("\nKnown as\n" + "\n".join(f"  {alias}" for alias in rule.known_as))
    click.echo("\nCases")
    for case in case_files.load_cases(rule):
        click.echo(f"  {case.status:<15} {case.name}")
    click.echo(f"\nDefined in {rule.function.__module__}")


@rules.command()
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("--verbose", "-v", is_flag=True, help="Print every case.")
@click.pass_context
def test(ctx: click.Context, names: tuple[str, ...], verbose: bool) -> None:
    """Run the cases of rules (ids, globs or criteria; all when none is named)."""
    registry = plugins.load()
    for name in names:
        if not any(config.matches(rule, name) for rule in registry.rules.values()):
            find(registry, name)
    chosen = [
        rule
        for rule in registry.rules.values()
        if not names or any(config.matches(rule, name) for name in names)
    ]
    passed, wrong = 0, 0
    for rule in chosen:
        found = case_files.load_cases(rule)
        missing = {Status.PASS, Status.FAIL} - {case.status for case in found}
        if missing:
            wrong += 1
            click.echo(f"FAILED {rule.id}: has no case that ends in {' or '.join(sorted(missing))}")
        for case in found:
            problem = case_files.mismatch(case, case_files.run_case(rule, case))
            if problem is None:
                passed += 1
                if verbose:
                    click.echo(f"ok     {rule.id}: {case.name}")
            else:
                wrong += 1
                click.echo(f"FAILED {rule.id}: {case.name}: {problem}")
    if passed + wrong == 0:
        msg = "no case was run. Next: write cases beside the rule's module"
        raise UsageError(msg)
    click.echo(f"{len(chosen)} rules: {passed} cases passed, {wrong} failed")
    ctx.exit(1 if wrong else 0)


_RULE = '''"""{title}."""

from __future__ import annotations

from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule
from {module} import {view}


@rule(criteria=["CC6.1"], severity=Severity.MEDIUM)
def {function}(resource: {view}) -> Verdict:
    """Say here what must be true.

    Why: what goes wrong when it is not.
    Fix: what to do, as a command or a place in the console.
    """
    if resource.{field}:
        return passed("{field} is set")
    return failed("{field} is not set")
'''

_CASES = """{rule_id}:
  base: {base}
  cases:
    - {{name: "{field} is set", status: pass}}
    - {{name: "{field} is not set", status: fail, set: {{{key}: {empty}}}}}
"""


@rules.command()
@click.argument("rule_id")
@click.option("--kind", required=True, help="The kind that it judges, e.g. aws.s3.bucket.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=".",
    show_default=True,
    help="Where to write.",
)
def new(rule_id: str, kind: str, folder: Path) -> None:
    """Write a new rule and its cases: two files that run, to be changed into what you mean."""
    registry = plugins.load()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", rule_id):
        msg = f"'{rule_id}' is no rule id: small letters, digits and hyphens, e.g. aws-bucket-named-well"
        raise UsageError(msg)
    if rule_id in registry.rules:
        msg = f"there is a rule {rule_id} already. Next: soc2-pac rules show {rule_id}"
        raise UsageError(msg)
    if kind not in registry.collectors:
        msg = (
            f"there is no kind '{kind}'.{nearest(kind, registry.collectors)} Next: soc2-pac plugins"
        )
        raise UsageError(msg)
    view = registry.collectors[kind].resource
    function = rule_id.replace("-", "_")
    field, key, full, empty = _a_field(view)
    targets = (folder / f"{function}.py", folder / f"{function}.cases.yaml")
    for target in targets:
        if target.exists():
            msg = f"{target} is there already: it is left alone"
            raise UsageError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    targets[0].write_text(
        _RULE.format(
            title=f"A rule over {kind}",
            module=view.__module__,
            view=view.__name__,
            function=function,
            field=field,
        ),
        encoding="utf-8",
    )
    base = _minimal(view) | {key: full}
    targets[1].write_text(
        _CASES.format(rule_id=rule_id, base=_flow(base), field=field, key=key, empty=_flow(empty)),
        encoding="utf-8",
    )
    click.echo(f"Wrote {targets[0]} and {targets[1]}.")
    click.echo(
        "Next: put them into a package that an entry point of the group 'soc2_pac' names (the README"
    )
    click.echo(f"shows how), then: soc2-pac rules test {rule_id}")


def _flow(value: object) -> str:
    import json  # noqa: PLC0415

    return json.dumps(value)


def _a_field(view: Any) -> tuple[str, str, object, object]:  # noqa: ANN401
    """A field that the sample rule can read: (attribute, key, a full value, an empty one)."""
    import msgspec  # noqa: PLC0415

    samples: dict[object, tuple[object, object]] = {
        str: ("x", ""),
        bool: (True, False),
        int: (1, 0),
    }
    hints = msgspec.structs.fields(view)
    for item in hints:
        if item.name != "gaps" and item.type in samples:
            full, empty = samples[item.type]
            return item.name, item.encode_name, full, empty
    msg = f"{view.kind} has no plain field to start from. Next: copy the rule of a neighbour"
    raise UsageError(msg)


def _minimal(view: Any) -> dict[str, object]:  # noqa: ANN401
    """Required fields with sample values."""
    from datetime import datetime  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    samples: dict[object, object] = {
        str: "x",
        bool: True,
        int: 1,
        float: 1.0,
        datetime: "2026-01-01T00:00:00Z",
    }
    found = {}
    for item in msgspec.structs.fields(view):
        if item.required:
            origin = getattr(item.type, "__origin__", item.type)
            found[item.encode_name] = samples.get(origin, [] if origin in (list, tuple) else {})
    return found
