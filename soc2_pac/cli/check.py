"""``check``: judge rules live, or over a document in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from soc2_pac import clock, config, workspace
from soc2_pac.canonical import canonical
from soc2_pac.cli.options import (
    config_option,
    fail_on_option,
    find_rule,
    format_option,
    instant,
    scope_options,
    stats_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Severity, Status, Verdict
from soc2_pac.output import write
from soc2_pac.rule_files import known, with_files

if TYPE_CHECKING:
    from soc2_pac.cli.options import Where
    from soc2_pac.plugins import Registry
    from soc2_pac.rules import Rule

_COLUMNS = ("rule", "status", "severity", "scope", "resource", "message")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="RULE...")
@config_option
@scope_options
@click.option(
    "--document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True),
    help="Judge this JSON document (a list of them, or what soc2-pac evidence show --finding prints) "
    "instead of asking a provider; - reads standard input.",
)
@click.option(
    "--recording",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Judge what soc2-pac doctor --record wrote into this directory, at its instant, and ask nobody.",
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
    recording: Path | None,
    stats: bool,
    form: str,
    fail_on: str | None,
) -> None:
    """Judge rules live: ids, globs, criteria, or files of rules (FILE.py).

    Reads only what they need and keeps nothing.
    """
    least = Severity(fail_on) if fail_on else Severity.INFO
    if document is not None and recording is not None:
        msg = "--document and --recording exclude each other"
        raise UsageError(msg)
    live = document is None and recording is None
    settings = config.load(config_path, required=live)
    registry, chosen = with_files(known(settings), names)
    if document is not None:
        rows = _documents(chosen, document, registry)
    elif recording is not None:
        from soc2_pac.collect.recording import read as read_recording  # noqa: PLC0415

        rows = [
            _row(v.rule.id, v.rule.severity, v.scope, v.name or v.uid, v.verdict)
            for v in workspace.check_recording(chosen, read_recording(recording), registry)
        ]
    else:
        work = workspace.make_workspace(settings, registry)
        if work.reads_store(chosen):
            work = workspace.known_from_store(work)
        least = Severity(fail_on) if fail_on else work.config.run.fail_on
        severities = {item.rule.id: item.severity for item in work.active}
        checked = workspace.check_rules(work, chosen, where.sources, where.only)
        rows = [
            _row(v.rule.id, severities[v.rule.id], v.scope, v.name or v.uid, v.verdict)
            for v in checked.verdicts
        ]
    write(rows, _COLUMNS, form)
    if stats and live:
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


def _documents(names: list[str], path: Path, registry: Registry) -> list[dict[str, object]]:
    name_of_file = "standard input" if str(path) == "-" else path.name
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            content = json.load(file, parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError) as error:
        msg = f"{name_of_file} is not JSON: {error}"
        raise UsageError(msg) from error
    documents = content if isinstance(content, list) else [content]
    if not documents:
        msg = f"{name_of_file} holds no document"
        raise UsageError(msg)
    rows = []
    for name in names:
        matching = [rule for rule in registry.rules.values() if config.matches(rule, name)]
        if not matching:
            find_rule(registry, name)
        for rule in matching:
            for number, body in enumerate(documents, start=1):
                scope, verdict = _judged(rule, body)
                rows.append(
                    _row(rule.id, rule.severity, scope, f"{name_of_file}#{number}", verdict)
                )
    return rows


_PACKAGE = {"rule", "scope", "thresholds", "now", "document", "given"}
"""The keys of what ``evidence show --finding`` prints."""


def _judged(rule: Rule, body: Any) -> tuple[Scope, Verdict]:  # noqa: ANN401
    """A document, or one with all that a finding rests on."""
    if not (isinstance(body, dict) and {"document", "given"} <= body.keys() <= _PACKAGE):
        # Nothing is given of what it joins, and nothing says that there is no source of it.
        scope = Scope(rule.provider, "document")
        evidence = JoinedEvidence(
            rule, GivenDocuments(scope, {}), [k.kind for k in rule.where_sourced]
        )
        seen = evidence.at(scope) if rule.joins else None
        now = clock.now()
        return scope, judge(rule, canonical(body), now=now, scope=scope, evidence=seen)
    if body.get("rule") not in (None, rule.id):
        msg = f"the documents are those of a finding of {body['rule']}, not of {rule.id}"
        raise UsageError(msg)
    if body["document"] is None:
        msg = "the finding is about a whole scope: there is no document to judge"
        raise UsageError(msg)
    scope = (
        Scope.parse(str(body["scope"])) if body.get("scope") else Scope(rule.provider, "document")
    )
    from soc2_pac.cases import joined_evidence  # noqa: PLC0415 - it reads YAML, and this is JSON

    verdict = judge(
        rule,
        canonical(body["document"]),
        now=instant(str(body["now"]), "now") if body.get("now") else clock.now(),
        scope=scope,
        evidence=joined_evidence(rule, body["given"], scope),
        thresholds=rule.settle(body.get("thresholds") or {}),
    )
    return scope, verdict


def _no_number(text: str) -> float:
    msg = f"{text} is no number in JSON"
    raise ValueError(msg)


def _code(rows: list[dict[str, object]], least: Severity) -> int:
    if any(
        r["status"] == Status.FAIL and Severity(str(r["severity"])).rank >= least.rank for r in rows
    ):
        return 1
    sound = {Status.PASS.value, Status.FAIL.value, Status.NOT_APPLICABLE.value}
    return 0 if rows and all(row["status"] in sound for row in rows) else 3
