"""``bundle``: the evidence of a period in one file that anybody can check, and ``verify`` of such a file."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac.cli.options import config_option, opened_store, store_option
from soc2_pac.errors import IntegrityError, NotInstalled, UsageError
from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.audit.bundle import Made
    from soc2_pac.audit.bundle_check import Bundle
    from soc2_pac.audit.bundle_replay import Replayed
    from soc2_pac.audit.bundle_zip import Writer
    from soc2_pac.config import Config
    from soc2_pac.report import Report

_FORMATS = ("html", "pdf", "xlsx", "json", "md", "oscal")
_SHOWN = 20
_AGE = ".age"


@click.command()
@click.option(
    "--period",
    "period_text",
    metavar="FROM..TO",
    required=True,
    help="Days that both belong to it: 2026-01-01..2026-06-30.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="evidence.zip; with --encrypt-to evidence.zip.age.",
)
@click.option(
    "--all-bodies",
    is_flag=True,
    help="Every document of the period, not only those of deviations and samples.",
)
@click.option("--seed", help="Draw a sample of each kind of events by this seed: any text.")
@click.option(
    "--size",
    type=click.IntRange(min=1),
    help="How many events each sample has. Default: by common practice, at most 25.",
)
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A checkpoint that was kept elsewhere; repeatable. Those of [checkpoints] folder are taken anyway.",
)
@click.option(
    "--encrypt-to",
    "recipients",
    multiple=True,
    metavar="KEY",
    help="Encrypt with age for this public key (age1... or ssh-ed25519 ...); repeatable.",
)
@click.option("--unsigned", is_flag=True, help="Do not sign, though [signing] key is configured.")
@config_option
@store_option
def bundle(
    period_text: str,
    output: Path,
    all_bodies: bool,
    seed: str | None,
    size: int | None,
    files: tuple[Path, ...],
    recipients: tuple[str, ...],
    unsigned: bool,
    config_path: str | None,
    store_url: str | None,
) -> None:
    """Put the evidence of a period into one zip file, with what proves it to a stranger.

    Whoever gets it needs a Python interpreter only: python3 verify.py evidence.zip
    """
    from soc2_pac import api, config, rule_files  # noqa: PLC0415
    from soc2_pac.audit import bundle as engine  # noqa: PLC0415
    from soc2_pac.audit import bundle_zip, exported  # noqa: PLC0415
    from soc2_pac.audit.populations import AuditPeriod  # noqa: PLC0415
    from soc2_pac.audit.sealed import encrypt, parsed  # noqa: PLC0415

    period = AuditPeriod.parse(period_text)
    if size is not None and seed is None:
        msg = "--size goes with --seed: a sample is drawn by a seed"
        raise UsageError(msg)
    if bool(recipients) != (output.suffix == _AGE):
        msg = f"-o {output}: with --encrypt-to, and only then, the file ends in .zip{_AGE}"
        raise UsageError(msg)
    keys = parsed(recipients)
    settings = config.load(config_path, required=store_url is None)
    known = exported.read((*files, *exported.kept(settings)))
    with opened_store(config_path, store_url) as store:
        key = None if unsigned else _signing_key(settings, store.signing_keys())
        registry = rule_files.known(settings)
        asked = engine.Asked(
            period=period,
            tool_version=api.tool_version(),
            rules=registry.rules,
            known=api.reviewing(settings, registry),
            all_bodies=all_bodies,
            seed=seed,
            size=size,
            checkpoints=tuple(known),
            stamps={text: stamp for text, stamp in known.items() if stamp is not None},
            key=key,
            reports=_reports,
        )
        with store.reading() as connection, bundle_zip.whole(output) as target:
            if keys:
                with bundle_zip.beside(output) as plain:
                    made = engine.write(connection, asked, plain, output.parent)
                    plain.seek(0)
                    encrypt(plain, target, keys)
            else:
                made = engine.write(connection, asked, target, output.parent)
    _say(output, made, encrypted=bool(keys))


def _say(output: Path, made: Made, *, encrypted: bool) -> None:
    size = output.stat().st_size
    click.echo(f"Wrote {output}: {made.files:,} files, {size:,} bytes.")
    click.echo(
        f"Documents: {made.documents:,}, with {made.proved:,} proofs that a collection saw them."
    )
    for kind, count in made.samples.items():
        click.echo(f"Sample of {kind}: {count:,} events.")
    for what in made.left_out:
        click.echo(f"Not in it: {what}.", err=True)
    if made.signed_by is None:
        click.echo(
            "The bundle is not signed. Next: soc2-pac checkpoint keygen FILE, then "
            '[signing] key = { file = "FILE" }',
            err=True,
        )
    else:
        click.echo(f"Signed by the key {made.signed_by}.")
    if encrypted:
        click.echo(f"Next: age --decrypt -i KEYFILE {output} > {output.stem}")
    else:
        click.echo(f"Next: soc2-pac verify {output} --replay")


def _signing_key(settings: Config, known: Sequence[object]) -> str | None:
    from soc2_pac.store import checkpoint  # noqa: PLC0415

    if settings.signing.key is None:
        return None
    key = settings.signing.key.resolve()
    name = checkpoint.key_id(checkpoint.public_key_of(key))
    for one in known:
        if getattr(one, "key_id", None) == name and (at := getattr(one, "revoked_at", None)):
            msg = f"the key {name} was revoked on {at[:10]}. Next: soc2-pac checkpoint keygen FILE"
            raise UsageError(msg)
    return key


def _reports(report: Report, writer: Writer) -> list[str]:
    """Add the report in every format that this installation can write."""
    from soc2_pac.output import reports  # noqa: PLC0415

    left_out = []
    for form in _FORMATS:
        ending = "oscal.json" if form == "oscal" else form
        try:
            with writer.writing(f"reports/{report.kind}.{ending}") as target:
                reports.write(report, form, target)
        except NotInstalled:
            left_out.append(f"the report as {form}: soc2-pac[report] is not installed")
    for table in report.tables:
        with writer.writing(f"reports/tables/{table.name}.csv") as target:
            reports.write(report, "csv", target, table=table.name)
    return left_out


# -- verify FILE ------------------------------------------------------------------------------------


def check(
    file: Path, trusted: Sequence[str], roots: Sequence[bytes], *, replay: bool, trust_rules: bool
) -> int:
    """Check a bundle and say what that proved; the exit code.

    Args:
        file: the bundle.
        trusted: public keys of which one must have signed.
        roots: certificates (PEM) of authorities whose time stamps count.
        replay: whether to judge again.
        trust_rules: whether rules that are not those of this installation may run, in a process of their own.
    """
    from soc2_pac.audit.bundle_check import Bundle  # noqa: PLC0415

    if file.suffix == _AGE:
        msg = f"{file} is encrypted. Next: age --decrypt -i KEYFILE {file} > {file.stem}, then verify that"
        raise UsageError(msg)
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        found = Bundle(data, trusted).check()
        if not found.problems:
            _stamps(found, roots)
        code = _conclude(found)
        if replay and not found.problems:
            from soc2_pac import api, plugins  # noqa: PLC0415
            from soc2_pac.audit.bundle_replay import replay as judge_again  # noqa: PLC0415

            rules = plugins.load().rules
            done = judge_again(found, rules, api.tool_version(), trust_rules=trust_rules)
            code = max(code, _replayed(done))
    return code


def _stamps(found: Bundle, roots: Sequence[bytes]) -> None:
    """Check time stamps of checkpoints, which the verifier of a bundle does not."""
    from soc2_pac.audit import timestamps  # noqa: PLC0415

    names = [name for name in found.files if name.startswith("timestamps/")]
    if names and not roots:
        found.unproved.append(
            f"{len(names)} time stamps were not checked: name the authority's certificate with --tsa-root FILE"
        )
        return
    for name in names:
        of = f"checkpoints/{name.partition('/')[2].removesuffix(timestamps.SUFFIX)}.json"
        try:
            at = timestamps.check(found.read(name), found.read(of), roots)
            found.proved.append(f"{of} existed at {at}, by the word of a time stamp authority")
        except (IntegrityError, KeyError) as error:
            found.problems.append(f"{name}: {error}")


def _conclude(found: Bundle) -> int:
    for line in found.proved:
        click.echo(f"Proved: {plain(line)}.")
    for line in found.unproved:
        click.echo(f"Not proved: {plain(line)}.")
    for line in found.problems[: _SHOWN * 5]:
        click.echo(f"WRONG: {plain(line)}.")
    if found.problems:
        click.echo(
            f"\n{len(found.problems):,} problems. Next: ask whoever gave you the file for another copy"
        )
        return 4
    click.echo("\nAll that was checked is as it was recorded.")
    return 0


def _replayed(done: Replayed) -> int:
    click.echo()
    click.echo(f"Judged again: {done.equal:,} verdicts, equal to what was recorded.")
    for reason, count in sorted(done.not_replayed.items()):
        click.echo(f"Not judged again: {count:,} verdicts: {plain(reason)}.")
    for line in done.differs[:_SHOWN]:
        click.echo(f"DIFFERS: {plain(line)}.")
    if done.differs:
        click.echo(f"{len(done.differs):,} verdicts differ from what was recorded.")
        return 4
    return 0
