"""``doctor``: who is each source, and what may it not read?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from soc2_pac import api
from soc2_pac.cli.options import config_option
from soc2_pac.cli.progress import watching
from soc2_pac.collect import fetch
from soc2_pac.collect.plan import collect as collect_units
from soc2_pac.collect.recording import Writer, disguise_for
from soc2_pac.collect.redact import scrub
from soc2_pac.errors import Soc2PacError, UsageError
from soc2_pac.model import CollectionStatus
from soc2_pac.output import plain


@click.command()
@config_option
@click.option("--source", "sources", multiple=True, help="Only this source; repeatable.")
@click.option("--quick", is_flag=True, help="Only ask each source who it is.")
@click.option(
    "--record",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write what was read into this new directory, without secrets and with every name, id, mail and "
    "public address replaced, for a bug report. soc2-pac check RULE --recording DIR judges it.",
)
@click.pass_context
def doctor(
    ctx: click.Context,
    config_path: str | None,
    sources: tuple[str, ...],
    quick: bool,
    record: Path | None,
) -> None:
    """Ask each source who it is, then try every listing that the rules need. Keeps nothing by default.

    Exit code 3 when something could not be read; the missing permissions are named.
    """
    if quick and record is not None:
        msg = "--quick reads nothing that could be recorded. Next: leave it out"
        raise UsageError(msg)
    work = api.known_from_store(api.workspace(config_path))
    writer = Writer(record, disguise_for(work.registry)) if record is not None else None
    connected: list[str] = []
    for name, source in work.choose_sources(sources).items():
        try:
            identity = fetch.connection_of(source).whoami()
        except Soc2PacError as error:
            click.echo(f"{name}: cannot connect: {plain(scrub(str(error)))}")
            continue
        connected.append(name)
        click.echo(
            f"{name}: {plain(scrub(identity.principal))} in {plain(scrub(identity.account))}"
        )
        for key, value in identity.details.items():
            click.echo(f"  {key}: {plain(scrub(str(value)))}")
    sound = len(connected) == len(work.choose_sources(sources))
    if connected and not quick:
        sound = _try_listings(work, connected, writer) and sound
    if writer is not None:
        click.echo(
            f"\nWritten to {record}: {writer.collections} collections, {writer.documents} documents, "
            f"{writer.answers} answers. Look through it before you give it away. "
            "Words that the rules themselves know are kept.\n"
            f"Next: soc2-pac check RULE --recording {record}"
        )
    ctx.exit(0 if sound else 3)


def _try_listings(work: api.Workspace, sources: list[str], writer: Writer | None) -> bool:
    limits = replace(work.limits, exchanges=writer is not None)
    plan = api.plan_for(work, work.active, sources=sources, limits=limits)
    missing: dict[str, set[str]] = {}
    trouble: list[str] = []
    complete = total = gaps = 0
    with watching("text", quiet=True) as listener:
        results = collect_units(plan, limits, workers=work.config.run.workers, listener=listener)
        for result in results if writer is None else api.record(work, plan, results, writer):
            total += 1
            gaps += result.gaps
            complete += result.status is CollectionStatus.COMPLETE
            if result.permission:
                missing.setdefault(result.permission, set()).add(result.unit.kind)
            elif result.status is not CollectionStatus.COMPLETE:
                trouble.append(
                    f"{result.unit.kind} in {result.unit.scope}: {result.status}: {plain(result.reason)}"
                )
            for permission in _missing_facts(result):
                missing.setdefault(permission, set()).add(result.unit.kind)
    click.echo(
        f"\n{complete} of {total} listings complete; {gaps} details of single resources could not be read."
    )
    for line in trouble:
        click.echo(f"  {line}")
    if missing:
        click.echo("Missing permissions:")
        for permission, kinds in sorted(missing.items()):
            click.echo(f"  {permission}  (for {', '.join(sorted(kinds))})")
        click.echo("Next: soc2-pac permissions PROVIDER prints the whole policy.")
    for provider, rules in sorted(work.unsourced.items()):
        click.echo(f"Rules that will not be judged: {len(rules)}: {work.lacking(provider)}.")
    return complete == total and gaps == 0 and not plan.uncollected and not plan.unsourced


def _missing_facts(result: fetch.UnitResult) -> set[str]:
    """Permissions that single documents name as missing. Reads the records, which are not kept."""
    import json  # noqa: PLC0415

    from soc2_pac.resources import GAPS  # noqa: PLC0415

    found: set[str] = set()
    for record in result.look().records:
        if GAPS.encode() in record.body:
            for gap in json.loads(record.body).get(GAPS, {}).values():
                found.add(gap.get("permission") or f"{gap['operation']} ({gap['reason']})")
    return found
