"""``run``, ``collect`` and ``evaluate``."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from soc2_pac import api
from soc2_pac.cli.measuring import measuring
from soc2_pac.cli.options import (
    config_option,
    fail_on_option,
    format_option,
    instant,
    log_format_option,
    quiet_option,
    resume_option,
    scope_options,
    several,
    stats_option,
)
from soc2_pac.cli.preview import print_preview
from soc2_pac.cli.progress import watching
from soc2_pac.cli.summary import checkpoints_said, print_summary, resumed
from soc2_pac.errors import Soc2PacError, UsageError
from soc2_pac.model import Severity, Status
from soc2_pac.output import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.cli.measuring import Measured
    from soc2_pac.cli.options import Where
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.store import Store

_LINES = 10
"""Listings that are named one by one."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command()
@config_option
@scope_options
@resume_option
@click.option(
    "--every",
    metavar="TIME",
    help="Run again and again, e.g. 15m, 6h: for containers without cron.",
)
@click.option(
    "--metrics",
    "metrics_file",
    metavar="FILE",
    help="Write metrics for Prometheus here, also after a failed run. Default: [metrics] file.",
)
@stats_option
@fail_on_option
@log_format_option
@quiet_option
@click.pass_context
def run(
    ctx: click.Context,
    config_path: str | None,
    where: Where,
    resume: bool,
    every: str | None,
    metrics_file: str | None,
    stats: bool,
    fail_on: str | None,
    log_format: str,
    quiet: bool,
) -> None:
    """Collect everything configured, judge it, and keep evidence, findings and ledger."""

    def once() -> int:
        with measuring(metrics_file, log_format) as measured:
            return judged(measured)

    def judged(measured: Measured) -> int:
        work = api.workspace(config_path)
        measured.configured(work.config)
        with work.open_store(create=True) as store:
            work = work.knowing(store)
            with measured.over(store), watching(log_format, quiet=quiet) as listener:
                outcome = api.run(
                    work,
                    store,
                    sources=where.sources,
                    only=where.only,
                    resume=resume,
                    listener=measured.noting(listener),
                )
            if not quiet:
                print_summary(work, store, outcome)
            if stats:
                _print_stats(outcome)
            least = Severity(fail_on) if fail_on else work.config.run.fail_on
            code = api.exit_code(api.deciding(store, least), outcome, least)
            measured.finished(store, outcome, code)
            return code

    ctx.exit(once() if every is None else _repeat(once, _seconds(every)))


@click.command()
@config_option
@click.option(
    "--kind",
    "--kinds",
    "kinds",
    multiple=True,
    metavar="KIND[,KIND]",
    help="Only these kinds, or globs (aws.iam.*). Default: what the rules need.",
)
@scope_options
@resume_option
@stats_option
@log_format_option
@quiet_option
@click.pass_context
def collect(
    ctx: click.Context,
    config_path: str | None,
    kinds: tuple[str, ...],
    where: Where,
    resume: bool,
    stats: bool,
    log_format: str,
    quiet: bool,
) -> None:
    """Collect evidence into the store without judging it."""
    work = api.workspace(config_path)
    with work.open_store(create=True) as store, watching(log_format, quiet=quiet) as listener:
        work = work.knowing(store)
        outcome = api.run(
            work,
            store,
            command="collect",
            kinds=several(kinds),
            sources=where.sources,
            only=where.only,
            resume=resume,
            judge=False,
            listener=listener,
        )
    if not quiet:
        for line in resumed(outcome):
            click.echo(line)
        documents = sum(unit.count for unit in outcome.units)
        complete = len(outcome.units) - len(outcome.incomplete)
        click.echo(
            f"{documents:,} documents; {complete} of {len(outcome.units)} listings complete."
        )
        for unit in outcome.incomplete[:_LINES]:
            click.echo(f"{unit.kind} in {unit.scope}: {unit.status}: {unit.reason}")
        if (more := len(outcome.incomplete) - _LINES) > 0:
            click.echo(f"and {more:,} more")
        if outcome.gaps:
            click.echo(f"{outcome.gaps:,} details of single resources could not be read.")
        for line in checkpoints_said(outcome):
            click.echo(line)
    if stats:
        _print_stats(outcome)
    ctx.exit(api.exit_code([], outcome, Severity.INFO))


@click.command()
@config_option
@click.option(
    "--as-of", metavar="TIME", help="Judge the evidence as it was known then; writes nothing."
)
@click.option(
    "--rule", "names", multiple=True, help="Only this rule (id, glob or criterion); repeatable."
)
@click.option("--full", is_flag=True, help="Judge everything, changed or not.")
@click.option(
    "--preview",
    "previewing",
    is_flag=True,
    help="Tell which verdicts would change, by today's rules, thresholds and configuration; writes nothing.",
)
@format_option
@fail_on_option
@quiet_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    config_path: str | None,
    as_of: str | None,
    names: tuple[str, ...],
    full: bool,
    previewing: bool,
    form: str,
    fail_on: str | None,
    quiet: bool,
) -> None:
    """Judge the evidence in the store; only what changed or came due, unless --full."""
    if previewing and as_of is not None:
        msg = "--preview compares with what is recorded now, --as-of judges the past: give one of them"
        raise UsageError(msg)
    work = api.workspace(config_path)
    least = Severity(fail_on) if fail_on else work.config.run.fail_on
    with work.open_store() as store:
        work = work.knowing(store)
        rules = work.choose(names) if names else None
        if previewing:
            found = api.preview_evaluation(work, store, rules)
            print_preview(found, form, quiet=quiet)
            ctx.exit(api.exit_code_of(found, work, least))
        if as_of is not None:
            ctx.exit(_print_as_of(work, store, as_of, rules, form, least))
        outcome = api.run(work, store, command="evaluate", rules=rules, fetch=False, full=full)
        if not quiet:
            print_summary(work, store, outcome)
        chosen = [item.rule.id for item in rules] if rules else ()
        ctx.exit(api.exit_code(api.deciding(store, least, chosen), outcome, least))


def _print_as_of(
    work: api.Workspace,
    store: Store,
    as_of: str,
    rules: list[ActiveRule] | None,
    form: str,
    least: Severity,
) -> int:
    judged = api.evaluate_as_of(work, store, instant(as_of, "--as-of"), rules)
    rows = [
        {
            "rule": item.rule.id,
            "status": item.verdict.status.value,
            "severity": item.severity.value,
            "scope": str(item.scope),
            "resource": item.uid,
            "message": item.verdict.message,
            "evidence": item.digest,
        }
        for item in judged
    ]
    write(rows, ("rule", "status", "severity", "scope", "resource", "message"), form)
    if any(j.verdict.status is Status.FAIL and j.severity.rank >= least.rank for j in judged):
        return 1
    sound = (Status.PASS, Status.FAIL, Status.NOT_APPLICABLE)
    return 0 if all(j.verdict.status in sound for j in judged) else 3


def _print_stats(outcome: api.Outcome) -> None:
    """By service, the busiest first, then by operation."""
    services: Counter[str] = Counter()
    for operation, count in outcome.calls.items():
        services[_service(operation)] += count
    rows = [
        {"service": service, "requests": count}
        for service, count in sorted(services.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    rows.append({"service": "total", "requests": services.total()})
    click.echo()
    write(rows, ("service", "requests"), "table")
    details = [
        {"operation": operation, "requests": count}
        for operation, count in sorted(outcome.calls.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    click.echo()
    write(details, ("operation", "requests"), "table")


def _service(operation: str) -> str:
    """``s3`` of ``s3:GetBucketAcl``, ``GET /orgs`` of ``GET /orgs/{org}/members``."""
    service, colon, _ = operation.partition(":")
    return service if colon else "/".join(operation.split("/")[:2])


def _repeat(once: Callable[[], int], seconds: float) -> int:
    """Run rounds until asked to stop. A failed round is reported; the next one comes all the same."""
    from soc2_pac.collect.fetch import forget_connections, stopping  # noqa: PLC0415

    while True:
        began = time.monotonic()
        try:
            once()
        except click.exceptions.Exit:
            pass  # the log has said why this round failed
        except Soc2PacError as error:
            from soc2_pac.collect.redact import scrub  # noqa: PLC0415

            click.echo(f"This round failed: {scrub(str(error))}", err=True)
        forget_connections()
        sys.stdout.flush()
        try:
            if stopping.wait(max(0.0, seconds - (time.monotonic() - began))):
                return 0
        except KeyboardInterrupt:
            return 0  # asked to stop between two rounds: nothing was cut short


def _seconds(text: str) -> float:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit() or int(number) < 1:
        msg = f"--every: '{text}' is no time. Write 15m, 6h or 1d"
        raise UsageError(msg)
    return float(int(number) * _UNITS[unit])
