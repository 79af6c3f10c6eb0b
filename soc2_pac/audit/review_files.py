"""The files of an access review: the frozen population, what reviewers get, and what they hand in.

A population is canonical JSON lines: a header, then one line for each grant. Whoever has the file and its
digest needs nothing else to know what was reviewed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from soc2_pac.acts.reviews import CHOICES
from soc2_pac.audit import spreadsheet
from soc2_pac.audit.given import opened
from soc2_pac.canonical import canonical
from soc2_pac.errors import IntegrityError, UsageError
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from soc2_pac.acts.reviews import Review

FORMAT = "soc2-pac access review 1"
MEDIA_TYPE = "application/jsonl"
_WORDS = {True: "yes", False: "no", None: "unknown"}
_MOST_BYTES = 64 * 1024 * 1024
"""No file of decisions is larger."""
_LONGEST = 30_000
_NAMED = 5
"""So many rows are named in a message."""

Key: TypeAlias = tuple[str, ...]


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One grant of the population."""

    id: str
    """The same for the same grant at every collection."""
    system: str
    what: str
    sort: str
    """What is granted: see :data:`soc2_pac.identity.GrantSort`."""
    reviewer: str
    """Id of the reviewer at the start."""
    on: str = ""
    grant_id: str = ""
    """The name of what is granted that never changes, where there is one."""
    on_id: str = ""
    """The same of what it is on."""
    privileged: bool | None = None
    """Whether the grant makes an administrator of what it is on."""
    paths: tuple[str, ...] = ()
    """The ways on which it comes, ``Admins > On call``; empty: directly."""
    note: str = ""
    home: str = ""
    """The system of the account, where it is another."""
    account: str = ""
    """Uid; empty for a group whose members were not read."""
    lasting: str = ""
    """An id of the account that stays where its uid changes with its name."""
    login: str = ""
    name: str = ""
    holder: str = "person"
    """What the account is: ``person``, ``service``, ``shared``, ``bot``."""
    group: str = ""
    """The group whose members were not read."""
    unread: str = ""
    """Why they were not."""
    owner: str = ""
    """Id of the person, ``roster:acme/1042``; empty: nobody is known to own the account."""
    owner_name: str = ""
    owner_by: str = ""
    """Why it is theirs, or why it is nobody's."""
    owner_left: bool = False
    department: str = ""
    owner_note: str = ""
    active: bool | None = None
    administrator: bool | None = None
    """Whether the account administers its system, by whatever grant."""
    mfa: bool | None = None
    created: str = ""
    last_used: str = ""
    guest: bool = False
    break_glass: bool = False
    collections: tuple[int, ...] = ()
    """Those that show the grant."""

    @property
    def label(self) -> str:
        """The row in words."""
        who = self.login or self.account or f"group {self.group}"
        where = f" on {self.on}" if self.on else ""
        return f"{who} in {self.home or self.system}: {self.what}{where}"

    @property
    def unmatched(self) -> bool:
        """Whether nobody is known to own the account."""
        return not self.owner and not self.group


class Population(NamedTuple):
    """What was frozen."""

    header: Mapping[str, Any]
    rows: tuple[Row, ...]

    @property
    def places(self) -> Mapping[int, tuple[str, str]]:
        """Id of a collection -> its kind and scope."""
        return {one["id"]: (one["kind"], one["scope"]) for one in self.header["collections"]}


def row_id(key: Key) -> str:
    """12 hexadecimal digits of what makes a grant this one and no other."""
    return hashlib.sha256(canonical(list(key))).hexdigest()[:12]


def written(header: Mapping[str, Any], rows: Sequence[Row]) -> bytes:
    """The population as the file that the act keeps. The header gets a digest over the rows."""
    lines = [canonical(msgspec.to_builtins(row)) for row in rows]
    body = b"".join(line + b"\n" for line in lines)
    whole = {**header, "format": FORMAT, "rows_digest": hashlib.sha256(body).hexdigest()}
    return canonical(whole) + b"\n" + body


def read(content: bytes) -> Population:
    """The inverse of :func:`written`. Raises IntegrityError for anything else."""
    first, _, body = content.partition(b"\n")
    try:
        header = json.loads(first)
        rows = tuple(msgspec.json.decode(line, type=Row) for line in body.splitlines())
    except (ValueError, msgspec.DecodeError) as error:
        msg = f"the population of the review cannot be read: {error}"
        raise IntegrityError(msg) from error
    if header.get("format") != FORMAT or header.get("rows_digest") != _digest(body):
        msg = "the population of the review is not what its header says"
        raise IntegrityError(msg)
    return Population(header, rows)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


# -- what reviewers get ---------------------------------------------------------------------------------------

FIXED = (
    "review", "row", "reviewer", "system", "account", "owner", "owner_by", "department", "holder", "active",
    "second_factor", "last_used", "created", "flags", "grant", "on", "administrator", "by", "note",
)  # fmt: skip
"""Columns that nobody may change."""
DECISION = ("decision", "reason")
"""Columns that reviewers fill in."""
PROOF = (
    "decided_by", "decided_proof", "decided_at", "to_be_gone_by", "gone_by", "gone_collections", "state",
    "not_checked",
)  # fmt: skip
"""Columns of the export for auditors."""


def fixed(review: Review, row: Row) -> dict[str, str]:
    """The columns of a row that nobody may change, as texts."""
    flags = [
        word
        for word, holds in (
            ("nobody owns it", row.unmatched),
            ("owner left", row.owner_left),
            ("administrator", row.privileged),
            ("guest", row.guest),
            ("break-glass", row.break_glass),
            ("members not read", bool(row.group)),
        )
        if holds
    ]
    name = f" ({row.name})" if row.name and row.name != row.login else ""
    note = [row.note, row.owner_note, row.unread and f"members not read: {row.unread}"]
    values = {
        "review": review.id,
        "row": row.id,
        "reviewer": review.reviewer_of(row.reviewer).name,
        "system": row.home or row.system,
        "account": f"group {row.group}" if row.group else f"{row.login or row.account}{name}",
        "owner": row.owner_name or row.owner,
        "owner_by": row.owner_by,
        "department": row.department,
        "holder": "group" if row.group else row.holder,
        "active": _WORDS[row.active],
        "second_factor": _WORDS[row.mfa],
        "last_used": row.last_used,
        "created": row.created,
        "flags": ", ".join(flags),
        "grant": row.what,
        "on": row.on or row.system,
        "administrator": _WORDS[row.privileged],
        "by": "; ".join(row.paths) or "directly",
        "note": "; ".join(part for part in note if part),
    }
    return {key: _cut(plain(value)) for key, value in values.items()}


def _cut(text: str) -> str:
    """No longer than a cell of a spreadsheet may be."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 4] + " ..."


def plain(text: str) -> str:
    """A text as one line: what a cell or a terminal takes for a command is shown as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def exported(review: Review, rows: Iterable[Row], now: datetime) -> list[dict[str, str]]:
    """Rows with what was decided, and what came of it."""
    overdue = set(review.overdue(now))
    return [_with_proof(review, row, overdue) for row in rows]


def _with_proof(review: Review, row: Row, overdue: set[str]) -> dict[str, str]:
    found = {**fixed(review, row), **dict.fromkeys((*DECISION, *PROOF), "")}
    made = review.decided.get(row.id)
    if made is None:
        return {**found, "state": "open"}
    by = made.act.by
    found |= {
        "decision": made.decision.decision,
        "reason": plain(made.decision.reason),
        "decided_by": plain(by.claimed_name),
        "decided_proof": by.login or f"not proved; user {plain(by.os_user)}",
        "decided_at": made.act.recorded_at,
        "state": "kept",
    }
    if made.decision.decision == "keep":
        return found
    found["to_be_gone_by"] = f"{review.remove_by(made):%Y-%m-%dT%H:%M:%SZ}"
    proof = review.removed.get(row.id)
    if (why := review.not_checked.get(row.id)) is not None:
        return {**found, "state": "not checked: retired", "not_checked": plain(str(why))}
    if proof is None:
        return {**found, "state": "overdue" if row.id in overdue else "to be removed"}
    removed, _ = proof
    return {
        **found,
        "gone_by": removed.seen_at,
        "gone_collections": ", ".join(map(str, removed.collections)),
        "state": "removed",
    }


# -- what they hand in ----------------------------------------------------------------------------------------


class HandedIn(NamedTuple):
    """A file of decisions."""

    name: str
    content: bytes
    rows: list[dict[str, str]]
    """By column, as texts."""


def handed_in(path: Path) -> HandedIn:
    """Read a file of decisions: CSV, XLSX, or JSON with a list ``rows``.

    Raises:
        UsageError: it cannot be read, or holds no rows.
    """
    source, _ = opened(path)
    try:
        with source as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise UsageError(msg) from error
    if len(content) > _MOST_BYTES:
        msg = f"{path} is larger than {_MOST_BYTES // 1024**2} MiB: no export is"
        raise UsageError(msg)
    try:
        if content.startswith(b"PK"):
            table = _records(spreadsheet.rows(content, "Grants"))
        elif content.lstrip()[:1] in (b"{", b"["):
            table = _json(content)
        else:
            table = _records(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (ValueError, csv.Error, RecursionError) as error:
        msg = f"{path} is neither CSV (UTF-8), XLSX nor JSON as exported: {error}"
        raise UsageError(msg) from error
    if not table:
        msg = f"{path} holds no rows"
        raise UsageError(msg)
    lacking = [column for column in (*FIXED, *DECISION) if column not in table[0]]
    if lacking:
        hint = nearest(lacking[0], table[0])
        msg = f"{path} lacks the column {', '.join(lacking)}.{hint} Next: soc2-pac review export"
        raise UsageError(msg)
    return HandedIn(path.name, content, table)


def _records(lines: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    iterator = iter(lines)
    heads = [head.strip().lower() for head in next(iterator, [])]
    twice = sorted({head for head in heads if head and heads.count(head) > 1})
    if twice:
        msg = f"the column {', '.join(twice)} stands there twice"
        raise ValueError(msg)
    found = []
    for number, line in enumerate(iterator, 2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) > len(heads) and any(line[len(heads) :]):
            msg = f"line {number} has more cells than there are columns"
            raise ValueError(msg)
        cells = [*line, *[""] * (len(heads) - len(line))]
        found.append(dict(zip(heads, cells, strict=False)))
    return found


def _json(content: bytes) -> list[dict[str, str]]:
    document = json.loads(content)
    rows = document.get("rows") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        msg = "there is no list of rows"
        raise ValueError(msg)
    for row in rows:
        odd = [key for key, value in row.items() if not isinstance(value, str | None)]
        if odd:
            msg = f"{odd[0]} is no text"
            raise ValueError(msg)
    return [{key: value or "" for key, value in row.items()} for row in rows]


def altered(expected: Mapping[str, str], row: Mapping[str, str]) -> list[str]:
    """Columns that say something else than was exported. An apostrophe that CSV puts before a sign is none."""
    return [
        column
        for column, value in expected.items()
        if row.get(column, "").strip().removeprefix("'") != value.strip().removeprefix("'")
    ]


def choice(text: str) -> str | None:
    """A decision as it is recorded; empty where there is none yet, ``None`` for what is none."""
    folded = text.strip().lower()
    return folded if folded in (*CHOICES, "") else None


def some(names: Iterable[str]) -> str:
    """``a, b, c and 12 more``."""
    found = list(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more
