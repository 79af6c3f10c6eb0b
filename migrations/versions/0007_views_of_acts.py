"""Views of what people declare, hand in and decide.

Revision 0007. Acts are JSON: these views show them as rows. Times are those of the acts.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# Written as {text name of value}, {number name of value}, {list name of value}: what a dialect makes of a field.
_FIELD = {
    "sqlite": {
        "text": "json_extract({of}, '$.{name}')",
        "list": "json_extract({of}, '$.{name}')",
        "number": "json_extract({of}, '$.{name}')",
        "flag": "json_extract({of}, '$.{name}')",
    },
    "postgresql": {
        "text": "(CAST({of} AS json) ->> '{name}')",
        "list": "(CAST({of} AS json) ->> '{name}')",
        "number": "CAST(CAST({of} AS json) ->> '{name}' AS bigint)",
        "flag": "CAST(CAST(CAST({of} AS json) ->> '{name}' AS boolean) AS integer)",
    },
}
_EACH = {
    "sqlite": "json_each({of}, '$.{name}')",
    "postgresql": "LATERAL json_array_elements(CAST({of} AS json) -> '{name}')",
}
"""The items of a list, each as ``value``."""
_DAYS_AFTER = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', {at}, '+' || {days} || ' days')",
    "postgresql": """to_char((CAST({at} AS timestamptz) AT TIME ZONE 'UTC') + {days} * interval '1 day',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
}

# ruff: noqa: S608 - the parts are constants of this file
_LAST_DECISIONS = """
SELECT a.subject AS review, {text row of d.value} AS grant_row, MAX(a.id) AS act_id
FROM act a, {each decisions of a.body} d
WHERE a.kind = 'review.decided'
GROUP BY a.subject, {text row of d.value}
"""

VIEWS = {
    "v_controls": """
SELECT a.subject AS control, a.recorded_at AS valid_from,
       (SELECT MIN(n.recorded_at) FROM act n
        WHERE n.subject = a.subject AND n.kind IN ('control.set', 'control.retired') AND n.id > a.id) AS valid_to,
       {text wording of a.body} AS wording, {text owner of a.body} AS owner,
       {text frequency of a.body} AS frequency, {number grace_days of a.body} AS grace_days,
       {list criteria of a.body} AS criteria, {list rules of a.body} AS rules,
       {list attestations of a.body} AS attestations, {list populations of a.body} AS populations,
       a.claimed_name AS set_by, a.os_user, a.login
FROM act a
WHERE a.kind = 'control.set'
""",
    "v_attestations": """
SELECT a.subject AS attestation, {text control of a.body} AS control, {text topic of a.body} AS topic,
       {text covers_from of a.body} AS covers_from, {text covers_to of a.body} AS covers_to,
       {text valid_until of a.body} AS valid_until, a.recorded_at AS received_at,
       {text file_name of a.body} AS file_name, a.attachment AS digest, f.size, f.media_type, f.location,
       {text note of a.body} AS note, {list systems of a.body} AS systems,
       a.claimed_name AS handed_in_by, a.os_user, a.login,
       r.recorded_at AS revoked_at, {text reason of r.body} AS revoked_because, r.claimed_name AS revoked_by
FROM act a
LEFT JOIN attachment f ON f.digest = a.attachment
LEFT JOIN act r ON r.kind = 'attestation.revoked' AND r.subject = a.subject
WHERE a.kind = 'attestation.added'
""",
    "v_reviews": f"""
SELECT a.subject AS review,
       CASE WHEN x.id IS NOT NULL THEN 'cancelled' WHEN c.id IS NOT NULL THEN 'closed' ELSE 'open' END AS state,
       {{list systems of a.body}} AS systems, a.recorded_at AS started_at, a.claimed_name AS started_by,
       a.os_user, a.login, {{text due of a.body}} AS due, {{list partial of a.body}} AS partial,
       a.attachment AS population, {{number rows of a.body}} AS grants, {{number accounts of a.body}} AS accounts,
       {{number privileged of a.body}} AS privileged, {{number unmatched of a.body}} AS unmatched,
       {{number unread of a.body}} AS members_not_read, {{number removal_days of a.body}} AS removal_days,
       (SELECT COUNT(*) FROM ({_LAST_DECISIONS}) l WHERE l.review = a.subject) AS decided,
       c.recorded_at AS closed_at, c.claimed_name AS closed_by,
       x.recorded_at AS cancelled_at, x.claimed_name AS cancelled_by, {{text reason of x.body}} AS cancelled_because
FROM act a
LEFT JOIN act c ON c.kind = 'review.closed' AND c.subject = a.subject
LEFT JOIN act x ON x.kind = 'review.cancelled' AND x.subject = a.subject
WHERE a.kind = 'review.started'
""",
    "v_review_decisions": f"""
SELECT a.subject AS review, {{text row of d.value}} AS grant_row, {{text label of d.value}} AS label,
       {{text decision of d.value}} AS decision, {{text reason of d.value}} AS reason,
       {{text reviewer of a.body}} AS reviewer, a.recorded_at AS decided_at, a.claimed_name AS decided_by,
       a.os_user, a.login, a.attachment AS file, CASE WHEN l.act_id = a.id THEN 1 ELSE 0 END AS counts,
       {{flag own of d.value}} AS own,
       CASE WHEN l.act_id = a.id AND {{text decision of d.value}} <> 'keep'
            THEN {{after a.recorded_at by {{number removal_days of s.body}}}} END AS remove_by,
       CASE WHEN l.act_id = a.id THEN p.seen_at END AS gone_by,
       CASE WHEN l.act_id = a.id THEN p.collections END AS gone_collections,
       CASE WHEN l.act_id = a.id AND p.seen_at IS NULL THEN u.because END AS not_checked
FROM act a
JOIN act s ON s.kind = 'review.started' AND s.subject = a.subject
CROSS JOIN {{each decisions of a.body}} d
JOIN ({_LAST_DECISIONS}) l ON l.review = a.subject AND l.grant_row = {{text row of d.value}}
LEFT JOIN (
    SELECT q.id, q.subject, {{text row of e.value}} AS grant_row, {{text seen_at of e.value}} AS seen_at,
           {{list collections of e.value}} AS collections
    FROM act q, {{each rows of q.body}} e
    WHERE q.kind = 'review.removal'
) p ON p.subject = a.subject AND p.grant_row = {{text row of d.value}} AND p.id > a.id
LEFT JOIN (
    SELECT q.id, q.subject, {{text row of e.value}} AS grant_row, {{text reason of e.value}} AS because
    FROM act q, {{each rows of q.body}} e
    WHERE q.kind = 'review.unchecked'
      AND q.id = (SELECT MAX(z.id) FROM act z WHERE z.kind = 'review.unchecked' AND z.subject = q.subject)
) u ON u.subject = a.subject AND u.grant_row = {{text row of d.value}} AND u.id > a.id
WHERE a.kind = 'review.decided'
""",
}
"""Name -> query."""


def spelled(query: str, dialect: str) -> str:
    """A query of this file in the words of a dialect."""

    def field(found: re.Match[str]) -> str:
        sort, name, of = found.groups()
        shape = _EACH[dialect] if sort == "each" else _FIELD[dialect][sort]
        return shape.format(of=of, name=name)

    text = re.sub(r"\{(text|list|number|flag|each) (\w+) of ([\w.]+)\}", field, query)
    return re.sub(
        r"\{after ([\w.]+) by (.+?)\}(?= END)",
        lambda found: _DAYS_AFTER[dialect].format(at=found[1], days=found[2]),
        text,
    )


def upgrade() -> None:
    """Add four views."""
    dialect = op.get_bind().dialect.name
    for name, query in VIEWS.items():
        text = spelled(query, dialect)
        op.execute(sa.text(f"CREATE VIEW {name} AS {text}".replace(":", r"\:")))
