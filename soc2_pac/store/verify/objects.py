"""The schema itself: tables, columns, indexes, views and triggers are those that the migrations make.

They are compared with a freshly migrated schema: on SQLite in memory, on PostgreSQL in a schema of its own
within a transaction that is rolled back. Without the right to make one nothing is said, and the report
says that.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from soc2_pac.store import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from soc2_pac.store.verify.part import Part
    from soc2_pac.store.verify.report import Report

_SCRATCH = "soc2_pac_verify"


def schema_objects(connection: Connection, report: Report, _part: Part) -> None:
    """Hold every object of the schema against a fresh one."""
    if connection.dialect.name == "sqlite":
        expected, found = _fresh_sqlite(), _sqlite(connection)
    else:
        try:
            expected = _fresh_postgresql(connection)
        except DBAPIError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            report.unverified.append(f"views, triggers and indexes: {reason}")
            return
        found = _postgresql(connection)
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            report.find(f"schema {name}", "is missing")
        elif name not in expected:
            report.find(f"schema {name}", "was added: no migration makes it")
        elif expected[name] != found[name]:
            report.find(f"schema {name}", "is not what the migrations make of it")
    report.checked["schema objects"] = len(expected)


# -- SQLite ---------------------------------------------------------------------------------------------


def _sqlite(connection: Connection) -> dict[str, str]:
    objects: dict[str, str] = {}
    master = sa.text("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    for kind, name, table, sql in connection.execute(master).all():
        if str(name).startswith("sqlite_stat"):
            continue  # what ANALYZE leaves
        objects[f"{kind} {name}"] = f"{table} {' '.join(str(sql).split())}"
        if kind == "table":
            columns = connection.execute(
                sa.text("SELECT * FROM pragma_table_xinfo(:t)"), {"t": name}
            )
            objects[f"columns of {name}"] = repr([tuple(row) for row in columns])
    return objects


@functools.cache
def _fresh_sqlite() -> dict[str, str]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    try:
        with engine.connect() as connection, connection.begin():
            schema.migrate(connection)
            return _sqlite(connection)
    finally:
        engine.dispose()


# -- PostgreSQL -----------------------------------------------------------------------------------------

_CATALOGUE = {
    "relation": "SELECT c.relname, c.relkind::text || c.relrowsecurity::text || c.relforcerowsecurity::text "
    # Rows of a child, wherever it is, are rows of its parent.
    "|| c.relhassubclass::text "
    "FROM pg_class c WHERE c.relnamespace = {here} AND c.relkind <> 't'",
    "column": "SELECT c.relname || '.' || a.attname, "
    "format_type(a.atttypid, a.atttypmod) || a.attnotnull::text || a.attgenerated::text "
    "|| a.attidentity::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '') "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE c.relnamespace = {here} AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND a.attnum > 0 "
    "AND NOT a.attisdropped",
    "constraint": "SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k "
    "JOIN pg_class c ON c.oid = k.conrelid WHERE k.connamespace = {here}",
    "index": "SELECT i.indexname, replace(i.indexdef, {name} || '.', '') FROM pg_indexes i "
    "WHERE i.schemaname = {name}",
    "view": "SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c "
    "WHERE c.relnamespace = {here} AND c.relkind = 'v'",
    "trigger": "SELECT c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t "
    "JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = {here} AND NOT t.tgisinternal",
    "rule": "SELECT c.relname || '.' || r.rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r "
    "JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = {here} AND r.rulename <> '_RETURN'",
    "policy": "SELECT c.relname || '.' || p.polname, p.polcmd::text FROM pg_policy p "
    "JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = {here}",
    # What an equals sign means, and that no other schema says so before the system's own does.
    "operator": "SELECT o.oprname || '(' || format_type(o.oprleft, NULL) || ', ' "
    "|| format_type(o.oprright, NULL) || ')', o.oprcode::text FROM pg_operator o "
    "WHERE o.oprnamespace = {here}",
    "search path": "SELECT 'begins with', (current_schemas(true))[1]::text",
    "function": "SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.prosrc "
    "FROM pg_proc p WHERE p.pronamespace = {here}",
}
"""What there is in the current schema, by sort: name and definition."""


def _postgresql(connection: Connection) -> dict[str, str]:
    words = {"here": "current_schema()::regnamespace", "name": "current_schema()::text"}
    return {
        f"{sort} {row[0]}": str(row[1])
        for sort, query in _CATALOGUE.items()
        for row in connection.execute(sa.text(query.format(**words)))
    }


def _fresh_postgresql(connection: Connection) -> dict[str, str]:
    """Of this server and program one is made once in a process."""
    return _made(connection.engine)


@functools.cache
def _made(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as other:
        transaction = other.begin()
        try:
            other.execute(sa.text(f"CREATE SCHEMA {_SCRATCH}"))
            other.execute(sa.text(f"SET LOCAL search_path TO {_SCRATCH}"))
            schema.migrate(other)
            return _postgresql(other)
        finally:
            transaction.rollback()
