"""How long populations out of a history of 100,000 documents take, and how much memory.

Run: ``python benchmarks/history.py [ACCOUNTS] [RUNS] [SHARE]``. Members of a GitHub organisation and people of a
roster; in each run a share of the documents differs. The store is a SQLite file in a temporary folder.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soc2_pac import plugins
from soc2_pac.audit import history
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.audit.reviews import Known
from soc2_pac.canonical import canonical, digest
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.records import Look, Record
from soc2_pac.store import Store, open_store

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def _look(kind: str, scope: Scope, bodies: dict[str, dict[str, object]], at: datetime) -> Look:
    texts = {uid: canonical(body) for uid, body in bodies.items()}
    records = [Record(uid, uid, digest(text), text) for uid, text in texts.items()]
    root = collection_root((record.uid, record.digest) for record in records)
    return Look(
        "acme",
        scope,
        kind,
        CollectionStatus.COMPLETE,
        "",
        None,
        1,
        1,
        0,
        root,
        (),
        {},
        at,
        at,
        "1",
        records,
    )


def _fill(store: Store, accounts: int, runs: int, share: int) -> None:
    """In each run one of ``share`` members gets or loses the administration, and their person moves."""
    members = {
        f"U_{n}": {
            "role": "MEMBER", "hasTwoFactorEnabled": True, "node": {"id": f"U_{n}", "login": f"user-{n}"},
        }
        for n in range(accounts)
    }  # fmt: skip
    people: dict[str, dict[str, object]] = {
        str(n): {
            "id": str(n), "name": f"Person {n}", "mails": [f"p{n}@acme.example"], "status": "active",
            "department": "one",
        }
        for n in range(accounts)
    }  # fmt: skip
    for number in range(runs):
        if number:
            for n in range(number % share, accounts, share):
                role = "ADMIN" if members[f"U_{n}"]["role"] == "MEMBER" else "MEMBER"
                members[f"U_{n}"] = {**members[f"U_{n}"], "role": role}
                people[str(n)] = {**people[str(n)], "department": f"number {number}"}
        at = T0 + number * DAY
        with store.run("run", config=None, tool_version="benchmark") as run_id:
            store.record(run_id, _look("github.member", Scope("github", "acme"), dict(members), at))
            store.record(run_id, _look("roster.person", Scope("roster", "acme"), people, at))


def main(accounts: int = 5000, runs: int = 91, share: int = 10) -> None:
    """Fill a store, derive each population, and print what it took."""
    registry = plugins.load()
    kinds = [collector.resource for collector in registry.collectors.values()]
    known = Known(kinds, registry.joined_identities, 7 * DAY)
    period = AuditPeriod(T0 + DAY / 2, T0 + runs * DAY)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(f"sqlite:///{Path(folder) / 'store.db'}", create=True) as store,
    ):
        _fill(store, accounts, runs, share)
        filled = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for kind in ("privileged-grants", "movers", "leavers"):
            start, cpu = time.perf_counter(), time.process_time()
            with store.reading() as connection:
                found = history.population(connection, known, kind, period)
            took, used = time.perf_counter() - start, time.process_time() - cpu
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            count = len(found.events)
            print(
                f"{kind}: {count} events, {took:.1f} s ({used:.1f} s of CPU), {most:.0f} MiB at most"
            )
        print(f"(filling the store took {filled:.0f} MiB)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
