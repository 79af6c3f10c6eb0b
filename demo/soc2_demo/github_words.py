"""Words that all parts of the emulated GitHub company share: names, numbers, times, accounts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LOGIN = "acme-robotics"
ENTERPRISE = "acme-holding"


def number_of(text: str) -> int:
    """A number that always is the same for a text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)


def sha_of(text: str) -> str:
    """A commit that always is the same for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def days_ago(now: datetime, days: float) -> str:
    """So many days before now, as GitHub writes it."""
    return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def account(login: str) -> dict[str, Any]:
    """A user in short."""
    number = number_of(login)
    return {
        "login": login,
        "id": number,
        "node_id": f"U_kgDO{number:x}",
        "url": f"https://api.github.com/users/{login}",
        "html_url": f"https://github.com/{login}",
        "type": "User",
        "site_admin": False,
    }


def team_of(number: int, slug: str) -> dict[str, Any]:
    """A team in short."""
    return {
        "id": number,
        "node_id": f"T_kwDO{number:04d}",
        "name": slug.title(),
        "slug": slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": f"https://api.github.com/teams/{number}",
        "parent": None,
    }


@dataclass(frozen=True, slots=True)
class Repo:
    """One repository, and what is wrong with it."""

    name: str
    language: str
    protection: str = "ruleset"
    """``ruleset``: the organisation's; ``classic``; ``exempt``: classic without administrators; ``forced``:
    classic that allows force pushes; ``none``."""
    visibility: str = "private"
    archived: bool = False
    scanned: bool = True
    analysed: int | None = 2
    """Days since the last code analysis; ``None``: never."""


REPOS = (
    Repo("api", "Python"),
    Repo("web", "TypeScript"),
    Repo("robot-firmware", "C++"),
    Repo("fleet-controller", "Go"),
    Repo("infrastructure", "HCL"),
    Repo("mobile-app", "Kotlin"),
    Repo("billing", "Python", protection="exempt", analysed=60),
    Repo("telemetry", "Go", protection="evaluate"),
    Repo("docs", "MDX", protection="forced", visibility="public"),
    Repo("robot-sdk", "Python", protection="classic", visibility="public"),
    Repo("etl-jobs", "Python", protection="none", scanned=False, analysed=None),
    Repo(
        "legacy-exporter",
        "Perl",
        protection="none",
        visibility="public",
        archived=True,
        analysed=None,
    ),
)
