"""The populations of a period: how many events there were, and whether these are known to be all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac.audit.populations import described, instant_of, why_incomplete
from soc2_pac.audit.projection import columns
from soc2_pac.audit.spans import text_of
from soc2_pac.merkle import collection_root
from soc2_pac.report import Shape, Table
from soc2_pac.store import periods, queries

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured
    from soc2_pac.report import Cell
    from soc2_pac.store.queries import PopulationLook

_NUMBER, _INSTANT = Shape.NUMBER, Shape.INSTANT


def populations(connection: Connection, measured: Measured) -> Table:
    """Each kind of events in each scope."""
    start, end = text_of(measured.start), text_of(measured.end)
    last_run = max((c.last.run for c in measured.knowledge.covers.values() if c.last), default=0)
    reported = {measured.name(scope) for scope in measured.scopes}
    looks: dict[str, dict[str, list[PopulationLook]]] = {}
    for look in queries.population_looks(connection):
        if look.collection <= measured.to.collection and look.scope in reported:
            looks.setdefault(look.kind, {}).setdefault(look.scope, []).append(look)
    rows = []
    for kind, scopes in sorted(looks.items()):
        events, undated = _events(
            connection, measured, kind, next(iter(scopes.values()))[-1].instant
        )
        for scope, own in sorted(scopes.items()):
            said = described(scope, own)
            # The report ends with the last collection; each that belongs to the same run ended before that.
            current = own[-1].run == last_run and own[-1].status == "complete"
            until = min(end, said["covered_to"] or end) if current else end
            rows.append(
                _row(kind, scope, said, events.get(scope, {}), undated.get(scope, 0), start, until)
            )
    return Table(
        "populations",
        "Populations",
        "Each kind of events in each scope: how many were in the period, and whether they are known to be all, by the "
        "provider's own count. Empty: no kind of events is collected.",
        columns(
            ("kind", "Kind"),
            ("scope", "Scope"),
            ("events", "Events in the period", _NUMBER),
            ("digest", "Digest of these", Shape.DIGEST),
            ("known_all", "Known to be all"),
            ("because", "Why not"),
            ("covered_from", "Covered from", _INSTANT),
            ("covered_to", "Covered to", _INSTANT),
            ("query", "Query"),
            ("counted", "Provider's count, last collection", _NUMBER),
            ("read", "Read, last collection", _NUMBER),
            ("all_events", "Events known in all", _NUMBER),
            ("collections", "Collections", _NUMBER),
            ("complete", "Complete", _NUMBER),
            ("requests", "Requests", _NUMBER),
            ("root", "Root of the last complete one", Shape.DIGEST),
        ),
        tuple(rows),
    )


def _events(
    connection: Connection, measured: Measured, kind: str, instant: str
) -> tuple[dict[str, dict[str, tuple[str, str]]], dict[str, int]]:
    """Scope -> uid -> (instant, digest) of its events; scope -> documents that do not say when they were."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    undated: dict[str, int] = {}
    path = instant.split(".")
    for scope, uid, digest, body in periods.bodies_of(connection, measured.to, kind):
        at = instant_of(msgspec.json.decode(body), path) if body else None
        if at is None:
            undated[scope] = undated.get(scope, 0) + 1
        else:
            found.setdefault(scope, {})[uid] = at, digest
    return found, undated


def _row(
    kind: str, scope: str, said: dict[str, Any], events: dict[str, tuple[str, str]], undated: int, start: str, end: str
) -> tuple[Cell, ...]:  # fmt: skip
    within = {uid: digest for uid, (at, digest) in events.items() if start <= at < end}
    why = why_incomplete(said, start, end)
    if undated:
        also = f"when their event was is not known of {undated:,} of the documents"
        why = f"{why}; {also}" if why else also
    return (
        kind, scope, len(within), collection_root(within.items()), "no" if why else "yes", why, said["covered_from"],
        said["covered_to"], said["query"], said["total"], said["read"], said["count"], said["collections"],
        said["complete_collections"], said["requests"], said["root"],
    )  # fmt: skip
