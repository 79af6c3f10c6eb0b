"""Access reviews: start, decide, close. Each is one transaction, and nothing is recorded where it is refused."""

from __future__ import annotations

import getpass
import os
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from soc2_pac import clock
from soc2_pac.acts import Actor
from soc2_pac.acts.reviews import (
    ASSIGNED,
    CANCELLED,
    CLOSED,
    DECIDED,
    STARTED,
    Assigned,
    Cancelled,
    Closed,
    Decided,
    Decision,
    Review,
    Reviewer,
    Started,
    reviews,
)
from soc2_pac.audit import grants as granted
from soc2_pac.audit import review_files as files
from soc2_pac.audit.reviewers import People, assign, person_id
from soc2_pac.errors import IntegrityError, UsageError
from soc2_pac.evaluate import people
from soc2_pac.model import utc_text
from soc2_pac.store import acts, queries
from soc2_pac.store import findings as looks
from soc2_pac.text import listed, nearest, says_something

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.audit.grants import Effective, Grants
    from soc2_pac.audit.review_files import HandedIn, Population, Row
    from soc2_pac.audit.reviewers import Line
    from soc2_pac.hookspecs import JoinedIdentities
    from soc2_pac.identity import Owned
    from soc2_pac.model import Scope
    from soc2_pac.resources import Resource
    from soc2_pac.store import Store

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Known(NamedTuple):
    """How the store is read: what is installed, and what is configured."""

    kinds: Sequence[type[Resource]]
    """All that can be collected."""
    joined: Sequence[JoinedIdentities]
    """What says who administers."""
    max_age: timedelta
    """How old a collection may be."""
    removal_days: int = 7
    break_glass: tuple[str, ...] = ()
    """Patterns over ``login`` and ``system/login`` of accounts for emergencies."""

    def grants(
        self, connection: Connection, now: datetime, systems: Collection[str] = ()
    ) -> Grants:
        """What the store knows of grants now."""
        return granted.read(
            connection, self.kinds, now, self.max_age, systems=systems, joined=self.joined
        )

    def people(self, connection: Connection, now: datetime) -> People:
        """Who works here."""
        return People(people.read(connection, self.kinds, now, self.max_age).graph, now)


def machine(command: str) -> Actor:
    """The program as the one who does something: nobody asked for it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else ""
    return Actor(f"soc2-pac {command}", user)


# -- start ----------------------------------------------------------------------------------------------------


def start(
    store: Store,
    known: Known,
    *,
    systems: Sequence[str],
    by: Actor,
    by_manager: bool = False,
    given: Sequence[Line] = (),
    due: datetime | None = None,
    partial: bool = False,
    now: datetime | None = None,
) -> Review:
    """Freeze the effective grants of some systems and say who reviews which, in one transaction.

    Args:
        store: where the evidence is, and where the review goes.
        known: how it is read.
        systems: in full (``github:acme``) or by provider (``github``).
        by: who starts it.
        by_manager: managers review what their people have.
        given: the file of reviewers, for the rest or for everything.
        due: the last day for decisions, any instant of it.
        partial: go ahead though something is not complete; the review says so for ever.
        now: the clock's time when left out.

    Raises:
        UsageError: an unknown system or reviewer, a system that is under review, nothing to review, an
            incomplete or stale collection, a due date in the past. Nothing is recorded then.
    """
    at = now or clock.now()
    wanted = tuple(sorted({one.strip().lower() for one in systems if one.strip()}))
    if not wanted:
        msg = "--systems: name at least one system, as github or github:acme"
        raise UsageError(msg)
    if not by_manager and not given:
        msg = "say who reviews: --by-manager, --reviewers FILE, or both"
        raise UsageError(msg)
    if due is not None and due.date() < at.date():
        msg = f"--due: {due:%Y-%m-%d} is in the past. Next: name a day to come"
        raise UsageError(msg)
    with store.database.writing() as connection:
        before = reviews(acts.listed(connection, ["review."]))
        _refuse_second(before, wanted)
        found = known.grants(connection, at, wanted)
        for system in wanted:
            if system not in found.known:
                hint = nearest(system, found.known)
                msg = f"the store knows no system '{system}'.{hint} Known: {listed(found.known)}"
                raise UsageError(msg)
        if found.incomplete and not partial:
            raise UsageError(_incomplete(found.incomplete))
        if not found.rows:
            msg = f"nobody has anything in {', '.join(wanted)}: there is nothing to review"
            raise UsageError(msg)
        people_here = People(found.graph, at)
        assignment = assign(found.rows, people_here, by_manager=by_manager, given=given)
        review_id = f"review-{len(before) + 1}"
        upto = looks.last_collection(connection)
        ids = {looked.look.collection for looked in found.looks}
        roots = queries.collection_roots(connection, ids)
        rows = _rows(found, assignment.by_row, known, at)
        counts = _counts(rows)
        header = {
            "review": review_id,
            "systems": wanted,
            "frozen_at": utc_text(at),
            "upto": upto,
            "partial": found.incomplete,
            "notes": found.notes,
            "by_manager": by_manager,
            "reviewers": [msgspec.to_builtins(one) for one in assignment.reviewers],
            "counts": counts,
            "collections": [
                {
                    "id": one.look.collection,
                    "kind": one.kind,
                    "scope": str(one.look.scope),
                    "status": one.look.status.value,
                    "finished_at": one.look.finished_at,
                    "count": one.look.found,
                    "root": roots[one.look.collection],
                }
                for one in sorted(found.looks, key=lambda one: one.look.collection)
            ],
        }
        said = Started(
            systems=wanted,
            reviewers=assignment.reviewers,
            by_manager=by_manager,
            due=f"{due:%Y-%m-%d}" if due else None,
            partial=found.incomplete,
            rows=len(rows),
            accounts=counts["accounts"],
            privileged=counts["privileged"],
            unmatched=counts["unmatched"],
            unread=counts["members_not_read"],
            removal_days=known.removal_days,
            upto=upto,
        )
        file = acts.File.inside(files.written(header, rows), files.MEDIA_TYPE)
        act = acts.record(connection, STARTED, review_id, said, by=by, file=file, now=at)
    return Review(review_id, act, said)


def _refuse_second(before: Mapping[str, Review], wanted: Sequence[str]) -> None:
    for review in before.values():
        if review.state != "open":
            continue
        for mine in review.said.systems:
            for other in wanted:
                if mine == other or other in mine.split(":")[:1] or mine in other.split(":")[:1]:
                    msg = (
                        f"{review.id} over {', '.join(review.said.systems)} is open, and {other} is part of "
                        f"it. Next: soc2-pac review close {review.id}"
                    )
                    raise UsageError(msg)


def _incomplete(reasons: Sequence[str]) -> str:
    never = sorted(
        {one.partition(" ")[0] for one in reasons if one.endswith("was never collected")}
    )
    collect = f"soc2-pac collect --kind {' --kind '.join(never)}" if never else "soc2-pac run"
    shown = "; ".join(reasons[:_SHOWN])
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return (
        f"the evidence is not complete: {shown}{more}. Next: {collect}, or --partial: the review then says for "
        "ever what was missing"
    )


_SHOWN = 5


def _rows(found: Grants, reviewers: Sequence[str], known: Known, now: datetime) -> list[Row]:
    collections = {(one.kind, one.look.scope): one.look.collection for one in found.looks}
    return [
        _row(row, reviewer, collections, known, now)
        for row, reviewer in zip(found.rows, reviewers, strict=True)
    ]


def _row(
    row: Effective,
    reviewer: str,
    collections: Mapping[tuple[str, Scope], int],
    known: Known,
    now: datetime,
) -> Row:
    grant, owned = row.grant, row.owned
    ways = tuple(" > ".join(path) for path in row.paths if path)
    found = files.Row(
        id=files.row_id(row.key),
        system=grant.system,
        what=grant.what,
        sort=grant.sort,
        reviewer=reviewer,
        on=grant.on,
        grant_id=grant.id,
        on_id=grant.on_id,
        privileged=grant.privileged,
        paths=("directly", *ways) if ways and () in row.paths else ways,
        note=grant.note,
        group=row.group,
        unread=row.unread,
        collections=tuple(
            sorted(
                number
                for source in row.sources
                if (number := collections.get((source.kind, source.scope))) is not None
            )
        ),
    )
    if owned is None:
        return found
    account, person = owned.account, owned.person
    return msgspec.structs.replace(
        found,
        home="" if account.system == grant.system else account.system,
        account=account.uid,
        lasting=account.lasting,
        login=account.login,
        name=account.name,
        holder=account.sort,
        owner=person_id(person) if person else "",
        owner_name=str(person) if person else "",
        owner_by=owned.reason,
        owner_left=person is not None and person.gone(now),
        department=(person.department or "") if person else "",
        owner_note=owned.note,
        active=account.active,
        administrator=account.privileged,
        mfa=account.mfa,
        created=utc_text(account.created) if account.created else "",
        last_used=utc_text(account.last_used) if account.last_used else "",
        guest=account.guest,
        break_glass=_for_emergencies(owned, known.break_glass),
    )


def _for_emergencies(owned: Owned, patterns: Iterable[str]) -> bool:
    """By configuration, or by the note in the mapping of accounts."""
    account = owned.account
    names = (account.login.lower(), f"{account.system}/{account.login}".lower())
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns) or any(
        word in owned.note.lower() for word in ("break-glass", "break glass")
    )


def _counts(rows: Iterable[Row]) -> dict[str, int]:
    found = list(rows)
    accounts = {(row.home or row.system, row.account): row for row in found if row.account}
    return {
        "rows": len(found),
        "accounts": len(accounts),
        "people": len({row.owner for row in accounts.values() if row.owner}),
        "machines": sum(row.holder in ("service", "bot") for row in accounts.values()),
        "shared": sum(row.holder == "shared" for row in accounts.values()),
        "privileged": sum(bool(row.privileged) for row in found),
        "unmatched": sum(row.unmatched for row in accounts.values()),
        "of_leavers": sum(row.owner_left for row in accounts.values()),
        "guests": sum(row.guest for row in accounts.values()),
        "break_glass": sum(row.break_glass for row in accounts.values()),
        "members_not_read": sum(bool(row.group) for row in found),
    }


# -- read -----------------------------------------------------------------------------------------------------


def all_reviews(connection: Connection) -> dict[str, Review]:
    """Every review by id."""
    return reviews(acts.listed(connection, ["review."]))


def summary(found: Review, now: datetime) -> Mapping[str, object]:
    """A review in one row: how far it is."""
    said = found.said
    return {
        "review": found.id,
        "state": found.state,
        "systems": said.systems,
        "started_at": found.started.recorded_at,
        "due": said.due or "",
        "rows": said.rows,
        "open": found.open_rows,
        "revoked": len(found.to_remove),
        "removed": len(found.removed),
        "overdue": len(found.overdue(now)),
        "partial": said.partial,
    }


def one(connection: Connection, review_id: str) -> Review:
    """A review by id. Raises UsageError naming the nearest."""
    found = all_reviews(connection)
    if review_id not in found:
        hint = nearest(review_id, found)
        msg = f"there is no review '{review_id}'.{hint} Next: soc2-pac review list"
        raise UsageError(msg)
    return found[review_id]


def population(connection: Connection, review: Review) -> Population:
    """What was frozen at the start. Raises IntegrityError where it is missing or not what it says."""
    digest = review.started.attachment
    file = acts.file(connection, digest) if digest else None
    if file is None or file.content is None:
        msg = f"the population of {review.id} is not in the store. Next: soc2-pac verify"
        raise IntegrityError(msg)
    if acts.File.inside(file.content, file.media_type).digest != digest:
        msg = f"the population of {review.id} was changed. Next: soc2-pac verify"
        raise IntegrityError(msg)
    return files.read(file.content)


def rows_of(review: Review, rows: Iterable[Row], reviewer: str) -> list[Row]:
    """The rows that somebody reviews now."""
    return [row for row in rows if review.reviewer_of(row.reviewer).id == reviewer]


# -- decide ---------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What a file of decisions came to."""

    review: Review
    reviewer: Reviewer
    recorded: int
    """Decisions that are new or differ from earlier ones."""
    open: int
    """Rows of the reviewer that are still open."""


def decide(
    store: Store, known: Known, handed: HandedIn, *, by: Actor, now: datetime | None = None
) -> Outcome:
    """Record the decisions of a file, all or none.

    Raises:
        UsageError: what :func:`_checked` refuses, a review that is not open, a reviewer who left, a name that
            is no reviewer's.
    """
    at = now or clock.now()
    named = sorted({row.get("review", "").strip() for row in handed.rows})
    if len(named) != 1:
        msg = f"{handed.name} speaks of {len(named)} reviews ({listed(named)}): hand in one file for each"
        raise UsageError(msg)
    with store.database.writing() as connection:
        review = one(connection, named[0])
        _require_open(review)
        reviewer = _reviewer(review, by.claimed_name)
        _still_here(connection, known, reviewer, at)
        everything = population(connection, review)
        decisions = _checked(review, everything.rows, reviewer, handed, by)
        new = tuple(
            decision
            for decision in decisions
            if (made := review.decided.get(decision.row)) is None or made.decision != decision
        )
        if new:
            body = Decided(reviewer=reviewer.id, decisions=new)
            sort = _XLSX if handed.content.startswith(b"PK") else "text/plain"
            file = acts.File.inside(handed.content, sort)
            acts.record(connection, DECIDED, review.id, body, by=by, file=file, now=at)
        review = one(connection, review.id)
    own = rows_of(review, everything.rows, reviewer.id)
    left = sum(row.id not in review.decided for row in own)
    return Outcome(review, reviewer, len(new), left)


def _require_open(review: Review) -> None:
    if review.state != "open":
        act = review.closed or review.cancelled
        when = f" on {act.recorded_at[:10]}" if act else ""
        msg = f"{review.id} was {review.state}{when}: nothing can be decided any more"
        raise UsageError(msg)


def _reviewer(review: Review, name: str) -> Reviewer:
    found = [one for one in review.reviewers if one.called(name)]
    if len(found) != 1:
        known = [one.name for one in review.reviewers]
        what = "is no reviewer" if not found else f"is the name of {len(found)} reviewers"
        msg = f"'{name}' {what} of {review.id}.{nearest(name, known)} Reviewers: {listed(known)}"
        raise UsageError(msg)
    return found[0]


def _still_here(connection: Connection, known: Known, reviewer: Reviewer, now: datetime) -> None:
    here = known.people(connection, now)
    if "/" in reviewer.id and reviewer.keys:
        here.reviewer(reviewer.keys[0], f"reviewer {reviewer.name}")


def _checked(
    review: Review,
    rows: Sequence[Row],
    reviewer: Reviewer,
    handed: HandedIn,
    by: Actor,
) -> list[Decision]:
    """The decisions of a file.

    Raises:
        UsageError: rows that are unknown, duplicate, missing, altered or another reviewer's; a word that is no
            decision; a decision to revoke or change without a reason; one's own access.
    """
    name = handed.name
    by_id = {row.id: row for row in rows}
    ids = [row.get("row", "").strip() for row in handed.rows]
    if unknown := [one or "(empty)" for one in ids if one not in by_id]:
        _refuse(name, "no row of the review is", unknown)
    if twice := [one for one, count in Counter(ids).items() if count > 1]:
        _refuse(name, "more than once stands", twice)
    mine = {row.id for row in rows_of(review, rows, reviewer.id)}
    if foreign := [one for one in ids if one not in mine]:
        others = listed({review.reviewer_of(by_id[one].reviewer).name for one in foreign})
        _refuse(name, f"not {reviewer.name} but {others} decides on", foreign)
    if missing := sorted(mine - set(ids)):
        _refuse(name, "missing is", missing)
    changed = [
        f"{row_id} ({', '.join(columns)})"
        for row_id, row in zip(ids, handed.rows, strict=True)
        if (columns := files.altered(files.fixed(review, by_id[row_id]), row))
    ]
    if changed:
        _refuse(name, "altered is", changed)
    return _read(by_id, reviewer, handed, by)


def _read(
    by_id: Mapping[str, Row], reviewer: Reviewer, handed: HandedIn, by: Actor
) -> list[Decision]:
    """What is decided in rows that are the reviewer's and as they were exported."""
    decisions: list[Decision] = []
    wrong: list[str] = []
    bare: list[str] = []
    own: list[str] = []
    for cells in handed.rows:
        row = by_id[cells["row"].strip()]
        decision = files.choice(cells.get("decision", ""))
        reason = cells.get("reason", "").strip().removeprefix("'")
        if decision is None:
            wrong.append(f"{row.id} ('{files.plain(cells['decision'])}')")
        elif decision:
            if decision != "keep" and not says_something(reason):
                bare.append(row.id)
            if _own(row, reviewer, by):
                own.append(row.id)
            said = {"row": row.id, "decision": decision, "reason": reason, "label": row.label}
            decisions.append(msgspec.convert(said, Decision))
        elif reason:
            wrong.append(f"{row.id} (a reason without a decision)")
    if wrong:
        _refuse(handed.name, "keep, revoke or change must be said of", wrong)
    if bare:
        _refuse(handed.name, "a reason is needed to revoke or change", bare)
    if own:
        who = f"nobody decides alone on their own access, as {reviewer.name} would on"
        _refuse(handed.name, who, own)
    return decisions


def _own(row: Row, reviewer: Reviewer, by: Actor) -> bool:
    """Whether somebody decides on what they have themselves, by the reviewer or by the name that they gave."""
    if row.owner:
        return row.owner == reviewer.id
    said = Reviewer("", by.claimed_name)
    names = [name for name in (row.login, row.name) if name]
    return any(one.called(name) for one in (reviewer, said) for name in names)


def _refuse(name: str, what: str, rows: Sequence[str]) -> None:
    msg = f"{name}: {what} {files.some(rows)}. Nothing was recorded. Next: correct the file, or export it anew"
    raise UsageError(msg)


# -- the end --------------------------------------------------------------------------------------------------


def reassign(
    store: Store,
    known: Known,
    review_id: str,
    *,
    instead_of: str,
    to: str,
    reason: str,
    by: Actor,
    now: datetime | None = None,
) -> Reviewer:
    """Somebody else reviews in a reviewer's place: one who left, or is away.

    Raises:
        UsageError: the review is not open, either is unknown, or some rows are the new reviewer's own.
    """
    at = now or clock.now()
    if not says_something(reason):
        msg = "--reason: an auditor will ask why somebody else reviews"
        raise UsageError(msg)
    with store.database.writing() as connection:
        review = one(connection, review_id)
        _require_open(review)
        old = _reviewer(review, instead_of)
        new = known.people(connection, at).reviewer(to, "--to")
        if new.id == old.id:
            msg = f"{old.name} reviews already"
            raise UsageError(msg)
        everything = population(connection, review)
        rows = rows_of(review, everything.rows, old.id)
        if own := [row.id for row in rows if _own(row, new, Actor(new.name, ""))]:
            msg = f"nobody decides alone on their own access, as {new.name} would on {files.some(own)}"
            raise UsageError(msg)
        if any(one.id == new.id for one in review.reviewers):
            new = next(one for one in review.reviewers if one.id == new.id)
        body = Assigned(instead_of=old.id, reviewer=new, reason=reason.strip())
        acts.record(connection, ASSIGNED, review.id, body, by=by, now=at)
    return new


def close(store: Store, review_id: str, *, by: Actor, now: datetime | None = None) -> Review:
    """End a review of which everything is decided. Raises UsageError while something is open."""
    with store.database.writing() as connection:
        review = one(connection, review_id)
        _require_open(review)
        if review.open_rows:
            msg = (
                f"{review.open_rows} of {review.said.rows} rows of {review.id} are open. "
                f"Next: soc2-pac review status {review.id}"
            )
            raise UsageError(msg)
        counts = Counter(made.decision.decision for made in review.decided.values())
        body = Closed(kept=counts["keep"], revoked=counts["revoke"], changed=counts["change"])
        acts.record(connection, CLOSED, review.id, body, by=by, now=now)
        return one(connection, review.id)


def cancel(
    store: Store, review_id: str, *, reason: str, by: Actor, now: datetime | None = None
) -> Review:
    """End a review without a result. What was decided stays on record, and asks for nothing any more."""
    if not says_something(reason):
        msg = "--reason: an auditor will ask why the review was cancelled"
        raise UsageError(msg)
    with store.database.writing() as connection:
        review = one(connection, review_id)
        _require_open(review)
        acts.record(connection, CANCELLED, review.id, Cancelled(reason=reason), by=by, now=now)
        return one(connection, review.id)


def last_instant(due: str) -> datetime:
    """The first instant after a due day, UTC."""
    return datetime.combine(datetime.fromisoformat(due).date(), time.min, UTC) + timedelta(days=1)
