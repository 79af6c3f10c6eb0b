"""The benchmark store: 100,000 resources, 5 rules each, 365 daily runs in which 1% of the documents change.

Verification is measured on one of 1,000,000 resources and 30 days as well: --size 1000000 --days 30 --rules 1.

Built once into .bench/ (some ten minutes), then measured as a user meets it: each figure is that of a whole
process, with its time and its peak memory. --days and --size make a smaller one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))
from store_and_evaluation import DUE, SCOPES, T0, rules

from soc2_pac.canonical import canonical, digest
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.records import Look, Record
from soc2_pac.store import Store, open_store
from soc2_pac.store.checkpoint import dump, load
from soc2_pac.store.verify import Part
from soc2_pac.store.verify.part import DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.store.checkpoint import Checkpoint
    from soc2_pac.store.verify import Report

_COLD = "cold evaluation"
"""The one part that writes: it gets a copy."""
HOME = Path(__file__).resolve().parents[1] / ".bench"


def _record(scope: int, number: int, version: int) -> Record:
    body = canonical(
        {
            "name": f"account-{number}",
            "mfa": number % 10 != 0,
            "created": "2025-06-01T00:00:00Z",
            "groups": [f"group-{number % 7}", f"group-{number % 11}"],
            "description": f"{scope}-{number} " + "x" * 420,
            "version": version,
        }
    )
    return Record(f"arn:bench:{scope}:account/{number}", f"account-{number}", digest(body), body)


def build(path: Path, size: int, days: int, count: int = 5) -> None:
    """Write the store: one run a day, recorded and evaluated by so many rules."""
    active = rules(count)
    each = size // SCOPES
    documents = [[_record(scope, number, 0) for number in range(each)] for scope in range(SCOPES)]
    draw = random.Random(1)  # noqa: S311 - a repeatable draw
    kept: dict[int, str] = {}
    with open_store(f"sqlite:///{path}", create=True) as store:
        for day in range(days):
            for scope, listed in enumerate(documents):
                for number in draw.sample(range(each), each // 100) if day else ():
                    listed[number] = _record(scope, number, day)
            # Before each day's run; "yesterday" is the last of them.
            kept[day] = dump(store.checkpoint())
            _run(store, documents, active, day)
    path.with_suffix(".checkpoints").write_text(json.dumps(kept), encoding="utf-8")


def _run(store: Store, documents: list[list[Record]], active: list[ActiveRule], day: int) -> None:
    now = T0 + timedelta(days=day)
    with store.run("bench", config=None, tool_version="bench") as run_id:
        for scope, listed in enumerate(documents):
            root = collection_root((record.uid, record.digest) for record in listed)
            look = Look(
                "bench", Scope("bench", str(scope)), "bench.account", CollectionStatus.COMPLETE, "",
                None, 1, 1, 0, root, ("bench:List",), {"bench:List": 1}, now, now, "1", listed,
            )  # fmt: skip
            store.record(run_id, look)
        with store.database.writing() as connection:
            evaluate(
                connection,
                active,
                run_id=run_id,
                now=now,
                due=DUE,
                tool_version="bench",
            )


# -- what is measured, each in a process of its own ----------------------------------------------------------


def _cold(path: Path) -> str:
    """Five rules that nobody judged before, over every current document."""
    with open_store(f"sqlite:///{path}") as store:
        with store.reading() as connection:
            last = connection.exec_driver_sql("SELECT MAX(as_of) FROM evaluation").scalar()
        fresh = [item for item in rules(10) if item.rule.id[-1] in "56789"]
        now = T0 + timedelta(days=400)
        with store.run("bench", config=None, tool_version="bench") as run_id:
            began = time.perf_counter()
            with store.database.writing() as connection:
                done = evaluate(
                    connection,
                    fresh,
                    run_id=run_id,
                    now=now,
                    due=DUE,
                    tool_version="bench",
                    retire=False,
                )
            spent = time.perf_counter() - began
    return f"{done.judged / spent:,.0f} verdicts/s, {done.judged:,} in {spent:.1f} s (last: {last})"


def _list(path: Path) -> str:
    with open_store(f"sqlite:///{path}") as store:
        return f"{len(store.findings()):,} findings listed"


def _said(report: Report) -> str:
    checked = report.checked
    return (
        f"{len(report.problems)} problems, {checked['evidence']:,} documents, "
        f"{checked['observations']:,} and {checked['findings']:,} intervals"
    )


def _verify(path: Path) -> str:
    with open_store(f"sqlite:///{path}") as store:
        return _said(store.verify([_kept(path, "yesterday")]))


def _since(day: str, turn: int) -> Callable[[Path], str]:
    def measure(path: Path) -> str:
        with open_store(f"sqlite:///{path}") as store:
            return _said(store.verify((), Part(_kept(path, day), turn)))

    return measure


def _kept(path: Path, day: str) -> Checkpoint:
    """Taken before the run of a day: the last one, the middle one, or the second."""
    kept = json.loads(path.with_suffix(".checkpoints").read_text(encoding="utf-8"))
    place = {"yesterday": len(kept) - 1, "the middle": len(kept) // 2, "the first day": 1}[day]
    return load(kept[str(place)])


PARTS: dict[str, Callable[[Path], str]] = {
    "list": _list,
    "verify": _verify,
    # Every day reads something else of what is old.
    **{f"since yesterday, turn {turn}": _since("yesterday", turn) for turn in range(DAYS)},
    **{
        f"since {day}, turn {turn}": _since(day, turn)
        for day in ("the middle", "the first day")
        for turn in (0, 1, 20)
    },
    _COLD: _cold,
}


def main() -> None:
    """Build what is not there, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rules", type=int, default=5)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--only", action="append", choices=PARTS, help="only this; repeatable")
    given = parser.parse_args()
    if given.part:
        print(PARTS[given.part](given.store))
        return
    path = HOME / f"store-{given.size}-{given.days}-{given.rules}.db"
    if not path.exists():
        HOME.mkdir(exist_ok=True)
        began = time.perf_counter()
        unfinished = path.with_name(f"unfinished-{path.name}")
        unfinished.unlink(missing_ok=True)
        build(unfinished, given.size, given.days, given.rules)
        unfinished.with_suffix(".checkpoints").rename(path.with_suffix(".checkpoints"))
        unfinished.rename(path)
        print(f"built in {time.perf_counter() - began:.0f} s")
    print(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB")
    for part in given.only or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            store = Path(shutil.copy(path, folder)) if part == _COLD else path
            command = [sys.executable, __file__, "--part", part, "--store", str(store)]
            began = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                said = process.stdout.read() if process.stdout else ""
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{part} ended with {process.returncode}")
            wall = time.perf_counter() - began
            cpu = used.ru_utime + used.ru_stime
            memory = used.ru_maxrss / 1024
            print(
                f"{part:<24}{said.strip()} | {cpu:.1f} s CPU, {wall:.1f} s, {memory:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
