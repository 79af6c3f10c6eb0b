"""Collects alerts of the organisation: the open ones, and closed ones whose cause lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.github.models.alert import CodeAlert, DependabotAlert, SecretAlert
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_SECRET = "/orgs/{org}/secret-scanning/alerts"  # noqa: S105 - a path
_CODE = "/orgs/{org}/code-scanning/alerts"
_DEPENDABOT = "/orgs/{org}/dependabot/alerts"


_SECRETS_ALIVE: tuple[dict[str, str], ...] = (
    {"state": "open"},
    {"state": "resolved", "resolution": "wont_fix"},
    {"state": "resolved", "validity": "active"},
)
"""What is asked for: the rest was closed, and nobody says that the secret lives on."""


@collects(
    SecretAlert,
    calls=[f"GET {_SECRET}"],
    per="organization",
    cost="pages of 100 alerts, of 3 sorts",
    version="2",
)
def secret_alerts(github: Github) -> Iterator[Document]:
    """Secret scanning alerts that are open, or were closed with the secret alive; no secret is asked for."""
    seen: set[str] = set()
    for asked in _SECRETS_ALIVE:
        for alert in github.items(_SECRET, hide_secret="true", **asked):  # noqa: S106 - a switch
            found = _document(alert)
            if not found.uid or found.uid not in seen:
                seen.add(found.uid)
                yield found


@collects(CodeAlert, calls=[f"GET {_CODE}"], per="organization", cost="pages of 100 alerts")
def code_alerts(github: Github) -> Iterator[Document]:
    """Open code scanning alerts."""
    for alert in github.items(_CODE, state="open"):
        yield _document(alert)


@collects(
    DependabotAlert,
    calls=[f"GET {_DEPENDABOT}"],
    per="organization",
    cost="pages of 100 alerts",
    version="2",
)
def dependabot_alerts(github: Github) -> Iterator[Document]:
    """Alerts on vulnerable dependencies that are open, or that somebody dismissed."""
    for alert in github.items(_DEPENDABOT, state="open,dismissed"):
        yield _document(alert)


def _document(alert: dict[str, Any]) -> Document:
    repository = alert.get("repository") or {}
    number, of = alert.get("number"), repository.get("id")
    known = number is not None and of is not None
    return Document(
        uid=f"{of}#{number}" if known else "",  # one without an id is noted, and costs no other
        name=f"{repository.get('full_name')}#{number}",
        body=alert,
    )
