"""Proof that access is gone: later complete collections that do not show a grant any more.

What only retired scopes showed can be proved by nobody: it is recorded as not checked, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac import clock
from soc2_pac.acts.reviews import (
    REMOVAL,
    UNCHECKED,
    NotChecked,
    Removal,
    Removed,
    Review,
    Unchecked,
)
from soc2_pac.acts.scopes import Retired
from soc2_pac.audit import reviews
from soc2_pac.audit.grants import ACCOUNT
from soc2_pac.model import CollectionStatus, utc_text
from soc2_pac.store import acts, queries, scopes
from soc2_pac.store import findings as looks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Act, Actor
    from soc2_pac.audit.grants import Effective
    from soc2_pac.audit.review_files import Row
    from soc2_pac.audit.reviews import Known
    from soc2_pac.store import Store
    from soc2_pac.store.findings import LookRow


def pending(store: Store) -> bool:
    """Whether there are grants that were to go and are not proved to be gone."""
    with store.reading() as connection:
        return any(review.pending for review in reviews.all_reviews(connection).values())


def prove(store: Store, known: Known, *, by: Actor, now: datetime | None = None) -> int:
    """Record for each grant that was to go the collections that do not show it any more.

    What was decided on is proved by complete collections of all kinds and scopes that showed it, begun after
    the decision. A collection that was not complete proves nothing. What cannot be looked for any more, because
    its scopes were retired, is recorded as not checked, and is looked for again once they are collected again.

    Returns:
        How many grants are proved to be gone by this.
    """
    at = now or clock.now()
    if not pending(store):
        return 0
    count = 0
    with store.database.writing() as connection:
        found = known.grants(connection, at)
        gone = scopes.retired_by(connection, utc_text(at))
        shown = _Shown(row for row in found.rows if not _only_of(row, gone))
        latest = _Latest(connection)
        for review in reviews.all_reviews(connection).values():
            if not review.pending:
                continue
            rows, unchecked = _looked_for(connection, review, shown, latest, gone)
            if rows:
                acts.record(connection, REMOVAL, review.id, Removal(rows=rows), by=by, now=at)
                count += len(rows)
            if {one.row: one for one in unchecked} != review.not_checked:
                body = Unchecked(rows=unchecked)
                acts.record(connection, UNCHECKED, review.id, body, by=by, now=at)
    return count


def _looked_for(
    connection: Connection,
    review: Review,
    shown: _Shown,
    latest: _Latest,
    gone: Mapping[str, Act],
) -> tuple[tuple[Removed, ...], tuple[NotChecked, ...]]:
    """What is proved to be gone, and what nobody can look for."""
    frozen = reviews.population(connection, review)
    places, by_id = frozen.places, {row.id: row for row in frozen.rows}
    removed: list[Removed] = []
    unchecked: list[NotChecked] = []
    for row_id, made in review.pending.items():
        row = by_id[row_id]
        if not row.collections or shown.has(row):
            continue
        where = [places[number] for number in row.collections]
        retired = sorted({scope for _, scope in where if scope in gone})
        proofs = [latest.look(kind, scope) for kind, scope in where if scope not in gone]
        sound = [
            look
            for look in proofs
            if look is not None
            and look.status is CollectionStatus.COMPLETE
            and latest.started(look.collection) > made.act.recorded_at
        ]
        if len(sound) < len(proofs):
            continue
        if retired:
            act = max((gone[scope] for scope in retired), key=lambda one: one.id)
            said = act.said(Retired)
            unchecked.append(
                NotChecked(row_id, tuple(retired), said.reason, said.owner, act.recorded_at)
            )
            continue
        ids = tuple(sorted({look.collection for look in sound}))
        removed.append(Removed(row_id, ids, max(look.finished_at for look in sound)))
    return tuple(removed), tuple(unchecked)


def _only_of(row: Effective, retired: Mapping[str, Act]) -> bool:
    """Whether only retired scopes showed a grant: that is history, and no grant."""
    return all(str(source.scope) in retired for source in row.sources)


class _Latest:
    """The last collection of each kind and scope."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._upto = looks.last_collection(connection)
        self._kinds: dict[str, Mapping[str, LookRow]] = {}
        self._started: dict[int, str] = {}

    def look(self, kind: str, scope: str) -> LookRow | None:
        """The last one; ``None`` where there is none any more."""
        if kind not in self._kinds:
            found = looks.looks(self._connection, kind, self._upto, {}).values()
            self._kinds[kind] = {str(look.scope): look for look in found}
        return self._kinds[kind].get(scope)

    def started(self, collection: int) -> str:
        """When it began, UTC."""
        if collection not in self._started:
            self._started |= queries.collection_starts(self._connection, [collection])
        return self._started[collection]


class _Shown:
    """Whether a frozen grant is still shown, whatever the account or what is granted is called now."""

    def __init__(self, found: Iterable[Effective]) -> None:
        self._accounts: dict[tuple[str, ...], list[Effective]] = {}
        self._groups: dict[tuple[str, ...], list[Effective]] = {}
        for row in found:
            grant = row.grant
            what = (grant.system, grant.sort, grant.id or grant.what, grant.on_id or grant.on)
            self._groups.setdefault(what, []).append(row)
            if row.owned is not None:
                account = row.owned.account
                names = {account.uid, account.login, account.lasting, grant.holder}
                for name in {name.lower() for name in names if name}:
                    self._accounts.setdefault((*what, name), []).append(row)

    def has(self, row: Row) -> bool:
        """Whether it is; an account that cannot be used any more is none, though its record may stay."""
        what = (row.system, row.sort, row.grant_id or row.what, row.on_id or row.on)
        if row.group:
            return any(
                one.group == row.group or any(_through(row.group, path) for path in one.paths)
                for one in self._groups.get(what, ())
            )
        rows = [
            one
            for name in {row.account.lower(), row.login.lower(), row.lasting.lower()} - {""}
            for one in self._accounts.get((*what, name), ())
        ]
        if row.sort == ACCOUNT:
            return any(one.owned is None or one.owned.account.active is not False for one in rows)
        return bool(rows)


def _through(group: str, path: tuple[str, ...]) -> bool:
    return any(step == group or step.startswith(f"{group} (") for step in path)
