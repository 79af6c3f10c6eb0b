"""No documented question reads a whole large table, and each key is there because some question needs it.

SQLite tells by its program whether a cursor goes through a table or an index from its beginning to its end. PostgreSQL
is made to believe that the tables are large, and to avoid reading whole ones; where it does all the same, it has no
key.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa

from soc2_pac.audit import access
from soc2_pac.model import Severity, Status
from soc2_pac.store import (
    counts,
    differences,
    finding_list,
    gaps,
    ledger,
    open_store,
    queries,
    saved_questions,
    sql_text,
    waivers,
)
from soc2_pac.store.queries import EvidencePosition, Position

from .helpers import ANN, T0
from .mutations import fill, go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.store import Store

LARGE = frozenset({"finding", "observation", "resource", "evidence", "ledger", "sighting", "basis"})
"""Tables that grow with what is collected."""
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A row in every table, and waivers."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = (
        databases.create(tmp_path_factory.mktemp("plans"), migrated=True)
        if request.param == "sqlite"
        else databases.create(migrated=True)
    )
    with open_store(url) as opened:
        fill(opened)
        go_on(opened)
        opened.add_waiver(
            rule="fake-user-mfa", resource="b", reason="r", owner="o", approver="p", by=ANN
        )
        if request.param == "postgres":
            _believed_large(opened)
        yield opened
    if request.param == "postgres":
        databases.drop(url)


def _believed_large(store: Store) -> None:
    """How many rows PostgreSQL expects is what the catalogue says of a page, times its pages."""
    with store.database.engine.begin() as connection:
        for table in sorted(LARGE):
            # PostgreSQL's own analysis, once a minute, would put back how many rows there are.
            connection.exec_driver_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        connection.exec_driver_sql("ANALYZE")
        for table in sorted(LARGE):
            connection.exec_driver_sql(
                f"UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE relname = '{table}'"
            )


# -- the questions ------------------------------------------------------------------------------------


def _examples() -> dict[str, str]:
    """SQL that the documentation shows, and that of ``query --help``."""
    from soc2_pac.cli.query import query

    found = {}
    for name in ("views.md", "queries.md"):
        text = (DOCS / name).read_text("utf-8")
        for number, block in enumerate(re.findall(r"```sql\n(.*?)```", text, re.DOTALL)):
            found[f"{name} {number}"] = block
        for number, line in enumerate(re.findall(r'query "(SELECT .*?)"', text)):
            found[f"{name} line {number}"] = line
    for number, line in enumerate(re.findall(r'query "(SELECT .*?)"', query.help or "", re.DOTALL)):
        found[f"help {number}"] = line
    return found


_WHERE = {
    "v_findings by fingerprint": "SELECT * FROM v_findings WHERE fingerprint = 'x'",
    "v_findings by rule": "SELECT * FROM v_findings WHERE rule = 'x'",
    "v_findings by status": "SELECT * FROM v_findings WHERE status = 'fail'",
    "v_findings by scope": "SELECT * FROM v_findings WHERE scope = 'fake:acme'",
    "v_findings by resource": "SELECT * FROM v_findings WHERE resource = 'x'",
    "v_findings by name": "SELECT * FROM v_findings WHERE resource_name = 'x'",
    "v_findings by due date": "SELECT * FROM v_findings WHERE sla_due < '2026'",
    "v_finding_history": "SELECT * FROM v_finding_history WHERE fingerprint = 'x'",
    "v_finding_documents": "SELECT * FROM v_finding_documents WHERE fingerprint = 'x'",
    "v_evidence by scope": "SELECT * FROM v_evidence WHERE scope = 'fake:acme' AND kind = 'x'",
    "v_evidence by resource": "SELECT * FROM v_evidence WHERE resource = 'x'",
    "v_evidence by name": "SELECT * FROM v_evidence WHERE resource_name = 'x'",
    "v_criteria": "SELECT * FROM v_criteria",
    "v_finding_counts": "SELECT * FROM v_finding_counts",
    "v_runs": "SELECT * FROM v_runs",
    "v_collections": "SELECT * FROM v_collections WHERE run = 1",
}


def _lists(together: int) -> Callable[[Connection], None]:
    """What ``findings list`` and pages ask, in both ways in which a scope is read."""

    def ask(connection: Connection) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finding_list, "_SORTED", together)
            for filters in _FILTERS:
                found = list(queries.findings(connection, limit=2, **filters))
                if found:
                    place = Position.of(found[-1])
                    list(queries.findings(connection, limit=2, after=place, **filters))

    return ask


_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"rules": ["fake-user-mfa"]},
    {"criteria": ["CC6"]},
    {"statuses": [Status.FAIL]},
    {"severities": [Severity.LOW]},
    {"scope": "fake:acme"},
    {"scope": "fake:a*"},
    {"kind": "fake.user"},
    {"provider": "fake"},
    {"waived": True},
    {"waived": False},
    {"outside": False},
    {"resource": "b"},
    {"fingerprint": "ab"},
)


def _documents(connection: Connection) -> None:
    for filters in ({}, {"kind": "fake.user"}, {"scope": "fake:acme"}, {"resource": "b"}):
        for more in ({}, {"history": True}, {"at": "2026-01-02T00:00:00.000Z"}):
            chosen: dict[str, Any] = {**filters, **more}
            found = list(queries.evidence(connection, limit=2, **chosen))
            place = EvidencePosition.of(found[-1])
            list(queries.evidence(connection, limit=2, after=place, **chosen))
    queries.body(connection, "ab")


def _one(connection: Connection) -> None:
    finding = next(queries.findings(connection, statuses=[Status.FAIL]))
    assert queries.finding_history(connection, finding.fingerprint)
    assert queries.finding_documents(connection, finding.fingerprint)


def _summary(connection: Connection) -> None:
    from soc2_pac.cli.summary import known

    assert known(connection, {}).total
    queries.rule_counts(connection)
    counts.waived(connection)


def _differ(connection: Connection) -> None:
    first, last = differences.after_run(connection, 2), differences.after_run(connection, 99)
    assert differences.sums(connection, first, last)
    assert list(differences.differences(connection, first, last, passing=True))
    chosen: dict[str, Any] = {"change": "worse", "severities": [Severity.HIGH], "limit": 3}
    list(differences.differences(connection, first, last, **chosen))
    assert differences.size(connection, first, last)


def _others(connection: Connection) -> None:
    queries.known(connection)
    queries.runs(connection)
    queries.collections(connection, run=1)
    queries.last_instant(connection)
    (first,) = ledger.newest(connection, limit=1)
    assert list(ledger.newest(connection, after=ledger.Place.of(first), limit=2))
    assert access.active(connection, "tok-00000000", T0) is None
    queries.open_failures(connection, ["company"])
    waivers.listed(connection)
    list(gaps.unknown(connection))
    list(gaps.unknown_because(connection))


FUNCTIONS: dict[str, Callable[[Connection], None]] = {
    "findings list": _lists(2000),
    "findings list of large scopes": _lists(0),
    "evidence list": _documents,
    "findings show": _one,
    "the summary of a run": _summary,
    "findings diff": _differ,
    "other lists": _others,
}


def _questions(store: Store) -> dict[str, list[tuple[str, Any]]]:
    """Name -> statements with their values."""
    sqlite = store.database.sqlite
    texts = {**_WHERE, **_examples()}
    texts |= {name: one.text(sqlite=sqlite) for name, one in saved_questions.ours().items()}
    found: dict[str, list[tuple[str, Any]]] = {}
    for name, text in texts.items():
        question = sql_text.read(text, sqlite=sqlite)
        values = dict.fromkeys(question.parameters, "2026-01-02T00:00:00.000Z")
        said = question.text if sqlite else _for_psycopg(question)
        found[name] = [(said, values)]
    for name, ask in FUNCTIONS.items():
        with store.reading() as connection, _heard(connection) as heard:
            ask(connection)
        found[name] = heard
    return found


def _for_psycopg(question: sql_text.Question) -> str:
    """With parameters as the driver takes them."""
    parts, end = [], 0
    for token in question.tokens:
        if token.sort == "parameter":
            parts += [question.text[end : token.at].replace("%", "%%"), f"%({token.word})s"]
            end = token.at + len(token.text)
    return "".join([*parts, question.text[end:].replace("%", "%%")])


@contextlib.contextmanager
def _heard(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        heard.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", hear)
    yield heard
    sa.event.remove(connection, "before_cursor_execute", hear)


# -- what a database does -----------------------------------------------------------------------------


_NUMBERS = itertools.count()


class Read(NamedTuple):
    """How a database would answer a statement."""

    whole: set[str]
    """Large tables that are read whole."""
    keys: set[str]
    """Indexes that are used."""


def _read(connection: Connection, statement: str, values: Any) -> Read:
    if connection.dialect.name == "sqlite":
        return _read_by_sqlite(connection, statement, values)
    return _read_by_postgresql(connection, statement, values)


def _read_by_sqlite(connection: Connection, statement: str, values: Any) -> Read:
    master = "SELECT rootpage, tbl_name, name FROM sqlite_master"
    roots = {row[0]: (row[1], row[2]) for row in connection.exec_driver_sql(master)}
    opened: dict[int, tuple[str, str]] = {}
    begun: set[int] = set()
    stepped: set[int] = set()
    # Another text each time: the driver would show a plan again that it made before an index was dropped.
    text = f"EXPLAIN /* {next(_NUMBERS)} */ {statement}"
    for row in connection.exec_driver_sql(text, values):
        code, cursor, root = row[1], row[2], row[3]
        if code == "OpenRead":
            opened[cursor] = roots.get(root, ("", ""))
        elif code in ("Rewind", "Last"):
            begun.add(cursor)
        elif code in ("Next", "Prev"):
            stepped.add(cursor)
    through = {opened[cursor][0] for cursor in begun & stepped if cursor in opened}
    return Read(through & LARGE, {name for _, name in opened.values()})


def _read_by_postgresql(connection: Connection, statement: str, values: Any) -> Read:
    found = Read(set(), set())
    if not re.match(r"\s*(SELECT|WITH)", statement):
        return found

    def walk(node: dict[str, Any], relation: str | None, *, limited: bool) -> None:
        relation = node.get("Relation Name", relation)
        sort = node["Node Type"]
        found.keys.add(str(node.get("Index Name")))
        # A condition on other columns than the first lets PostgreSQL read a whole index, too: in these small ones as
        # soon as in one that begins with them.
        said = node.get("Index Cond", "")
        begins = leading.get(str(relation), set())
        found_by = any(re.search(rf"\b{re.escape(column)}\b", said) for column in begins)
        whole = sort == "Seq Scan" or ("Index" in sort and not found_by)
        # The first of an order is found by its key alone.
        if whole and relation in LARGE and not limited:
            found.whole.add(str(relation))
        below = relation if sort == "Bitmap Heap Scan" else None
        for one in node.get("Plans", []):
            walk(one, below, limited=sort == "Limit" or (limited and sort == "Result"))

    leading: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(
        "SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid, 1, true) FROM pg_index"
    ):
        leading.setdefault(table, set()).add(column)
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    assert isinstance(plan, list)
    walk(plan[0]["Plan"], None, limited=False)
    return found


@contextlib.contextmanager
def _explaining(store: Store) -> Iterator[Connection]:
    """A transaction that is taken back."""
    with store.database.engine.connect() as connection:
        transaction = connection.begin()
        if not store.database.sqlite:
            for setting in ("seqscan", "hashjoin", "mergejoin", "material"):
                connection.exec_driver_sql(f"SET LOCAL enable_{setting} = off")
        yield connection
        transaction.rollback()


def test_no_documented_question_reads_a_whole_table(store: Store) -> None:
    found = {}
    asked = _questions(store)
    with _explaining(store) as connection:
        for name, statements in asked.items():
            for statement, values in statements:
                if whole := _read(connection, statement, values).whole:
                    found[f"{name}: {' '.join(statement.split())}"] = whole
    assert found == {}
    assert {"overdue", "views.md 0", "help 0", "findings list"} <= asked.keys()


KEYS = {
    "finding_current": True,
    "finding_by_rule": True,
    "finding_by_status": True,
    "finding_by_scope": True,
    "finding_overdue": True,
    "finding_by_fingerprint": True,
    "finding_closed": True,
    "resource_by_uid": True,
    "observation_by_name": True,
    # Without these all failures of a rule, or with a status, are read where few are wanted.
    "finding_failing": False,
    "finding_to_act_on": False,
    # Over tables that are not among the large ones.
    "scope_name": False,
    "collection_by_run": False,
    "finding_count_by_scope": False,
    "waiver_by_rule": False,
}
"""Index -> whether a question reads a whole large table where it is missing."""


OTHERS_SERVE = frozenset(
    {"finding_by_scope", "finding_by_status", "finding_failing", "waiver_by_rule"}
)
"""Indexes in whose place PostgreSQL, at the sizes that it is told here, takes others of this list."""


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_missing_is_noticed(store: Store, key: str) -> None:
    if not store.database.sqlite and key in OTHERS_SERVE:
        return
    statements = [one for some in _questions(store).values() for one in some]
    with _explaining(store) as connection:
        used = [one for one in statements if key in _read(connection, *one).keys]
        assert used, "no question needs it"
        connection.exec_driver_sql(f"DROP INDEX {key}")
        whole = [one for one in used if _read(connection, *one).whole]
    assert bool(whole) or not KEYS[key]
