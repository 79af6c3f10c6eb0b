"""Alerts: leaked secrets, vulnerable code, vulnerable dependencies."""

from __future__ import annotations

from datetime import datetime

import msgspec

from soc2_collectors.github.models.repository import Tool
from soc2_pac.resources import Resource

_REPOSITORY_URLS = "repository.owner.avatar_url"


class AlertRepository(msgspec.Struct, frozen=True):
    """Where an alert stands."""

    full_name: str


class SecretAlert(Resource, frozen=True):
    """A secret found in a repository (``GET /orgs/{org}/secret-scanning/alerts``)."""

    kind = "github.secret_alert"
    volatile = ("updated_at", _REPOSITORY_URLS)
    secret = ("secret",)

    number: int
    state: str
    created_at: datetime
    repository: AlertRepository
    secret_type_display_name: str = ""
    validity: str | None = None
    """``active``, ``inactive`` or ``unknown``."""
    resolution: str | None = None
    """Why it was closed: ``revoked``, ``false_positive``, ``used_in_tests``, ``wont_fix`` ..."""
    publicly_leaked: bool | None = None


class CodeRule(msgspec.Struct, frozen=True):
    """What a code scanning alert found."""

    id: str | None = None
    security_severity_level: str | None = None
    """``low`` to ``critical``; ``None`` where the tool gives none."""
    severity: str | None = None
    """``none``, ``note``, ``warning`` or ``error``."""

    @property
    def level(self) -> str:
        """The security severity; where there is none, an ``error`` counts as high."""
        if self.security_severity_level:
            return self.security_severity_level
        return "high" if self.severity == "error" else self.severity or "unknown"


class CodeAlert(Resource, frozen=True):
    """A code scanning alert (``GET /orgs/{org}/code-scanning/alerts``)."""

    kind = "github.code_alert"
    volatile = ("updated_at", "most_recent_instance", _REPOSITORY_URLS)

    number: int
    state: str
    created_at: datetime
    rule: CodeRule
    tool: Tool
    repository: AlertRepository


class Package(msgspec.Struct, frozen=True):
    """A package of an ecosystem."""

    ecosystem: str
    name: str


class Vulnerability(msgspec.Struct, frozen=True):
    """What makes a dependency vulnerable."""

    package: Package
    severity: str
    """``low``, ``medium``, ``high`` or ``critical``."""


class Advisory(msgspec.Struct, frozen=True):
    """The advisory behind it."""

    ghsa_id: str


class DependabotAlert(Resource, frozen=True):
    """A vulnerable dependency (``GET /orgs/{org}/dependabot/alerts``)."""

    kind = "github.dependabot_alert"
    volatile = (
        "updated_at",
        "security_advisory.updated_at",
        "security_advisory.epss",
        "security_advisory.references",
        _REPOSITORY_URLS,
    )

    number: int
    state: str
    created_at: datetime
    security_advisory: Advisory
    security_vulnerability: Vulnerability
    repository: AlertRepository
    dismissed_reason: str | None = None
    """Of a dismissed one: ``fix_started``, ``no_bandwidth``, ``tolerable_risk``, ``inaccurate`` or
    ``not_used``."""
