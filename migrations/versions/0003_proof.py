"""What proves a finding: formats of ledger entries, parts of rule sources, and what findings rest on.

Revision 0003. Ids become 64 bits wide. Entries that stood keep format 1 and stay verifiable. Views of
findings take severity, title, criteria and thresholds from the rule version in force.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NOW = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "postgresql": """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
}
_EACH = {
    "sqlite": "json_each(b.body, '$.{key}') j",
    "postgresql": "jsonb_array_elements(b.body::jsonb -> '{key}') AS j(value)",
}
"""The members of a list in a basis, as j."""
_ITEM = {
    "sqlite": "json_extract(j.value, '$[{n}]')",
    "postgresql": "(j.value ->> {n})",
}

_ACTIVE_WAIVER = """
SELECT w.waiver FROM waiver_event w
WHERE w.action = 'add' AND w.rule = r.name
  AND (w.scope IS NULL OR w.scope = s.provider || ':' || s.boundary)
  AND (w.resource IS NULL OR w.resource = res.uid)
  AND (w.expires_at IS NULL OR w.expires_at > {now})
  AND NOT EXISTS (SELECT 1 FROM waiver_event x WHERE x.waiver = w.waiver AND x.action = 'revoke')
ORDER BY w.id LIMIT 1
"""

# ruff: noqa: S608 - the parts are constants of this file
VIEWS = {
    "v_findings": f"""
SELECT f.fingerprint, r.name AS rule, v.title, v.severity, v.criteria, v.thresholds,
       s.provider, s.provider || ':' || s.boundary AS scope, res.kind, res.uid AS resource,
       o.name AS resource_name, f.status, f.message, f.digest AS evidence, f.valid_from AS since,
       f.failing_since, f.sla_due, f.until,
       CASE WHEN f.status = 'fail' THEN ({_ACTIVE_WAIVER}) END AS waiver, f.basis
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_in_force i ON i.rule_id = f.rule_id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.closed_by IS NULL
WHERE f.closed_by IS NULL
""",
    "v_finding_history": """
SELECT f.fingerprint, r.name AS rule, v.severity, s.provider || ':' || s.boundary AS scope,
       res.kind, res.uid AS resource, f.status, f.message, f.digest AS evidence,
       f.valid_from, f.valid_to, f.failing_since, f.sla_due, f.opened_by AS opened_by_evaluation,
       f.closed_by AS closed_by_evaluation, v.source_digest AS rule_version, v.thresholds, f.basis
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_version v ON v.id = f.rule_version_id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
""",
    "v_finding_documents": """
SELECT f.fingerprint, r.name AS rule, 'judged' AS role, res.kind, s.provider || ':' || s.boundary AS scope,
       res.uid AS resource, f.digest, CAST(NULL AS {bigint}) AS collection
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN scope s ON s.id = f.scope_id
JOIN resource res ON res.id = f.resource_id
WHERE f.closed_by IS NULL
UNION ALL
SELECT f.fingerprint, r.name, 'joined', {item0}, {item1}, {item2}, {item3}, NULL
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN basis b ON b.digest = f.basis
CROSS JOIN {documents}
WHERE f.closed_by IS NULL
UNION ALL
SELECT f.fingerprint, r.name, 'population', c.kind, s.provider || ':' || s.boundary, NULL, NULL, c.id
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN basis b ON b.digest = f.basis
CROSS JOIN {populations}
JOIN (SELECT scope_id, kind, MAX(id) AS id FROM collection GROUP BY scope_id, kind) c ON c.kind = {item0}
JOIN scope s ON s.id = c.scope_id
WHERE f.closed_by IS NULL
  AND ({item1} IN ('*', s.provider || ':' || s.boundary)
       OR ({item1} LIKE '%/*' AND s.provider || ':' || s.boundary || '/'
           LIKE SUBSTR({item1}, 1, LENGTH({item1}) - 1) || '%'))
""",
    "v_criteria": """
SELECT c.criterion, r.name AS rule, v.severity, f.status, COUNT(*) AS findings
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_in_force i ON i.rule_id = f.rule_id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN rule_criterion c ON c.rule_version_id = v.id
WHERE f.closed_by IS NULL
GROUP BY c.criterion, r.name, v.severity, f.status
""",
}
"""Name -> query: new, or in place of the one that stood."""

_WIDE = {
    "collection": ("id", "run_id", "scope_id"),
    "evaluation": ("id", "run_id", "upto"),
    "finding": (
        "id",
        "rule_id",
        "rule_version_id",
        "scope_id",
        "resource_id",
        "opened_by",
        "closed_by",
    ),
    "ledger": ("seq",),
    "observation": ("id", "resource_id", "opened_by", "closed_by"),
    "population": ("collection_id",),
    "resource": ("id", "scope_id"),
    "rule": ("id",),
    "rule_criterion": ("rule_version_id",),
    "rule_version": ("id", "rule_id"),
    "run": ("id",),
    "scope": ("id",),
    "sighting": ("collection_id", "resource_id"),
    "waiver_event": ("id",),
}
"""Table -> ids that become 64 bits wide on PostgreSQL; SQLite's are."""


def upgrade() -> None:
    """Widen ids, add columns and tables, and make the views anew."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    kept = _drop_views(connection)
    wide = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if dialect == "postgresql":
        for table, columns in _WIDE.items():
            types = ", ".join(f"ALTER COLUMN {column} TYPE BIGINT" for column in columns)
            op.execute(sa.text(f"ALTER TABLE {table} {types}"))
    op.add_column("ledger", sa.Column("format", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "rule_part",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "basis",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "rule_in_force",
        sa.Column("rule_id", wide, autoincrement=False, nullable=False),
        sa.Column("rule_version_id", wide, nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"]),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_version.id"]),
        sa.PrimaryKeyConstraint("rule_id"),
    )
    _add_reference("rule_version", "moved_from", wide, "rule_version.id")
    _add_reference("finding", "basis", sa.Text(), "basis.digest")
    _fill_rules_in_force(connection)
    _make_views(connection, kept)


def _add_reference(table: str, name: str, of: sa.types.TypeEngine[Any], target: str) -> None:
    column = sa.Column(name, of, sa.ForeignKey(target), nullable=True)
    if op.get_bind().dialect.name == "sqlite":
        # SQLite takes a reference with a new column, and Alembic leaves it out.
        kind = column.type.compile(dialect=op.get_bind().dialect)
        there, key = target.split(".")
        op.execute(
            sa.text(f"ALTER TABLE {table} ADD COLUMN {name} {kind} REFERENCES {there} ({key})")
        )
    else:
        op.add_column(table, column)


def _drop_views(connection: sa.Connection) -> dict[str, str]:
    """Every view goes, since the columns below change; name -> query of those that come back as they were."""
    kept: dict[str, str] = {}
    for name in sorted(sa.inspect(connection).get_view_names()):
        query = sa.inspect(connection).get_view_definition(name)
        if name not in VIEWS:
            kept[name] = query.partition(" AS ")[2] if query.startswith("CREATE") else query
        op.execute(sa.text(f"DROP VIEW {name}"))
    return kept


def _make_views(connection: sa.Connection, kept: dict[str, str]) -> None:
    dialect = connection.dialect.name
    words = {
        "now": _NOW[dialect],
        "bigint": "INTEGER" if dialect == "sqlite" else "BIGINT",
        "documents": _EACH[dialect].format(key="documents"),
        "populations": _EACH[dialect].format(key="populations"),
        **{f"item{n}": _ITEM[dialect].format(n=n) for n in range(4)},
    }
    for name, query in sorted({**kept, **VIEWS}.items()):
        text = query
        for word, meaning in words.items():
            text = text.replace("{" + word + "}", meaning)
        op.execute(sa.text(f"CREATE VIEW {name} AS {text}".replace(":", r"\:")))


def _fill_rules_in_force(connection: sa.Connection) -> None:
    """The version of each rule that the last evaluation of it listed."""
    import json  # noqa: PLC0415 - this step only

    rule_of = dict(
        tuple(row) for row in connection.execute(sa.text("SELECT id, rule_id FROM rule_version"))
    )
    listed = connection.execute(sa.text("SELECT rule_versions FROM evaluation ORDER BY id"))
    force = {
        rule_of[version]: version
        for (versions,) in listed
        for version in json.loads(versions)
        if version in rule_of
    }
    for rule, version in sorted(force.items()):
        connection.execute(
            sa.text("INSERT INTO rule_in_force (rule_id, rule_version_id) VALUES (:r, :v)"),
            {"r": rule, "v": version},
        )
