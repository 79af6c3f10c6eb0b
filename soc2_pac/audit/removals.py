"""Proof that access is gone: later complete collections that do not show a grant any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from soc2_pac.acts.reviews import REMOVAL, Removal, Removed, Review
from soc2_pac.audit import reviews
from soc2_pac.audit.grants import ACCOUNT
from soc2_pac.model import CollectionStatus
from soc2_pac.store import acts, queries
from soc2_pac.store import findings as looks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor
    from soc2_pac.audit.grants import Effective, Grants
    from soc2_pac.audit.review_files import Row
    from soc2_pac.audit.reviews import Known
    from soc2_pac.store import Store
    from soc2_pac.store.findings import LookRow


def prove(store: Store, known: Known, *, by: Actor, now: datetime | None = None) -> int:
    """Record for each grant that was to go the collections that do not show it any more.

    What was decided on is proved by complete collections of all kinds and scopes that showed it, begun after
    the decision. A collection that was not complete proves nothing.

    Returns:
        How many grants are proved to be gone by this.
    """
    at = now or datetime.now(UTC)
    with store.reading() as connection:
        if not any(review.pending for review in reviews.all_reviews(connection).values()):
            return 0
    count = 0
    with store.database.writing() as connection:
        found = known.grants(connection, at)
        shown = _Shown(found)
        latest = _Latest(connection)
        for review in reviews.all_reviews(connection).values():
            if not review.pending:
                continue
            rows = _removed(connection, review, shown, latest)
            if rows:
                acts.record(connection, REMOVAL, review.id, Removal(rows=rows), by=by, now=at)
                count += len(rows)
    return count


def _removed(
    connection: Connection, review: Review, shown: _Shown, latest: _Latest
) -> tuple[Removed, ...]:
    frozen = reviews.population(connection, review)
    places, by_id = frozen.places, {row.id: row for row in frozen.rows}
    found = []
    for row_id, made in review.pending.items():
        row = by_id[row_id]
        proofs = [latest.look(*places[number]) for number in row.collections]
        if not proofs or shown.has(row):
            continue
        sound = [
            look
            for look in proofs
            if look is not None
            and look.status is CollectionStatus.COMPLETE
            and latest.started(look.collection) > made.act.recorded_at
        ]
        if len(sound) == len(proofs):
            ids = tuple(sorted({look.collection for look in sound}))
            found.append(Removed(row_id, ids, max(look.finished_at for look in sound)))
    return tuple(found)


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

    def __init__(self, found: Grants) -> None:
        self._accounts: dict[tuple[str, ...], list[Effective]] = {}
        self._groups: dict[tuple[str, ...], list[Effective]] = {}
        for row in found.rows:
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
