"""``check``: judge rules live, or over a document in a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import api
from soc2_pac.canonical import canonical
from soc2_pac.cli.options import (
    config_option,
    fail_on_option,
    find_rule,
    format_option,
    scope_options,
    stats_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Severity, Status, Verdict
from soc2_pac.output import write

if TYPE_CHECKING:
    from soc2_pac.cli.options import Where

_COLUMNS = ("rule", "status", "severity", "scope", "resource", "message")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="RULE...")
@config_option
@scope_options
@click.option(
    "--document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge this JSON document (or a list of them) instead of asking a provider.",
)
@stats_option
@format_option
@fail_on_option
@click.pass_context
def check(
    ctx: click.Context,
    names: tuple[str, ...],
    config_path: str | None,
    where: Where,
    document: Path | None,
    stats: bool,
    form: str,
    fail_on: str | None,
) -> None:
    """Judge rules (ids, globs or criteria) live. Reads only what they need and keeps nothing."""
    least = Severity(fail_on) if fail_on else Severity.INFO
    if document is not None:
        rows = _documents(names, document)
    else:
        work = api.workspace(config_path)
        least = Severity(fail_on) if fail_on else work.config.run.fail_on
        severities = {item.rule.id: item.severity for item in work.active}
        checked = api.check_rules(work, names, where.sources, where.only)
        rows = [
            _row(v.rule.id, severities[v.rule.id], v.scope, v.name or v.uid, v.verdict)
            for v in checked.verdicts
        ]
    write(rows, _COLUMNS, form)
    if stats and document is None:
        calls = [{"operation": name, "requests": n} for name, n in sorted(checked.calls.items())]
        calls.append({"operation": "total", "requests": checked.calls.total()})
        click.echo()
        write(calls, ("operation", "requests"), "table")
    ctx.exit(_code(rows, least))


def _row(
    rule: str, severity: Severity, scope: Scope, resource: str | None, verdict: Verdict
) -> dict[str, object]:
    return {
        "rule": rule,
        "status": verdict.status.value,
        "severity": severity.value,
        "scope": str(scope),
        "resource": resource,
        "message": verdict.message,
    }


def _documents(names: tuple[str, ...], path: Path) -> list[dict[str, object]]:
    from soc2_pac import config, plugins  # noqa: PLC0415

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        msg = f"{path} is not JSON: {error}"
        raise UsageError(msg) from error
    documents = content if isinstance(content, list) else [content]
    if not documents:
        msg = f"{path} holds no document"
        raise UsageError(msg)
    registry = plugins.load()
    rows = []
    for name in names:
        matching = [rule for rule in registry.rules.values() if config.matches(rule, name)]
        if not matching:
            find_rule(registry, name)
        for rule in matching:
            scope = Scope(rule.provider, "document")
            # Nothing is given of what it joins, and nothing says that there is no source of it.
            sourced = [kind.kind for kind in rule.where_sourced]
            joined = JoinedEvidence(rule, GivenDocuments(scope, {}), sourced)
            evidence = joined.at(scope) if rule.joins else None
            for number, body in enumerate(documents, start=1):
                verdict = judge(
                    rule, canonical(body), now=datetime.now(UTC), scope=scope, evidence=evidence
                )
                rows.append(_row(rule.id, rule.severity, scope, f"{path.name}#{number}", verdict))
    return rows


def _code(rows: list[dict[str, object]], least: Severity) -> int:
    if any(
        r["status"] == Status.FAIL and Severity(str(r["severity"])).rank >= least.rank for r in rows
    ):
        return 1
    sound = {Status.PASS.value, Status.FAIL.value, Status.NOT_APPLICABLE.value}
    return 0 if rows and all(row["status"] in sound for row in rows) else 3
