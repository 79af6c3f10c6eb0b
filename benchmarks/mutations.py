"""Everything that somebody may change in a store, tried: how many mutations, and how many verify misses.

On SQLite and on PostgreSQL: each column of each row to each other value, rows deleted, added and swapped, and
edits that are covered up in the ledger, all against a checkpoint; a sample of them against a month of
``--since``. And the reverse: as many stores, left alone and gone on with, as must never be refused.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from soc2_pac.store import Store, open_store
from tests.databases import Postgres, start_server
from tests.store import mutations as m


def _all(store: Store, share: float) -> list[m.Mutation]:
    draw = random.Random(5)  # noqa: S311 - a repeatable draw
    with store.reading() as connection:
        found = [
            *(one for table in m.TABLES for one in m.every(connection, table, table)),
            *m.covered_up(connection, draw),
        ]
    draw.shuffle(found)
    return found[: int(len(found) * share)]


def _mutate(url: str, share: float) -> list[str]:
    """Returns what was missed."""
    missed: list[str] = []
    with open_store(url, create=True) as store:
        m.fill(store)
        kept = store.checkpoint()
        for what, verifying, part in (
            ("against a checkpoint", m.by_whole(kept), share),
            ("in a month of --since", m.within_a_month(kept), share / 20),
        ):
            began, done, failed = time.perf_counter(), 0, []
            for mutation in _all(store, part):
                caught = m.tried(store, mutation, verifying)
                done += caught is not None
                if caught is False:
                    failed.append(mutation.name)
            spent = time.perf_counter() - began
            dialect = store.database.engine.dialect.name
            print(f"{dialect}: {done:,} mutations {what}, {len(failed)} missed ({spent:.0f} s)")
            missed += failed
    return missed


def _untouched(count: int) -> list[str]:
    """Stores that nobody touched, verified in every way. Returns what was refused."""
    refused: list[str] = []
    began, done = time.perf_counter(), 0
    while done < count:
        with (
            tempfile.TemporaryDirectory() as folder,
            open_store(f"sqlite:///{folder}/s.db", create=True) as store,
        ):
            m.fill(store)
            kept = store.checkpoint()
            for start in (3, 5, 7):
                for report in m.reports(store, kept):
                    done += 1
                    refused += [f"{p.where}: {p.what}" for p in report.problems]
                m.go_on(store, start)
    print(f"{done:,} verifications of untouched stores, {len(refused)} refused "
          f"({time.perf_counter() - began:.0f} s)")  # fmt: skip
    return refused


def main() -> None:
    """Exit code 1 when anything was missed or refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of all mutations")
    parser.add_argument("--untouched", type=int, default=1000)
    given = parser.parse_args()
    wrong = _untouched(given.untouched)
    with tempfile.TemporaryDirectory() as folder:
        wrong += _mutate(f"sqlite:///{folder}/s.db", given.share)
    with pytest.MonkeyPatch.context() as monkeypatch:
        url, leave = start_server(monkeypatch)
        try:
            databases = Postgres(url)
            wrong += _mutate(databases.create(migrated=True), given.share)
            databases.close()
        finally:
            leave()
    for one in wrong:
        print(one)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
