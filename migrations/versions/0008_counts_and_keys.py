"""Counts of current findings, and keys by which lists and pages find their rows.

Revision 0008. ``finding_count`` is derived from the open findings: it is filled here, kept by each evaluation within
its own transaction, and counted again by ``verify``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

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

VIEWS = {
    "v_finding_counts": """
SELECT r.name AS rule, v.title, COALESCE(a.severity, v.severity) AS severity, v.criteria, s.provider,
       s.provider || ':' || s.boundary AS scope, NULLIF(c.kind, '') AS kind, c.status,
       COALESCE(a.outside, 0) AS outside, c.findings
FROM finding_count c
JOIN rule r ON r.id = c.rule_id
JOIN rule_in_force i ON i.rule_id = c.rule_id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN scope s ON s.id = c.scope_id
LEFT JOIN adjustment a ON a.digest = c.adjustment
""",
    "v_criteria": """
SELECT k.criterion, r.name AS rule, COALESCE(a.severity, v.severity) AS severity, c.status,
       CAST(SUM(c.findings) AS {bigint}) AS findings, COALESCE(a.outside, 0) AS outside
FROM finding_count c
JOIN rule r ON r.id = c.rule_id
JOIN rule_in_force i ON i.rule_id = c.rule_id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN rule_criterion k ON k.rule_version_id = v.id
LEFT JOIN adjustment a ON a.digest = c.adjustment
GROUP BY k.criterion, r.name, COALESCE(a.severity, v.severity), c.status, COALESCE(a.outside, 0)
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
SELECT f.fingerprint, r.name, 'population', {item0}, s.provider || ':' || s.boundary, NULL, NULL,
       (SELECT MAX(c.id) FROM collection c WHERE c.kind = {item0} AND c.scope_id = s.id)
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN basis b ON b.digest = f.basis
CROSS JOIN {populations}
JOIN scope s ON {item1} IN ('*', s.provider || ':' || s.boundary)
    OR ({item1} LIKE '%/*' AND s.provider || ':' || s.boundary || '/'
        LIKE SUBSTR({item1}, 1, LENGTH({item1}) - 1) || '%')
WHERE f.closed_by IS NULL
  AND EXISTS (SELECT 1 FROM collection c WHERE c.kind = {item0} AND c.scope_id = s.id)
""",
    "v_runs": """
SELECT r.id, r.command, r.started_at, r.finished_at, r.status, r.tool_version, r.config_digest,
       (SELECT COUNT(*) FROM collection c WHERE c.run_id = r.id) AS collections,
       (SELECT COUNT(*) FROM collection c WHERE c.run_id = r.id AND c.status = 'complete') AS complete,
       (SELECT SUM(c.requests) FROM collection c WHERE c.run_id = r.id) AS requests
FROM run r
""",
}
"""Name -> query: new, or in place of the one that stood."""

_WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = "closed_by IS NULL"


def upgrade() -> None:
    """Add counts and indexes, and make three views anew."""
    dialect = op.get_bind().dialect.name
    op.create_table(
        "finding_count",
        sa.Column("rule_id", _WIDE, autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("scope_id", _WIDE, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("adjustment", sa.Text(), nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"]),
        sa.ForeignKeyConstraint(["scope_id"], ["scope.id"]),
        sa.PrimaryKeyConstraint("rule_id", "status", "scope_id", "kind", "adjustment"),
        sqlite_with_rowid=False,
    )
    op.execute(
        sa.text(
            "INSERT INTO finding_count (rule_id, status, scope_id, kind, adjustment, findings) "
            "SELECT f.rule_id, f.status, f.scope_id, COALESCE(r.kind, ''), COALESCE(f.adjustment, ''), COUNT(*) "
            "FROM finding f LEFT JOIN resource r ON r.id = f.resource_id WHERE f.closed_by IS NULL "
            "GROUP BY f.rule_id, f.status, f.scope_id, COALESCE(r.kind, ''), COALESCE(f.adjustment, '')"
        )
    )
    _indexes()
    words = {
        "bigint": "INTEGER" if dialect == "sqlite" else "BIGINT",
        "documents": _EACH[dialect].format(key="documents"),
        "populations": _EACH[dialect].format(key="populations"),
        **{f"item{n}": _ITEM[dialect].format(n=n) for n in range(4)},
    }
    for name, query in VIEWS.items():
        if name != "v_finding_counts":
            op.execute(sa.text(f"DROP VIEW {name}"))
        text = query
        for word, meaning in words.items():
            text = text.replace("{" + word + "}", meaning)
        op.execute(sa.text(f"CREATE VIEW {name} AS {text}".replace(":", r"\:")))


def _indexes() -> None:
    # By its resource first: what is asked of one resource, or of neighbours, is of all their rules.
    op.drop_index("finding_current", "finding")
    _partial("finding_current", ["resource_id", "rule_id"], _OPEN)
    _partial("finding_by_rule", ["rule_id", "status", "scope_id"], _OPEN)
    _partial("finding_by_status", ["status", "scope_id"], _OPEN)
    _partial("finding_by_scope", ["scope_id"], _OPEN)
    _partial("finding_overdue", ["sla_due", "fingerprint"], f"{_OPEN} AND sla_due IS NOT NULL")
    _partial(
        "finding_failing", ["rule_id", "failing_since"], f"{_OPEN} AND failing_since IS NOT NULL"
    )
    _partial(
        "finding_to_act_on",
        ["status", "valid_from"],
        f"{_OPEN} AND status IN ('fail', 'inconclusive', 'error', 'stale')",
    )
    op.create_index("finding_by_fingerprint", "finding", ["fingerprint"])
    op.create_index("finding_count_by_scope", "finding_count", ["scope_id"])
    # As people and views name it.
    name = sa.text("(provider || '\\:' || boundary)")
    op.create_index("scope_name", "scope", [name], unique=True)
    op.create_index("resource_by_uid", "resource", ["uid"])
    op.create_index("observation_by_name", "observation", ["name"])
    op.create_index("collection_by_run", "collection", ["run_id"])
    op.create_index("waiver_by_rule", "waiver_event", ["rule"])
    op.create_index("waiver_by_id", "waiver_event", ["waiver"])


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        "finding",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
