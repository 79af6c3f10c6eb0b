"""The store and the evaluation at 100,000 resources, and a simulated year of daily runs.

Documents of about 600 bytes in ten scopes of one made-up kind, five rules over them. Everything is
measured in a process of its own, on one core; memory is the process's peak. The year runs at 5,000
resources: what it measures is a ratio.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soc2_pac.canonical import canonical, digest
from soc2_pac.due import DueDates
from soc2_pac.evaluate.active import ActiveRule
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope, Severity, Verdict, failed, passed
from soc2_pac.records import Look, Record
from soc2_pac.resources import Resource
from soc2_pac.rules import Rule, rule
from soc2_pac.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SCOPES = 10
DUE = DueDates(dict.fromkeys(Severity, 30))


class Account(Resource, frozen=True, kw_only=True):
    """An account of a made-up provider."""

    kind = "bench.account"
    name: str
    mfa: bool
    created: datetime
    groups: list[str] = []  # noqa: RUF012 - msgspec copies it


def _rule(number: int) -> Rule:
    def judge(account: Account, now: datetime, *, max_age_days: int = 9000) -> Verdict:
        """Accounts are in order.

        Why: to measure.
        Fix: nothing.
        """
        due = account.created + timedelta(days=max_age_days)
        if not account.mfa:
            return failed(f"no MFA, in {len(account.groups)} groups")
        return passed(f"MFA, due {due:%Y-%m-%d}") if now < due else failed("too old")

    judge.__name__ = f"bench_account_{number}"
    judge.__annotations__ = {
        "account": Account, "now": datetime, "max_age_days": int, "return": Verdict,
    }  # fmt: skip
    return rule(criteria=["CC6.1"], severity=Severity.HIGH)(judge)


def rules(count: int) -> list[ActiveRule]:
    """Active rules over the made-up kind."""
    made = [_rule(number) for number in range(count)]
    return [ActiveRule(r, r.settle({}), r.severity, timedelta(days=7)) for r in made]


def records(scope: int, size: int, day: int, drift: float) -> Iterator[Record]:
    """A scope's documents on a day; a share of ``drift`` of them changes each day."""
    changed: dict[int, int] = {}
    for past in range(1, day + 1):
        chance = random.Random(scope * 1000 + past)  # noqa: S311 - a repeatable draw
        for number in chance.sample(range(size), int(size * drift)):
            changed[number] = past
    for number in range(size):
        body = canonical(
            {
                "name": f"account-{number}",
                "mfa": number % 10 != 0,
                "created": "2025-06-01T00:00:00Z",
                "groups": [f"group-{number % 7}", f"group-{number % 11}"],
                "description": f"{scope}-{number} " + "x" * 420,
                "version": changed.get(number, 0),
            }
        )
        yield Record(f"arn:bench:{scope}:account/{number}", f"account-{number}", digest(body), body)


def run(
    store: Store, active: list[ActiveRule], size: int, day: int, drift: float = 0.01
) -> tuple[float, float, int]:
    """One daily run: (seconds recording, seconds evaluating, verdicts)."""
    now = T0 + timedelta(days=day)
    recording = 0.0
    with store.run("bench", config=None, tool_version="bench") as run_id:
        for scope in range(SCOPES):
            root = collection_root(
                (r.uid, r.digest) for r in records(scope, size // SCOPES, day, drift)
            )
            look = Look(
                "bench", Scope("bench", str(scope)), "bench.account", CollectionStatus.COMPLETE, "",
                None, 1, 1, 0, root, ("bench:List",), {"bench:List": 1}, now, now, "1",
                records(scope, size // SCOPES, day, drift),
            )  # fmt: skip
            began = time.perf_counter()
            store.record(run_id, look)
            recording += time.perf_counter() - began
        began = time.perf_counter()
        with store.database.writing() as connection:
            done = evaluate(
                connection, active, run_id=run_id, now=now, due=DUE, tool_version="bench"
            )
        return recording, time.perf_counter() - began, done.judged


def _size(path: Path, store: Store) -> int:
    with store.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def hundred_thousand(path: Path) -> dict[str, float]:
    """First run, unchanged run, unchanged evaluation at 100,000 resources."""
    active = rules(5)
    with open_store(f"sqlite:///{path}", create=True) as store:
        first, cold, verdicts = run(store, active, 100_000, 0)
        before = _size(path, store)
        again, unchanged, _ = run(store, active, 100_000, 0)
        grown = _size(path, store) - before
        began = time.perf_counter()
        problems = len(store.verify().problems)
        verify = time.perf_counter() - began
    return {
        "first": first, "cold": verdicts / cold, "again": again, "unchanged": unchanged,
        "grown": grown / 100, "problems": problems, "verify": verify, "memory": _memory(),
    }  # fmt: skip


def year(path: Path) -> dict[str, float]:
    """The database after a year of daily runs at 1% drift, as a multiple of the first day's."""
    active = rules(1)
    with open_store(f"sqlite:///{path}", create=True) as store:
        run(store, active, 5000, 0)
        one = _size(path, store)
        for day in range(1, 365):
            run(store, active, 5000, day)
        return {"ratio": _size(path, store) / one}


def _memory() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS: dict[str, Callable[[Path], dict[str, float]]] = {"large": hundred_thousand, "year": year}


def main() -> None:
    """Run each part in a process of its own and print a table."""
    found: dict[str, float] = {}
    for part in PARTS:
        done = subprocess.run([sys.executable, __file__, part], check=True, capture_output=True)
        found |= json.loads(done.stdout)
    rows = (
        ("100,000 resources, first run, recording", "first", 10, "s"),
        ("100,000 resources, unchanged run, recording", "again", 3, "s"),
        ("grown by an unchanged run, per 1,000 resources", "grown", 1000, "bytes"),
        ("evaluation, cold, findings written", "cold", 50_000, "verdicts/s, at least"),
        ("evaluation, unchanged", "unchanged", 1, "s"),
        ("memory of all this", "memory", 400, "MB"),
        ("verify", "verify", None, "s"),
        ("a year of daily runs at 1% drift", "ratio", 6, "times the first day's size"),
    )
    print(f"{'':<50}{'measured':>12}{'allowed':>10}")
    for title, key, allowed, what in rows:
        print(f"{title:<50}{found[key]:>12,.2f}{allowed or '':>10} {what}")
    if found["problems"]:
        sys.exit("verify found problems: the figures mean nothing")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as directory:
            print(json.dumps(PARTS[sys.argv[1]](Path(directory) / "bench.db")))
    else:
        main()
