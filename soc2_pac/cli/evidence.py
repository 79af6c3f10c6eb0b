"""``evidence``: the documents behind the findings."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict

import click

from soc2_pac.audit.basis import judged_by
from soc2_pac.cli.options import (
    ListGroup,
    check_filters,
    config_option,
    format_option,
    instant,
    one_finding,
    opened_store,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.output import write
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
@format_option
def list_(
    config_path: str | None,
    store_url: str | None,
    kind: str | None,
    scope: str | None,
    resource: str | None,
    at: str | None,
    history: bool,
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
        )
        rows = (
            {**asdict(item), "digest": item.digest if form == "json" else item.digest[:12]}
            for item in found
        )
        if write(rows, _COLUMNS, form) == 0:
            click.echo("No document matches.", err=True)


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
def show(
    what: str | None,
    config_path: str | None,
    store_url: str | None,
    at: str | None,
    finding: str | None,
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
            shown = json.loads(_body(store, str(what), at))
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


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
        texts = [
            json.dumps(json.loads(_body(store, d, None)), indent=2, ensure_ascii=False)
            for d in (old, new)
        ]
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


def _body(store: Store, what: str, at: str | None) -> str:
    if at is None:
        found = store.body(what) if len(what) >= 6 else None  # noqa: PLR2004 - shorter ones are names
        if found is not None:
            return found[1]
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
    return body[1]


def _unknown(what: str) -> UsageError:
    return UsageError(
        f"no document has the digest, id or name '{what}'. Next: soc2-pac evidence list"
    )
