"""Everything that somebody may change in a store, tried: how many mutations, and how many verify misses.

On SQLite and on PostgreSQL: each column of each row to each other value, rows deleted, added and swapped, and
edits that are covered up in the ledger, all against a checkpoint; a sample of them against a month of
``--since``. And the reverse: runs of drawn histories in stores that nobody touched, which must never be refused.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from soc2_pac.store import Store, ledger, open_store
from soc2_pac.store.verify.part import DAYS, Part
from tests.databases import Postgres, start_server
from tests.store import mutations as m

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = 10
"""Of one drawn history."""
_BLOCK = 3
"""Intervals of one block of a changes root: so few that there are several."""


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
    ledger.BLOCK = _BLOCK
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
            print(
                f"{dialect}: {done:,} mutations {what}, {len(failed)} missed ({spent:.0f} s)",
                flush=True,
            )
            missed += failed
    return missed


def _untouched(count: int, make: Callable[[], str]) -> list[str]:
    """Runs of drawn histories; after each the store is verified, whole and since a checkpoint.

    Returns what was refused.
    """
    refused: list[str] = []
    began, done, seed = time.perf_counter(), 0, 0
    draw = random.Random(9)  # noqa: S311 - a repeatable draw
    dialect = ""
    usual = ledger.BLOCK
    while done < count:
        seed += 1
        # Half of them with changes roots of many blocks, as those of large companies have.
        ledger.BLOCK = usual if seed % 2 else _BLOCK
        with open_store(make(), create=True) as store:
            dialect = store.database.engine.dialect.name
            history = m.Histories(store, seed)
            kept = [store.checkpoint()]
            for _ in range(min(_RUNS, count - done)):
                history.run()
                done += 1
                for report in (
                    store.verify(kept),
                    store.verify((), Part(draw.choice(kept), draw.randrange(DAYS))),
                ):
                    refused += [f"history {seed}: {p.where}: {p.what}" for p in report.problems]
                kept.append(store.checkpoint())
    ledger.BLOCK = usual
    spent = time.perf_counter() - began
    print(f"{dialect}: {done:,} runs in {seed} untouched stores, each verified whole and in part, "
          f"{len(refused)} problems said ({spent:.0f} s)", flush=True)  # fmt: skip
    return refused


def main() -> None:
    """Exit code 1 when anything was missed or refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of all mutations")
    parser.add_argument("--untouched", type=int, default=1000, help="runs, on each database")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="both unless said")
    given = parser.parse_args()
    wrong: list[str] = []
    if given.database != "postgresql":
        numbers = itertools.count()
        with tempfile.TemporaryDirectory() as folder:
            wrong += _untouched(given.untouched, lambda: f"sqlite:///{folder}/{next(numbers)}.db")
            wrong += _mutate(f"sqlite:///{folder}/s.db", given.share)
    if given.database != "sqlite":
        with pytest.MonkeyPatch.context() as monkeypatch:
            url, leave = start_server(monkeypatch)
            try:
                databases = Postgres(url)
                wrong += _untouched(given.untouched, lambda: databases.create(migrated=True))
                wrong += _mutate(databases.create(migrated=True), given.share)
                databases.close()
            finally:
                leave()
    for one in wrong:
        print(one)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
