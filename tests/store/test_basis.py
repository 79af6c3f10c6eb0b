"""A finding names everything that it rests on, and somebody else can judge that again."""

from __future__ import annotations

import contextlib
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.audit.basis import judged_by
from soc2_pac.canonical import canonical
from soc2_pac.cases import SCOPE, joined_evidence, load_cases
from soc2_pac.evaluate.active import ActiveRule
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Severity, Status, Verdict, failed, passed, utc_time
from soc2_pac.rules import Evidence, rule
from soc2_pac.store import Store, open_store

from .helpers import DUE, T0, Team, User, active, look, one_run, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from soc2_pac.cases import Case
    from soc2_pac.rules import Rule

DAY = timedelta(days=1)


@rule(criteria=["CC6.3"], severity=Severity.MEDIUM, needs=[Team])
def fake_user_own_team(user: User, evidence: Evidence) -> Verdict:
    """Users belong to a team that exists.

    Why: rights follow teams.
    Fix: put them in one.
    """
    for team in evidence.account(Team):
        if team.name == user.team:
            return passed(f"in {user.team}", on=[team])
    return failed(f"{user.team} does not exist")


@rule(criteria=["CC6.3"], severity=Severity.MEDIUM, needs=[Team])
def fake_user_wrong_on(user: User, evidence: Evidence) -> Verdict:
    """Names something that is no document.

    Why: a mistake of its author.
    Fix: pass views.
    """
    return passed(f"{user.name} {len(evidence.here(Team))}", on=[user, user.name])


OWN = active([fake_user_own_team])


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def _looks(team: Mapping[str, object], at: Any = T0) -> list[Any]:
    people = {"a": user("ann", team="core"), "b": user("bob", team="none")}
    teams = {"t": team}
    return [look(people, at=at), look(teams, kind="fake.team", at=at)]


def test_a_finding_names_the_documents_and_the_populations_that_decided_it(store: Store) -> None:
    one_run(store, _looks({"name": "core"}), rules=OWN)
    ann, bob = sorted(store.findings(), key=lambda f: str(f.resource))
    named = [
        (d.role, d.kind, d.scope, d.resource) for d in store.finding_documents(ann.fingerprint)
    ]
    assert named == [
        ("judged", "fake.user", "fake:acme", "a"),
        ("joined", "fake.team", "fake:acme", "t"),
        ("population", "fake.team", "fake:acme", None),
    ]
    judged, joined, population = store.finding_documents(ann.fingerprint)
    assert judged.digest == ann.evidence
    assert joined.digest
    assert store.body(joined.digest)
    (latest,) = [c for c in store.collections(latest=True) if c.kind == "fake.team"]
    assert population.collection == latest.id
    assert [d.role for d in store.finding_documents(bob.fingerprint)] == ["judged", "population"]
    assert store.verify().problems == []


def test_another_document_that_decides_opens_a_period_and_an_unchanged_one_does_not(
    store: Store,
) -> None:
    one_run(store, _looks({"name": "core"}), rules=OWN)
    again = one_run(store, _looks({"name": "core"}, T0 + DAY), at=T0 + DAY, rules=OWN)
    assert (again.opened, again.closed) == (0, 0)
    changed = {"name": "core", "lead": "cyd"}
    third = one_run(store, _looks(changed, T0 + 2 * DAY), at=T0 + 2 * DAY, rules=OWN)
    # Of ann: her team's document is another one. Of bob nothing: no document of a team decided his.
    assert (third.opened, third.closed) == (1, 1)
    ann = next(f for f in store.findings() if f.resource == "a")
    assert [p.status for p in store.finding_history(ann.fingerprint)] == [Status.PASS, Status.PASS]


def test_a_population_is_that_of_the_judged_ones_account(store: Store) -> None:
    away = look({"t2": {"name": "core"}}, kind="fake.team", scope=Scope("fake", "acme/x"))
    other = look({"t3": {"name": "core"}}, kind="fake.team", scope=Scope("fake", "acmeplus"))
    one_run(store, [*_looks({"name": "none"}), away, other], rules=OWN)
    ann = next(f for f in store.findings() if f.resource == "a")
    scopes = [d.scope for d in store.finding_documents(ann.fingerprint) if d.role == "population"]
    assert scopes == ["fake:acme", "fake:acme/x"]


def test_naming_what_is_no_joined_document_is_an_error(store: Store) -> None:
    one_run(store, _looks({"name": "core"}), rules=active([fake_user_wrong_on]))
    assert {(f.status, f.message) for f in store.findings()} == {
        (
            Status.ERROR,
            "the rule broke: TypeError: on=[...] takes views of joined documents, not str",
        )
    }


# -- every rule that joins ----------------------------------------------------------------------------------

JOINING = [r for r in plugins.load().rules.values() if r.joins]


@pytest.fixture(scope="module")
def emptied(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], AbstractContextManager[Store]]]:
    """A store with nothing in it, as often as wanted: the statements that one engine compiled are kept."""
    folder = tmp_path_factory.mktemp("emptied")
    template, path = folder / "template.db", folder / "store.db"
    open_store(f"sqlite:///{template}", create=True).close()
    shutil.copyfile(template, path)

    with open_store(f"sqlite:///{path}") as store:

        @contextlib.contextmanager
        def empty() -> Iterator[Store]:
            store.database.engine.dispose()  # its connections; the last one takes the journal with it
            shutil.copyfile(template, path)
            yield store

        yield empty


def _recorded(store: Store, declared: Rule, case: Case) -> None:
    """The documents of a case as collections, judged once."""
    scopes: dict[tuple[str, Scope], dict[str, dict[str, Any]]] = {}
    judged = case.scope
    scopes[declared.kind, judged] = {"judged": case.document()}
    for kind, bodies in case.given.items():
        if bodies is None:
            continue
        scopes.setdefault((kind, judged), {})
        for number, body in enumerate(bodies):
            place = Scope.parse(body[SCOPE]) if SCOPE in body else judged
            rest = {key: value for key, value in body.items() if key != SCOPE}
            scopes.setdefault((kind, place), {})[f"given {number}"] = rest
    looks = [
        look(documents, kind=kind, scope=scope, at=case.now)
        for (kind, scope), documents in scopes.items()
    ]
    item = ActiveRule(
        declared,
        declared.settle(case.params()),
        declared.severity,
        timedelta(days=7),
        frozenset(k.kind for k in declared.where_sourced if k.kind in case.sourced),
    )
    with store.run("run", config=None, tool_version="test") as run_id:
        for one in looks:
            store.record(run_id, one)
        with store.database.writing() as connection:
            evaluate(connection, [item], run_id=run_id, now=case.now, due=DUE, tool_version="test")


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
def test_what_a_finding_rests_on_is_enough_to_judge_again(
    emptied: Callable[[], AbstractContextManager[Store]], status: Status
) -> None:
    tried = 0
    for declared in JOINING:
        case = next(
            (c for c in load_cases(declared) if c.status is status and any(c.given.values())), None
        )
        if case is None or declared.kind in case.given:
            continue  # the judged one would be among those given twice
        with emptied() as store:
            _recorded(store, declared, case)
            finding = next(f for f in store.findings() if f.resource == "judged")
            with store.reading() as connection:
                package = judged_by(connection, finding)
        again = judge(
            declared,
            canonical(package["document"]),
            now=utc_time(package["now"]),
            scope=Scope.parse(package["scope"]),
            evidence=joined_evidence(declared, package["given"], Scope.parse(package["scope"])),
            thresholds=declared.settle(package["thresholds"]),
        )
        assert (finding.status, finding.message) == (again.status, again.message), declared.id
        tried += finding.basis is not None  # others had their verdict before they joined anything
    assert tried > 90
