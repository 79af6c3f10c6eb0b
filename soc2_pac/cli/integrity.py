"""``verify`` and ``checkpoint``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from soc2_pac.cli.options import config_option, format_option, opened_store, store_option
from soc2_pac.errors import UsageError
from soc2_pac.output import write
from soc2_pac.store import checkpoint as checkpoints

_NOT_VERIFIED = 3


@click.command()
@config_option
@store_option
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept elsewhere; repeatable. Without one a cut tail cannot be seen.",
)
@click.option("--public-key", help="Base64 of the key that must have signed the checkpoints.")
@format_option
@click.pass_context
def verify(
    ctx: click.Context,
    config_path: str | None,
    store_url: str | None,
    files: tuple[Path, ...],
    public_key: str | None,
    form: str,
) -> None:
    """Re-hash every document, replay every interval, walk the ledger.

    Exit code 4 when something is off, 3 when not all could be checked.
    """
    loaded = [checkpoints.load(_read(file), public_key) for file in files]
    with opened_store(config_path, store_url) as store:
        report = store.verify(loaded)
    code = 4 if not report.sound else _NOT_VERIFIED if report.unverified else 0
    if form != "table":
        write((asdict(problem) for problem in report.problems), ("where", "what"), form)
        ctx.exit(code)
    for name, count in report.checked.items():
        click.echo(f"{count:>10,}  {name}")
    for what in report.unverified:
        click.echo(f"Not verified: {what}. Next: verify with a role that may create a schema.")
    if report.sound:
        click.echo(
            "\nEverything that was checked is as it was written."
            if code
            else "\nEverything is as it was written."
        )
        if not loaded:
            click.echo(
                "Not checked: whether the tail was cut off. "
                "Next: verify --checkpoint FILE, with one kept elsewhere."
            )
        ctx.exit(code)
    click.echo(f"\n{len(report.problems)} problems:")
    for problem in report.problems:
        click.echo(f"  {problem.where}: {problem.what}")
    ctx.exit(4)


@click.command()
@config_option
@store_option
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to this file; it must not exist yet.",
)
@click.option("--unsigned", is_flag=True, help="Do not sign, though [signing] key is configured.")
def checkpoint(
    config_path: str | None, store_url: str | None, output: Path | None, unsigned: bool
) -> None:
    """Write down where the ledger stands. Keep it where whoever can change the store cannot."""
    from soc2_pac import config  # noqa: PLC0415

    settings = config.load(config_path, required=store_url is None)
    key = None if unsigned or settings.signing.key is None else settings.signing.key.resolve()
    with opened_store(config_path, store_url) as store:
        text = checkpoints.dump(store.checkpoint(), key)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            with output.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            msg = f"{output} is there already: a checkpoint is never overwritten"
            raise UsageError(msg) from error
        click.echo(f"Wrote {output}.")
    if key is None:
        click.echo(
            'The checkpoint is not signed. To sign: [signing] key = { file = "..." }', err=True
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read: {error}"
        raise UsageError(msg) from error
