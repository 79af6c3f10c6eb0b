"""``attestations`` (short: ``attest``): evidence that people hand in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    ListGroup,
    actor,
    config_option,
    format_option,
    opened_store,
    several,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.audit.attachments import Outside

_COLUMNS = (
    "attestation", "control", "topic", "state", "covers_from", "covers_to", "counts_until", "by", "received_at", "file",
)  # fmt: skip
_DUE_COLUMNS = ("control", "topic", "state", "counts_until", "owner", "frequency")
by_option = click.option(
    "--by", metavar="NAME", help="Who hands it in. Default: the user of this computer."
)


@click.group(cls=ListGroup)
def attestations() -> None:
    """Evidence that people hand in: files with the days that they cover. Without a command: list."""


@attestations.command()
@click.argument("control")
@config_option
@click.option(
    "--file",
    "path",
    required=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What shows it. Up to 5 MB stand in the store; larger ones where [attachments] says.",
)
@click.option(
    "--covers",
    required=True,
    metavar="FROM..TO",
    help="Days that it covers, both included: 2026-01-01..2026-03-31, or one day.",
)
@click.option(
    "--valid-until", required=True, metavar="DATE", help="The last day on which it counts."
)
@click.option("--topic", help="What it is evidence of, where the control names several topics.")
@click.option(
    "--systems",
    metavar="NAME[,NAME]",
    multiple=True,
    help="Of an access review: the systems that it covers, as github or github:acme; * for all.",
)
@click.option("--note", default="", help="What whoever reads it should know.")
@by_option
def add(
    control: str,
    config_path: str | None,
    path: Path,
    covers: str,
    valid_until: str,
    topic: str | None,
    systems: tuple[str, ...],
    note: str,
    by: str | None,
) -> None:
    """Hand in a file as evidence for a CONTROL."""
    from soc2_pac import api, plugins  # noqa: PLC0415
    from soc2_pac.audit import attachments  # noqa: PLC0415
    from soc2_pac.audit import attestations as handing  # noqa: PLC0415
    from soc2_pac.audit.controls import last_day, one  # noqa: PLC0415

    today = handing.today()
    days = handing.Days.parse(covers, "--covers", today)
    until = handing.a_day(valid_until, "--valid-until")
    who = actor(by)
    work = api.workspace(config_path, sources_needed=False)
    with opened_store(config_path, None) as store:
        with store.reading() as connection:  # before the file goes anywhere
            on = handing.check(connection, control, topic, until, days)
        covered = handing.systems_of(several(systems), on, work.held(store).systems)
        file = attachments.keep(path, attachments.outside(work.config, plugins.load()))
        with store.database.writing() as connection:
            found = handing.add(
                connection,
                control,
                topic=topic,
                covers=days,
                valid_until=until,
                file_name=path.name,
                file=file,
                note=note,
                by=who,
                systems=covered,
            )
            _, declared = one(connection, control)
    ends = found.holds_until(declared.every_days)
    click.echo(
        f"{found.id} recorded for {control}: {found.said.topic}, {file.size:,} bytes "
        f"({file.media_type}), SHA-256 {file.digest}."
    )
    if file.location:
        click.echo(f"Kept at {plain(file.location)}.")
    if on == "access-review" and not covered:
        click.echo("It names no systems, so it counts for none that a source collects: --systems.")
    if ends <= clock.now():
        click.echo(f"It counted until {last_day(ends)}: newer evidence is due.")
    else:
        click.echo(f"It counts until {last_day(ends)}.")


@attestations.command("list")
@config_option
@store_option
@click.option("--control", help="Only for this control.")
@click.option("--topic", help="Only on this topic.")
@click.option(
    "--due",
    is_flag=True,
    help="What is to be handed in: missing, expired, or ending within --within days.",
)
@click.option("--within", type=click.IntRange(min=0), default=30, show_default=True, help="Days.")
@format_option
def list_(
    config_path: str | None,
    store_url: str | None,
    control: str | None,
    topic: str | None,
    due: bool,
    within: int,
    form: str,
) -> None:
    """List what was handed in, newest first; with --due what is to be handed in."""
    from soc2_pac.audit import attestations as handing  # noqa: PLC0415
    from soc2_pac.audit import controls  # noqa: PLC0415
    from soc2_pac.store import acts  # noqa: PLC0415

    now = clock.now()
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        if control is not None:
            controls.one(connection, control)
        if due:
            found = handing.due(controls.states(connection, (), {}, now), now, within)
        else:
            found = handing.rows(acts.listed(connection, controls.READ), now)
    chosen = [r for r in found if control in (None, r["control"]) and topic in (None, r["topic"])]
    if write(chosen, _DUE_COLUMNS if due else _COLUMNS, form) == 0:
        click.echo("Nothing is due." if due else "No attestation matches.", err=True)


@attestations.command()
@click.argument("attestation")
@config_option
@store_option
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the file there; never overwritten. - is standard output.",
)
@click.option(
    "--file",
    "path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Say whether this is the file that was handed in. Exit code 4 when it is not.",
)
def show(
    attestation: str,
    config_path: str | None,
    store_url: str | None,
    output: Path | None,
    path: Path | None,
) -> None:
    """Show one attestation, or get its file back."""
    from soc2_pac.audit import attachments, controls  # noqa: PLC0415
    from soc2_pac.audit import attestations as handing  # noqa: PLC0415
    from soc2_pac.store import acts  # noqa: PLC0415

    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = handing.one(connection, attestation)
        listed = handing.rows(acts.listed(connection, controls.READ), clock.now())
        file = acts.file(connection, found.added.attachment or "")
    if file is None:
        msg = f"the file of {found.id} is not in the store. Next: soc2-pac verify"
        raise UsageError(msg)
    if output is not None:
        where = None if file.location is None else _outside(config_path)
        _write(attachments.read(file, where), output)
        if str(output) != "-":
            click.echo(f"Wrote {output}: {file.size:,} bytes, SHA-256 {file.digest}.")
        return
    row = next(row for row in listed if row["attestation"] == found.id)
    facts = {
        **row,
        "size": file.size,
        "media_type": file.media_type,
        "kept_at": file.location or "the store",
    }
    for name, value in facts.items():
        if value not in (None, ""):
            click.echo(f"{name:<16}{plain(value)}")
    if path is not None:
        attachments.same(path, file)
        click.echo(f"{plain(path.name)} is the file that was handed in.")


@attestations.command()
@click.argument("attestation")
@config_option
@store_option
@click.option("--reason", required=True, help="Why it does not hold: an auditor will read it.")
@click.option("--by", metavar="NAME", help="Who you are. Default: the user of this computer.")
def revoke(
    attestation: str, config_path: str | None, store_url: str | None, reason: str, by: str | None
) -> None:
    """Say that evidence does not hold any more, or never did. It stays visible as revoked."""
    from soc2_pac.audit import attestations as handing  # noqa: PLC0415

    who = actor(by)
    with (
        opened_store(config_path, store_url) as store,
        store.database.writing() as connection,
    ):
        found = handing.revoke(connection, attestation, reason=reason, by=who)
    click.echo(f"{found.id} revoked.")


def _outside(config_path: str | None) -> Outside | None:
    from soc2_pac import config, plugins  # noqa: PLC0415
    from soc2_pac.audit import attachments  # noqa: PLC0415

    return attachments.outside(config.load(config_path), plugins.load())


def _write(parts: Iterator[bytes], output: Path) -> None:
    """Bytes that are held against their digest as they come; a file of others does not stay."""
    if str(output) == "-":
        for part in parts:
            sys.stdout.buffer.write(part)
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        msg = f"{output} is there already: it is left alone. Next: --output another file"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{output} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
    except BaseException:
        output.unlink(missing_ok=True)
        raise
