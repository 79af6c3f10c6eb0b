"""The same history on SQLite and on PostgreSQL: every report has the same bytes in every format."""

from __future__ import annotations

import io
import itertools
import random
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import clock
from soc2_pac.acts import attestations as handing
from soc2_pac.acts import controls as controls_said
from soc2_pac.acts.attestations import Attestation
from soc2_pac.acts.controls import Control
from soc2_pac.audit import instant, period, readiness
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.model import CollectionStatus
from soc2_pac.output.reports import FORMATS, write
from soc2_pac.store import acts, open_store

from ...audit import histories  # noqa: TID252 - tests are no package
from ...store.helpers import (  # noqa: TID252
    ANN,
    AWAY,
    CHANGES,
    RULES,
    T0,
    active,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from soc2_pac.report import Report
    from soc2_pac.store import Store

    from ...databases import Postgres, Sqlite  # noqa: TID252

INSTALLED = {rule.id: rule for rule in (*RULES, *CHANGES)}
NAMES = (
    "a", "B", "b", "_", "-a", "a b", "A", "Zoë", "zoe", "ß", "Ångström", "中文", "\U0001f511", "ab", "a-c", "aC",
    "'; DROP TABLE finding; --", "%", "x\u0301",
)  # fmt: skip
"""Two databases that each sorted them by a language of their own would sort them otherwise."""


class Clock:
    """The instant that every part of soc2-pac is given."""

    def __init__(self) -> None:
        self.at = T0

    def now(self) -> datetime:
        return self.at


def _steps(count: int) -> list[dict[str, Any]]:
    """Random steps, the same ones each time."""
    pick = random.Random(2026)

    def people() -> dict[str, dict[str, Any]]:
        return {
            name: {
                "mfa": pick.choice([True, True, False, "gap"]),
                "day": pick.randint(0, 20),
                "team": pick.choice(["", "core"]),
            }
            for name in pick.sample(NAMES, pick.randint(3, len(NAMES)))
        }

    def status() -> CollectionStatus:
        return CollectionStatus(pick.choice([*["complete"] * 5, *CollectionStatus]))

    return [
        {
            "hours": pick.randint(2, 60),
            "home": (people(), status()) if pick.random() < 0.8 else None,
            "away": (people(), status()) if pick.random() < 0.5 else None,
            "teams": pick.choice([None, True, False]),
            "changes": (dict.fromkeys(pick.sample("vwxyz", 2), pick.random() < 0.5), status()),
            "rules": pick.choice([4, 4, 4, 1]),
            "limit": pick.choice([30, 30, 5]),
            "outside": number in (6, 7, 8),
            "retire": number == 15,
            "judge": pick.choice(["all", "all", "all", "some", "none"]),
        }
        for number in range(count)
    ]


def _people(store: Store, number: int, now: datetime) -> None:
    """What people record after a step."""
    if number == 2:
        control = Control(
            "We know who signs in", "Ann", "daily", ("CC6.1",), ("fake-user-mfa",), ("training",)
        )
        said = Attestation(
            "C-1", "training", "2025-01-01", "2025-12-31", "2026-12-31", "Schulung ä.pdf"
        )
        with store.database.writing() as connection:
            acts.record(connection, controls_said.SET, "C-1", control, by=ANN, now=now)
            acts.record(connection, handing.ADDED, "at-1", said, by=ANN, now=now)
    if number in (3, 4, 5):
        store.add_waiver(
            rule="fake-user-mfa",
            reason="soon: é",
            owner=f"Änne {number}",
            approver="Carol",
            by=ANN,
            pattern="a*" if number == 5 else None,
            resource=None if number == 5 else NAMES[number],
            expires_at=now + timedelta(days=number),
        )
    if number == 8:
        for waiver in store.waivers():
            if waiver.pattern:
                store.revoke_waiver(waiver.waiver, reason="enough", owner="Bob", by=ANN)


def _reports(connection: Connection, end: datetime) -> Iterator[Report]:
    whole = Options(rules=INSTALLED)
    asked = AuditPeriod(T0 + timedelta(days=2), end + timedelta(days=3))
    yield period.report(connection, asked, whole)
    yield period.report(connection, AuditPeriod(T0, T0 + (end - T0) / 2), whole)
    limited = Options(rules=INSTALLED, criteria=("CC6.3",), scopes=(str(AWAY),))
    yield period.report(connection, asked, limited)
    yield period.report(connection, asked, Options(rules=INSTALLED, framework="iso27001"))
    yield instant.report(connection, T0 + (end - T0) / 2, whole)
    yield instant.report(connection, end, limited)
    yield instant.report(connection, end, whole, active((*RULES, *CHANGES)))
    yield readiness.report(connection, whole)


def _written(store: Store, end: datetime) -> dict[tuple[int, str, str], bytes]:
    """(number of the report, format, table) -> bytes."""
    found = {}
    with store.reading() as connection:
        for number, made in enumerate(_reports(connection, end)):
            for form in FORMATS:
                tables = [table.name for table in made.tables] if form in ("csv", "md") else [""]
                for table in tables:
                    target = io.BytesIO()
                    write(made, form, target, table=table or None)
                    found[number, form, table] = target.getvalue()
    return found


@pytest.mark.postgres
def test_both_databases_give_the_same_bytes(
    tmp_path: Path,
    sqlite_databases: Sqlite,
    postgres_databases: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time = Clock()
    monkeypatch.setattr(clock, "now", time.now)
    urls = [
        sqlite_databases.create(tmp_path, migrated=False),
        postgres_databases.create(migrated=False),
    ]
    made = []
    for url in urls:
        time.at = T0
        numbers = itertools.count()
        monkeypatch.setattr(secrets, "token_hex", lambda size, n=numbers: f"{next(n):0{2 * size}x}")
        with open_store(url, create=True) as store:
            now = T0
            for number, step in enumerate(_steps(22)):
                time.at = now + step["hours"] * histories.HOUR
                now = histories.record(store, [step], start=now)
                _people(store, number, now)
            made.append(_written(store, now))
    postgres_databases.drop(urls[1])
    one, other = made
    assert [key for key in one if one[key] != other[key]] == []
    # The history says something: what is compared is not empty.
    assert one[0, "csv", "deviations"].count(b"\n") > 40
    for table in (
        "gaps",
        "waivers",
        "test-changes",
        "controls",
        "attestations",
        "populations",
        "document-changes",
    ):
        assert one[0, "csv", table].count(b"\n") > 1, table
