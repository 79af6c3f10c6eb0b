"""The first schema: evidence as intervals, findings as intervals, and the ledger.

Revision 0001. The views are an interface for people and dashboards: they change with a migration and a
note in the changelog only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NOW = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "postgresql": """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
}
"""The clock in the form in which times are stored."""

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
       CASE WHEN f.status = 'fail' THEN ({_ACTIVE_WAIVER}) END AS waiver
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_version v ON v.id = f.rule_version_id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.closed_by IS NULL
WHERE f.closed_by IS NULL
""",
    "v_finding_history": """
SELECT f.fingerprint, r.name AS rule, v.severity, s.provider || ':' || s.boundary AS scope,
       res.kind, res.uid AS resource, f.status, f.message, f.digest AS evidence,
       f.valid_from, f.valid_to, f.failing_since, f.sla_due, f.opened_by AS opened_by_evaluation,
       f.closed_by AS closed_by_evaluation, v.source_digest AS rule_version, v.thresholds
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_version v ON v.id = f.rule_version_id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
""",
    "v_criteria": """
SELECT c.criterion, r.name AS rule, v.severity, f.status, COUNT(*) AS findings
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_version v ON v.id = f.rule_version_id
JOIN rule_criterion c ON c.rule_version_id = f.rule_version_id
WHERE f.closed_by IS NULL
GROUP BY c.criterion, r.name, v.severity, f.status
""",
    "v_collections": """
SELECT c.id, c.run_id AS run, c.source, s.provider || ':' || s.boundary AS scope, c.kind, c.status,
       c.reason, c.permission, c.requests, c.pages, c.count, c.gaps, c.asked, c.read, c.root,
       c.started_at, c.finished_at, c.collector_version, c.opened, c.closed
FROM collection c JOIN scope s ON s.id = c.scope_id
""",
    "v_evidence": """
SELECT s.provider || ':' || s.boundary AS scope, res.kind, res.uid AS resource, o.name AS resource_name,
       o.digest, o.valid_from, o.valid_to, o.observed_at, o.opened_by AS opened_by_collection,
       o.closed_by AS closed_by_collection, e.body
FROM observation o
JOIN resource res ON res.id = o.resource_id
JOIN scope s ON s.id = res.scope_id
JOIN evidence e ON e.digest = o.digest
""",
    "v_waivers": """
SELECT w.waiver, w.rule, w.scope, w.resource, w.reason, w.owner, w.recorded_at AS added_at,
       w.expires_at, x.recorded_at AS revoked_at, x.reason AS revoked_because, x.owner AS revoked_by
FROM waiver_event w
LEFT JOIN waiver_event x ON x.waiver = w.waiver AND x.action = 'revoke'
WHERE w.action = 'add'
""",
    "v_runs": """
SELECT r.id, r.command, r.started_at, r.finished_at, r.status, r.tool_version, r.config_digest,
       COUNT(c.id) AS collections,
       SUM(CASE WHEN c.status = 'complete' THEN 1 ELSE 0 END) AS complete,
       SUM(c.requests) AS requests
FROM run r LEFT JOIN collection c ON c.run_id = r.id
GROUP BY r.id, r.command, r.started_at, r.finished_at, r.status, r.tool_version, r.config_digest
""",
}
"""Name -> query."""


def upgrade() -> None:
    """Create tables and views."""
    op.create_table(
        "config",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "evidence",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "rule_source",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "scope",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "boundary", name="scope_identity"),
    )
    op.create_table(
        "waiver_event",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("waiver", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.CheckConstraint("action IN ('add', 'revoke')", name="waiver_action"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "resource",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope_id"],
            ["scope.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scope_id", "kind", "uid", name="resource_identity"),
    )
    op.create_index("resource_by_kind", "resource", ["kind", "id"], unique=False)
    op.create_table(
        "rule_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("source_digest", sa.Text(), nullable=False),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["rule.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_digest"],
            ["rule_source.digest"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "rule_id",
            "source_digest",
            "thresholds",
            "severity",
            "title",
            "criteria",
            name="rule_version_identity",
        ),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("config_digest", sa.Text(), nullable=True),
        sa.Column("tool_version", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('finished', 'failed', 'interrupted')", name="run_status"),
        sa.ForeignKeyConstraint(
            ["config_digest"],
            ["config.digest"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "collection",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("read", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=False),
        sa.Column("collector_version", sa.Text(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("changes_root", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('complete', 'partial', 'denied', 'failed', 'skipped')",
            name="collection_status",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["scope_id"],
            ["scope.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("collection_latest", "collection", ["kind", "scope_id", "id"], unique=False)
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("rule_versions", sa.Text(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("tool_version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("changes_root", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rule_criterion",
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_version_id"],
            ["rule_version.id"],
        ),
        sa.PrimaryKeyConstraint("rule_version_id", "criterion"),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.Text(), nullable=True),
        sa.Column("sla_due", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pass', 'fail', 'not_applicable', 'inconclusive', 'error', 'stale')",
            name="finding_status",
        ),
        sa.ForeignKeyConstraint(
            ["closed_by"],
            ["evaluation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"],
            ["evaluation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resource.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["rule.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rule_version_id"],
            ["rule_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["scope_id"],
            ["scope.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "finding_current",
        "finding",
        ["rule_id", "resource_id"],
        unique=False,
        sqlite_where=sa.text("closed_by IS NULL"),
        postgresql_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        "finding_due",
        "finding",
        ["until"],
        unique=False,
        sqlite_where=sa.text("closed_by IS NULL AND until IS NOT NULL"),
        postgresql_where=sa.text("closed_by IS NULL AND until IS NOT NULL"),
    )
    op.create_table(
        "observation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["closed_by"],
            ["collection.id"],
        ),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["evidence.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"],
            ["collection.id"],
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resource.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("observation_by_resource", "observation", ["resource_id"], unique=False)
    op.create_index(
        "observation_closed",
        "observation",
        ["closed_by"],
        unique=False,
        sqlite_where=sa.text("closed_by IS NOT NULL"),
        postgresql_where=sa.text("closed_by IS NOT NULL"),
    )
    op.create_index(
        "observation_current",
        "observation",
        ["resource_id"],
        unique=True,
        sqlite_where=sa.text("closed_by IS NULL"),
        postgresql_where=sa.text("closed_by IS NULL"),
    )
    op.create_index("observation_opened", "observation", ["opened_by"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resource.id"],
        ),
        sa.PrimaryKeyConstraint("collection_id", "resource_id"),
    )
    now = _NOW[op.get_bind().dialect.name]
    for name, query in VIEWS.items():
        op.execute(
            sa.text(f"CREATE VIEW {name} AS {query.replace('{now}', now)}".replace(":", r"\:"))
        )
