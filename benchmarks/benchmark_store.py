"""The benchmark store: 100,000 resources, 5 rules each, 365 daily runs in which 1% of the documents change.

Verification is measured on one of 1,000,000 resources and 30 days as well: --size 1000000 --days 30 --rules 1.

Built once into .bench/ (some ten minutes), then measured as a user meets it: each figure is that of a whole
process, with its time and its peak memory. --days and --size make a smaller one.

"questions" asks what lists and pages ask, each some forty times about other resources and scopes, within one process:
the time of a call at the median and at the 95th percentile. "commands" are whole processes. Both take any store:
--part questions --store URL.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))
from store_and_evaluation import DUE, SCOPES, T0, rules

from soc2_pac import clock
from soc2_pac.acts import Actor
from soc2_pac.canonical import canonical, digest
from soc2_pac.cli.summary import known
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope, Severity, Status
from soc2_pac.records import Look, Record
from soc2_pac.store import (
    Store,
    differences,
    gaps,
    open_store,
    queries,
    sandbox,
    saved_questions,
    sql_text,
)
from soc2_pac.store.checkpoint import dump, load
from soc2_pac.store.verify import Part
from soc2_pac.store.verify.part import DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

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


# -- questions ----------------------------------------------------------------------------------------

_CALLS = 40
_PAGE = 100
_SECONDS = 2
"""For the calls of one question, as far as they are no fewer than one."""


class _Drawn:
    """What a call is about: a draw that is the same for every store of a size."""

    def __init__(self, connection: Connection, number: int) -> None:
        count = connection.exec_driver_sql("SELECT MAX(id) FROM resource").scalar() or 1
        draw = random.Random(number)  # noqa: S311 - a repeatable draw
        self.scope = number % SCOPES
        self.account = draw.randrange(count // SCOPES)
        self.resource = f"arn:bench:{self.scope}:account/{self.account}"
        self.rule = f"bench-account-{number % 5}"
        self.finding = next(queries.findings(connection, resource=self.resource))
        self.runs = connection.exec_driver_sql("SELECT MAX(run_id) FROM evaluation").scalar() or 1


def _findings(**filters: object) -> Callable[[Store, Connection, _Drawn], object]:
    def ask(_: Store, connection: Connection, drawn: _Drawn) -> object:
        of = {name: value(drawn) if callable(value) else value for name, value in filters.items()}
        return list(queries.findings(connection, limit=_PAGE, **of))  # type: ignore[arg-type]

    return ask


def _saved(name: str) -> Callable[[Store, Connection, _Drawn], object]:
    one = saved_questions.ours()[name]

    def ask(store: Store, _: Connection, __: _Drawn) -> object:
        text = one.text(sqlite=store.database.sqlite)
        used = sql_text.read(text, sqlite=store.database.sqlite).parameters
        # The history ends a year after it began: "now" is then.
        values = saved_questions.settle(one.parameters, {}, used, clock.now())
        with sandbox.ask(store.database, text, values, limit=_PAGE) as answer:
            return list(answer.rows)

    return ask


def _sql(text: str) -> Callable[[Store, Connection, _Drawn], object]:
    def ask(store: Store, _: Connection, drawn: _Drawn) -> object:
        said = text.format(drawn=drawn)
        with sandbox.ask(store.database, said, {}, limit=_PAGE) as answer:
            return list(answer.rows)

    return ask


def _diff(_: Store, connection: Connection, drawn: _Drawn) -> object:
    first = differences.after_run(connection, drawn.runs - 1)
    last = differences.after_run(connection, drawn.runs)
    differences.sums(connection, first, last)
    found = differences.differences(connection, first, last, passing=True)
    return list(itertools.islice(found, _PAGE))


QUESTIONS: dict[str, Callable[[Store, Connection, _Drawn], object]] = {
    "findings, first page": _findings(),
    "findings by criterion, status, scope": _findings(
        criteria=["CC6.1"], statuses=[Status.FAIL], scope=lambda d: f"bench:{d.scope}"
    ),
    "findings that pass in a scope": _findings(
        statuses=[Status.PASS], scope=lambda d: f"bench:{d.scope}"
    ),
    "findings by rule": _findings(rules=lambda d: [d.rule]),
    "findings by severity": _findings(severities=[Severity.HIGH]),
    "findings by severity, none": _findings(severities=[Severity.LOW]),
    "findings, a page from the middle": _findings(after=lambda d: queries.Position.of(d.finding)),
    "findings of one resource": _findings(resource=lambda d: d.resource),
    "findings of one name": _findings(resource=lambda d: f"account-{d.account}"),
    "findings, waived": _findings(waived=True),
    "findings, not waived": _findings(waived=False, statuses=[Status.FAIL]),
    "finding by its start": _findings(fingerprint=lambda d: d.finding.fingerprint[:8]),
    "history of one finding": lambda _, c, d: queries.finding_history(c, d.finding.fingerprint),
    "documents of one finding": lambda _, c, d: queries.finding_documents(c, d.finding.fingerprint),
    "evidence, first page": lambda _, c, __: list(queries.evidence(c, limit=_PAGE)),
    "evidence by kind and scope": lambda _, c, d: list(
        queries.evidence(c, kind="bench.account", scope=f"bench:{d.scope}", limit=_PAGE)
    ),
    "evidence of one resource": lambda _, c, d: list(
        queries.evidence(c, resource=d.resource, history=True)
    ),
    "runs": lambda _, c, __: queries.runs(c),
    "collections of a run": lambda _, c, d: queries.collections(c, run=d.runs),
    "the summary of a run": lambda _, c, __: known(c, {}),
    "counts of rules": lambda _, c, __: queries.rule_counts(c),
    "findings that are not known (gaps)": lambda _, c, __: list(gaps.unknown(c)),
    "collections (gaps)": lambda _, c, __: list(gaps.tried(c)),
    "findings diff, a day": _diff,
    "v_findings by rule": _sql("SELECT * FROM v_findings WHERE rule = '{drawn.rule}'"),
    "v_findings by status": _sql("SELECT * FROM v_findings WHERE status = 'fail'"),
    "v_findings by scope": _sql("SELECT * FROM v_findings WHERE scope = 'bench:{drawn.scope}'"),
    "v_findings by resource": _sql("SELECT * FROM v_findings WHERE resource = '{drawn.resource}'"),
    "v_finding_history": _sql(
        "SELECT * FROM v_finding_history WHERE fingerprint = '{drawn.finding.fingerprint}'"
    ),
    "v_criteria": _sql("SELECT * FROM v_criteria"),
    "v_finding_counts": _sql("SELECT * FROM v_finding_counts"),
    **{f"query {name}": _saved(name) for name in saved_questions.ours()},
}
"""What lists and pages ask."""


def _questions(url: str) -> str:
    with open_store(url) as store:
        _accept(store)
        with clock.simulated(T0 + timedelta(days=_days(store))):
            for name, ask in QUESTIONS.items():
                print(_asked(store, name, ask), flush=True)
    return f"{len(QUESTIONS)} questions"


def _asked(store: Store, name: str, ask: Callable[[Store, Connection, _Drawn], object]) -> str:
    spent, worked = [], []
    budget = time.perf_counter() + _SECONDS
    for number in range(_CALLS):
        with store.reading() as connection:
            drawn = _Drawn(connection, number)
            began, cpu = time.perf_counter(), time.process_time()
            ask(store, connection, drawn)
            spent.append(1000 * (time.perf_counter() - began))
            worked.append(1000 * (time.process_time() - cpu))
        if time.perf_counter() > budget:
            break
    ends = [f"{statistics.median(one):9.1f} {_percentile(one):9.1f}" for one in (spent, worked)]
    return f"{name:<38} {ends[0]} {ends[1]} {min(spent):9.1f} ms ({len(spent)} calls)"


def _percentile(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def _days(store: Store) -> int:
    with store.reading() as connection:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM evaluation").scalar() or 0)


def _accept(store: Store) -> None:
    """A waiver of one resource and one over a pattern, where there are none."""
    if store.waivers():
        return
    by = Actor("Ann", "ann", None)
    for rule, where in (
        ("bench-account-1", {"resource": "arn:bench:3:account/10"}),
        ("bench-account-2", {"pattern": "*account/7?0"}),
    ):
        store.add_waiver(rule=rule, reason="r", owner="o", approver="p", by=by, **where)  # type: ignore[arg-type]


COMMANDS = {
    "findings list --limit": ("findings", "list", "--limit", "100"),
    "findings list --criterion --status": (
        "findings", "list", "--criterion", "CC6.1", "--status", "fail", "--scope", "bench:3", "--limit", "100",
    ),
    "findings list --resource": ("findings", "list", "--resource", "arn:bench:3:account/17"),
    "evidence list --limit": ("evidence", "list", "--limit", "100"),
    "query overdue": ("query", "overdue", "--limit", "100"),
    "query runs": ("query", "runs", "--limit", "20"),
}  # fmt: skip


def _commands(url: str) -> str:
    lines = []
    for name, words in COMMANDS.items():
        best = min(_process(words, url) for _ in range(5))
        lines.append(f"{name:<38} {best[0]:.2f} s CPU, {best[1]:.2f} s, {best[2]:.0f} MB")
    return "\n".join(lines)


def _process(words: tuple[str, ...], url: str) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "soc2_pac", *words, "--store", url]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{words} ended with {process.returncode}")
    spent = time.perf_counter() - began
    return used.ru_utime + used.ru_stime, spent, used.ru_maxrss / 1024


PARTS: dict[str, Callable[[Path], str]] = {
    "questions": lambda path: _questions(f"sqlite:///{path}"),
    "commands": lambda path: _commands(f"sqlite:///{path}"),
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
    parser.add_argument("--part", choices=PARTS, metavar="PART")
    parser.add_argument(
        "--store", help="with --part: a file; for questions and commands also a URL"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        metavar="PART",
        help="only this; repeatable: questions, commands, list, verify, cold evaluation, 'since yesterday, turn 0'",
    )
    given = parser.parse_args()
    if given.part:
        by_url = {"questions": _questions, "commands": _commands}
        if "://" in given.store:
            print(by_url[given.part](given.store))
        else:
            print(PARTS[given.part](Path(given.store)))
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
