"""Populations that no provider lists, as tables of a report: accounts, privileges and people that came and went.

They follow from what was recorded by the end of the report, see :mod:`soc2_pac.audit.history`. What is recorded later
does not change them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac.audit import history
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.audit.projection import columns
from soc2_pac.audit.spans import text_of
from soc2_pac.model import utc_time
from soc2_pac.report import Shape, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from soc2_pac.audit.measured import Measured
    from soc2_pac.audit.populations import Population
    from soc2_pac.audit.reviews import Known
    from soc2_pac.report import Cell

_OF_A_KIND = re.compile(r"([\w.]+ in \S+?)(:? (?:is known|was|\d+ of) .*)")
"""A reason that is about one kind in one scope."""
_SHOWN = 2
_NUMBER, _INSTANT, _DIGEST = Shape.NUMBER, Shape.INSTANT, Shape.DIGEST


def tables(connection: Connection, measured: Measured) -> tuple[Table, Table]:
    """Each derived population with what it is known to hold, and their events."""
    found = list(_populations(connection, measured))
    limits = " ".join(f"{text[0].upper()}{text[1:]}." for text in history.LIMITS)
    whole = (
        " They are of the whole store, whatever the report is limited to."
        if measured.options.scopes
        else ""
    )
    return (
        Table(
            "derived",
            "Populations derived from the history",
            "Accounts, privileges and people that came and went, by what differs between two collections. "
            f"{limits}{whole} Empty: nothing was collected that tells of accounts or people.",
            columns(
                ("kind", "Population"),
                ("events", "Events", _NUMBER),
                ("perhaps", "Perhaps outside", _NUMBER),
                ("known_all", "Known to be all"),
                ("because", "Why not"),
                ("sources", "Kinds and scopes read", _NUMBER),
                ("sources_complete", "Of these complete", _NUMBER),
                ("collections", "Collections", _NUMBER),
                ("events_are", "Its events"),
                ("digest", "Digest of these", _DIGEST),
            ),
            tuple(_row(one) for one in found),
        ),
        Table(
            "events",
            "Events of the derived populations",
            "One row for each event. It was after the start of the last collection that did not show it, and "
            "before the end of the first that did; the exact instant is given where the provider says it. Who did "
            "it comes from the provider's own log, as far as that is collected.",
            columns(
                ("kind", "Population"),
                ("system", "System"),
                ("who", "Account or person"),
                ("name", "Name"),
                ("owner", "Owner"),
                ("after", "After", _INSTANT),
                ("before", "Before", _INSTANT),
                ("at", "At", _INSTANT),
                ("in_period", "In the period"),
                ("done_by", "Done by"),
                ("hours", "Hours that accounts outlived their owner, at least", _NUMBER),
                ("gap", "Not complete between the two"),
                ("event", "Event"),
                ("digest", "Digest of the event", _DIGEST),
            ),
            tuple(row for one in found for row in _events(one)),
        ),
    )


def _populations(connection: Connection, measured: Measured) -> Iterator[Population]:
    known = measured.options.known
    if known is None or not history.derivable(connection, known.kinds, measured.to.collection):
        return
    known = _as_then(known, measured)
    start, end, last = (
        utc_time(text_of(at)) for at in (measured.start, measured.asked_end, measured.end)
    )
    period = AuditPeriod(start, end)
    read = history.History(connection, known, period, measured.to)
    for kind in history.KINDS:
        yield history.of(connection, read, kind, period, last - known.max_age)


def _as_then(known: Known, measured: Measured) -> Known:
    """How the store is read, by the configuration of the last run of the period."""
    days = measured.configuration.get("evidence", {}).get("max_age_days")
    return known._replace(max_age=timedelta(days=days)) if days else known


def _row(found: Population) -> tuple[Cell, ...]:
    header = found.header
    return (
        header["kind"], header["count"], header["perhaps"], "yes" if header["complete"] else "no",
        _because(header["incomplete_because"]), header["scopes_asked"], header["scopes_read"],
        len(found.collections), header["events"], header["digest"],
    )  # fmt: skip


def _because(reasons: list[str]) -> str | None:
    """The reasons. What several kinds and scopes share is said once: the table of collections names each of them."""
    shared: dict[str, list[str]] = {}
    for reason in reasons:
        told = _OF_A_KIND.fullmatch(reason)
        what, why = told.groups() if told else ("", reason)
        shared.setdefault(why, []).append(what)
    return "; ".join(f"{_named(of)}{why}" for why, of in shared.items()) or None


def _named(what: list[str]) -> str:
    # One that is of no kind stands alone, under an empty name.
    return ", ".join(what) if len(what) <= _SHOWN else f"each of {len(what)} kinds and scopes"


def _events(found: Population) -> Iterator[tuple[Cell, ...]]:
    for event in found.events:
        said: dict[str, Any] = (found.derived or {})[event.digest]
        yield (
            found.header["kind"], event.scope, said.get("account") or said.get("person"), event.name,
            said.get("owner"), said["happened_after"] or None, said["happened_before"], said["happened_at"],
            said["in_period"], said.get("done_by"), said.get("outlived_hours_at_least"), said["gap"] or None,
            event.uid, event.digest,
        )  # fmt: skip
