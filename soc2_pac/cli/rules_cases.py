"""``rules test``: run the cases of rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import config
from soc2_pac.cases import idle_overrides, load_cases, mismatch, run_case
from soc2_pac.cli.options import find_rule
from soc2_pac.errors import UsageError
from soc2_pac.model import Status
from soc2_pac.output import plain
from soc2_pac.rule_files import known, rules_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.cases import Case
    from soc2_pac.rules import Rule

_CASES = ".cases.yaml"


@click.command()
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("--verbose", "-v", is_flag=True, help="Print every case.")
@click.pass_context
def test(ctx: click.Context, names: tuple[str, ...], verbose: bool) -> None:
    """Run the cases of rules: ids, globs, criteria or files of rules or cases; all when none is named.

    A rule needs a case that passes and one that fails, and every override of a failing case must be
    needed for the failure.
    """
    chosen = _chosen(names)
    right = wrong = 0
    for rule in chosen:
        for name, problem in _results(rule):
            right += problem is None
            wrong += problem is not None
            if problem is not None:
                click.echo(f"FAILED {rule.id}: {plain(problem)}")
            elif verbose:
                click.echo(f"ok     {rule.id}: {plain(name)}")
    if right + wrong == 0:
        msg = "no case was run. Next: write cases beside the rule's module"
        raise UsageError(msg)
    rules = "1 rule" if len(chosen) == 1 else f"{len(chosen)} rules"
    click.echo(f"{rules}: {right} cases passed, {wrong} failed")
    ctx.exit(1 if wrong else 0)


def _chosen(names: tuple[str, ...]) -> list[Rule]:
    """The rules named, each once. Raises UsageError for a name that matches none."""
    registry = known(config.load(None, required=False))
    chosen: dict[str, Rule] = {} if names else dict(registry.rules)
    for name in names:
        if name.endswith(_CASES):
            name = name.removesuffix(_CASES) + ".py"  # noqa: PLW2901 - the rules that the cases are of
        if name.endswith(".py"):
            found = _in_file(Path(name), list(registry.rules.values()))
        else:
            found = [rule for rule in registry.rules.values() if config.matches(rule, name)]
            found = found or [find_rule(registry, name)]
        chosen |= {rule.id: rule for rule in found}
    return list(chosen.values())


def _in_file(path: Path, installed: list[Rule]) -> list[Rule]:
    here = path.resolve()
    found = [
        rule
        for rule in installed
        if Path(str(sys.modules[rule.function.__module__].__file__)).resolve() == here
    ]
    return found or rules_in(path)


def _results(rule: Rule) -> Iterator[tuple[str, str | None]]:
    """(what was tested, what is wrong with it) for everything that a rule's cases must hold."""
    try:
        cases = load_cases(rule)
    except UsageError as error:
        yield "cases", str(error)
        return
    present = {case.status for case in cases}
    for status in (Status.PASS, Status.FAIL):
        if status not in present:
            yield "cases", f"no case ends in {status}"
    for case in cases:
        yield case.name, _problem(rule, case)


def _problem(rule: Rule, case: Case) -> str | None:
    try:
        what = mismatch(case, run_case(rule, case))
        if what is None and case.status is Status.FAIL:
            idle = idle_overrides(rule, case)
            what = f"it also fails without: {', '.join(idle)}" if idle else None
    except UsageError as error:
        return str(error)
    return f"{case.name}: {what}" if what else None
