"""The tables. The one description of the schema; the migrations build exactly this (a test compares).

Conventions
-----------
- Times are text, ``2026-11-23T15:55:06.123Z`` (UTC, :func:`soc2_pac.model.utc_text`): text order is time
  order on both databases, and the bytes that are hashed are the bytes that a person reads.
- Ids are given out by the one writer, counting up, never by the database: a copy keeps them.
- An interval is open while ``closed_by`` is null. Rows are never deleted; the only updates are the two
  columns that close an interval, and the end of a run.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()
UNCHECKED = frozenset({"finding", "observation", "resource", "sighting"})
"""Tables whose references PostgreSQL does not check, but that of a finding to its resource: each would be a query for
each row. SQLite checks all."""
# The conditions of indexes stand here for SQLite alone: to check a keyword of PostgreSQL's, SQLAlchemy imports all of
# that dialect, in every command that opens a store. PostgreSQL's indexes have the same conditions by the migrations.

_Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite's integers have 64 bits as they are, and only INTEGER may be a row's own id there."""


def _id(name: str = "id") -> Column[int]:
    return Column(name, _Id, primary_key=True, autoincrement=False)


def _ref(name: str, target: str, *, nullable: bool = False, key: bool = False) -> Column[int]:
    return Column(
        name, _Id, ForeignKey(target), nullable=nullable, primary_key=key, autoincrement=False
    )


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def _partial(name: str, columns: tuple[str, ...], where: str) -> Index:
    """An index over some of the rows."""
    return Index(name, *columns, sqlite_where=text(where))


_OPEN = "closed_by IS NULL"

meta = Table("meta", metadata, Column("key", Text, primary_key=True), _text("value"))
"""``store_id``: random, given at creation, part of the ledger's first entry."""

scope = Table(
    "scope",
    metadata,
    _id(),
    _text("provider"),
    _text("boundary"),
    UniqueConstraint("provider", "boundary", name="scope_identity"),
    # As people and views name it; written as PostgreSQL reads it back.
    Index("scope_name", text("((provider || ':'::text) || boundary)"), unique=True),
)

config = Table(
    "config",
    metadata,
    Column("digest", Text, primary_key=True),
    _text("body"),
    _text("recorded_at"),
)
"""Every configuration that a run used, without secrets."""

run = Table(
    "run",
    metadata,
    _id(),
    _text("command"),
    _text("started_at"),
    _text("finished_at", nullable=True),
    _text("status", nullable=True),
    Column("config_digest", Text, ForeignKey("config.digest"), nullable=True),
    _text("tool_version"),
    CheckConstraint("status IN ('finished', 'failed', 'interrupted')", name="run_status"),
)

collection = Table(
    "collection",
    metadata,
    _id(),
    _ref("run_id", "run.id"),
    _text("source"),
    _ref("scope_id", "scope.id"),
    _text("kind"),
    _text("status"),
    _text("reason"),
    _text("permission", nullable=True),
    _number("requests"),
    _number("pages"),
    _number("count"),
    _number("gaps"),
    _text("root"),
    _text("asked"),
    _text("read"),
    _text("started_at"),
    _text("finished_at"),
    _text("collector_version"),
    _number("opened"),
    _number("closed"),
    _text("changes_root"),
    CheckConstraint(
        "status IN ('complete', 'partial', 'denied', 'failed', 'skipped')", name="collection_status"
    ),
    Index("collection_latest", "kind", "scope_id", "id"),
    Index("collection_by_run", "run_id"),
)
"""One attempt to list one kind in one scope. ``asked``: the declared calls; ``read``: the calls made, with
counts; ``root``: Merkle root over the sorted (uid, digest) pairs seen; ``changes_root``: over the intervals
that it opened and closed."""

evidence = Table(
    "evidence", metadata, Column("digest", Text, primary_key=True), _text("kind"), _text("body")
)
"""Content-addressed: ``digest`` is the SHA-256 of ``body``, which is canonical JSON; empty where it left the
store, see :data:`removal`."""

resource = Table(
    "resource",
    metadata,
    _id(),
    _ref("scope_id", "scope.id"),
    _text("kind"),
    _text("uid"),
    UniqueConstraint("scope_id", "kind", "uid", name="resource_identity"),
    Index("resource_by_kind", "kind", "id"),
    Index("resource_by_uid", "uid"),
)

observation = Table(
    "observation",
    metadata,
    _id(),
    _ref("resource_id", "resource.id"),
    Column("digest", Text, ForeignKey("evidence.digest"), nullable=False),
    _text("name"),
    _text("observed_at", nullable=True),
    _text("valid_from"),
    _text("valid_to", nullable=True),
    _ref("opened_by", "collection.id"),
    _ref("closed_by", "collection.id", nullable=True),
    Index(
        "observation_current",
        "resource_id",
        unique=True,
        sqlite_where=text("closed_by IS NULL"),
    ),
    Index("observation_by_resource", "resource_id"),
    Index("observation_opened", "opened_by"),
    Index("observation_by_name", "name"),
    Index(
        "observation_closed",
        "closed_by",
        sqlite_where=text("closed_by IS NOT NULL"),
    ),
)
"""One row for each change of a resource, not for each look."""

sighting = Table(
    "sighting",
    metadata,
    _ref("collection_id", "collection.id", key=True),
    _ref("resource_id", "resource.id", key=True),
)
"""Which resources an incomplete look did see; a complete look saw all that are current."""

population = Table(
    "population",
    metadata,
    _ref("collection_id", "collection.id", key=True),
    _text("instant"),
    _text("cursor", nullable=True),
    _text("parameters"),
    _number("total", nullable=True),
    _number("read"),
    _number("added"),
    _text("root"),
)
"""What a look at a population (a kind whose documents are events) leaves beside its collection.

``instant``: where its documents say when the event was; ``cursor``: where the next look goes on, canonical
JSON, null where it starts as this one did; ``parameters``: what was asked, canonical JSON; ``total``: the
provider's own count of it; ``read``, ``root``: what this look itself delivered, while ``count`` and ``root``
of a complete collection are over the whole population as it then stands; ``added``: events never seen
before."""

rule = Table("rule", metadata, _id(), Column("name", Text, nullable=False, unique=True))

rule_source = Table(
    "rule_source", metadata, Column("digest", Text, primary_key=True), _text("body")
)
"""What judged, canonical JSON: names and digests of its parts; in format 1, the text of every module."""

rule_part = Table("rule_part", metadata, Column("digest", Text, primary_key=True), _text("body"))
"""The text of a function, class, constant or data file that some rule source names by its SHA-256."""

rule_version = Table(
    "rule_version",
    metadata,
    _id(),
    _ref("rule_id", "rule.id"),
    Column("source_digest", Text, ForeignKey("rule_source.digest"), nullable=False),
    _text("thresholds"),
    _text("severity"),
    _text("title"),
    _text("criteria"),
    _text("recorded_at"),
    _ref("moved_from", "rule_version.id", nullable=True),
    UniqueConstraint(
        "rule_id",
        "source_digest",
        "thresholds",
        "severity",
        "title",
        "criteria",
        name="rule_version_identity",
    ),
)

"""``moved_from``: the version in format 1 whose text is the same; it judged as this one does."""

rule_criterion = Table(
    "rule_criterion",
    metadata,
    _ref("rule_version_id", "rule_version.id", key=True),
    Column("criterion", Text, primary_key=True),
)

rule_in_force = Table(
    "rule_in_force",
    metadata,
    _ref("rule_id", "rule.id", key=True),
    _ref("rule_version_id", "rule_version.id"),
)
"""The version that the last evaluation of a rule listed: derived, and worked out again by ``verify``."""

evaluation = Table(
    "evaluation",
    metadata,
    _id(),
    _ref("run_id", "run.id"),
    _text("as_of"),
    Column("upto", _Id, nullable=False),
    _text("rule_versions"),
    _number("whole"),
    _text("tool_version"),
    _text("started_at"),
    _text("finished_at"),
    _number("judged"),
    _number("opened"),
    _number("closed"),
    _text("changes_root"),
)
"""``upto``: the last collection that it took into account; ``rule_versions``: JSON list of ids;
``whole``: 1 when these were all rules in force, and findings of others were closed."""

basis = Table("basis", metadata, Column("digest", Text, primary_key=True), _text("body"))
"""What findings rest on beside the judged document: ``{"documents": [[kind, scope, uid, digest], ...],
"populations": [[kind, scopes], ...]}``, canonical JSON, by its SHA-256. ``scopes`` is a scope, an account and
all in it (``aws:111122223333/*``), or ``*``. The collection that made a population known is that of the
instant."""

adjustment = Table(
    "adjustment",
    metadata,
    Column("digest", Text, primary_key=True),
    _text("body"),
    _number("outside"),
    _text("severity", nullable=True),
)
"""How findings differ from what their rule says everywhere, and by whose decision; by the SHA-256 of ``body``
(canonical JSON), of which ``outside`` and ``severity`` are parts. What is outside does not count."""

finding = Table(
    "finding",
    metadata,
    _id(),
    _text("fingerprint"),
    _ref("rule_id", "rule.id"),
    _ref("rule_version_id", "rule_version.id"),
    _ref("scope_id", "scope.id"),
    _ref("resource_id", "resource.id", nullable=True),
    _text("status"),
    _text("message"),
    _text("digest", nullable=True),
    _text("until", nullable=True),
    _text("failing_since", nullable=True),
    _text("sla_due", nullable=True),
    _text("valid_from"),
    _text("valid_to", nullable=True),
    _ref("opened_by", "evaluation.id"),
    _ref("closed_by", "evaluation.id", nullable=True),
    Column("basis", Text, ForeignKey("basis.digest"), nullable=True),
    Column("adjustment", Text, ForeignKey("adjustment.digest"), nullable=True),
    CheckConstraint(
        "status IN ('pass', 'fail', 'not_applicable', 'inconclusive', 'error', 'stale')",
        name="finding_status",
    ),
    _partial("finding_current", ("resource_id", "rule_id"), _OPEN),
    _partial("finding_by_rule", ("rule_id", "status", "scope_id"), _OPEN),
    _partial("finding_by_status", ("status", "scope_id"), _OPEN),
    _partial("finding_by_scope", ("scope_id",), _OPEN),
    _partial("finding_due", ("until",), f"{_OPEN} AND until IS NOT NULL"),
    _partial("finding_overdue", ("sla_due", "fingerprint"), f"{_OPEN} AND sla_due IS NOT NULL"),
    _partial(
        "finding_failing", ("rule_id", "failing_since"), f"{_OPEN} AND failing_since IS NOT NULL"
    ),
    # As the questions write it.
    _partial(
        "finding_to_act_on",
        ("status", "valid_from"),
        f"{_OPEN} AND status IN ('fail', 'inconclusive', 'error', 'stale')",
    ),
    _partial("finding_closed", ("closed_by",), "closed_by IS NOT NULL"),
    Index("finding_by_fingerprint", "fingerprint"),
)
"""A verdict with its history. ``resource_id`` is null where the finding is about the whole scope (nothing
there, or not looked at)."""

finding_count = Table(
    "finding_count",
    metadata,
    _ref("rule_id", "rule.id", key=True),
    Column("status", Text, primary_key=True),
    _ref("scope_id", "scope.id", key=True),
    Column("kind", Text, primary_key=True),
    Column("adjustment", Text, primary_key=True),
    Column("findings", BigInteger, nullable=False),
    Index("finding_count_by_scope", "scope_id"),
    sqlite_with_rowid=False,
)
"""How many findings are open, by what a list of them is narrowed and ordered by: derived, kept by each evaluation
and counted again by ``verify``. ``kind`` is empty for findings about whole scopes, ``adjustment`` where there is
none."""

waiver_event = Table(
    "waiver_event",
    metadata,
    _id(),
    _text("waiver"),
    _text("action"),
    _text("rule"),
    _text("scope", nullable=True),
    _text("resource", nullable=True),
    _text("reason"),
    _text("owner"),
    _text("expires_at", nullable=True),
    _text("recorded_at"),
    _text("approver", nullable=True),
    _text("pattern", nullable=True),
    _text("os_user", nullable=True),
    _text("login", nullable=True),
    CheckConstraint("action IN ('add', 'revoke')", name="waiver_action"),
    Index("waiver_by_rule", "rule"),
    Index("waiver_by_id", "waiver"),
)
"""Append-only. A waiver holds from its ``add`` until ``expires_at`` or its ``revoke``. ``pattern``: a glob over
ids and names of resources, where ``resource`` names none; in SQL, with ``*`` only. ``approver`` is null in what
older versions wrote."""

signing_key_event = Table(
    "signing_key_event",
    metadata,
    _id(),
    _text("key_id"),
    _text("public_key"),
    _text("action"),
    _text("reason"),
    _text("owner"),
    _text("recorded_at"),
    CheckConstraint("action IN ('add', 'revoke')", name="signing_key_action"),
)
"""Append-only. Which keys sign checkpoints: one is in force from its ``add`` until its ``revoke``."""

attachment = Table(
    "attachment",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    _text("media_type"),
    _text("location", nullable=True),
    Column("content", LargeBinary, nullable=True),
)
"""A file that an act of a person brought, by the SHA-256 of its bytes. Large ones are kept outside, and
``location`` says where; exactly one of ``location`` and ``content`` is null."""

act = Table(
    "act",
    metadata,
    _id(),
    _text("kind"),
    _text("subject"),
    _text("body"),
    Column("attachment", Text, ForeignKey("attachment.digest"), nullable=True),
    _text("claimed_name"),
    _text("os_user"),
    _text("login", nullable=True),
    _text("recorded_at"),
    Index("act_by_subject", "kind", "subject"),
)
"""Append-only. What people declared, handed in and decided; see :mod:`soc2_pac.acts` for the kinds and the shapes
of ``body`` (canonical JSON). ``claimed_name``: who they say they are; ``os_user``: the operating system's name
of the user; ``login``: who proved it, null where nobody signed in."""

removal = Table(
    "removal",
    metadata,
    Column("digest", Text, ForeignKey("evidence.digest"), primary_key=True),
    _ref("act_id", "act.id", key=True),
)
"""Whose text left the store by which act (``evidence.removed``): the body of such a document is empty, unless
a collection saw it again."""

message = Table(
    "message",
    metadata,
    _id(),
    _number("number"),
    _text("kind"),
    _text("auditor"),
    _text("about", nullable=True),
    _text("said"),
    _text("claimed_name"),
    _text("os_user"),
    _text("login", nullable=True),
    _text("recorded_at"),
    CheckConstraint("kind IN ('request', 'note', 'answer')", name="message_kind"),
    Index("message_by_number", "number"),
)
"""Append-only. What auditors ask and note, numbered, and what the team answers. ``auditor``: the id of the access that
it is about, also of an answer, which has the number of its request; ``about``: the address of a page."""

auditor_view = Table(
    "auditor_view",
    metadata,
    _id("seq"),
    _text("auditor"),
    _text("path"),
    _text("query"),
    _text("opened_at"),
    Index("auditor_view_by_auditor", "auditor", "seq"),
)
"""Append-only. Which addresses auditors asked for."""

NO_EVIDENCE = {
    "auditor_view": "which pages an auditor opened shows nothing of the company, and no verdict or report rests on it; "
    "an entry of the ledger for each page would move its end while it is audited",
}
"""Table -> why ``verify`` proves nothing of it. Everything else it proves."""

ledger = Table(
    "ledger",
    metadata,
    _id("seq"),
    _text("kind"),
    _text("ref"),
    _text("body_digest"),
    _text("recorded_at"),
    _text("prev"),
    _text("hash"),
    Column("format", Integer, nullable=False, server_default="1"),
)
"""Every act, chained: ``hash`` = SHA-256 over seq, kind, ref, body_digest, recorded_at, ``prev`` and, from 2
on, ``format``: which list of columns the body is; see :mod:`soc2_pac.store.ledger`."""
