"""``evidence``: the documents behind the findings."""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from soc2_pac.acts.bodies import Removed
from soc2_pac.audit.basis import judged_by
from soc2_pac.cli.options import (
    ListGroup,
    Page,
    actor,
    check_filters,
    config_option,
    format_option,
    instant,
    one_finding,
    opened_store,
    page_options,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.output import json_text, plain, write
from soc2_pac.store import Store, queries

_COLUMNS = ("kind", "scope", "resource_name", "resource", "valid_from", "valid_to", "digest")


@click.group(cls=ListGroup)
def evidence() -> None:
    """Query the documents behind the findings. Without a command: list."""


@evidence.command("list")
@config_option
@store_option
@click.option("--kind", help="E.g. aws.s3.bucket.")
@click.option("--scope", help="Exact, or a prefix ending in *.")
@click.option("--resource", help="Id or name of a resource.")
@click.option("--at", metavar="TIME", help="What held at an instant.")
@click.option("--history", is_flag=True, help="Every version, not only the current one.")
@page_options
@format_option
def list_(
    config_path: str | None,
    store_url: str | None,
    kind: str | None,
    scope: str | None,
    resource: str | None,
    at: str | None,
    history: bool,
    page: Page,
    form: str,
) -> None:
    """List documents: current ones, those of an instant, or every version."""
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        check_filters(connection, kind=kind, scope=scope)
        found = queries.evidence(
            connection,
            kind=kind,
            scope=scope,
            resource=resource,
            history=history,
            at=utc_text(instant(at, "--at")) if at else None,
            after=page.behind(queries.EvidencePosition),
            limit=page.asked,
        )
        found = page.cut(found, queries.EvidencePosition.of)
        rows = (
            {**asdict(item), "digest": item.digest if form == "json" else item.digest[:12]}
            for item in found
        )
        count = write(rows, _COLUMNS, form)
    if count == 0:
        click.echo("No document matches.", err=True)
    page.say(count)


@evidence.command()
@click.argument("what", required=False)
@config_option
@store_option
@click.option("--at", metavar="TIME", help="The version that held at an instant.")
@click.option(
    "--finding",
    metavar="FINGERPRINT",
    help="Everything that a finding rests on, as soc2-pac check RULE --document - takes it.",
)
@click.option(
    "--archive",
    "archive_path",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the text of an archived document is.",
)
def show(
    what: str | None,
    config_path: str | None,
    store_url: str | None,
    at: str | None,
    finding: str | None,
    archive_path: Path | None,
) -> None:
    """Print a document as the provider said it. WHAT is a digest (or its start), or a resource."""
    if (what is None) == (finding is None) or (finding is not None and at is not None):
        msg = "name a document, or a finding with --finding. Next: soc2-pac evidence show --help"
        raise UsageError(msg)
    with opened_store(config_path, store_url) as store:
        if finding is not None:
            found = one_finding(store, finding)
            with store.reading() as connection:
                shown = judged_by(connection, found)
        else:
            shown = json.loads(_body(store, str(what), at, archive_path))
    click.echo(json_text(shown))


@evidence.command()
@click.argument("resource")
@config_option
@store_option
@click.option("--from", "start", metavar="TIME", help="Compare the version of this instant ...")
@click.option(
    "--to", "end", metavar="TIME", help="... with the one of this. Default: the last change."
)
@click.pass_context
def diff(
    ctx: click.Context,
    resource: str,
    config_path: str | None,
    store_url: str | None,
    start: str | None,
    end: str | None,
) -> None:
    """Show what changed in a resource's document. Exit code 1 when something did."""
    with opened_store(config_path, store_url) as store:
        versions = store.evidence(resource=resource, history=True)
        if not versions:
            raise _unknown(resource)
        if start is None and end is None:
            if len(versions) == 1:
                click.echo(f"There is one version only, since {versions[0].valid_from}.")
                return
            old, new = versions[-2].digest, versions[-1].digest
            heads = (versions[-2].valid_from, versions[-1].valid_from)
        else:
            first, last = (
                start or versions[0].valid_from,
                end or utc_text(instant("9999-01-01", "--to")),
            )
            old, new = _version(store, resource, first), _version(store, resource, last)
            heads = (first, end or "now")
        texts = [json_text(json.loads(_body(store, d, None))) for d in (old, new)]
    before, after = (text.splitlines() for text in texts)
    lines = list(difflib.unified_diff(before, after, heads[0], heads[1], lineterm=""))
    click.echo("\n".join(lines) if lines else "Nothing changed.")
    ctx.exit(1 if lines else 0)


def _version(store: Store, resource: str, at: str) -> str:
    found = store.evidence(resource=resource, at=utc_text(instant(at, "--from/--to")))
    if not found:
        msg = f"{resource} had no document at {at}"
        raise UsageError(msg)
    return found[0].digest


def _body(store: Store, what: str, at: str | None, archive: Path | None = None) -> str:
    """The text of a document that somebody named, out of the store or an archive. Raises UsageError."""
    digest, text = _named(store, what, at)
    if text:
        return text
    from soc2_pac.store import archive as archives  # noqa: PLC0415

    if archive is not None:
        return archives.read_back(archive, digest)
    with store.reading() as connection:
        gone = archives.gone(connection, digest)
    if gone is None:
        msg = f"the text of {digest[:12]} is missing. Next: soc2-pac verify"
        raise UsageError(msg)
    said = gone.act.said(Removed)
    msg = f"the text of {digest[:12]} was {said.how} on {gone.act.recorded_at[:10]} by {gone.act.by}: {said.reason}"
    if gone.location:
        msg += f". Next: soc2-pac evidence show {digest[:12]} --archive {gone.location}"
    raise UsageError(msg)


def _named(store: Store, what: str, at: str | None) -> tuple[str, str]:
    if at is None:
        found = store.body(what) if len(what) >= 6 else None  # noqa: PLR2004 - shorter ones are names
        if found is not None:
            return found
    versions = store.evidence(resource=what, at=utc_text(instant(at, "--at")) if at else None)
    if not versions:
        raise _unknown(what)
    if len({version.digest for version in versions}) > 1:
        names = "; ".join(f"{v.digest[:12]} ({v.kind} in {v.scope})" for v in versions)
        msg = f"'{what}' names several documents: {names}. Next: name one by its digest"
        raise UsageError(msg)
    body = store.body(versions[0].digest)
    if body is None:
        msg = f"the document {versions[0].digest[:12]} is missing. Next: soc2-pac verify"
        raise UsageError(msg)
    return body


@evidence.command()
@click.argument("resource")
@config_option
@store_option
@click.option("--reason", required=True, help="Why: an auditor will read it.")
@click.option("--owner", required=True, help="The person who answers for it.")
@click.option("--by", help="Who does it. Default: the user of this computer.")
@click.option("--yes", is_flag=True, help="Do not ask: nothing brings the texts back.")
def erase(
    resource: str,
    config_path: str | None,
    store_url: str | None,
    reason: str,
    owner: str,
    by: str | None,
    yes: bool,
) -> None:
    """Erase the texts of all documents of a deleted RESOURCE (its id), as a person may ask for.

    Its id, its name, digests and findings stay: they are part of what was proved. Reports say what was erased.
    """
    from soc2_pac.store import archive as archives  # noqa: PLC0415

    who = actor(by)
    if not yes and not sys.stdin.isatty():
        msg = f"nothing brings the texts of {plain(resource)} back: say --yes"
        raise UsageError(msg)
    if not yes:
        click.confirm(f"Erase every document of {plain(resource)} for ever?", abort=True, err=True)
    with opened_store(config_path, store_url) as store, store.database.run_lock():
        with store.database.writing() as connection:
            act = archives.erase(connection, resource, reason=reason, owner=owner, by=who)
        store.database.shrink()
    count = act.said(Removed).count
    click.echo(f"Erased {count} {'document' if count == 1 else 'documents'} of {plain(resource)}.")


def _unknown(what: str) -> UsageError:
    return UsageError(
        f"no document has the digest, id or name '{what}'. Next: soc2-pac evidence list"
    )
