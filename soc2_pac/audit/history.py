"""Populations out of the store's own history: accounts and privileges that came and went, people who did.

No provider lists these events. They are what differs between two collections, and are dated by both: after the
start of the last that did not show it, before the end of the first that did. What began and ended between two
collections is not seen, and what was before the first is no event: both are said with every population.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from soc2_pac import clock
from soc2_pac.audit.deeds import Deeds
from soc2_pac.audit.populations import AuditPeriod, Event, Population
from soc2_pac.audit.replay import Replay
from soc2_pac.canonical import canonical, digest
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.people import tells_of_people
from soc2_pac.merkle import collection_root
from soc2_pac.model import utc_text, utc_time
from soc2_pac.store import changes, queries
from soc2_pac.store.findings import last_collection
from soc2_pac.store.periods import Horizon
from soc2_pac.store.scopes import retired
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.audit.coverage import Change, Cover
    from soc2_pac.audit.replay import Key, PersonTurn, Turn, TurnSort
    from soc2_pac.audit.reviews import Known
    from soc2_pac.identity import DeedSort, Owned, Person
    from soc2_pac.resources import Resource

KINDS: dict[str, str] = {
    "privileged-grants": "accounts that came to administer their system",
    "privileged-removals": "accounts that no longer administer their system",
    "accounts-created": "accounts that were not there before",
    "accounts-disabled": "accounts that can no longer be used",
    "accounts-removed": "accounts that are no longer there",
    "joiners": "people who joined",
    "movers": "people whose department or manager is another since",
    "leavers": "people who left, and by how many hours their accounts outlived that",
}
"""Kind -> its events."""
_TURNS: dict[str, tuple[TurnSort, DeedSort]] = {
    "privileged-grants": ("granted", "granted"),
    "privileged-removals": ("revoked", "revoked"),
    "accounts-created": ("created", "created"),
    "accounts-disabled": ("disabled", "disabled"),
    "accounts-removed": ("removed", "removed"),
}
LIMITS = (
    (
        "each event is dated by two collections: it was after the start of the last that did not show it "
        "(happened_after), and before the end of the first that did (happened_before)"
    ),
    "what began and ended between two collections is not in the population, unless a provider's own log says it",
    "what was before the first collection is not in the population",
)
"""What is said with every population of these kinds."""
OF_PEOPLE = ("joiners", "movers", "leavers")
"""Those of :data:`KINDS` whose events are about people, as a roster names them."""
JUDGED_AS = {"privileged-grants": "company.grant"}
"""Kind -> the kind of documents that rules judge for its events, under the same ids."""
_SHOWN = 5


class Dated(NamedTuple):
    """When something was, as far as that is known. UTC texts."""

    after: str
    before: str
    exact: str | None = None
    by: str = ""
    """What says the exact time."""

    @property
    def at(self) -> str:
        """By what it is ordered."""
        return self.exact or self.before

    def within(self, start: str, end: str) -> bool | None:
        """Whether it was in a period; ``None``: perhaps."""
        if self.exact is not None:
            return start <= self.exact < end
        if self.before < start or self.after >= end:
            return False
        return True if start <= self.after and self.before < end else None


@dataclass(frozen=True, slots=True)
class Occurred:
    """An event with its document."""

    uid: str
    system: str
    name: str
    dated: Dated
    document: dict[str, Any]


class History:
    """What happened in a period, by the store's history.

    Args:
        connection: to read from.
        known: how the store is read.
        period: of the events.
        to: what was recorded by the instant as of which it is told; ``None``: all that is recorded now.
        privileges: whether it is asked who administers, too.
    """

    def __init__(
        self,
        connection: Connection,
        known: Known,
        period: AuditPeriod,
        to: Horizon | None = None,
        *,
        privileges: bool = True,
    ) -> None:
        self._connection = connection
        self._known = known
        self._period = period
        self._start, self._end = utc_text(period.start), utc_text(period.end)
        self._to = to or Horizon(utc_text(clock.now()), 0, last_collection(connection))
        self.replay = Replay(
            connection, known, period.start, period.end, self._to, privileges=privileges
        )
        self._graph = self.replay.graph()
        self._now = max(
            (
                cover.last.finished_at
                for cover in self.replay.coverage.covers.values()
                if cover.last
            ),
            default=self._start,
        )
        """The end of the last complete collection."""

    # -- events -----------------------------------------------------------------------------------------

    def events(self, kind: str) -> list[Occurred]:
        """The events of one of :data:`KINDS` that were in the period, or perhaps were, in order."""
        found = {
            "joiners": self._joiners,
            "movers": self._movers,
            "leavers": self._leavers,
        }.get(kind, lambda: self._of_accounts(kind))()
        chosen = []
        for one in found:
            within = one.dated.within(self._start, self._end)
            if within is False:
                continue
            one.document["in_period"] = "yes" if within else "perhaps"
            chosen.append(one)
        return sorted(chosen, key=lambda one: (one.dated.at, one.system, one.uid))

    def _of_accounts(self, kind: str) -> Iterator[Occurred]:
        sort, deed = _TURNS[kind]
        turns = [turn for turn in self.replay.turns if turn.sort == sort]
        dated = [_bracket(turn.changes) for turn in turns]
        first = min((one.after for one in dated), default="")
        last = max((one.before for one in dated), default="")
        deeds = Deeds(self._connection, self._known.kinds, first, last, self._to)
        for turn, bracket in zip(turns, dated, strict=True):
            yield self._occurred(kind, turn, bracket, deed, deeds)

    def _occurred(
        self, kind: str, turn: Turn, bracket: Dated, sort: DeedSort, deeds: Deeds
    ) -> Occurred:
        account = turn.account
        owned = self._graph.account(*account.key) or self._graph.whose(account)
        done = deeds.of(account, sort, bracket.after, bracket.before)
        dated = bracket
        own = {"created": account.created, "disabled": account.closed_at}.get(turn.sort)
        if len(done) == 1:
            one = done[0]
            dated = bracket._replace(exact=utc_text(one.deed.at), by=f"{one.kind} {one.uid}")
        elif own is not None and bracket.after <= utc_text(own) <= bracket.before:
            dated = bracket._replace(exact=utc_text(own), by="the account itself")
        doers = list(dict.fromkeys(one.deed.by for one in done))
        lost = {*(turn.old.groups if turn.old else ())} - {*(turn.new.groups if turn.new else ())}
        got = {*(turn.new.groups if turn.new else ())} - {*(turn.old.groups if turn.old else ())}
        document = {
            "what": turn.sort,
            "system": account.system,
            "account": account.uid,
            "login": account.login,
            "name": account.name,
            "account_is": account.sort,
            "guest": account.guest,
            **_owner(owned),
            **_when(dated, turn.changes),
            "done_by": ", ".join(doer.name or doer.id for doer in doers) or None,
            "done_by_id": ", ".join(doer.id for doer in doers if doer.id) or None,
            "done_by_kind": ", ".join(dict.fromkeys(doer.sort for doer in doers)) or None,
            "done_by_note": ""
            if done
            else deeds.why_nobody(account, bracket.after, bracket.before),
            "groups_added": sorted(got),
            "groups_removed": sorted(lost),
            "log_events": [
                {
                    "kind": one.kind,
                    "event": one.uid,
                    "what": one.deed.what,
                    "at": utc_text(one.deed.at),
                    "by": one.deed.by.name,
                    "by_id": one.deed.by.id,
                    "by_kind": one.deed.by.sort,
                }
                for one in done
            ],
        }
        uid = f"{kind}:{account.system}/{account.uid}@{bracket.before}"
        return Occurred(uid, account.system, str(account), dated, document)

    # -- people -----------------------------------------------------------------------------------------

    def _persons(self) -> Iterator[Person]:
        """Everybody who was ever known, as known last, of the source of truth."""
        yield from self._graph.persons

    def _person_turns(self) -> Iterator[PersonTurn]:
        true = {person.source for person in self._graph.persons}
        for turn in self.replay.person_turns:
            person = turn.new or turn.old
            if person is not None and person.source in true:
                yield turn

    def _joiners(self) -> Iterator[Occurred]:
        for person in self._persons():
            if person.joined_at is not None and utc_text(person.joined_at) <= self._now:
                yield self._joined(person, _exactly(person.joined_at, person.source), (), "joined")
        for turn in self._person_turns():
            new, known = turn.new, _known(turn.changes)
            if new is None or not known:
                continue
            came = turn.old is None and new.joined_at is None and new.active
            back = turn.old is not None and not turn.old.active and new.active
            if came or (back and (turn.old and turn.old.joined_at) == new.joined_at):
                what = "joined" if came else "came back"
                yield self._joined(new, _bracket(known), known, what)

    def _joined(self, person: Person, dated: Dated, noted: Sequence[Change], what: str) -> Occurred:
        document = {"what": what, **_person(person), **_when(dated, noted)}
        return _of_person("joiners", person, dated, document)

    def _movers(self) -> Iterator[Occurred]:
        for turn in self._person_turns():
            old, new, known = turn.old, turn.new, _known(turn.changes)
            if old is None or new is None or not known:
                continue
            if (old.department, old.manager) == (new.department, new.manager):
                continue
            dated = _bracket(known)
            document = {
                "what": "moved",
                **_person(new),
                "department_before": old.department,
                "manager_before": old.manager,
                **_when(dated, known),
            }
            yield _of_person("movers", new, dated, document)

    def _leavers(self) -> Iterator[Occurred]:
        ended = self._ended()
        for person in self._persons():
            if person.left_at is not None and utc_text(person.left_at) <= self._now:
                dated = _exactly(person.left_at, person.source)
                yield self._left(person, dated, (), "left", ended)
        for turn in self._person_turns():
            old, new, known = turn.old, turn.new, _known(turn.changes)
            if old is None or not old.active or not known:
                continue
            if new is None and old.left_at is None:
                yield self._left(old, _bracket(known), known, "is no longer listed", ended)
            elif new is not None and not new.active and new.left_at is None:
                yield self._left(new, _bracket(known), known, "is no longer active", ended)

    def _left(
        self,
        person: Person,
        dated: Dated,
        noted: Sequence[Change],
        what: str,
        ended: dict[Key, Dated | None],
    ) -> Occurred:
        accounts = [
            self._outlived(owned, dated, ended)
            for owned in self._graph.of(person.source, person.id)
            if owned.account.sort == "person"
        ]
        least = [one["hours_at_least"] for one in accounts if one["hours_at_least"] is not None]
        most = [one["hours_at_most"] for one in accounts]
        document = {
            "what": what,
            **_person(person),
            **_when(dated, noted),
            "accounts": len(accounts),
            "accounts_open": sum(one["state"] == "open" for one in accounts),
            "outlived_hours_at_least": max(least, default=None),
            "outlived_hours_at_most": None if None in most else max(most, default=None),
            "accounts_owned": accounts,
        }
        return _of_person("leavers", person, dated, document)

    def _ended(self) -> dict[Key, Dated | None]:
        """Account -> when it was closed last; ``None`` where it was opened again."""
        found: dict[Key, Dated | None] = {}
        for turn in self.replay.turns:
            if turn.sort in ("removed", "disabled"):
                # Deleting what nobody could use any more closes nothing.
                was_open = turn.old is None or turn.old.active is not False
                if was_open or turn.account.key not in found:
                    found[turn.account.key] = _bracket(turn.changes)
            elif turn.sort in ("created", "enabled"):
                found[turn.account.key] = None
        return found

    def _outlived(
        self, owned: Owned, left: Dated, ended: dict[Key, Dated | None]
    ) -> dict[str, Any]:
        """An account of somebody who left: since when it is closed, and how long after that."""
        account = owned.account
        now = self.replay.standing(account.key)
        closed = ended.get(account.key)
        state = "removed" if now is None else "disabled" if now.active is False else "open"
        if state != "open" and now is not None and now.closed_at is not None:
            closed = _exactly(now.closed_at, "the account itself")
        if state == "open":
            span = Dated(self._now, self._now)
        elif closed is None:
            # It was closed when the period began, or before anybody collected it.
            span = Dated("", self._start)
        else:
            span = closed
        early = left.exact or left.before
        late = left.exact or left.after
        first = span.exact or span.after
        return {
            "system": account.system,
            "account": account.uid,
            "login": account.login,
            "owner_by": owned.reason,
            "state": state,
            "open_as_of": self._now if state == "open" else None,
            "closed_after": span.exact or span.after or None if state != "open" else None,
            "closed_before": span.exact or span.before if state != "open" else None,
            "hours_at_least": _hours(early, first) if first else 0.0,
            "hours_at_most": None if state == "open" else _hours(late, span.exact or span.before),
        }

    # -- whether it is whole ----------------------------------------------------------------------------

    def relevant(self, kind: str) -> set[str]:
        """The kinds of documents from which a population is derived."""
        replay = self.replay
        listing = {name for name, one in replay.kinds.items() if one.lists_accounts}
        if kind in ("privileged-grants", "privileged-removals"):
            return listing | replay.speaks | replay.joins
        if kind in OF_PEOPLE:
            sources = {person.source for person in self._graph.persons}
            named = {
                name
                for name in replay.names
                if any(source.startswith(f"{_provider(name)}:") for source in sources)
            }
            return named | (listing if kind == "leavers" else set())
        return listing

    def reasons(self, kind: str, until: datetime | None = None) -> list[str]:
        """Why a population is not known to hold all events of the period; empty: it is.

        ``until``: when the last complete collections must have begun, where the period goes on and what the next ones
        show is not missing yet; ``None``: at its end.
        """
        relevant = self.relevant(kind)
        covers = self.replay.coverage.covers
        found: list[str] = []
        if kind in OF_PEOPLE and not self._graph.persons:
            found.append("no collection names people: configure a roster")
        gone = self._retired()
        for (name, scope), cover in sorted(covers.items()):
            if name in relevant:
                found += self._holes(name, scope, cover, gone, until)
        used = {_provider(name) for name, _ in covers}
        collected = {name for name, _ in covers}
        found += [
            f"{name} was never collected"
            for name in sorted(relevant - collected)
            if _provider(name) in used and self.replay.kinds[name].lists_accounts
        ]
        found += [
            f"{count} documents of {name} cannot be read"
            for name, count in sorted(self.replay.unreadable.items())
            if name in relevant
        ]
        if kind in ("privileged-grants", "privileged-removals"):
            found += self._not_known()
        return found

    def _holes(
        self,
        kind: str,
        scope: str,
        cover: Cover,
        gone: set[str],
        until: datetime | None,
    ) -> Iterator[str]:
        what = f"{kind} in {scope}"
        if cover.first is None or cover.last is None:
            if cover.incomplete:
                why = cover.incomplete[-1]
                yield f"{what} was never collected completely ({why.status}: {why.reason})"
            return
        if cover.first.finished_at > self._start:
            yield f"{what} is known from {cover.first.finished_at} on: what was before is not in it"
        if cover.last.started_at < (utc_text(until) if until else self._end):
            ended = ", when its scope was retired" if scope in gone else ""
            yield f"{what} is known up to {cover.last.started_at}{ended}"
        if cover.incomplete:
            last, count = cover.incomplete[-1], len(cover.incomplete)
            grant = f"; grant {last.permission}" if last.permission else ""
            yield (
                f"{what}: {count} of {count + cover.complete} collections were not complete, the last "
                f"on {last.started_at[:10]} ({last.status}: {last.reason}{grant})"
            )
        if cover.gap is not None and cover.gap[0] > self._known.max_age:
            yield f"{what} was not collected completely between {cover.gap[1]} and {cover.gap[2]}"

    def _retired(self) -> set[str]:
        scopes = changes.scopes(self._connection)
        return {
            str(scopes[number])
            for number in retired(self._connection, self._to.at)
            if number in scopes
        }

    def _not_known(self) -> Iterator[str]:
        unclear = self.replay.unclear
        if unclear:
            named = [f"{uid} in {system}" for system, uid in sorted(unclear)]
            more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
            yield (
                f"nothing shows since when these administer ({len(named)}): "
                f"{', '.join(named[:_SHOWN])}{more}"
            )
        unknown: dict[str, int] = defaultdict(int)
        for system, _ in self.replay.unknown:
            unknown[system] += 1
        for system, count in sorted(unknown.items()):
            yield f"of {count} accounts in {system} it is not known whether they administer it"


def derived_from(kind: str, kinds: Iterable[type[Resource]]) -> set[str]:
    """Kinds of documents from which one of :data:`KINDS` is derived, as far as declarations tell."""
    found = list(kinds)
    listing = {one.kind for one in found if one.lists_accounts}
    if kind.startswith("privileged"):
        return {one.kind for one in found if tells_of_people(one)}
    if kind in OF_PEOPLE:
        named = {one.kind for one in found if one.names_people}
        return named | (listing if kind == "leavers" else set())
    return listing


def derivable(
    connection: Connection, kinds: Iterable[type[Resource]], upto: int | None = None
) -> bool:
    """Whether anything was collected that says of accounts or people. ``upto``: the last collection that counts."""
    telling = {kind.kind for kind in kinds if tells_of_people(kind)}
    last = last_collection(connection) if upto is None else upto
    return bool(changes.newest(connection, telling, last))


def population(connection: Connection, known: Known, kind: str, period: AuditPeriod) -> Population:
    """The events of one of :data:`KINDS` in a period, as the store knows them now.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        msg = (
            f"there is no population '{kind}'.{nearest(kind, KINDS)} Next: soc2-pac population list"
        )
        raise UsageError(msg)
    history = History(connection, known, period, privileges=kind.startswith("privileged"))
    return of(connection, history, kind, period)


def of(
    connection: Connection,
    history: History,
    kind: str,
    period: AuditPeriod,
    until: datetime | None = None,
) -> Population:
    """The same of a history that was read already. ``until``: see :meth:`History.reasons`."""
    occurred = history.events(kind)
    bodies: dict[str, dict[str, Any]] = {}
    events = []
    for one in occurred:
        number = digest(canonical(one.document))
        bodies[number] = one.document
        events.append(Event(one.dated.at, one.system, one.uid, one.name, number, one.dated.before))
    verdicts: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    if kind in JUDGED_AS:
        places = {event.uid: event.scope for event in events}
        for _, uid, rule, status, message in queries.verdicts_of(connection, JUDGED_AS[kind]):
            if uid in places:
                verdicts.setdefault((places[uid], uid), {})[rule] = (status, message)
    rules = tuple(sorted({rule for judged in verdicts.values() for rule in judged}))
    reasons = history.reasons(kind, until)
    relevant = history.relevant(kind)
    covers = sorted(
        item for item in history.replay.coverage.covers.items() if item[0][0] in relevant
    )
    holes = {
        cell: list(history._holes(*cell, cover, set(), until))  # noqa: SLF001 - the same module
        for cell, cover in covers
    }
    header = {
        "kind": kind,
        "events": KINDS[kind],
        "period": {"from": utc_text(period.start), "to": utc_text(period.end)},
        "instant": "happened_at, or else happened_before",
        "count": len(events),
        "perhaps": sum(one.document["in_period"] == "perhaps" for one in occurred),
        "digest": collection_root((event.uid, event.digest) for event in events),
        "complete": not reasons,
        "incomplete_because": reasons,
        "limits": list(LIMITS),
        "scopes_asked": len(covers),
        "scopes_read": sum(not holes[cell] for cell, _ in covers),
        "scopes": [_described(cell, cover, complete=not holes[cell]) for cell, cover in covers],
        "rules": list(rules),
    }
    bearing = sorted({number for _, cover in covers for number in cover.ids})
    return Population(
        header,
        events,
        rules,
        verdicts,
        bodies,
        collections=tuple(bearing),
        judged_as=JUDGED_AS.get(kind, kind),
    )


def _described(cell: tuple[str, str], cover: Cover, *, complete: bool) -> dict[str, Any]:
    newest = cover.newest
    return {
        "scope": cell[1],
        "derived_from": cell[0],
        "source": newest.source if newest else None,
        "status": newest.status.value if newest else None,
        "reason": newest.reason if newest else "",
        "covered_from": cover.first.finished_at if cover.first else None,
        "covered_to": cover.last.started_at if cover.last else None,
        "query": f"collections of {cell[0]}",
        "collections": cover.complete + len(cover.incomplete),
        "complete_collections": cover.complete,
        "pages": cover.pages,
        "requests": cover.requests,
        "last_collection": newest.finished_at if newest else None,
        "last_complete_collection": cover.last.finished_at if cover.last else None,
        "collector_version": newest.version if newest else None,
        "complete": complete,
    }


def _bracket(noted: Iterable[Change]) -> Dated:
    found = list(noted)
    after = min(change.last.started_at for change in found if change.last is not None)
    return Dated(after, max(change.seen.finished_at for change in found))


def _known(noted: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, where each has an earlier collection; none otherwise: it was a first sight."""
    found = tuple(dict.fromkeys(noted))
    return found if all(change.last is not None for change in found) else ()


def _exactly(at: datetime, by: str) -> Dated:
    text = utc_text(at)
    return Dated(text, text, text, by)


def _when(dated: Dated, noted: Sequence[Change]) -> dict[str, Any]:
    """The columns that say when something was, and by which collections that is known."""
    missed = [
        f"{change.missed} collections of {change.seen.kind} in {change.seen.scope} were not complete ({change.why})"
        for change in noted
        if change.missed
    ]
    last = min((c.last for c in noted if c.last), key=lambda one: one.started_at, default=None)
    first = max((c.seen for c in noted), key=lambda one: one.finished_at, default=None)
    return {
        "happened_after": dated.after,
        "happened_before": dated.before,
        "happened_at": dated.exact,
        "happened_at_by": dated.by,
        "last_collection_without": last.id if last else None,
        "first_collection_with": first.id if first else None,
        "gap": "; ".join(dict.fromkeys(missed)),
        "seen_in": sorted({f"{change.seen.kind} in {change.seen.scope}" for change in noted}),
    }


def _owner(owned: Owned) -> dict[str, Any]:
    person = owned.person
    return {
        "owner": f"{person.source}/{person.id}" if person else None,
        "owner_name": person.name if person else None,
        "owner_by": owned.reason,
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "source": person.source,
        "person": person.id,
        "name": person.name,
        "department": person.department,
        "manager": person.manager,
        "joined_at": utc_text(person.joined_at) if person.joined_at else None,
        "left_at": utc_text(person.left_at) if person.left_at else None,
    }


def _of_person(kind: str, person: Person, dated: Dated, document: dict[str, Any]) -> Occurred:
    uid = f"{kind}:{person.source}/{person.id}@{dated.before}"
    return Occurred(uid, person.source, str(person), dated, document)


def _hours(since: str, until: str) -> float:
    """From one instant to another, not below 0."""
    return max(0.0, round((utc_time(until) - utc_time(since)).total_seconds() / 3600, 1))


def _provider(name: str) -> str:
    return name.partition(".")[0]
