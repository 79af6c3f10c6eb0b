"""A bundle of a year of 10,000 changes with 25 sampled: made in under 20 s, verified in under 10 s.

365 daily runs; every change is judged, one in fifty was not approved. The bundle holds the reports in every format.
"""

from __future__ import annotations

import resource as usage
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from store_and_evaluation import DUE, T0

from soc2_pac.audit import bundle
from soc2_pac.audit.bundle_replay import replay
from soc2_pac.audit.bundle_zip import whole
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.canonical import canonical, digest
from soc2_pac.cli.bundle import _reports
from soc2_pac.evaluate.active import ActiveRule
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope, Severity, Verdict, failed, passed
from soc2_pac.records import Look, Population, Record
from soc2_pac.resources import Resource
from soc2_pac.rules import rule
from soc2_pac.store import Store, checkpoint, open_store

EVENTS, DAYS, SAMPLED = 10_000, 365, 25


class Change(Resource, frozen=True):
    """A change that was merged."""

    kind = "bench.change"
    name: str
    merged: datetime
    approved: bool


@rule(criteria=["CC8.1"], severity=Severity.HIGH)
def bench_change_approved(change: Change) -> Verdict:
    """Changes are approved.

    Why: four eyes.
    Fix: approve it.
    """
    return passed("approved") if change.approved else failed("not approved")


RULES = [
    ActiveRule(bench_change_approved, {}, Severity.HIGH, timedelta(days=7)),
]


def _record(number: int) -> Record:
    merged = T0 + timedelta(days=DAYS) * (number / EVENTS)
    body = canonical(
        {
            "name": f"#{number}",
            "merged": merged.isoformat(),
            "approved": number % 50 != 0,
            "title": f"Change {number}: " + "what it is about " * 20,
            "files": [f"src/module_{number % 97}/file_{n}.py" for n in range(number % 12)],
        }
    )
    return Record(f"change/{number}", f"#{number}", digest(body), body)


def build(store: Store) -> None:
    """One run a day, with the changes of the day."""
    first = 0
    for day in range(1, DAYS + 1):
        now, last = T0 + timedelta(days=day), EVENTS * day // DAYS
        new = [_record(number) for number in range(first, last)]
        first = last
        root = collection_root((one.uid, one.digest) for one in new)
        said = Population("merged", None, '{"query":"all"}', len(new))
        look = Look(
            "bench", Scope("bench", "one"), "bench.change", CollectionStatus.COMPLETE, "", None, 1, 1, 0,
            root, ("bench:List",), {"bench:List": 1}, now, now, "1", new, said,
        )  # fmt: skip
        with store.run("bench", config=None, tool_version="bench") as run:
            store.record(run, look)
            with store.database.writing() as connection:
                evaluate(connection, RULES, run_id=run, now=now, due=DUE, tool_version="bench")


def main() -> int:
    """Build, make the bundle, verify it by another process, judge again."""
    key, public = checkpoint.generate_key()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        began = time.perf_counter()
        with open_store(f"sqlite:///{folder}/store.db", create=True) as store:
            build(store)
            print(
                f"store of {EVENTS:,} changes in {DAYS} runs: {time.perf_counter() - began:.1f} s"
            )
            asked = bundle.Asked(
                period=AuditPeriod(T0, T0 + timedelta(days=DAYS)), tool_version="bench",
                rules={one.rule.id: one.rule for one in RULES}, seed="bench", size=SAMPLED,
                checkpoints=(checkpoint.dump(store.checkpoint(), key),), key=key, reports=_reports,
            )  # fmt: skip
            path = folder / "evidence.zip"
            began = time.perf_counter()
            with store.reading() as connection, whole(path) as target:
                made = bundle.write(connection, asked, target, folder)
            spent = time.perf_counter() - began
        size = path.stat().st_size / 1e6
        print(
            f"bundle: {spent:.1f} s, {size:.1f} MB, {made.files:,} files, {made.documents:,} documents"
        )
        began = time.perf_counter()
        verifier = Path(bundle.__file__).with_name("bundle_check.py")
        command = [sys.executable, "-I", "-S", str(verifier), str(path), "--public-key", public]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        checked = time.perf_counter() - began
        peak = usage.getrusage(usage.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"verify.py: {checked:.1f} s, {peak:.0f} MB, exit code {done.returncode}")
        from soc2_pac.audit.bundle_check import Bundle  # noqa: PLC0415

        began = time.perf_counter()
        found = replay(Bundle(path.read_bytes()).check(), asked.rules, "bench")
        print(
            f"judged again: {found.equal:,} equal, {len(found.differs)} differ, "
            f"{sum(found.not_replayed.values()):,} not, {time.perf_counter() - began:.1f} s"
        )
    return done.returncode or bool(found.differs)


if __name__ == "__main__":
    sys.exit(main())
