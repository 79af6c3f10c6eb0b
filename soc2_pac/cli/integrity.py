"""``verify`` and ``checkpoint``."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import config_option, format_option, opened_store, store_option
from soc2_pac.errors import UsageError
from soc2_pac.output import write
from soc2_pac.store import checkpoint as checkpoints
from soc2_pac.store import simulation
from soc2_pac.store.verify import WHOLE, Part

if TYPE_CHECKING:
    from soc2_pac.store.verify import Report

_NOT_VERIFIED = 3
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("bundle", required=False, type=_FILE)
@config_option
@store_option
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=_FILE,
    help="A checkpoint that was kept elsewhere; repeatable. Without one a cut tail cannot be seen.",
)
@click.option(
    "--since",
    type=_FILE,
    help="Read what is new since this checkpoint, and of the rest the 1 in 30 whose turn is today.",
)
@click.option(
    "--public-key",
    "public_keys",
    multiple=True,
    metavar="KEY",
    help="A key of which one must have signed the checkpoints, in base64, or a file with one a line; "
    "repeatable.",
)
@click.option(
    "--replay",
    is_flag=True,
    help="Of a bundle: judge its documents again by the recorded rules, and compare every verdict.",
)
@click.option(
    "--trust-rules",
    is_flag=True,
    help="With --replay: run recorded rules that are not the installed ones, in a process without network or home.",
)
@click.option(
    "--tsa-root",
    "roots",
    multiple=True,
    type=_FILE,
    help="Of a bundle: the certificate (PEM) of an authority whose time stamps count; repeatable.",
)
@format_option
@click.pass_context
def verify(
    ctx: click.Context,
    bundle: Path | None,
    config_path: str | None,
    store_url: str | None,
    files: tuple[Path, ...],
    since: Path | None,
    public_keys: tuple[str, ...],
    replay: bool,
    trust_rules: bool,
    roots: tuple[Path, ...],
    form: str,
) -> None:
    """Re-hash every document, replay every interval, walk the ledger; of the store, or of BUNDLE (a zip file).

    With --since FILE each day costs what is new, and a month of days reads everything.

    Exit code 4 when something is off, 3 when not all could be checked.
    """
    trusted = _keys(public_keys)
    if bundle is not None:
        if files or since or form != "table":
            msg = "a bundle brings its own checkpoints: only --public-key, --replay and --trust-rules go with it"
            raise UsageError(msg)
        from soc2_pac.cli.bundle import check  # noqa: PLC0415

        given = [root.read_bytes() for root in roots]
        ctx.exit(check(bundle, trusted, given, replay=replay, trust_rules=trust_rules))
    if replay or trust_rules or roots:
        msg = "--replay is for a bundle. Next: soc2-pac verify evidence.zip --replay"
        raise UsageError(msg)
    loaded = [checkpoints.load(_read(file), trusted) for file in files]
    part = WHOLE
    if since is not None:
        start = checkpoints.load(_read(since), trusted)
        if not start.ends:
            msg = (
                f"{since} is of format 1, which does not say where the tables ended. "
                "Next: verify --checkpoint with it once, then take a new one"
            )
            raise UsageError(msg)
        part = Part.of(start, clock.now())
    with opened_store(config_path, store_url) as store:
        report = store.verify(loaded, part)
    code = 4 if not report.sound else _NOT_VERIFIED if report.unverified else 0
    if report.simulated is not None:
        click.echo(f"{simulation.SAID}.", err=form != "table")
    if form != "table":
        write((asdict(problem) for problem in report.problems), ("where", "what"), form)
        ctx.exit(code)
    for name, count in report.checked.items():
        click.echo(f"{count:>10,}  {name}")
    for what in report.unverified:
        click.echo(f"Not verified: {what}. Next: verify with a role that may create a schema.")
    held = loaded if part.since is None else [*loaded, part.since]
    for one in held:
        click.echo(f"Checkpoint of {one.recorded_at}: {_signer(one, trusted)}")
    _conclude(report, part, held=bool(held))
    ctx.exit(code)


def _signer(one: checkpoints.Checkpoint, trusted: list[str]) -> str:
    """Who vouches for a checkpoint: a signature that names its own key shows damage, not who signed."""
    if one.signed_by is None:
        return "not signed; it is as good as the place where it was kept."
    if trusted:
        return f"signed by the key {one.signed_by}, which you named."
    return (
        f"signed by the key {one.signed_by}, by its own word. "
        "Next: --public-key KEY, as the signer gave it to you."
    )


def _conclude(report: Report, part: Part, *, held: bool) -> None:
    """``held``: against a checkpoint."""
    click.echo()
    if not report.sound:
        click.echo(f"{len(report.problems):,} problems:")
        for problem in report.problems:
            click.echo(f"  {problem.where}: {problem.what}")
    elif part.since is not None or report.unverified:
        click.echo("Everything that was checked is as it was written.")
    else:
        click.echo("Everything is as it was written.")
    if part.since is not None:
        click.echo(
            f"Read: all that is new since the checkpoint of {part.since.recorded_at}, and of what is "
            f"older the 1 in 30 whose turn is today ({part.turn + 1} of 30).\n"
            "Not read: the rest of what is older. Next: verify --checkpoint FILE reads everything."
        )
    elif report.sound and not held:
        click.echo(
            "Not checked: whether the tail was cut off. "
            "Next: verify --checkpoint FILE, with one kept elsewhere."
        )


@click.group(invoke_without_command=True)
@config_option
@store_option
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to this file; it must not exist yet.",
)
@click.option("--unsigned", is_flag=True, help="Do not sign, though [signing] key is configured.")
@click.pass_context
def checkpoint(
    ctx: click.Context,
    config_path: str | None,
    store_url: str | None,
    output: Path | None,
    unsigned: bool,
) -> None:
    """Write down where the ledger stands. Keep it where whoever can change the store cannot.

    Without a command it takes a checkpoint. The commands are about the keys that sign them.
    """
    if ctx.invoked_subcommand is not None:
        return
    from soc2_pac import config  # noqa: PLC0415

    settings = config.load(config_path, required=store_url is None)
    key = None if unsigned or settings.signing.key is None else settings.signing.key.resolve()
    with opened_store(config_path, store_url) as store:
        known = {one.key_id: one for one in store.signing_keys()}
        name = checkpoints.key_id(checkpoints.public_key_of(key)) if key is not None else None
        revoked = known[name].revoked_at if name in known else None
        if revoked is not None:
            msg = f"the key {name} was revoked on {revoked[:10]}. Next: soc2-pac checkpoint keygen FILE"
            raise UsageError(msg)
        text = checkpoints.dump(store.checkpoint(), key)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            with output.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            said = "it is there already: a checkpoint is never overwritten"
            reason = said if isinstance(error, FileExistsError) else error.strerror
            msg = f"{output} cannot be written: {reason}"
            raise UsageError(msg) from error
        click.echo(f"Wrote {output}.")
    if key is None:
        click.echo(
            "The checkpoint is not signed. Next: soc2-pac checkpoint keygen FILE, then "
            '[signing] key = { file = "FILE" }',
            err=True,
        )
    elif name not in known:
        click.echo(
            f"The store does not list the key {name}. Next: soc2-pac checkpoint trust --reason ... --owner ...",
            err=True,
        )


@checkpoint.command()
@click.argument("file", type=click.Path(path_type=Path))
def keygen(file: Path) -> None:
    """Make an Ed25519 key for signing: the private one into FILE, which only you may read."""
    private, public = checkpoints.generate_key()
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        msg = f"{file} cannot be created: {error.strerror}"
        raise UsageError(msg) from error
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(private)
    click.echo(
        f"Wrote the private key to {file}. Keep it where whoever can change the store cannot."
    )
    click.echo(f"Key id:     {checkpoints.key_id(public)}")
    click.echo(f"Public key: {public}")
    click.echo(
        "Give the public key to whoever verifies: soc2-pac verify --checkpoint FILE --public-key KEY"
    )
    click.echo(f'Next: [signing] key = {{ file = "{file}" }}, then soc2-pac checkpoint trust')


@checkpoint.command()
@click.argument("file", type=_FILE)
@click.option("--tsa", required=True, metavar="URL", help="A time stamp authority by RFC 3161.")
def timestamp(file: Path, tsa: str) -> None:
    """Have an authority stamp the checkpoint FILE with its time; the answer goes to FILE.tsr."""
    from soc2_pac.audit import timestamps  # noqa: PLC0415

    content = file.read_bytes()
    checkpoints.load(content.decode("utf-8", "replace"))
    target = file.with_name(file.name + timestamps.SUFFIX)
    if target.exists():
        msg = f"{target} is there already: a time stamp is never overwritten"
        raise UsageError(msg)
    answer = timestamps.ask(tsa, content)
    try:
        with target.open("xb") as opened:
            opened.write(answer)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    click.echo(f"Wrote {target}. A bundle with this checkpoint takes it along.")


_reason = click.option("--reason", required=True, help="Why; an auditor will ask.")
_owner = click.option("--owner", required=True, help="Who decided it.")


@checkpoint.command()
@config_option
@store_option
@click.argument("public_key", required=False)
@_reason
@_owner
def trust(
    config_path: str | None, store_url: str | None, public_key: str | None, reason: str, owner: str
) -> None:
    """Record that a key signs checkpoints from now on: PUBLIC_KEY, or the one of [signing] key."""
    if public_key is None:
        from soc2_pac import config  # noqa: PLC0415

        key = config.load(config_path, required=True).signing.key
        if key is None:
            msg = "no key is configured. Next: name PUBLIC_KEY, or set [signing] key"
            raise UsageError(msg)
        public_key = checkpoints.public_key_of(key.resolve())
    with opened_store(config_path, store_url) as store:
        name = store.add_key(public_key, reason=reason, owner=owner)
    click.echo(f"The key {name} signs from now on.")


@checkpoint.command()
@config_option
@store_option
@click.argument("key_id")
@_reason
@_owner
def revoke(
    config_path: str | None, store_url: str | None, key_id: str, reason: str, owner: str
) -> None:
    """Record that a key signs no more. What it signed before stays as good as it was."""
    with opened_store(config_path, store_url) as store:
        store.revoke_key(key_id, reason=reason, owner=owner)
    click.echo(
        f"The key {key_id} is revoked: verify refuses checkpoints that it signs from now on."
    )


@checkpoint.command()
@config_option
@store_option
@format_option
def keys(config_path: str | None, store_url: str | None, form: str) -> None:
    """List the keys that sign, or signed, checkpoints."""
    with opened_store(config_path, store_url) as store:
        found = store.signing_keys()
    columns = (
        "key_id",
        "added_at",
        "added_by",
        "reason",
        "revoked_at",
        "revoked_because",
        "public_key",
    )
    if write((asdict(key) for key in found), columns, form) == 0:
        click.echo("No key is listed. Next: soc2-pac checkpoint keygen FILE", err=True)


def _keys(given: tuple[str, ...]) -> list[str]:
    """Public keys in base64, from the command line and from files."""
    found: list[str] = []
    for one in given:
        path = Path(one)
        lines = _read(path).split() if path.is_file() else [one]
        found += lines
    for key in found:
        try:
            checkpoints.key_id(key)
        except UsageError as error:
            msg = f"--public-key {key}: neither a file nor a public key ({error})"
            raise UsageError(msg) from error
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read: {error}"
        raise UsageError(msg) from error
