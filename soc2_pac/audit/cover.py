"""The cover sheet of a population or a sample: what was asked, how it was answered, what is left out, and why."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from soc2_pac.audit.samples import suggested
from soc2_pac.store import changes, queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from soc2_pac.audit.populations import Population

COLUMNS = ("section", "item", "value")
COLLECTIONS = (
    "id", "run", "source", "scope", "kind", "status", "reason", "permission", "query", "parameters",
    "provider_count", "read", "added", "count", "gaps", "pages", "requests", "calls", "identity", "started_at",
    "finished_at", "collector_version", "root",
)  # fmt: skip
"""Columns of the collections that a population rests on."""
_EXCLUSIONS = ("include", "exclude", "audit", "rules")
"""Parts of a configuration that say what is looked at and what is left out."""


def lines(connection: Connection, found: Population) -> list[dict[str, str]]:
    """Section, item and value, in order: what an auditor reads first."""
    header = found.header
    rows: list[tuple[str, str, object]] = [
        ("population", "kind", header["kind"]),
        ("population", "from", header["period"]["from"]),
        ("population", "to (without)", header["period"]["to"]),
        ("population", "events", header["count"]),
        ("population", "digest", header["digest"]),
        ("population", "known to be complete", "yes" if header["complete"] else "no"),
        *(("population", "not complete because", why) for why in header["incomplete_because"]),
        *(("population", "limit", text) for text in header.get("limits", ())),
        ("population", "instant of an event", header["instant"]),
    ]
    if "events" in header:
        rows.insert(1, ("population", "events are", header["events"]))
        rows.append(
            ("population", "events that perhaps were outside the period", header["perhaps"])
        )
    rows += _sample(header)
    for scope in header["scopes"]:
        name = scope["scope"] + (f", {scope['derived_from']}" if "derived_from" in scope else "")
        rows += [(name, key, scope[key]) for key in scope if key not in ("scope", "derived_from")]
    rows += _exclusions(connection, found)
    return [
        {"section": section, "item": item, "value": _text(value)} for section, item, value in rows
    ]


def _sample(header: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    said = header.get("sample")
    if said is not None:
        yield "sample", "events", said["size"]
        yield "sample", "of", said["population_count"]
        yield "sample", "of the population with digest", said["population_digest"]
        yield "sample", "algorithm", said["algorithm"]
        yield "sample", "seed", said["seed"]
    size, why = suggested(header["count"])
    yield "sample", "size by common practice (a suggestion only)", f"{size} ({why})"


def collections(connection: Connection, found: Population) -> Iterator[dict[str, Any]]:
    """Every collection that the population rests on, one row each, by id."""
    asked = {look.collection: look for look in queries.population_looks(connection)}
    identities = _identities(connection, found)
    for one in queries.collections_of(connection, found.collections):
        look = asked.get(one.id)
        yield {
            "id": one.id,
            "run": one.run,
            "source": one.source,
            "scope": one.scope,
            "kind": one.kind,
            "status": one.status.value,
            "reason": one.reason,
            "permission": one.permission,
            "query": json.loads(look.parameters).get("query") if look else None,
            "parameters": look.parameters if look else None,
            "provider_count": look.total if look else None,
            "read": look.read if look else None,
            "added": look.added if look else None,
            "count": one.count,
            "gaps": one.gaps,
            "pages": one.pages,
            "requests": one.requests,
            "calls": one.read,
            "identity": identities.get((one.run, one.source)),
            "started_at": one.started_at,
            "finished_at": one.finished_at,
            "collector_version": one.collector_version,
            "root": one.root,
        }


def _identities(connection: Connection, found: Population) -> dict[tuple[int, str], str]:
    """(run, source) -> as whom it collected: the source as it was configured then, without secrets."""
    named: dict[tuple[int, str], str] = {}
    for run, body in changes.configurations(connection, found.collections).items():
        for name, table in json.loads(body).get("sources", {}).items():
            named[run, name] = json.dumps(table, sort_keys=True)
    return named


def _exclusions(connection: Connection, found: Population) -> Iterator[tuple[str, str, object]]:
    """What the configurations of the runs leave out, and which verdicts do not count."""
    said: dict[tuple[str, str], list[int]] = {}
    for run, body in changes.configurations(connection, found.collections).items():
        whole = json.loads(body)
        for part in _EXCLUSIONS:
            if whole.get(part):
                text = json.dumps(whole[part], sort_keys=True)
                said.setdefault((part, text), []).append(run)
    for (part, text), runs in sorted(said.items()):
        yield "exclusions", f"{part}, in runs {min(runs)} to {max(runs)}", text
    if not said:
        yield "exclusions", "by configuration", "none"
    wanted = {event.uid for event in found.events}
    outside: Counter[str] = Counter()
    for finding in queries.findings(connection, kind=found.judged_as, outside=True):
        if finding.resource in wanted:
            outside[f"{finding.rule}: {'; '.join(finding.because)}"] += 1
    for why, count in sorted(outside.items()):
        yield "exclusions", f"{count} verdicts do not count", why


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
