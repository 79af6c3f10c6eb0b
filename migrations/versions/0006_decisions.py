"""Decisions: what counts where, who approved a waiver, waivers over patterns, and which texts left the store.

Revision 0006. Views of findings show the severity that holds for the finding, whether it is outside of the
system, and why.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NOW = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "postgresql": """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
}
_LIKE = {
    "sqlite": "{name} GLOB REPLACE(REPLACE(w.pattern, '[', '[[]'), '?', '[?]')",
    "postgresql": r"""{name} LIKE REPLACE(REPLACE(REPLACE(REPLACE(
        w.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') ESCAPE '\'""",
}
"""Whether a name is of a waiver's pattern, in which only * is special."""

# ruff: noqa: S608 - the parts are constants of this file
_ACTIVE_WAIVER = """
SELECT w.waiver FROM waiver_event w
WHERE w.action = 'add' AND w.rule = r.name
  AND (w.scope IS NULL OR w.scope = s.provider || ':' || s.boundary)
  AND (w.resource IS NULL OR w.resource = res.uid)
  AND (w.pattern IS NULL OR {uid_like} OR {name_like})
  AND (w.expires_at IS NULL OR w.expires_at > {now})
  AND NOT EXISTS (SELECT 1 FROM waiver_event x WHERE x.waiver = w.waiver AND x.action = 'revoke')
ORDER BY w.id LIMIT 1
"""

VIEWS = {
    "v_findings": f"""
SELECT f.fingerprint, r.name AS rule, v.title, COALESCE(a.severity, v.severity) AS severity, v.criteria,
       v.thresholds, s.provider, s.provider || ':' || s.boundary AS scope, res.kind,
       res.uid AS resource, o.name AS resource_name, f.status, f.message, f.digest AS evidence,
       f.valid_from AS since, f.failing_since, f.sla_due, f.until,
       CASE WHEN f.status = 'fail' THEN ({_ACTIVE_WAIVER}) END AS waiver, f.basis,
       COALESCE(a.outside, 0) AS outside, a.body AS adjustment
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_in_force i ON i.rule_id = f.rule_id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.closed_by IS NULL
LEFT JOIN adjustment a ON a.digest = f.adjustment
WHERE f.closed_by IS NULL
""",
    "v_finding_history": """
SELECT f.fingerprint, r.name AS rule, COALESCE(a.severity, v.severity) AS severity,
       s.provider || ':' || s.boundary AS scope,
       res.kind, res.uid AS resource, f.status, f.message, f.digest AS evidence,
       f.valid_from, f.valid_to, f.failing_since, f.sla_due, f.opened_by AS opened_by_evaluation,
       f.closed_by AS closed_by_evaluation, v.source_digest AS rule_version, v.thresholds, f.basis,
       COALESCE(a.outside, 0) AS outside, a.body AS adjustment
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_version v ON v.id = f.rule_version_id
JOIN scope s ON s.id = f.scope_id
LEFT JOIN resource res ON res.id = f.resource_id
LEFT JOIN adjustment a ON a.digest = f.adjustment
""",
    "v_criteria": """
SELECT c.criterion, r.name AS rule, COALESCE(a.severity, v.severity) AS severity, f.status,
       COUNT(*) AS findings, COALESCE(a.outside, 0) AS outside
FROM finding f
JOIN rule r ON r.id = f.rule_id
JOIN rule_in_force i ON i.rule_id = f.rule_id
JOIN rule_version v ON v.id = i.rule_version_id
JOIN rule_criterion c ON c.rule_version_id = v.id
LEFT JOIN adjustment a ON a.digest = f.adjustment
WHERE f.closed_by IS NULL
GROUP BY c.criterion, r.name, COALESCE(a.severity, v.severity), f.status, COALESCE(a.outside, 0)
""",
    "v_waivers": """
SELECT w.waiver, w.rule, w.scope, w.resource, w.reason, w.owner, w.recorded_at AS added_at,
       w.expires_at, x.recorded_at AS revoked_at, x.reason AS revoked_because, x.owner AS revoked_by,
       w.approver, w.pattern, w.os_user, w.login
FROM waiver_event w
LEFT JOIN waiver_event x ON x.waiver = w.waiver AND x.action = 'revoke'
WHERE w.action = 'add'
""",
}
"""Name -> query, in place of the one that stood."""


def upgrade() -> None:
    """Add two tables and columns, and make four views anew."""
    dialect = op.get_bind().dialect.name
    for name in VIEWS:
        op.execute(sa.text(f"DROP VIEW {name}"))
    op.create_table(
        "adjustment",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("outside", sa.Integer(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    if dialect == "sqlite":
        # SQLite takes a reference with a new column, and Alembic leaves it out.
        op.execute(
            sa.text("ALTER TABLE finding ADD COLUMN adjustment TEXT REFERENCES adjustment (digest)")
        )
    else:
        reference = sa.ForeignKey("adjustment.digest")
        op.add_column("finding", sa.Column("adjustment", sa.Text(), reference, nullable=True))
    op.create_table(
        "removal",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "act_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["digest"], ["evidence.digest"]),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"]),
        sa.PrimaryKeyConstraint("digest", "act_id"),
    )
    for name in ("approver", "pattern", "os_user", "login"):
        op.add_column("waiver_event", sa.Column(name, sa.Text(), nullable=True))
    words = {
        "now": _NOW[dialect],
        "uid_like": _LIKE[dialect].format(name="res.uid"),
        "name_like": _LIKE[dialect].format(name="o.name"),
    }
    for name, query in VIEWS.items():
        text = query
        for word, meaning in words.items():
            text = text.replace("{" + word + "}", meaning)
        op.execute(sa.text(f"CREATE VIEW {name} AS {text}".replace(":", r"\:")))
