"""Reports on the benchmark store: 100,000 resources, 5 rules each, 365 daily runs (see benchmark_store.py).

Each figure is that of a whole process that works a report out and writes it as CSV, with its time and its peak memory.
--days and --size make a smaller store; --database also copies it to a PostgreSQL: postgresql://user@host/database.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from benchmark_store import HOME, build
from store_and_evaluation import T0

from soc2_pac.audit import instant, period, readiness
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.errors import StoreError
from soc2_pac.store import copy, open_store
from soc2_pac.store.database import Database

PARTS = ("type1", "type2", "type2, findings too", "readiness")


def _made(part: str, url: str, days: int) -> str:
    """Work one report out; what it says in short."""
    end = T0 + timedelta(days=days)
    with open_store(url) as store, store.reading() as connection:
        began = time.perf_counter()
        if part == "type1":
            made = instant.report(connection, end)
        elif part == "readiness":
            made = readiness.report(connection)
        else:
            made = period.report(connection, AuditPeriod(T0, end))
        spent = time.perf_counter() - began
        rows = sum(len(table.rows) for table in made.tables if not table.streamed)
        if part.endswith("findings too"):
            rows += sum(1 for _ in made.table("findings").rows)
    return f"{rows:,} rows, worked out in {spent:.1f} s; {made.statement[0]}"


def main() -> None:
    """Build what is not there, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--database", help="measure on a copy there, too")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--url")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this; repeatable")
    given = parser.parse_args()
    if given.part:
        print(_made(given.part, given.url, given.days))
        return
    path = HOME / f"store-{given.size}-{given.days}-5.db"
    if not path.exists():
        HOME.mkdir(exist_ok=True)
        unfinished = path.with_name(f"unfinished-{path.name}")
        unfinished.unlink(missing_ok=True)
        build(unfinished, given.size, given.days)
        unfinished.with_suffix(".checkpoints").rename(path.with_suffix(".checkpoints"))
        unfinished.rename(path)
    urls = {"sqlite": f"sqlite:///{path}"}
    if given.database:
        urls["postgresql"] = given.database
        _copied(urls["sqlite"], given.database)
    for name, url in urls.items():
        for part in given.only or PARTS:
            _measure(name, part, url, given.days)


def _copied(source: str, target: str) -> None:
    """Copy a store to an empty database; one that holds a store is used as it is."""
    try:
        open_store(target).close()
    except StoreError:
        began = time.perf_counter()
        copy(Database(source), Database(target))
        print(f"copied in {time.perf_counter() - began:.0f} s", flush=True)


def _measure(name: str, part: str, url: str, days: int) -> None:
    command = [sys.executable, __file__, "--part", part, "--url", url, "--days", str(days)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{part} ended with {process.returncode}")
    wall, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
    print(
        f"{name:<12}{part:<22}{said.strip()} | {cpu:.1f} s CPU, {wall:.1f} s, {used.ru_maxrss / 1024:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
