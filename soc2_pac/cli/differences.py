"""``findings diff``: what is new, worse, better, fixed and no longer seen since an instant."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from soc2_pac.cli.options import (
    Choice,
    config_option,
    format_option,
    instant,
    opened_store,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.model import Severity, utc_text
from soc2_pac.output import write
from soc2_pac.store import differences, gaps, waivers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from soc2_pac.store.differences import At, Difference

_COLUMNS = (
    "change", "severity", "rule", "scope", "resource", "before", "after", "message", "fingerprint",
)  # fmt: skip


@click.command()
@config_option
@store_option
@click.option(
    "--since",
    required=True,
    metavar="DATE|RUN",
    help="Compare with what was known then: a date, an instant, or right after the run of this number.",
)
@click.option(
    "--until", metavar="DATE|RUN", help="Compare what was known then. Default: what is known now."
)
@click.option("--all", "everything", is_flag=True, help="Also what passes, and came or went.")
@format_option
@click.option(
    "--fail-on",
    type=Choice([s.value for s in Severity]),
    help="Exit with 1 where a failure at or above this severity is new or worse, and not waived.",
)
@click.pass_context
def diff(
    ctx: click.Context,
    config_path: str | None,
    store_url: str | None,
    since: str,
    until: str | None,
    everything: bool,
    form: str,
    fail_on: str | None,
) -> None:
    """Tell what is new, worse, better, fixed or no longer seen since an instant or a run, sums first.

    What was known at an instant is what the last evaluation until then said.
    """
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        first = _at(connection, since, "--since")
        last = _at(connection, until or "9999-01-01", "--until")
        if last.evaluation < first.evaluation:
            msg = f"--until {until} is before --since {since}. Next: give them the other way round"
            raise UsageError(msg)
        counted = differences.sums(connection, first, last)
        _say(first, last, counted, form, everything=everything)
        watch = _Watch(connection, last, Severity(fail_on) if fail_on else None)
        found = differences.differences(connection, first, last, passing=everything)
        write(_rows(found, watch, first, last), _COLUMNS, form)
    ctx.exit(1 if watch.failed else 0)


def _at(connection: Connection, text: str, option: str) -> At:
    if text.isascii() and text.isdigit():
        gaps.run_started(connection, int(text))  # there is such a run
        return differences.after_run(connection, int(text))
    return differences.at_instant(connection, utc_text(instant(text, option)))


def _say(
    first: At, last: At, counted: Mapping[tuple[str, bool], int], form: str, *, everything: bool
) -> None:
    """The two instants, and how many findings differ in each way; beside the rows where programs read those."""
    begin = (
        f"{first.as_of} (evaluation {first.evaluation})"
        if first.as_of
        else "before the first evaluation"
    )
    end = (
        f"{last.as_of} (evaluation {last.evaluation})"
        if last.as_of
        else "before the first evaluation"
    )
    told = (f"{counted.get((change, False), 0):>8,}  {change}" for change in differences.CHANGES)
    lines = [f"From {begin} to {end}:", *told]
    quiet = sum(count for (_, passing), count in counted.items() if passing)
    if quiet and not everything:
        lines.append(f"{quiet:>8,}  came or went without anything to act on: --all lists them")
    for line in (*lines, ""):
        click.echo(line, err=form != "table")


class _Watch:
    """Which failures are waived at the end, and whether one is new or worse that may not be."""

    def __init__(self, connection: Connection, last: At, least: Severity | None) -> None:
        self._at = last.as_of
        self._least = least
        self._waivers: dict[str, list[waivers.Waiver]] = {}
        for one in waivers.listed(connection):
            if self._held(one):
                self._waivers.setdefault(one.rule, []).append(one)
        self.failed = False

    def _held(self, one: waivers.Waiver) -> bool:
        at = self._at or ""
        ends = (one.expires_at, one.revoked_at)
        return one.added_at <= at and all(end is None or end > at for end in ends)

    def waiver(self, one: Difference) -> str | None:
        """The waiver that accepts a failure, if it fails at the end."""
        if one.after != "fail":
            return None
        for waiver in self._waivers.get(one.rule, ()):
            if waiver.covers(one.scope, one.resource, one.resource_name):
                return waiver.waiver
        return None

    def note(self, one: Difference, waiver: str | None) -> None:
        """Take a row into account."""
        if (
            self._least is not None
            and one.after == "fail"
            and one.change in (differences.NEW, differences.WORSE)
            and waiver is None
            and not one.outside
            and Severity(one.severity).rank >= self._least.rank
        ):
            self.failed = True


def _rows(
    found: Iterator[Difference], watch: _Watch, first: At, last: At
) -> Iterator[dict[str, object]]:
    for one in found:
        waiver = watch.waiver(one)
        watch.note(one, waiver)
        row = asdict(one)
        message = one.after_message if one.after is not None else one.before_message
        marks = ([f"waived: {waiver}"] if waiver else []) + (["outside"] if one.outside else [])
        yield {
            **row, "message": " ".join([f"[{mark}]" for mark in marks] + [message or ""]),
            "waiver": waiver, "before_at": first.as_of, "after_at": last.as_of,
        }  # fmt: skip
