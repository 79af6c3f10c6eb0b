"""The people of acme-robotics as its personnel department writes them down, and a mapping of accounts.

What is wrong on purpose is listed in :data:`PLANTED`. The people are those of the emulated Okta org. Ages
count back from the time of the call, so that the demo looks the same on any day.
"""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_demo.company import AUDITOR, Planted
from soc2_demo.okta_words import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from soc2_demo.okta_words import Person

PEOPLE_FILE = "people.csv"
ACCOUNTS_FILE = "accounts.csv"
PLANTED: tuple[Planted, ...] = (
    Planted(
        "roster-leaver-accounts-closed", "Erik Holm", "left 135 days ago; GitHub and AWS live on"
    ),
    Planted(
        "roster-leaver-accounts-closed", "Kenji Mori", "left 38 days ago; GitHub was forgotten"
    ),
    Planted("roster-mfa-everywhere", "Chloe Martin", "a password without MFA in AWS"),
    Planted("roster-mfa-everywhere", "David Lindqvist", "a password without MFA in AWS"),
    Planted("roster-access-reviewed", "Goran Petrov", "last reviewed 130 days ago"),
    Planted("roster-service-accounts-owned", "legacy-backup in aws", "nobody answers for it"),
    Planted("github-members-match-roster", "nadia-rahman", "no verified mail, and on no list"),
    Planted("github-members-match-roster", "kenji-mori", "the account of somebody who left"),
    Planted("github-members-match-roster", "erik-holm", "the account of somebody who left"),
    Planted("aws-users-match-roster", "erik.holm", "the user of somebody who left"),
    Planted("aws-users-match-roster", "legacy-backup", "a service account that nobody answers for"),
)
"""Every fault that was put in on purpose. Rules may find more, as in any company."""

_LEFT = {"erik-holm": 135, "helen-park": 88}
"""Login -> days since they left, of those who are not deactivated in Okta, or were later."""
_QUARTER = 91
"""Days from one review of access to the next."""
_NO_MAIL = ("marek-zielinski", "nadia-rahman")
"""Members whose GitHub account has no address in the company's domain."""
_MANAGER = "ana-kovac"
_REVIEWED = {"goran-petrov": 130}
"""Login -> days since the last review of access; others were reviewed 40 days ago."""
_SERVICES = {
    "ci-deploy": ("david-lindqvist", "releases"),
    "metrics-exporter": ("ben-osei", "monitoring"),
    "legacy-backup": (None, "nobody knows any more"),
    AUDITOR: ("fatima-haddad", "reads the evidence"),
}
"""IAM user of a program -> who answers for it, and what it does."""
_IN_AWS = ("ana-kovac", "ben-osei", "chloe-martin", "david-lindqvist", "erik-holm")


def write(folder: Path, now: datetime | None = None, before: float = 0) -> None:
    """Write both files into a folder, as of ``now`` (default: the clock's).

    ``before``: as they were so many days earlier, dated by that instant.
    """
    now = now or datetime.now(UTC)
    people = [person for person in _people() if person.hired >= before]
    _write(folder / PEOPLE_FILE, [_person(person, now, before) for person in people])
    _write(folder / ACCOUNTS_FILE, _accounts())
    if before:
        then = (now - timedelta(days=before)).timestamp()
        for name in (PEOPLE_FILE, ACCOUNTS_FILE):
            os.utime(folder / name, (then, then))


def _people() -> list[Person]:
    """Those that are people: an account of a program is on no payroll."""
    return [person for person in PEOPLE if not person.login.startswith("svc-")]


def verified_mails(members: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Addresses in the company's domain of members of its GitHub organisation, by login."""
    mails = {person.login: person.mail for person in _people()}
    logins = [edge["node"]["login"] for edge in members]
    return {login: [mails[login]] for login in logins if login in mails and login not in _NO_MAIL}


def _number(login: str) -> str:
    return str(1001 + [person.login for person in _people()].index(login))


def _person(person: Person, now: datetime, before: float) -> dict[str, str]:
    gone = _LEFT.get(person.login)
    if person.status == "DEPROVISIONED" and gone is None:
        gone = person.changed
    if gone is not None and gone < before:
        gone = None
    reviewed = _REVIEWED.get(person.login, 40)
    while reviewed < before:
        reviewed += _QUARTER
    reviewed = min(reviewed, person.hired)
    return {
        "id": _number(person.login),
        "name": person.login.replace("-", " ").title(),
        "mails": person.mail,
        "status": "active" if gone is None else "left",
        "joined_at": _day(now, person.hired),
        "left_at": "" if gone is None else _day(now, gone),
        "manager": "" if person.login == _MANAGER else _number(_MANAGER),
        "department": person.department,
        "access_reviewed_at": _day(now, reviewed) if person.hired > reviewed else "",
    }


def _day(now: datetime, days: int) -> str:
    return f"{now - timedelta(days=days):%Y-%m-%d}"


def _accounts() -> list[dict[str, str]]:
    people = [
        {
            "system": "aws",
            "login": login.replace("-", "."),
            "person": _number(login),
            "sort": "person",
        }
        for login in _IN_AWS
    ]
    github = {"system": "github", "login": _NO_MAIL[0], "person": _number(_NO_MAIL[0])}
    services = [
        {
            "system": "aws",
            "login": name,
            "person": _number(owner) if owner else "",
            "sort": "service",
            "note": note,
        }
        for name, (owner, note) in _SERVICES.items()
    ]
    blank = {"system": "", "login": "", "person": "", "sort": "person", "note": ""}
    return [{**blank, **row} for row in (*people, github, *services)]


def _write(file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
