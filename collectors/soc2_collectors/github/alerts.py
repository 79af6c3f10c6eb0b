"""Collects open alerts of the organisation. A closed alert leaves the listing."""

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


@collects(SecretAlert, calls=[f"GET {_SECRET}"], per="organization", cost="pages of 100 alerts")
def secret_alerts(github: Github) -> Iterator[Document]:
    """Open secret scanning alerts; the secrets themselves are not asked for."""
    for alert in github.items(_SECRET, state="open", hide_secret="true"):  # noqa: S106 - a switch
        yield _document(alert)


@collects(CodeAlert, calls=[f"GET {_CODE}"], per="organization", cost="pages of 100 alerts")
def code_alerts(github: Github) -> Iterator[Document]:
    """Open code scanning alerts."""
    for alert in github.items(_CODE, state="open"):
        yield _document(alert)


@collects(
    DependabotAlert, calls=[f"GET {_DEPENDABOT}"], per="organization", cost="pages of 100 alerts"
)
def dependabot_alerts(github: Github) -> Iterator[Document]:
    """Open alerts on vulnerable dependencies."""
    for alert in github.items(_DEPENDABOT, state="open"):
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
