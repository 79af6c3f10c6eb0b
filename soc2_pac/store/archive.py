"""Texts of old documents leave the store; their digests, and what was said of them, stay.

A text that left is an empty one in its row, and the ledger says by which act. So the store stays verifiable:
every digest is still in the roots of the collections that saw it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.acts.bodies import REMOVED, Removed
from soc2_pac.errors import StoreError, UsageError
from soc2_pac.model import utc_text
from soc2_pac.store import acts, tables
from soc2_pac.store.database import batched, insert
from soc2_pac.text import says_something

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Act, Actor

FORMAT = "soc2-pac archive 1"
_AT_ONCE = 500


class Gone(NamedTuple):
    """What became of a document's text."""

    act: Act
    location: str | None
    """The file of the archive, where it was written to; ``None`` for one that was erased."""


def archive(
    connection: Connection,
    before: datetime,
    path: Path,
    *,
    reason: str,
    owner: str,
    by: Actor,
    now: datetime | None = None,
) -> Act | None:
    """Write the texts of documents that were current last before an instant into a file, and take them out.

    Within ``Database.writing``. ``None``: there are none, and no file is written. ``now``: when; the clock's
    time when left out.

    The file has one JSON value a line: a head, then ``{"digest", "kind", "body"}``. It is there, complete and
    readable by its owner alone, before anything leaves the store.

    Raises:
        UsageError: reason or owner is empty, or the file is there already.
        StoreError: the file cannot be written.
    """
    _answered(reason, owner)
    if path.exists():
        msg = f"{path} is there already: an archive is never overwritten. Next: another name"
        raise UsageError(msg)
    e, o = tables.evidence, tables.observation
    later = sa.select(o.c.digest).where(
        sa.or_(o.c.valid_to.is_(None), o.c.valid_to >= utc_text(before))
    )
    query = (
        sa.select(e.c.digest, e.c.kind, e.c.body)
        .where(e.c.body != "", e.c.digest.not_in(later))
        .order_by(e.c.digest)
    )
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar_one()
    head = {"format": FORMAT, "store": store_id, "before": utc_text(before)}
    rows = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    try:
        kept = _write(path, head, rows)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise StoreError(msg) from error
    if not kept.digests:
        return None
    body = Removed(
        how="archived",
        reason=reason,
        owner=owner,
        count=len(kept.digests),
        size=kept.size,
        root=root_of(kept.digests),
        before=utc_text(before),
    )
    file = acts.File(kept.digest, kept.bytes, "application/jsonl", None, str(path.resolve()))
    return _take_out(connection, kept.digests, body, by, file, now)


def erase(
    connection: Connection,
    resource: str,
    *,
    reason: str,
    owner: str,
    by: Actor,
    now: datetime | None = None,
) -> Act:
    """Erase the texts of all documents of a resource that is deleted at its provider. Nothing keeps them.

    Within ``Database.writing``. Its id and name stay: they are part of what was recorded and proved.

    Raises:
        UsageError: reason or owner is empty, there is no such resource, it is still there (the next collection
            would read it again), or another resource has the same document.
    """
    _answered(reason, owner)
    r, o, e = tables.resource, tables.observation, tables.evidence
    seen = sa.select(o.c.digest, o.c.closed_by).join(r, r.c.id == o.c.resource_id)
    rows = connection.execute(seen.where(r.c.uid == resource)).all()
    if not rows:
        msg = f"the store has no resource with the id '{resource}'. Next: soc2-pac evidence list"
        raise UsageError(msg)
    if any(row.closed_by is None for row in rows):
        msg = f"{resource} is still there: delete it at its provider first, and run again"
        raise UsageError(msg)
    digests = sorted({row.digest for row in rows})
    texts: dict[str, int] = {}
    for some in batched(digests, _AT_ONCE):
        others = seen.where(r.c.uid != resource, o.c.digest.in_(some)).limit(1)
        if connection.execute(others).first():
            msg = f"another resource has the same document as {resource}: it cannot be erased alone"
            raise UsageError(msg)
        found = sa.select(e.c.digest, e.c.body).where(e.c.digest.in_(some), e.c.body != "")
        texts.update((row.digest, len(row.body.encode())) for row in connection.execute(found))
    if not texts:
        msg = f"no text of {resource} is left in the store"
        raise UsageError(msg)
    body = Removed(
        how="erased",
        reason=reason,
        owner=owner,
        count=len(texts),
        size=sum(texts.values()),
        root=root_of(sorted(texts)),
        resource=resource,
    )
    return _take_out(connection, sorted(texts), body, by, None, now)


def put_back(connection: Connection, bodies: Iterable[tuple[str, str, str]]) -> None:
    """Give documents their text again that a collection has just seen once more: (digest, kind, body)."""
    r = tables.removal
    if connection.execute(sa.select(r.c.digest).limit(1)).first() is None:
        return
    again = sa.text("UPDATE evidence SET body = :body WHERE digest = :digest AND body = ''")
    for some in batched(bodies, _AT_ONCE):
        gone = set(
            connection.execute(
                sa.select(r.c.digest).distinct().where(r.c.digest.in_([row[0] for row in some]))
            ).scalars()
        )
        for digest, _, body in some:
            if digest in gone:
                connection.execute(again, {"body": body, "digest": digest})


def gone(connection: Connection, digest: str) -> Gone | None:
    """By which act the text of a document left, the last one; ``None`` where none did."""
    number = connection.execute(
        sa.select(sa.func.max(tables.removal.c.act_id)).where(tables.removal.c.digest == digest)
    ).scalar()
    if number is None:
        return None
    (act,) = (act for act in acts.listed(connection, (REMOVED,)) if act.id == number)
    file = acts.file(connection, act.attachment) if act.attachment else None
    return Gone(act, file.location if file else None)


def read_back(path: Path, digest: str) -> str:
    """The text of a document out of an archive, checked.

    Raises:
        UsageError: the file cannot be read, is no archive, or does not hold the document unchanged.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                said = json.loads(line)
                if number == 0:
                    if said.get("format") != FORMAT:
                        break
                elif str(said["digest"]).startswith(digest):
                    body = str(said["body"])
                    if hashlib.sha256(body.encode()).hexdigest() != said["digest"]:
                        msg = f"{path}: the text of {digest} was changed"
                        raise UsageError(msg)
                    return body
            else:
                msg = f"{path} does not hold {digest}"
                raise UsageError(msg)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        msg = f"{path} cannot be read as an archive: {type(error).__name__}"
        raise UsageError(msg) from error
    msg = f"{path} is no archive of soc2-pac"
    raise UsageError(msg)


def root_of(digests: Iterable[str]) -> str:
    """SHA-256 (hex) over digests in order."""
    whole = hashlib.sha256()
    for digest in digests:
        whole.update(digest.encode() + b"\n")
    return whole.hexdigest()


class _Written(NamedTuple):
    digests: list[str]
    size: int
    """Of the texts, in bytes."""
    digest: str
    """SHA-256 of the file."""
    bytes: int
    """Of the file."""


def _write(path: Path, head: dict[str, str], rows: Iterable[Any]) -> _Written:
    digests: list[str] = []
    size = 0
    whole, length = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            for line in _lines(head, rows):
                if "body" in line:
                    digests.append(line["digest"])
                    size += len(line["body"].encode("utf-8", "surrogatepass"))
                text = json.dumps(line, sort_keys=True).encode() + b"\n"
                whole.update(text)
                length += len(text)
                file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if digests:
            Path(name).rename(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return _Written(digests, size, whole.hexdigest(), length)


def _lines(head: dict[str, str], rows: Iterable[Any]) -> Iterator[dict[str, str]]:
    yield head
    for row in rows:
        yield {"digest": row.digest, "kind": row.kind, "body": row.body}


def _take_out(
    connection: Connection,
    digests: list[str],
    body: Removed,
    by: Actor,
    file: acts.File | None,
    now: datetime | None,
) -> Act:
    act = acts.record(connection, REMOVED, body.how, body, by=by, file=file, now=now)
    e = tables.evidence
    for some in batched(digests, _AT_ONCE):
        connection.execute(sa.update(e).where(e.c.digest.in_(some)).values(body=""))
        insert(connection, tables.removal, [(digest, act.id) for digest in some])
    return act


def _answered(reason: str, owner: str) -> None:
    for name, value in (("reason", reason), ("owner", owner)):
        if not says_something(value):
            msg = f"this needs {'an' if name == 'owner' else 'a'} {name}: an auditor will ask"
            raise UsageError(msg)
