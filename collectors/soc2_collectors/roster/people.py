"""Collects people and the mapping of accounts. A row that cannot be read is kept as it is, and marked."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soc2_collectors.roster.models.person import RosterAccount, RosterPerson
from soc2_pac.model import Document, utc_text, utc_time
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.roster.client import Roster, Row

_DATES = ("joined_at", "left_at", "access_reviewed_at")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
"""Basic and week forms (20260131, 2026-W05) are ISO, too, and nobody means them."""
_SEVERAL = re.compile(r"[;,\s|]+")
_SORTS = ("person", "service", "shared")


@collects(RosterPerson, calls=["READ people"], per="organization", cost="0: one file")
def people(roster: Roster) -> Iterator[Document]:
    """Everybody in the file, by id."""
    by_id: dict[str, list[tuple[Row, dict[str, Any]]]] = {}
    for row in roster.people():
        body = _person(roster, row)
        by_id.setdefault(body["id"], []).append((row, body))
    for person_id, found in by_id.items():
        row, body = found[0]
        if all(other["row"] == body["row"] for _, other in found):
            yield Document(person_id, body["name"] or person_id, body, row.written)
            continue
        lines = " and ".join(str(row.line) for row, _ in found)
        for row, _ in found:
            marked = _unread(
                row, f"the id {person_id} stands on lines {lines}, with different rows"
            )
            yield Document(marked["id"], marked["name"], marked, row.written)


def _person(roster: Roster, row: Row) -> dict[str, Any]:
    said = row.said
    status = said.get("status", "").lower()
    known = {
        **{word.lower(): "active" for word in roster.settings.active},
        **{word.lower(): "left" for word in roster.settings.left},
    }
    body: dict[str, Any] = {
        "id": said.get("id", ""),
        "name": said.get("name", ""),
        "mails": _words(said.get("mails", "")),
        "logins": _words(said.get("logins", "")),
        "status": known.get(status, "unknown"),
        "manager": said.get("manager") or None,
        "department": said.get("department") or None,
        "row": row.own,
    }
    problem = row.problem
    if problem is None and not body["id"]:
        problem = "it has no id"
    if problem is None and body["status"] == "unknown":
        problem = f"the status '{said.get('status', '')}' is among neither active nor left"
    bad = next((mail for mail in body["mails"] if not _is_mail(mail)), None)
    if problem is None and bad is not None:
        problem = f"'{bad}' is no mail address"
    for name in _DATES:
        if name not in said:
            continue
        try:
            body[name] = _date(said[name])
        except ValueError:
            problem = problem or f"{name} '{said[name]}' is no date as in 2026-01-31"
    return _unread(row, problem) if problem else body


def _unread(row: Row, problem: str) -> dict[str, Any]:
    return {
        "id": _marked(row),
        "name": row.said.get("name") or row.said.get("id") or f"line {row.line}",
        "status": "unknown",
        "malformed": problem,
        "line": row.line,
        "row": row.own,
    }


@collects(RosterAccount, calls=["READ accounts"], per="organization", cost="0: one file")
def accounts(roster: Roster) -> Iterator[Document]:
    """Lines of the mapping; a line that says the same as one before it is left out."""
    file = Path(roster.settings.accounts or "").name
    seen: set[str] = set()
    for row in roster.accounts():
        body = _account(row, file)
        uid = _marked(row) if body["sort"] == "unknown" else _mapped(body)
        if uid not in seen:
            seen.add(uid)
            yield Document(uid, f"{body['login']} in {body['system']}", body, row.written)


def _account(row: Row, file: str) -> dict[str, Any]:
    said = row.said
    sort = said.get("sort", "").lower() or "person"
    body: dict[str, Any] = {
        "system": said.get("system", ""),
        "login": said.get("login", ""),
        "person": said.get("person") or None,
        "sort": sort,
        "note": said.get("note", ""),
        "file": file,
        "line": row.line,
        "row": row.own,
    }
    problem = row.problem
    if problem is None and not (body["system"] and body["login"]):
        problem = "it names no system, or no login"
    if problem is None and sort not in _SORTS:
        problem = f"the sort '{sort}' is none of {', '.join(_SORTS)}"
    if problem is None and sort == "person" and body["person"] is None:
        problem = "it names no person"
    return {**body, "sort": "unknown", "malformed": problem} if problem else body


def _mapped(body: dict[str, Any]) -> str:
    parts = [body[key] or "" for key in ("system", "login", "person", "sort", "note")]
    return "/".join(part.lower() for part in parts)


def _marked(row: Row) -> str:
    text = json.dumps([row.line, row.own], sort_keys=True)
    return f"malformed:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word for word in _SEVERAL.split(text) if word))


def _is_mail(text: str) -> bool:
    name, at, domain = text.rpartition("@")
    return bool(name and at and domain) and "@" not in name


def _date(text: str) -> str | None:
    """A date or time as the store writes it; ``None`` for nothing. Raises ValueError."""
    if not text:
        return None
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    return utc_text(utc_time(text))
