"""What could not be seen: for each kind and scope, from when until when, why, and what hangs on it."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from soc2_pac.model import NOT_OFFERED, utc_text, utc_time
from soc2_pac.resources import GAPS
from soc2_pac.store import gaps as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from soc2_pac.store.gaps import Tried

_Cell: TypeAlias = tuple[str, str]
"""Kind and scope."""

NO_RUN = "no run"
NEVER = "never collected"
DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a kind in a scope was not known."""

    cause: str
    """``denied``, ``failed``, ``partial`` or ``skipped``: how the last attempt ended; :data:`NO_RUN`: the last
    complete collection is too old; :data:`NEVER`; :data:`DETAILS`: the listing is complete, and facts of single
    resources could not be read."""
    kind: str
    scope: str
    source: str
    since: str | None
    """UTC; ``None``: it was never known."""
    until: str | None
    """UTC; ``None``: it still is not."""
    last_complete: str | None
    """When the last complete collection before it ended, UTC."""
    permission: str | None
    """What to grant."""
    reason: str
    attempts: int = 0
    """How many collections were not complete."""
    rules: int = 0
    findings: int = 0
    """Rules and findings that are inconclusive or stale now because of it."""
    resources: frozenset[str] = field(default=frozenset(), repr=False)
    """Of :data:`DETAILS`: uids of the resources."""

    def length(self, now: datetime) -> timedelta | None:
        """How long it was, or is by now; ``None`` where it was never known."""
        if self.since is None:
            return None
        return (utc_time(self.until) if self.until else now) - utc_time(self.since)


class Reads(NamedTuple):
    """What the rules in force read."""

    rules: Mapping[str, str]
    """Every rule -> the kind that it judges."""
    needed: Mapping[str, tuple[str, ...]]
    """Kind -> the rules in force that read it."""
    ages: Mapping[str, timedelta]
    """Kind -> how old its collection may be for the strictest of them."""
    max_age: timedelta
    """For all other kinds."""


@dataclass(slots=True)
class _State:
    """What is known of a kind in a scope, as far as collections were gone through."""

    last: Tried
    complete: str | None = None
    settled: bool = False
    """The provider has no such service there: it stays known."""
    open: Gap | None = None
    closed: list[Gap] = field(default_factory=list)

    def close(self, at: str) -> None:
        if self.open is not None:
            self.closed.append(replace(self.open, until=max(at, self.open.since or at)))
            self.open = None


def gaps(
    connection: Connection, reads: Reads, now: datetime, since: datetime | None = None
) -> list[Gap]:
    """What is not known now; and with ``since``, what was not known at some time from then on.

    Open ones first, then by kind and scope. What is retired is no gap any more: the gap ends with it.
    """
    states = _followed(connection, reads, utc_text(now))
    _retire(states, store.retirements(connection))
    found = [gap for state in states.values() if (gap := state.open) is not None]
    found += _never(states, reads)
    for cell, state in states.items():
        if (
            state.last.gaps
            and state.complete is not None
            and not cell[1].partition(":")[2].startswith("?")
        ):
            found += _details(connection, state)
    weighed = _weighed(connection, found, reads)
    if since is not None:
        start = utc_text(since)
        weighed += [
            gap for state in states.values() for gap in state.closed if (gap.until or "") > start
        ]
    return sorted(
        weighed,
        key=lambda g: (g.until is not None, g.kind, g.scope, g.since or "", g.cause, g.reason),
    )


def _followed(connection: Connection, reads: Reads, now: str) -> dict[_Cell, _State]:
    states: dict[_Cell, _State] = {}
    unreached: dict[_Cell, _State] = {}
    for one in store.tried(connection):
        cell = one.kind, one.scope
        state = states.get(cell)
        if state is None:
            state = states[cell] = _State(one)
        if one.scope.partition(":")[2].startswith("?"):
            # Stands for a source that could not be reached, until a later collection of it reaches a scope.
            unreached[one.kind, one.source] = state
        elif (closed := unreached.pop((one.kind, one.source), None)) is not None:
            closed.close(one.finished_at)
        _follow(state, one, reads)
    for (kind, scope), state in states.items():
        if kind in reads.needed and not scope.partition(":")[2].startswith("?"):
            _expire(state, reads, now)
    return states


def _follow(state: _State, one: Tried, reads: Reads) -> None:
    state.last = one
    if one.status == "complete" or _not_offered(one):
        _expire(state, reads, one.finished_at)
        state.close(one.finished_at)
        state.settled = one.status != "complete"
        if not state.settled:
            state.complete = one.finished_at
        return
    _expire(state, reads, one.started_at)
    state.settled = False
    before = state.open
    since = one.started_at if before is None and state.complete is not None else None
    state.open = Gap(
        one.status,
        one.kind,
        one.scope,
        one.source,
        before.since if before is not None else since,
        None,
        state.complete,
        one.permission,
        one.reason,
        (before.attempts if before is not None else 0) + 1,
    )


def _expire(state: _State, reads: Reads, at: str) -> None:
    """Open a gap where the last complete collection is too old by an instant."""
    if state.open is not None or state.complete is None or state.settled:
        return
    age = reads.ages.get(state.last.kind, reads.max_age)
    ends = utc_text(utc_time(state.complete) + age)
    if ends <= at:
        day = state.complete[:10]
        state.open = Gap(
            NO_RUN, state.last.kind, state.last.scope, state.last.source, ends, None, state.complete, None,
            f"the last complete collection was on {day}; it counts for {age.days} days",
        )  # fmt: skip


def _not_offered(one: Tried) -> bool:
    return one.status == "skipped" and one.reason.startswith(NOT_OFFERED)


def _retire(states: Mapping[_Cell, _State], retired: Mapping[str, tuple[str, int]]) -> None:
    last: dict[str, int] = {}
    for (_, scope), state in states.items():
        last[scope] = max(last.get(scope, 0), state.last.id)
    for (_, scope), state in states.items():
        when, upto = retired.get(scope, ("", -1))
        if last[scope] <= upto:
            state.last = state.last._replace(gaps=0)
            state.close(when)


def _never(states: Iterable[_Cell], reads: Reads) -> Iterator[Gap]:
    seen = {kind for kind, _ in states}
    for kind in sorted(set(reads.needed) - seen):
        scope = f"{kind.partition('.')[0]}:?"
        yield Gap(NEVER, kind, scope, "", None, None, None, None, "no collection tried it yet")


def _details(connection: Connection, state: _State) -> list[Gap]:
    """Facts that were denied or failed for single resources, by call."""
    one = state.last
    found: dict[tuple[str, str, str | None, str], dict[str, str]] = {}
    count = 0
    for uid, body, valid_from in store.documents(connection, one.kind, one.scope):
        count += 1
        if f'"{GAPS}"' not in body:
            continue
        for gap in json.loads(body).get(GAPS, {}).values():
            key = (gap["operation"], gap["status"], gap.get("permission"), gap["reason"])
            found.setdefault(key, {})[uid] = valid_from
    return [
        Gap(
            DETAILS, one.kind, one.scope, one.source, min(starts.values()), None, state.complete, permission,
            f"{operation} {status} for {len(starts)} of {count} resources: {reason}", resources=frozenset(starts),
        )
        for (operation, status, permission, reason), starts in sorted(found.items(), key=str)
    ]  # fmt: skip


def _weighed(connection: Connection, found: list[Gap], reads: Reads) -> list[Gap]:
    """With how many rules and findings are not known because of each."""
    known = {one.fingerprint: one for one in store.unknown(connection)}
    resting: dict[_Cell, set[str]] = {}
    of_rule: dict[str, set[str]] = {}
    for fingerprint, one in known.items():
        of_rule.setdefault(one.rule, set()).add(fingerprint)
        judged = reads.rules.get(one.rule)
        if judged is not None:
            resting.setdefault((judged, one.scope), set()).add(fingerprint)
    scopes: dict[str, set[str]] = {}
    for gap in found:
        scopes.setdefault(gap.kind, set()).add(gap.scope)
    parsed = functools.cache(json.loads)
    for fingerprint, body in store.unknown_because(connection):
        for kind, pattern in parsed(body)["populations"]:
            for scope in scopes.get(kind, ()):
                if _takes(pattern, scope):
                    resting.setdefault((kind, scope), set()).add(fingerprint)
    weighed = []
    for gap in found:
        prints = resting.get((gap.kind, gap.scope), set())
        if gap.cause == NEVER:
            prints = prints.union(*(of_rule.get(rule, ()) for rule in reads.needed[gap.kind]))
        if gap.cause == DETAILS:
            prints = {p for p in prints if known[p].resource in gap.resources}
        rules = {known[p].rule for p in prints if p in known}
        weighed.append(replace(gap, rules=len(rules), findings=len(prints)))
    return weighed


def _takes(pattern: str, scope: str) -> bool:
    """Whether a basis speaks of a scope: a scope, ``aws:111122223333/*`` for an account and all in it, or ``*``."""
    return pattern in ("*", scope) or (
        pattern.endswith("/*") and f"{scope}/".startswith(pattern[:-1])
    )
