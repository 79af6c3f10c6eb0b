"""A made-up kind and looks at it, for tests of the store and of evaluation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac.acts import Actor
from soc2_pac.canonical import canonical, digest
from soc2_pac.due import DueDates
from soc2_pac.evaluate.active import ActiveRule
from soc2_pac.evaluate.engine import Evaluated, evaluate
from soc2_pac.merkle import collection_root
from soc2_pac.model import (
    CollectionStatus,
    Scope,
    Severity,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.records import Look, Population, Record
from soc2_pac.resources import Resource, fact
from soc2_pac.rules import Evidence, Rule, Whole, rule
from soc2_pac.store import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.store import Store

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOME = Scope("fake", "acme")
AWAY = Scope("fake", "other")
DOORS = Scope("badges", "doors")
ANN = Actor("Ann", "ann")
DUE = DueDates(dict.fromkeys(Severity, 30))


class User(Resource, frozen=True):
    """A user."""

    kind = "fake.user"
    name: str
    mfa: bool | None = fact("GetMfa")
    created: datetime = T0
    team: str = ""


class Team(Resource, frozen=True):
    """A team."""

    kind = "fake.team"
    name: str


class Change(Resource, frozen=True):
    """An event: a change that was merged."""

    kind = "fake.change"
    name: str
    merged: datetime
    approved: bool = False


@rule(criteria=["CC6.1"], severity=Severity.HIGH, empty=failed("nobody is there"))
def fake_user_mfa(user: User) -> Verdict:
    """Users have MFA.

    Why: passwords leak.
    Fix: turn it on.
    """
    return passed("MFA is on") if user.mfa else failed("MFA is off")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.LOW)
def fake_user_age(user: User, now: datetime, *, max_age_days: int = 30) -> Verdict:
    """Users are renewed.

    Why: old accounts are forgotten.
    Fix: renew it.
    """
    due = user.created + timedelta(days=max_age_days)
    if now < due:
        return passed(f"created {user.created:%Y-%m-%d}, due {due:%Y-%m-%d}", until=due)
    return failed(f"created {user.created:%Y-%m-%d}, over {max_age_days} days at {due:%Y-%m-%d}")


@rule(criteria=["CC6.3"], severity=Severity.MEDIUM, needs=[Team])
def fake_user_team(user: User, evidence: Evidence) -> Verdict:
    """Users belong to a team that exists.

    Why: rights follow teams.
    Fix: put them in one.
    """
    if not user.team:
        return not_applicable("in no team")
    known = evidence.index(Team, "name")
    return (
        passed(f"in {user.team}") if user.team in known else failed(f"{user.team} does not exist")
    )


class Badge(Resource, frozen=True):
    """A badge, of a system that not everybody has."""

    kind = "badges.badge"
    holder: str


def holders(evidence: Whole) -> frozenset[str]:
    """Who has a badge."""
    return frozenset(badge.holder for badge in evidence.everywhere(Badge))


@rule(criteria=["CC6.4"], severity=Severity.LOW, where_sourced=[Badge])
def fake_user_badge(user: User, evidence: Evidence) -> Verdict:
    """Users have a badge where there are badges.

    Why: doors.
    Fix: give them one.
    """
    if not evidence.sourced(Badge):
        return inconclusive("no system of badges is a source")
    if user.name in evidence.derived(holders):
        return passed("has a badge")
    return failed("has no badge")


@rule(criteria=["CC8.1"], severity=Severity.HIGH)
def fake_change_approved(change: Change) -> Verdict:
    """Changes are approved.

    Why: four eyes.
    Fix: approve it.
    """
    return passed("approved") if change.approved else failed("not approved")


@rule(criteria=["CC8.1"], severity=Severity.LOW)
def fake_change_reviewed(change: Change, now: datetime, *, review_days: int = 5) -> Verdict:
    """Changes are reviewed in time.

    Why: later nobody remembers.
    Fix: review it.
    """
    due = change.merged + timedelta(days=review_days)
    if change.approved:
        return passed("reviewed")
    return (
        passed(f"due {due:%Y-%m-%d}", until=due) if now < due else failed(f"was due {due:%Y-%m-%d}")
    )


@rule(criteria=["CC8.1"], severity=Severity.LOW, needs=[Change])
def fake_user_changes(user: User, evidence: Evidence) -> Verdict:
    """Users change something.

    Why: to join a population.
    Fix: change something.
    """
    return passed("did") if user.name in evidence.index(Change, "name") else failed("did nothing")


RULES = (fake_user_mfa, fake_user_age, fake_user_team)
CHANGES = (fake_change_approved, fake_change_reviewed, fake_user_changes)


def active(
    rules: Sequence[Rule] = RULES,
    max_age_days: int = 7,
    providers: Collection[str] = (),
    **thresholds: object,
) -> list[ActiveRule]:
    """Rules as a configuration would activate them."""
    return [
        ActiveRule(
            r,
            r.settle({k: v for k, v in thresholds.items() if k in {t.name for t in r.thresholds}}),
            r.severity,
            timedelta(days=max_age_days),
            r.sourced_by(providers),
        )
        for r in rules
    ]


def look(
    users: Mapping[str, Mapping[str, object]],
    *,
    at: datetime = T0,
    scope: Scope = HOME,
    kind: str = "fake.user",
    status: CollectionStatus = CollectionStatus.COMPLETE,
    reason: str = "",
    source: str = "acme",
    population: Population | None = None,
) -> Look:
    """A look that saw these documents."""
    records = [
        Record(uid, str(body.get("name", uid)), digest(canonical(body)), canonical(body))
        for uid, body in users.items()
    ]
    return Look(
        source=source,
        scope=scope,
        kind=kind,
        status=status,
        reason=reason,
        permission=None,
        requests=1,
        pages=1,
        gaps=0,
        root=collection_root((r.uid, r.digest) for r in records),
        asked=("fake:List",),
        read={"fake:List": 1},
        started=at,
        finished=at,
        version="1",
        records=records,
        population=population,
    )


def changes(
    events: Mapping[str, Mapping[str, object]],
    *,
    at: datetime = T0,
    scope: Scope = HOME,
    status: CollectionStatus = CollectionStatus.COMPLETE,
    reason: str = "",
    cursor: str | None = None,
) -> Look:
    """A look at the population of changes that read these."""
    said = Population("merged", cursor, '{"query":"all"}', len(events))
    return look(
        events,
        at=at,
        scope=scope,
        kind="fake.change",
        status=status,
        reason=reason,
        population=said,
    )


def change(name: str, day: int = 1, *, approved: bool = True) -> dict[str, object]:
    """A document of a change, merged on a day of January 2026."""
    return {"name": name, "merged": f"2026-01-{day:02}T00:00:00Z", "approved": approved}


def user(name: str, **values: object) -> dict[str, object]:
    """A document of a user with MFA."""
    return {"name": name, "GetMfa": True, "created": "2026-01-01T00:00:00Z", **values}


def one_run(
    store: Store,
    looks: Sequence[Look],
    *,
    at: datetime = T0,
    rules: Sequence[ActiveRule] | None = None,
    full: bool = False,
) -> Evaluated:
    """Record looks and evaluate, as a run does."""
    with store.run("run", config=None, tool_version="test") as run_id:
        for item in looks:
            store.record(run_id, item)
        with store.database.writing() as connection:
            return evaluate(
                connection,
                active() if rules is None else rules,
                run_id=run_id,
                now=at,
                due=DUE,
                tool_version="test",
                full=full,
            )


def verdicts(store: Store) -> dict[tuple[str, str, str | None], str]:
    """Current findings as (rule, scope, resource) -> status."""
    return {(f.rule, f.scope, f.resource): f.status.value for f in store.findings()}


def differing(connection: Connection) -> list[Any]:
    """How the schema of a store differs from what tables.py says: references that PostgreSQL does not check aside."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    found: list[Any] = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    if connection.dialect.name == "sqlite":
        return found
    unchecked = [
        one for one in found if one[0] == "add_fk" and one[1].table.name in tables.UNCHECKED
    ]
    references = sum(len(tables.metadata.tables[name].foreign_keys) for name in tables.UNCHECKED)
    assert len(unchecked) == references - 1, (
        "one of them is checked: that of a finding to its resource"
    )
    return [one for one in found if one not in unchecked]
