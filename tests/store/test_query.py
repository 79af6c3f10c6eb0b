"""Questions in SQL: what may be asked is answered, nothing is changed, and nothing else is read."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from soc2_pac.errors import ConfigError, UsageError
from soc2_pac.model import CollectionStatus
from soc2_pac.store import open_store, saved_questions
from soc2_pac.store.sandbox import ask
from soc2_pac.store.sql_text import COLUMNS, FUNCTIONS, read

from .helpers import (
    ANN,
    AWAY,
    CHANGES,
    HOME,
    RULES,
    T0,
    active,
    change,
    changes,
    look,
    one_run,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from soc2_pac.store import Store

DAY = timedelta(days=1)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Two days: Bob loses his MFA, a change has no approval, one scope is denied on the second day."""
    with open_store(store_url) as opened:
        rules = active([*RULES, *CHANGES])
        teams = look({"t1": {"name": "core"}}, kind="fake.team")
        users = {"a": user("ann"), "b": user("bob")}
        made = changes({"c1": change("one"), "c2": change("two", approved=False)})
        one_run(
            opened, [teams, look(users), look({"z": user("zoe")}, scope=AWAY), made], rules=rules
        )
        users["b"] = user("bob", GetMfa=False)
        denied = look({}, at=T0 + DAY, scope=AWAY, status=CollectionStatus.DENIED, reason="no")
        one_run(opened, [look(users, at=T0 + DAY), denied], at=T0 + DAY, rules=rules)
        yield opened


def _ask(store: Store, text: str, **options: Any) -> list[dict[str, object]]:
    parameters = options.pop("parameters", None)
    with ask(store.database, text, parameters, **options) as answer:
        return list(answer.rows)


def _count(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            name: connection.execute(sa.text(f"SELECT COUNT(*) FROM {name}")).scalar() or 0
            for name in sa.inspect(connection).get_table_names()
        }


def test_the_views_are_those_of_the_schema(store: Store) -> None:
    with store.reading() as connection:
        inspector = sa.inspect(connection)
        found = {
            name: {column["name"] for column in inspector.get_columns(name)}
            for name in inspector.get_view_names()
        }
    assert {name: set(columns) for name, columns in COLUMNS.items()} == found


def test_every_view_can_be_read(store: Store) -> None:
    for view, columns in COLUMNS.items():
        with ask(store.database, f"SELECT * FROM {view}") as answer:
            assert set(answer.columns) == set(columns)
            count = len(list(answer.rows))
        assert _ask(store, f"SELECT COUNT(*) AS n FROM {view}") == [{"n": count}]


ANSWERED = [
    "SELECT rule, COUNT(*) AS n FROM v_findings GROUP BY rule HAVING COUNT(*) > 0 ORDER BY 2, 1;",
    "WITH failing AS (SELECT * FROM v_findings WHERE status = 'fail') SELECT rule FROM failing f, v_runs r",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
    "SELECT f.rule FROM (v_findings f JOIN v_runs r ON r.id > 0) LEFT JOIN v_waivers w ON (1 = 1) AND TRUE, v_runs",
    "SELECT x.a FROM (SELECT 1 AS a UNION SELECT 2) x WHERE EXISTS (SELECT 1 FROM v_runs)",
    "SELECT status, ROW_NUMBER() OVER (PARTITION BY rule ORDER BY since, scope) FROM v_findings",
    "SELECT CAST(requests AS NUMERIC(10, 2)) FROM v_runs WHERE finished_at IS NOT NULL",
    "SELECT rule FROM v_findings WHERE resource IS DISTINCT FROM 'a' -- FROM config",
    "/* FROM config */ SELECT 'FROM config; --' AS \"from config\" FROM v_runs",
    "SELECT rule FROM v_findings EXCEPT SELECT rule FROM v_criteria WHERE status IN ('pass', 'x')",
    "SELECT LOWER(rule) FROM V_FINDINGS WHERE rule LIKE '%mfa%' LIMIT 1 OFFSET 0",
]


def test_questions_that_are_answered(store: Store) -> None:
    for text in ANSWERED:
        assert _ask(store, text) is not None, text


def test_json_is_read_by_each_database_in_its_way(store: Store) -> None:
    each = (
        "json_each(f.criteria) c"
        if store.database.sqlite
        else "jsonb_array_elements_text(f.criteria::jsonb) AS c(value)"
    )
    rows = _ask(
        store, f"SELECT DISTINCT c.value FROM v_findings f, {each} WHERE f.rule = 'fake-user-age'"
    )
    assert {row["value"] for row in rows} == {"CC6.2", "CC6.3"}


ATTACKS = [
    "DELETE FROM finding",
    "UPDATE finding SET status = 'pass'",
    "INSERT INTO meta VALUES ('a', 'b')",
    "DROP TABLE finding",
    "CREATE TABLE x (a INTEGER)",
    "ATTACH 'x.db' AS y",
    "PRAGMA journal_mode = DELETE",
    "VACUUM",
    "COPY finding TO 'x.csv'",
    "DO $$ BEGIN END $$",
    "CALL x()",
    "SET transaction_read_only = off",
    "EXPLAIN ANALYZE DELETE FROM finding",
    "SELECT 1; DELETE FROM finding",
    "SELECT 1; COMMIT; DELETE FROM finding",
    "",
    ";",
    "-- nothing",
    "WITH x AS (DELETE FROM finding RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE finding SET status = 'pass' RETURNING *) SELECT * FROM x",
    "SELECT * INTO x FROM v_findings",
    "SELECT * FROM v_findings FOR UPDATE",
    "TABLE config",
    "SELECT * FROM (TABLE config) x",
    # what is no view
    "SELECT * FROM config",
    "SELECT * FROM v_runs, config",
    "SELECT * FROM v_runs JOIN config ON 1 = 1",
    "SELECT * FROM v_runs r JOIN v_runs s ON r.id = s.id, config",
    "SELECT * FROM v_runs AS offset, config",
    "SELECT * FROM v_runs ORDER BY (SELECT body FROM config)",
    "SELECT (SELECT body FROM config)",
    "SELECT * FROM (config CROSS JOIN v_runs)",
    "SELECT * FROM ((SELECT body FROM config)) x",
    "SELECT * FROM LATERAL (SELECT * FROM config) x",
    "SELECT * FROM ONLY config",
    "SELECT count(*) FROM config",
    'SELECT * FROM "config"',
    "SELECT * FROM [config]",
    "SELECT * FROM `config`",
    "SELECT * FROM main.config",
    "SELECT * FROM public.config",
    "SELECT * FROM temp.x",
    "SELECT * FROM CONFIG",
    "SELECT 1 FROM/**/config",
    "SELECT 1.FROM config",
    'SELECT a.is distinct FROM (SELECT 1 AS "is") a, config',
    "SELECT 1 AS is distinct FROM config",
    "SELECT * FROM v_runs UNION SELECT 1,2,3,4,5,6,7,body,1,1 FROM config",
    "VALUES ((SELECT body FROM config))",
    "SELECT extract(year FROM (SELECT body FROM config))",
    "SELECT 1 IN config",
    # names of views given to something else
    "WITH v_runs AS (SELECT body FROM config) SELECT * FROM v_runs",
    "WITH v_runs(a) AS NOT MATERIALIZED (SELECT body FROM config) SELECT * FROM v_runs",
    "SELECT * FROM (SELECT body FROM config) AS v_runs",
    "SELECT * FROM (SELECT body FROM config) v_runs",
    "WITH config AS (SELECT 1) SELECT * FROM config",
    "SELECT * FROM v_runs WHERE EXISTS (WITH config AS (SELECT 1) SELECT 1) AND 1 IN (SELECT 1 FROM config)",
    # the database's own
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM pragma_table_info('config')",
    "SELECT * FROM pg_shadow",
    "SELECT * FROM pg_catalog.pg_authid",
    'SELECT * FROM "pg_authid"',
    'SELECT * FROM U&"pg\\005fauthid"',
    "SELECT * FROM information_schema.tables",
    # functions that do something
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT pg_sleep(100)",
    "SELECT pg_catalog.pg_sleep(100)",
    'SELECT "pg_sleep"(100)',
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT current_setting('data_directory')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_terminate_backend(1)",
    "SELECT lo_import('/etc/passwd')",
    "WITH lo_import AS (SELECT 1) SELECT lo_import('/etc/passwd')",
    "SELECT nextval('x')",
    "SELECT query_to_xml('select 1', true, true, '')",
    "SELECT dblink('x', 'y')",
    "SELECT * FROM v_runs r, dblink('x', 'y') AS t(a int)",
    "SELECT randomblob(1000)",
    "SELECT fts3_tokenizer('x')",
    "SELECT (1) OPERATOR(pg_catalog.+) 2",
    # what is read in two ways
    "SELECT 1 /* /* */ FROM config -- */",
    "SELECT 1 -- \r FROM config",
    "SELECT 1 /*",
    "SELECT 'a",
    "SELECT 1 FROM v_runs)",
    "SELECT (1 FROM v_runs",
    "SELECT ?",
    "SELECT $1",
    "SELECT @a",
    "SELECT 1\0",
]  # fmt: skip


def _answered(store: Store, text: str) -> bool:
    try:
        _ask(store, text, seconds=5)
    except UsageError:
        return False
    return True


def test_nothing_else_is_read_and_nothing_changes(store: Store) -> None:
    before = _count(store)
    assert [text for text in ATTACKS if _answered(store, text)] == []
    assert _count(store) == before


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM finding",
        "CREATE TABLE x (a INTEGER)",
        "SELECT 1; DELETE FROM finding",
        "SELECT * FROM config",
        "SELECT load_extension('x')",
    ],
)
def test_the_database_refuses_too(
    store: Store, text: str, monkeypatch: pytest.MonkeyPatch, database_kind: str
) -> None:
    """The reading of the text is one wall; behind it stands another."""
    from soc2_pac.store import sandbox, sql_text

    if database_kind == "postgres" and "config" in text:
        pytest.skip(
            "config is part of a store: that no view stands between is seen in the text alone"
        )
    question = sql_text.Question(text, (), ())
    monkeypatch.setattr(sandbox, "read", lambda *_, **_more: question)
    before = _count(store)
    with pytest.raises(UsageError, match="database refused"):
        _ask(store, text)
    assert _count(store) == before


@pytest.mark.postgres
def test_what_is_no_part_of_the_store_is_refused_by_what_is_locked(
    store: Store, monkeypatch: pytest.MonkeyPatch, database_kind: str
) -> None:
    from soc2_pac.store import sandbox, sql_text

    if database_kind == "sqlite":
        pytest.skip("SQLite's authorizer does it")
    with store.database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE salaries (amount INTEGER)"))
    question = sql_text.Question("SELECT * FROM salaries", (), ())
    monkeypatch.setattr(sandbox, "read", lambda *_, **_more: question)
    with pytest.raises(UsageError, match=r"reads public\.salaries"):
        _ask(store, question.text)


def test_it_ends_in_time(store: Store) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    )
    began = time.monotonic()
    with pytest.raises(UsageError, match=r"more than 0\.5 seconds"):
        _ask(store, endless, seconds=0.5)
    assert time.monotonic() - began < 30


def test_a_slow_reader_is_not_stopped(store: Store) -> None:
    text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n"
    with ask(store.database, text, seconds=1.5, limit=10_000) as answer:
        first = next(answer.rows)
        time.sleep(2)
        assert (first["i"], sum(1 for _ in answer.rows), answer.more) == (1, 1999, False)


@pytest.mark.parametrize(("limit", "shown", "more"), [(1, 1, True), (3, 3, False), (4, 3, False)])
def test_rows_are_limited_and_it_says_so(
    store: Store, limit: int, shown: int, *, more: bool
) -> None:
    text = "SELECT 1 AS n UNION SELECT 2 UNION SELECT 3"
    with ask(store.database, text, limit=limit) as answer:
        assert (len(list(answer.rows)), answer.more) == (shown, more)


def test_parameters_are_bound(store: Store) -> None:
    text = "SELECT :who AS who, rule FROM v_findings WHERE rule = :rule AND resource = 'a' AND ':no' <> :who"
    value = "'; DROP TABLE finding; --"
    (row,) = _ask(store, text, parameters={"who": value, "rule": "fake-user-mfa"})
    assert row == {"who": value, "rule": "fake-user-mfa"}
    with pytest.raises(UsageError, match="parameter :rule, and it was not given"):
        _ask(store, text, parameters={"who": "x"})
    with pytest.raises(UsageError, match=r"no parameter :rul\. Did you mean 'rule'\?"):
        _ask(store, text, parameters={"who": "x", "rule": "y", "rul": "z"})


def test_columns_of_one_name_are_told_apart(store: Store) -> None:
    assert _ask(store, "SELECT 1 AS a, 2 AS a, 3 AS a") == [{"a": 1, "a_2": 2, "a_3": 3}]


def test_values_fit_every_format(store: Store) -> None:
    (row,) = _ask(
        store, "SELECT AVG(n) AS mean, SUM(n) AS total FROM (SELECT 1 AS n UNION SELECT 2) x"
    )
    assert json.loads(json.dumps(row)) == {"mean": 1.5, "total": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT * FROM findings", "no view 'findings'. Did you mean 'v_findings'?"),
        ("SELECT * FROM finding", "finding is a table, and tables change without notice"),
        ("SELECT ruel FROM v_findings", "Did you mean 'rule'?"),
        ("SELECT lenght(rule) FROM v_findings", "Did you mean 'length'?"),
        ("SELECT rule FROM v_findings WHERE", "database refused the question"),
    ],
)  # fmt: skip
def test_errors_say_what_and_what_next(store: Store, text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        _ask(store, text)
    assert said in str(raised.value)


def test_functions_of_the_lists_exist(store: Store) -> None:
    """A name that the database does not know would read as one that it calls."""
    if store.database.sqlite:
        with store.database.apart() as connection:
            known = {
                row[0].lower()
                for row in connection.execute("SELECT name FROM pragma_function_list")
            }
        grammar = {"json_each", "json_tree", "if"}
    else:
        with store.reading() as session:
            known = set(session.execute(sa.text("SELECT proname FROM pg_proc")).scalars())
        grammar = {"coalesce", "nullif", "greatest", "least", "trim", "mode", "every"}
    newer = {"concat", "concat_ws", "string_agg", "octet_length", "timediff", "unixepoch"}
    assert FUNCTIONS[store.database.sqlite] - known <= grammar | newer


# -- saved questions ----------------------------------------------------------------------------------


def _saved(store: Store, name: str, **given: str) -> list[dict[str, object]]:
    one = saved_questions.ours()[name]
    sqlite = store.database.sqlite
    text = one.text(sqlite=sqlite)
    used = read(text, sqlite=sqlite).parameters
    now = T0 + 2 * DAY
    return _ask(store, text, parameters=saved_questions.settle(one.parameters, given, used, now))


def test_every_saved_question_has_a_right_answer(store: Store) -> None:
    """A question that comes with soc2-pac has a test of its own below."""
    assert set(saved_questions.ours()) == {
        "changes-without-approval", "due-this-week", "failures-by-rule", "got-worse", "newest-critical",
        "not-seen", "oldest-keys", "overdue", "runs", "sources-not-collected", "waivers-ending",
    }  # fmt: skip
    for name, one in saved_questions.ours().items():
        assert one.title, name
        assert one.description, name
        assert isinstance(_saved(store, name), list)


def test_changes_without_approval(store: Store) -> None:
    rows = _saved(store, "changes-without-approval")
    assert [(row["rule"], row["resource"]) for row in rows] == [("fake-change-approved", "two")]


def test_due_dates(store: Store) -> None:
    assert _saved(store, "due-this-week") == []
    rows = _saved(store, "due-this-week", until="+40d")
    assert {row["resource"] for row in rows if row["rule"] == "fake-user-mfa"} == {"bob"}
    assert rows == sorted(rows, key=lambda row: str(row["sla_due"]))
    assert _saved(store, "overdue") == []
    assert len(_saved(store, "overdue", now="2027-01-01")) == len(rows)


def test_what_got_worse(store: Store) -> None:
    rows = {(r["rule"], r["resource"]): (r["was"], r["status"]) for r in _saved(store, "got-worse")}
    assert rows["fake-user-mfa", "b"] == ("pass", "fail")
    assert rows["fake-user-mfa", "z"] == ("pass", "inconclusive")
    assert rows["fake-change-approved", "c2"] == ("not there", "fail")
    assert ("fake-user-mfa", "a") not in rows
    assert not _saved(store, "got-worse", since="2026-01-02T00:00:00.001Z")


def test_what_was_not_seen(store: Store) -> None:
    (row,) = _saved(store, "not-seen")
    assert (row["status"], row["kind"], row["scope"], row["reason"]) == (
        "denied", "fake.user", str(AWAY), "no",
    )  # fmt: skip


def test_runs(store: Store) -> None:
    assert [(row["id"], row["collections"]) for row in _saved(store, "runs")] == [(2, 2), (1, 4)]


def test_sources_not_collected(store: Store) -> None:
    assert _saved(store, "sources-not-collected") == []
    (row,) = _saved(store, "sources-not-collected", since="+1d")
    assert row["last_complete"] == "2026-01-02T00:00:00.000Z"


def test_failures_by_rule_and_newest(store: Store) -> None:
    rows = {
        row["rule"]: (row["failures"], row["waived"]) for row in _saved(store, "failures-by-rule")
    }
    assert rows["fake-user-mfa"] == (1, 0)
    assert _saved(store, "newest-critical") == []


def test_waivers_that_end(store: Store) -> None:
    # The store's own clock says which waivers may be recorded.
    ends = datetime.now(UTC) + 10 * DAY
    waiver = store.add_waiver(
        rule="fake-user-mfa", reason="r", owner="Ann", approver="Bob", by=ANN, expires_at=ends
    )
    assert _saved(store, "waivers-ending") == []
    (row,) = _saved(store, "waivers-ending", until="+20000d")
    assert (row["waiver"], row["owner"]) == (waiver, "Ann")


def test_oldest_keys(store: Store) -> None:
    bodies: dict[str, dict[str, dict[str, object]]] = {
        "aws.iam.credential": {
            "u": {
                "access_key_1_active": "true", "access_key_1_last_rotated": "2025-03-01T00:00:00+00:00",
                "access_key_2_active": "false", "access_key_2_last_rotated": "2024-01-01T00:00:00+00:00",
            }
        },
        "okta.api_token": {"t": {"created": "2025-02-01T00:00:00.000Z"}},
        "gcp.iam.service_account_key": {
            "k": {"resource": {"data": {"keyType": "USER_MANAGED", "validAfterTime": "2025-01-01T00:00:00Z"}}},
            "s": {"resource": {"data": {"keyType": "SYSTEM_MANAGED", "validAfterTime": "2020-01-01T00:00:00Z"}}},
        },
        "gcp.apikeys.key": {"a": {"resource": {"data": {"createTime": "2024-12-01T00:00:00Z"}}}},
        "github.deploy_key_list": {"d": {"keys": [{"title": "ci", "created_at": "2024-11-01T00:00:00Z"}]}},
        "github.personal_access_token": {
            "p": {"owner": {"login": "ann"}, "token_name": "cli", "access_granted_at": "2024-10-01T00:00:00Z"}
        },
        "github.credential_authorization": {
            "c": {"login": "bob", "credential_type": "SSH key", "credential_authorized_at": "2024-09-01T00:00:00Z"}
        },
        "azure.entra.application": {
            "e": {"passwordCredentials": [{"startDateTime": "2024-08-01T00:00:00Z", "displayName": "x"}]}
        },
    }  # fmt: skip
    with store.run("run", config=None, tool_version="test") as run_id:
        for kind, documents in bodies.items():
            store.record(run_id, look(documents, kind=kind, scope=HOME))
    rows = _saved(store, "oldest-keys")
    assert [str(row["made"])[:7] for row in rows] == [
        "2024-08", "2024-09", "2024-10", "2024-11", "2024-12", "2025-01", "2025-02", "2025-03",
    ]  # fmt: skip
    assert rows[2]["holder"] == "ann"
    assert rows[-1]["credential"] == "access key 1"


def test_files_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text("-- Mine\n-- What it\n-- tells.\n-- :n = 5\n\nSELECT :n\n")
    one = saved_questions.of([tmp_path])["mine"]
    assert (one.title, one.description, one.parameters) == ("Mine", "What it tells.", {"n": "5"})
    assert one.text(sqlite=True) == one.text(sqlite=False) == "SELECT :n"
    assert one.source == str(tmp_path / "mine.sql")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x", "SELECT 1", "has no title"),
        ("x", "-- Title\n", "has no SQL"),
        ("x", "-- Title\nSELECT 1\n-- on sqlite\nSELECT 2", "stands before"),
        ("Bad Name", "-- T\nSELECT 1", "rename the file"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / f"{name}.sql").write_text(text)
    with pytest.raises(ConfigError, match=said):
        saved_questions.of([tmp_path])


def test_a_part_for_one_database_only(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("-- T\n-- on sqlite\nSELECT 1")
    one = saved_questions.of([tmp_path])["x"]
    assert one.text(sqlite=True) == "SELECT 1"
    with pytest.raises(ConfigError, match="no part '-- on postgresql'"):
        one.text(sqlite=False)


def test_instants_count_from_now() -> None:
    values = saved_questions.settle({"a": "-7d", "b": "x"}, {"b": "+2h"}, ["now"], T0)
    assert values == {
        "now": "2026-01-01T00:00:00.000Z", "a": "2025-12-25T00:00:00.000Z", "b": "2026-01-01T02:00:00.000Z",
    }  # fmt: skip
