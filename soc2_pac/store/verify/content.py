"""What is kept by its content: evidence, rule sources, bases; and rows that belong to nothing."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soc2_pac import rule_source
from soc2_pac.acts.bodies import REMOVED, Removed
from soc2_pac.store import acts, archive, schema, tables
from soc2_pac.store.verify.report import digest_of, short, stream, tuples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from soc2_pac.store.verify.part import Part
    from soc2_pac.store.verify.report import Report


def evidence(connection: Connection, report: Report, part: Part) -> None:
    """Documents match their digests, and every observation has its document."""
    o, e = tables.observation, tables.evidence
    body: sa.ColumnElement[Any] = e.c.body
    if connection.dialect.name == "sqlite":
        # As bytes, since that is what is hashed; what is no text (an edit) is null, and matches nothing.
        body = sa.case((sa.func.typeof(body) == "text", sa.cast(body, sa.LargeBinary)))
    gone = _Gone(connection)
    if part.since is None:
        _all_documents(connection, report, body, gone)
        return
    r = tables.resource
    seen: set[int] = set()
    for condition in part.in_ranges(connection, o, tables.collection):
        # In the order in which they were written: neighbours there, mostly, are neighbours on the disk.
        observed = (
            sa.select(o.c.id, o.c.digest, e.c.digest, body.label("body"), e.c.kind, r.c.kind)
            .select_from(
                o.outerjoin(r, r.c.id == o.c.resource_id).outerjoin(e, e.c.digest == o.c.digest)
            )
            .where(condition)
        )
        for number, wanted, found, content, kind, of in tuples(connection, observed):
            if found is None:
                _lost_document(report, number, wanted)
                continue
            if kind != of:
                _stray_document(report, found)
            if (known := hash(found)) not in seen:
                seen.add(known)
                gone.hold(report, found, content)
    gone.tell(report, len(seen))


class _Gone:
    """Documents whose text left the store, and how many of them were met."""

    def __init__(self, connection: Connection) -> None:
        removed = sa.select(tables.removal.c.digest).distinct()
        # Their hashes: an archive may be of millions.
        self._removed = {hash(row[0]) for row in tuples(connection, removed)}
        self._met = 0

    def hold(self, report: Report, digest: object, content: Any) -> None:  # noqa: ANN401 - as it is stored
        """Hold a text against its digest; one that left has nothing to hold."""
        if content in (b"", "") and hash(digest) in self._removed:
            self._met += 1
        else:
            _hold(report, digest, content)

    def tell(self, report: Report, count: int) -> None:
        """Say how many documents there were, and how many of them have no text any more."""
        report.checked["evidence"] = count - self._met
        if self._met:
            report.checked["evidence archived or erased (digests only)"] = self._met


def _all_documents(
    connection: Connection, report: Report, body: sa.ColumnElement[Any], gone: _Gone
) -> None:
    """Hold every document against what was observed."""
    o, e = tables.observation, tables.evidence
    known = report.documents
    count = matched = 0
    for found, content, kind in tuples(connection, sa.select(e.c.digest, body, e.c.kind)):
        count += 1
        if known is not None and hash((kind, found)) not in known:
            _stray_document(report, found)
        else:
            matched += 1
        gone.hold(report, found, content)
    if known is None or matched != len(known):
        lost = (
            sa.select(o.c.id, o.c.digest)
            .select_from(o.outerjoin(e, e.c.digest == o.c.digest))
            .where(e.c.digest.is_(None))
        )
        for row in stream(connection, lost):
            _lost_document(report, row.id, row.digest)
    gone.tell(report, count)


def _lost_document(report: Report, observation: int, digest: object) -> None:
    report.find(f"observation {observation}", f"its evidence {short(digest)} is missing")


def _hold(report: Report, digest: object, content: Any) -> None:  # noqa: ANN401 - as it is stored
    raw = isinstance(content, bytes)
    found = hashlib.sha256(content).hexdigest() if raw else digest_of(content)
    if found != digest:
        report.find(f"evidence {short(digest)}", "was edited: it does not match its digest")


def removals(connection: Connection, report: Report, _part: Part) -> None:
    """Each text that left did so by an act, which names all of them."""
    r = tables.removal
    acted = {act.id: act for act in acts.listed(connection, (REMOVED,))}
    rows = stream(connection, sa.select(r.c.act_id, r.c.digest).order_by(r.c.act_id, r.c.digest))
    found: dict[int, tuple[int, str]] = {}
    for number, some in itertools.groupby(rows, key=lambda row: row.act_id):
        counted = _Counted(row.digest for row in some)
        root = archive.root_of(counted)
        found[number] = (counted.count, root)
    for number in sorted(found.keys() | acted.keys()):
        if number not in acted:
            report.find(f"removal by act {number}", "belongs to no act that took out texts")
            continue
        said = acted[number].said(Removed)
        if found.get(number, (0, archive.root_of(()))) != (said.count, said.root):
            report.find(f"removal by act {number}", "is not of the documents that the act names")


class _Counted:
    """Counts what passes."""

    def __init__(self, digests: Iterator[str]) -> None:
        self._digests = digests
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        for digest in self._digests:
            self.count += 1
            yield digest


def rules(connection: Connection, report: Report, _part: Part) -> None:
    """Rule sources and their parts match their digests, and versions have theirs."""
    parts: set[str] = set()
    for row in stream(connection, sa.select(tables.rule_part)):
        if digest_of(row.body) == row.digest:
            parts.add(row.digest)
        else:
            report.find(
                f"rule_part {short(row.digest)}", "was edited: it does not match its digest"
            )
    for row in stream(connection, sa.select(tables.rule_source)):
        where = f"rule_source {short(row.digest)}"
        try:
            content = json.loads(row.body)
            whole = content.get("format") == rule_source.FORMAT
            named = {digest for _, digest in content["parts"]} if whole else set()
            digest = digest_of(row.body) if whole else rule_source.digest_of_modules(content)
        except (ValueError, TypeError, KeyError, AttributeError):
            report.find(where, "was edited: it cannot be read")
            continue
        if digest != row.digest:
            report.find(where, "was edited: it does not match its digest")
        if lost := named - parts:
            report.find(where, f"{len(lost)} of its parts are missing or edited")
    c = tables.rule_criterion
    listed: dict[int, set[str]] = {}
    for row in connection.execute(sa.select(c)):
        listed.setdefault(row.rule_version_id, set()).add(row.criterion)
    v = tables.rule_version
    sources = set(connection.execute(sa.select(tables.rule_source.c.digest)).scalars())
    for row in connection.execute(sa.select(v.c.id, v.c.criteria, v.c.source_digest)):
        if listed.pop(row.id, set()) != _set(row.criteria):
            report.find(
                f"rule_criterion of rule_version {row.id}", "differs from the recorded criteria"
            )
        if row.source_digest not in sources:
            report.find(f"rule_version {row.id}", "its source text is missing")
    for version in listed:
        report.find(f"rule_criterion of rule_version {version}", "belongs to no rule version")


def rules_in_force(connection: Connection, report: Report, _part: Part) -> None:
    """The version in force is the one that the last evaluation of each rule listed."""
    v, e, i = tables.rule_version, tables.evaluation, tables.rule_in_force
    rule_of = {row[0]: row[1] for row in connection.execute(sa.select(v.c.id, v.c.rule_id))}
    expected: dict[int, int] = {}
    for (versions,) in connection.execute(sa.select(e.c.rule_versions).order_by(e.c.id)):
        with contextlib.suppress(
            ValueError, TypeError
        ):  # an edit that the evaluation's entry shows
            expected.update((rule_of[one], one) for one in json.loads(versions) if one in rule_of)
    found = {row[0]: row[1] for row in connection.execute(sa.select(i))}
    for rule in sorted(found.keys() | expected.keys()):
        if found.get(rule) != expected.get(rule):
            report.find(
                f"rule_in_force {rule}", "is not the version that the last evaluation of it listed"
            )


def bases(connection: Connection, report: Report, part: Part) -> None:
    """What findings rest on: by content, and none missing."""
    for row in stream(
        connection, sa.select(tables.basis).where(part.digests(tables.basis.c.digest))
    ):
        if digest_of(row.body) != row.digest:
            report.find(f"basis {short(row.digest)}", "was edited: it does not match its digest")
    f, b = tables.finding, tables.basis
    for condition in part.in_ranges(connection, f, tables.evaluation):
        lost = (
            sa.select(f.c.id, f.c.basis)
            .select_from(f.outerjoin(b, b.c.digest == f.c.basis))
            .where(f.c.basis.is_not(None), b.c.digest.is_(None), condition)
        )
        for row in stream(connection, lost):
            report.find(f"finding {row.id}", f"what it rests on is missing: {short(row.basis)}")


def attachments(connection: Connection, report: Report, part: Part) -> None:
    """Files that people handed in match their digests, none is missing, and each belongs to an act.

    What is kept outside the store is not read here; its digest, size and place are in the ledger.
    """
    a, act = tables.attachment, tables.act
    count = outside = 0
    for row in stream(connection, sa.select(a).where(part.digests(a.c.digest))):
        where = f"attachment {short(row.digest)}"
        if (row.content is None) == (row.location is None):
            report.find(where, "must be kept either in the store or outside, and is not")
        elif row.content is None:
            outside += 1
        else:
            count += 1
            content = row.content if isinstance(row.content, bytes) else b""
            if hashlib.sha256(content).hexdigest() != row.digest or len(content) != row.size:
                report.find(where, "was edited: it does not match its digest")
    report.checked["attachments"] = count
    if outside:
        report.checked["attachments kept outside (not read)"] = outside
    lost = (
        sa.select(act.c.id, act.c.attachment)
        .select_from(act.outerjoin(a, a.c.digest == act.c.attachment))
        .where(act.c.attachment.is_not(None), a.c.digest.is_(None))
    )
    for row in connection.execute(lost):
        report.find(f"act {row.id}", f"its attachment {short(row.attachment)} is missing")
    unused = (
        sa.select(a.c.digest)
        .select_from(a.outerjoin(act, act.c.attachment == a.c.digest))
        .where(act.c.id.is_(None))
    )
    for digest in connection.execute(unused).scalars():
        report.find(f"attachment {short(digest)}", "belongs to no act")


def adjustments(connection: Connection, report: Report, part: Part) -> None:
    """What was decided for places: by content, none missing, and its columns are those of its text."""
    a, f = tables.adjustment, tables.finding
    for row in stream(connection, sa.select(a)):
        where = f"adjustment {short(row.digest)}"
        try:
            said = json.loads(row.body)
            same = (int(said["outside"]), said["severity"]) == (row.outside, row.severity)
        except (ValueError, TypeError, KeyError):
            same = False
        if not same or digest_of(row.body) != row.digest:
            report.find(where, "was edited: it does not match its digest")
    for condition in part.in_ranges(connection, f, tables.evaluation):
        lost = (
            sa.select(f.c.id, f.c.adjustment)
            .select_from(f.outerjoin(a, a.c.digest == f.c.adjustment))
            .where(f.c.adjustment.is_not(None), a.c.digest.is_(None), condition)
        )
        for row in stream(connection, lost):
            report.find(f"finding {row.id}", f"its adjustment is missing: {short(row.adjustment)}")


def _set(text: str) -> set[str]:
    try:
        return set(json.loads(text))
    except (ValueError, TypeError):
        return set()


def strays(connection: Connection, report: Report, part: Part) -> None:
    """Rows that nothing refers to: what writes them writes what they belong to in the same transaction."""
    _stray_parts(connection, report)
    revisions = (
        connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    )
    if list(revisions) != [schema.HEAD]:
        report.find("alembic_version", f"is not {schema.HEAD}, by which this store was written")
    _stray_sightings(connection, report, part)
    _stray_evidence(connection, report, part)
    if part.comes("strays"):
        _strays(connection, report)


def _strays(connection: Connection, report: Report) -> None:
    t = tables
    used = sa.union(
        sa.select(t.collection.c.scope_id.label("id")), sa.select(t.finding.c.scope_id)
    ).subquery()
    versions = sa.select(t.rule_version.c.rule_id.label("id")).distinct().subquery()
    sources = sa.select(t.rule_version.c.source_digest.label("id")).distinct().subquery()
    bases_used = sa.select(t.finding.c.basis.label("id")).distinct().subquery()
    adjusted = sa.select(t.finding.c.adjustment.label("id")).distinct().subquery()
    for table, column, where in (
        (t.scope, t.scope.c.id, used),
        (t.rule, t.rule.c.id, versions),
        (t.rule_source, t.rule_source.c.digest, sources),
        (t.basis, t.basis.c.digest, bases_used),
        (t.adjustment, t.adjustment.c.digest, adjusted),
    ):
        query = sa.select(column).outerjoin(where, where.c.id == column).where(where.c.id.is_(None))
        for value in connection.execute(query).scalars():
            report.find(f"{table.name} {short(value)}", "belongs to nothing that was recorded")


def _stray_parts(connection: Connection, report: Report) -> None:
    named: set[str] = set()
    for body in connection.execute(sa.select(tables.rule_source.c.body)).scalars():
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            named.update(digest for _, digest in json.loads(body)["parts"])
    for digest in connection.execute(sa.select(tables.rule_part.c.digest)).scalars():
        if digest not in named:
            report.find(f"rule_part {short(digest)}", "belongs to no rule source")


def _stray_evidence(connection: Connection, report: Report, part: Part) -> None:
    """For a part: a full verification knows them from reading the collections."""
    e, o = tables.evidence, tables.observation
    mine, theirs = part.strays(e.c.digest), part.strays(o.c.digest)
    if mine is None or theirs is None:
        return
    observed = {hash(row) for row in tuples(connection, sa.select(o.c.digest).where(theirs))}
    for row in tuples(connection, sa.select(e.c.digest).where(mine)):
        if hash(row) not in observed:
            _stray_document(report, row[0])


def _stray_document(report: Report, digest: object) -> None:
    report.find(f"evidence {short(digest)}", "is of no resource of the kind that it names")


def _stray_sightings(connection: Connection, report: Report, part: Part) -> None:
    s, c, r = tables.sighting, tables.collection, tables.resource
    query = (
        sa.select(s.c.collection_id, s.c.resource_id)
        .select_from(
            s.outerjoin(c, c.c.id == s.c.collection_id).outerjoin(r, r.c.id == s.c.resource_id)
        )
        .where(
            part.rows(s.c.collection_id, c),
            sa.or_(
                c.c.id.is_(None),
                c.c.status == "complete",
                r.c.id.is_(None),
                r.c.kind != c.c.kind,
                r.c.scope_id != c.c.scope_id,
            ),
        )
    )
    for row in stream(connection, query):
        report.find(
            f"sighting of {row.resource_id}", f"belongs to no incomplete collection: {row[0]}"
        )
