"""What ``evaluate --preview`` prints: sums by change, by rule, then each verdict that would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.evaluate.preview import Changed, Preview

_COLUMNS = ("change", "severity", "rule", "scope", "resource", "message")


def print_preview(found: Preview, form: str, *, quiet: bool) -> None:
    """Rows go to standard output; beside JSON and CSV the sums go to standard error."""
    aside = form != "table"
    if not quiet:
        stay = f"{found.reworded:,} would say the same otherwise, {found.same:,} stay"
        told = [
            f"{found.judged:,} verdicts at {found.at}: {len(found.changes):,} would change, {stay}.",
            "Nothing was written.",
            *(f"{count:>8,}  {change}" for change, count in found.by_change()),
            *_rules(found),
            "",
        ]
        for line in told:
            click.echo(line, err=aside)
    listed = sorted(
        (one for one in found.changes if not one.quiet),
        key=lambda one: (one.change, one.rule, one.scope, one.resource or ""),
    )
    write((_row(one) for one in listed), _COLUMNS, form)


def _rules(found: Preview) -> Iterator[str]:
    if found.changes:
        yield "By rule:"
    for rule, change, count in found.by_rule():
        yield f"{count:>8,}  {plain(rule)}: {change}"


def _row(one: Changed) -> dict[str, object]:
    said = one.after or one.before
    assert said is not None  # noqa: S101 - one of them is there
    sides = {"before": one.before, "after": one.after}
    told = {
        f"{name}_{what}": getattr(side, what) if side is not None else None
        for name, side in sides.items()
        for what in ("status", "severity", "outside", "message")
    }
    return {
        "change": one.change, "severity": said.severity, "rule": one.rule, "scope": one.scope,
        "resource": one.resource, "message": said.message, **told,
    }  # fmt: skip
