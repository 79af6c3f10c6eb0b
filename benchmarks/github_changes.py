"""An organisation of 1,000 repositories and 2,000 members that merged 50,000 pull requests in a year.

GitHub is emulated in a process of its own. Measured are the first read and a daily one of 137 new merges:
requests, seconds and memory, and what it takes to judge and to export the population.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from soc2_demo.github import GithubEmulator
from soc2_demo.github_state import Company

if TYPE_CHECKING:
    import resource
    from collections.abc import Sequence

REPOSITORIES, MEMBERS, CHANGES, DAILY = 1000, 2000, 50_000, 137
MOST_FIRST, MOST_DAILY, MOST_MEGABYTES = 600, 10, 400
LOGIN = "acme"
KINDS = ("github.pull_request", "github.commit")


def main() -> None:
    """Print a table."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None  # noqa: S101 - it is piped
    assert server.stdout is not None  # noqa: S101 - it is piped
    address = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), address, server.stdin, server.stdout)
    finally:
        server.kill()
        server.wait()


def _measure(folder: Path, address: str, order: IO[str], done: IO[str]) -> None:
    (folder / "soc2-pac.toml").write_text(
        f'[sources.github]\nprovider = "github"\norganization = "{LOGIN}"\n'
        f'token = {{ env = "BENCH_TOKEN" }}\nbase_url = "{address}"\n'
        "pull_requests_since_days = 365\n"
    )
    _row("", "measured", "allowed")
    first = _collect(folder)
    _row("first read: requests for pull requests", first[KINDS[0]].requests, MOST_FIRST)
    _row("first read: pull requests", first[KINDS[0]].count, CHANGES)
    _row("first read: requests for commits", first[KINDS[1]].requests)
    _row("first read: commits", first[KINDS[1]].count)
    _row("first read: seconds", first.seconds)
    _row("first read: memory, MB", first.memory, MOST_MEGABYTES)
    judged, memory = _timed(folder, "evaluate")
    _row("judged for the first time: seconds", judged)
    order.write("a day later\n")
    order.flush()
    done.readline()
    daily = _collect(folder)
    _row("daily read: requests for pull requests", daily[KINDS[0]].requests, MOST_DAILY)
    _row("daily read: new pull requests", daily[KINDS[0]].added, DAILY)
    _row("daily read: requests for commits", daily[KINDS[1]].requests)
    _row("daily read: new commits", daily[KINDS[1]].added, DAILY)
    _row("daily read: seconds", daily.seconds)
    judged, memory = _timed(folder, "evaluate")
    _row("judged again: seconds", judged)
    now = datetime.now(UTC)
    period = f"{now - timedelta(days=180):%Y-%m-%d}..{now - timedelta(days=1):%Y-%m-%d}"
    export = ("population", "export", KINDS[0], "--period", period, "--output", "changes.csv")
    exported, memory = _timed(folder, *export)
    _row("export of half a year: seconds", exported)
    _row("export of half a year: memory, MB", memory)
    _row("store, MB", (folder / "soc2-pac.db").stat().st_size / 1e6)
    verified, _ = _timed(folder, "verify")
    _row("verify: seconds", verified)


def _row(title: str, measured: object, allowed: object = "") -> None:
    shown = f"{measured:>12,.0f}" if isinstance(measured, int | float) else f"{measured:>12}"
    bound = f"{allowed:>12,}" if isinstance(allowed, int) else f"{allowed:>12}"
    print(f"{title:<45}{shown}{bound}", flush=True)


class _Look:
    def __init__(self, row: sqlite3.Row) -> None:
        self.status, self.reason = str(row["status"]), str(row["reason"])
        self.requests, self.count = int(row["requests"]), int(row["count"])
        self.added = int(row["added"])


class _Collected(dict[str, _Look]):
    seconds = 0.0
    memory = 0.0


def _collect(folder: Path) -> _Collected:
    found = _Collected()
    options = [option for kind in KINDS for option in ("--kind", kind)]
    found.seconds, found.memory = _timed(folder, "collect", *options)
    with closing(sqlite3.connect(folder / "soc2-pac.db")) as store:
        store.row_factory = sqlite3.Row
        for row in store.execute("SELECT * FROM v_populations ORDER BY collection"):
            found[row["kind"]] = _Look(row)
    for kind, look in found.items():
        if look.status != "complete":
            sys.exit(f"{kind}: {look.status}: {look.reason}")
    return found


def _timed(folder: Path, *command: str) -> tuple[float, float]:
    """(seconds, peak memory in MB) of one command in a process of its own."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "soc2_pac", *command],
        cwd=folder,
        env={**os.environ, "BENCH_TOKEN": "token"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None  # noqa: S101 - it is piped
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{said[-2000:]}")
    return seconds, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


# -- the other side -----------------------------------------------------------------------------------------


def _serve() -> None:
    chance = random.Random(1)  # noqa: S311 - made-up data
    now = datetime.now(UTC).replace(microsecond=0)
    # Some repositories are busy, most are not; nights and weekends are quiet.
    weights = [1 / (rank + 20) for rank in range(REPOSITORIES)]
    company = Company(
        LOGIN, rest={}, members=[{"node": {"login": _who(n)}} for n in range(MEMBERS)]
    )
    company.rest[f"/orgs/{LOGIN}/repos"] = [
        {
            "node_id": f"R_{n}",
            "name": f"repo-{n}",
            "full_name": f"{LOGIN}/repo-{n}",
            "default_branch": "main",
            "created_at": _text(now - timedelta(days=2000 - n)),
            "pushed_at": _text(now - timedelta(days=366)),
            "archived": n % 50 == 0,
        }
        for n in range(REPOSITORIES)
    ]
    company.commits = {f"repo-{n}": [] for n in range(REPOSITORIES)}
    company.pull_requests = {f"repo-{n}": [] for n in range(REPOSITORIES)}
    numbers = iter(range(10_000_000))
    _merge(company, chance, weights, [_moment(chance, now) for _ in range(CHANGES)], numbers)
    emulator = GithubEmulator(company)
    print(emulator.start(), flush=True)
    for _ in sys.stdin:
        moments = [datetime.now(UTC) - timedelta(seconds=n % 60) for n in range(DAILY)]
        _merge(company, chance, weights, moments, numbers)
        print("done", flush=True)


def _merge(
    company: Company,
    chance: random.Random,
    weights: Sequence[float],
    moments: Sequence[datetime],
    numbers: Any,
) -> None:
    repositories = company.rest[f"/orgs/{LOGIN}/repos"]
    for at in sorted(moments):
        (index,) = chance.choices(range(REPOSITORIES), weights)
        name = f"repo-{index}"
        pull = _pull(name, next(numbers), at, chance)
        company.pull_requests[name].append(pull)
        company.commits[name].insert(0, _commit(pull))
        repositories[index]["pushed_at"] = max(repositories[index]["pushed_at"], _text(at))


def _moment(chance: random.Random, now: datetime) -> datetime:
    while True:
        at = now - timedelta(seconds=chance.randrange(60, 365 * 86_400))
        quiet = at.weekday() > 4 or not 7 <= at.hour < 19  # noqa: PLR2004 - Saturday, office hours
        if not quiet or chance.random() < 0.05:  # noqa: PLR2004 - one in twenty
            return at


def _pull(repository: str, number: int, at: datetime, chance: random.Random) -> dict[str, Any]:
    author, reviewer = _who(number % MEMBERS), _who((number * 7 + 1) % MEMBERS)
    head = hashlib.sha1(f"{number}".encode(), usedforsecurity=False).hexdigest()
    checks = [
        {"__typename": "CheckRun", "name": name, "conclusion": "SUCCESS"}
        for name in ("build", "test", "lint")
    ]
    commit = {
        "oid": head,
        "author": {"user": {"login": author}},
        "authors": {"nodes": [{"user": {"login": author}}]},
        "committer": {"user": {"login": author}},
        "statusCheckRollup": {
            "state": "SUCCESS",
            "contexts": {"pageInfo": {"hasNextPage": False}, "nodes": checks},
        },
    }
    review = {
        "id": f"PRR_{number}",
        "state": "APPROVED",
        "submittedAt": _text(at - timedelta(minutes=5)),
        "authorAssociation": "MEMBER",
        "author": {"__typename": "User", "login": reviewer},
        "commit": {"oid": head},
    }
    return {
        "id": f"PR_{number}",
        "number": number,
        "title": f"ACME-{number}: change something",
        "url": f"https://github.com/{LOGIN}/{repository}/pull/{number}",
        "createdAt": _text(at - timedelta(hours=chance.randrange(1, 100))),
        "mergedAt": _text(at),
        "updatedAt": _text(at),
        "baseRefName": "main",
        "headRefName": f"{author}/acme-{number}",
        "headRefOid": head,
        "author": {"__typename": "User", "login": author},
        "mergedBy": {"__typename": "User", "login": reviewer},
        "mergeCommit": {"oid": head[::-1]},
        "repository": {
            "id": repository,
            "nameWithOwner": f"{LOGIN}/{repository}",
            "isArchived": False,
            "defaultBranchRef": {"name": "main"},
        },
        "labels": {"nodes": [{"name": "backend"}]},
        "closingIssuesReferences": {"totalCount": 0, "nodes": []},
        "reviews": {"nodes": [review] if number % 200 else []},
        "commits": {"nodes": [{"commit": commit}]},
    }


def _commit(pull: dict[str, Any]) -> dict[str, Any]:
    associated = {
        "number": pull["number"],
        "state": "MERGED",
        "baseRefName": "main",
        "mergedAt": pull["mergedAt"],
    }
    return {
        "id": f"C_{pull['number']}",
        "oid": pull["mergeCommit"]["oid"],
        "committedDate": pull["mergedAt"],
        "messageHeadline": pull["title"],
        "url": "u",
        "author": {"name": "n", "user": {"login": pull["author"]["login"]}},
        "associatedPullRequests": {"totalCount": 1, "nodes": [associated]},
    }


def _who(number: int) -> str:
    return f"member-{number}"


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    if "--serve" in sys.argv:
        _serve()
    else:
        main()
