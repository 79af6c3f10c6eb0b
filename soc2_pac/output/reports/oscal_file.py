"""A report as OSCAL assessment results, for tools that exchange them.

Every control or criterion is a finding whose target says what the rules came to, and every row of the main table an
observation of a resource. Conclusions stay the auditor's: the remarks of each status say so.

Source: NIST, OSCAL 1.2.1, assessment results model (JSON).
"""

from __future__ import annotations

import uuid
from typing import IO, TYPE_CHECKING, Any

from soc2_pac.canonical import canonical
from soc2_pac.output import plain
from soc2_pac.output.reports import display, main_table
from soc2_pac.report import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_pac.report import Cell, Part, Report, Table

VERSION = "1.2.1"
NAMESPACE = "urn:soc2-pac:oscal"
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
_STATES = {
    "holds": ("satisfied", "pass"),
    "fails": ("not-satisfied", "fail"),
    "unknown": ("not-satisfied", "other"),
}
_REMARKS = {
    "holds": "No rule of it failed on what was collected. The conclusion is the auditor's.",
    "fails": "At least one rule of it failed. The conclusion is the auditor's.",
    "unknown": "Not all of it was collected or judged. The conclusion is the auditor's.",
}
_SUBJECT = ("scope", "resource")


def write(report: Report, target: IO[bytes], _table: str | None) -> None:
    """Write the assessment results, canonical JSON."""
    target.write(canonical({"assessment-results": _results(report)}))
    target.write(b"\n")


def _results(report: Report) -> dict[str, Any]:
    plan = _id("plan", report.digest)
    return {
        "uuid": _id("results", report.digest),
        "metadata": {
            "title": plain(report.title),
            "last-modified": report.end,
            "version": report.digest[:16],
            "oscal-version": VERSION,
            "props": [_prop("report-digest", report.digest)],
            "remarks": "\n\n".join((*report.warnings, *report.statement)) or "None.",
        },
        "import-ap": {
            "href": f"#{plan}",
            "remarks": "There is no assessment plan in OSCAL; the resource says what was tested and how.",
        },
        "results": [_result(report)],
        "back-matter": {
            "resources": [
                {
                    "uuid": plan,
                    "title": "Method",
                    "description": "\n\n".join(report.method) or "See the report.",
                }
            ]
        },
    }


def _result(report: Report) -> dict[str, Any]:
    table = report.table(main_table(report))
    observed = list(_observations(table, report))
    by_rule: dict[str, list[str]] = {}
    for observation, rule in observed:
        by_rule.setdefault(rule, []).append(observation["uuid"])
    items = {item["uuid"]: item for _, item in _subjects(table)}
    found: dict[str, Any] = {
        "uuid": _id("result", report.digest),
        "title": plain(f"{report.title}, {report.subtitle}"),
        "description": "\n".join(report.statement) or "See the report.",
        "start": report.start,
        "end": report.end,
        "reviewed-controls": {"control-selections": [_selection(report.parts)]},
    }
    if items:
        found["local-definitions"] = {"inventory-items": list(items.values())}
    if observed:
        found["observations"] = [observation for observation, _ in observed]
    findings = [_finding(part, by_rule, report) for part in report.parts if part.state in _STATES]
    if findings:
        found["findings"] = findings
    return found


def _selection(parts: Iterable[Part]) -> dict[str, Any]:
    ids = [{"control-id": _token(part.id)} for part in parts]
    return {"include-controls": ids} if ids else {"include-all": {}}


def _observations(table: Table, report: Report) -> Iterator[tuple[dict[str, Any], str]]:
    """Each row with the rule that it is of."""
    columns = {column.name: column for column in table.columns}
    for number, row in enumerate(table.cells()):
        said = [
            f"{column.title}: {shown}"
            for name, column in columns.items()
            if (shown := display(row[name], column.shape))
        ]
        observation: dict[str, Any] = {
            "uuid": _id("observation", report.digest, table.name, str(number)),
            "title": plain(row.get("rule") or table.title),
            "description": "\n".join(said) or "An empty row.",
            "methods": ["TEST"],
            "collected": str(row.get("collected") or row.get("started") or report.end),
        }
        subject = _subject(row)
        if subject is not None:
            observation["subjects"] = [
                {
                    "subject-uuid": subject["uuid"],
                    "type": "inventory-item",
                    "title": subject["description"],
                }
            ]
        evidence = [
            {"description": column.title, "props": [_prop("sha-256", str(row[name]))]}
            for name, column in columns.items()
            if column.shape is Shape.DIGEST and row[name]
        ]
        if evidence:
            observation["relevant-evidence"] = evidence
        yield observation, str(row.get("rule") or "")


def _subjects(table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, row in enumerate(table.cells()):
        subject = _subject(row)
        if subject is not None:
            yield number, subject


def _subject(row: Mapping[str, Cell]) -> dict[str, Any] | None:
    parts = [plain(row.get(name)) for name in _SUBJECT]
    if not any(parts):
        return None
    return {"uuid": _id("subject", *parts), "description": " ".join(part for part in parts if part)}


def _finding(part: Part, by_rule: Mapping[str, list[str]], report: Report) -> dict[str, Any]:
    state, reason = _STATES[part.state]
    related = [one for rule in part.rules for one in by_rule.get(rule, [])]
    found: dict[str, Any] = {
        "uuid": _id("finding", report.digest, part.kind, part.id),
        "title": plain(f"{part.id}: {part.title}"),
        "description": "\n".join((*part.statement, *part.missing)) or "Nothing was judged.",
        "target": {
            "type": "objective-id",
            "target-id": _token(part.id),
            "status": {"state": state, "reason": reason, "remarks": _REMARKS[part.state]},
        },
    }
    if related:
        found["related-observations"] = [{"observation-uuid": one} for one in related]
    return found


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": value}


def _id(*parts: str) -> str:
    """A name-based UUID (version 5): the same thing has the same one in every report of the same content."""
    return str(
        uuid.uuid5(
            _SPACE, "\0".join(part.encode("utf-8", "backslashreplace").decode() for part in parts)
        )
    )


def _token(text: str) -> str:
    """An id as OSCAL's tokens are: letters, digits, dots, hyphens and underscores, not a digit first."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in text.lower())
    return kept if kept[:1].isalpha() or kept[:1] == "_" else f"_{kept}"
