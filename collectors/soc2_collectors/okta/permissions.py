"""What each call needs, and the list of scopes to grant, generated from declared calls.

Scopes are those that Okta's management API names for each operation. A scope alone is not enough: what a
service app, or the owner of a token, may see is also bounded by its administrator role.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLE = "Read-only Administrator"
"""The least standard role that sees the whole org."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one call needs."""

    scope: str
    """The OAuth scope: ``okta.users.read``."""
    note: str = ""
    """What else Okta demands."""

    def __str__(self) -> str:
        """The scope, the role, and what else there is."""
        said = f"{self.scope} and the role {ROLE} (or an API token of a {ROLE})"
        return f"{said}; {self.note}" if self.note else said


_SEES_ROLES = "where that role is not shown administrators, a custom role with okta.iam.read, too"
_SUPPORT = "Okta answers who is Super Administrator only; without, whether support has access is inconclusive"
_CERTIFIES = "and the role Access Certifications Administrator"

# One call a line, sorted.
# fmt: off
NEEDS: dict[str, Need] = {
    "GET /api/v1/api-tokens": Need("okta.apiTokens.read"),
    "GET /api/v1/apps": Need("okta.apps.read"),
    "GET /api/v1/apps/{appId}/groups": Need("okta.apps.read"),
    "GET /api/v1/apps/{appId}/users": Need("okta.apps.read"),
    "GET /api/v1/authenticators": Need("okta.authenticators.read"),
    "GET /api/v1/authenticators/{authenticatorId}/methods": Need("okta.authenticators.read"),
    "GET /api/v1/behaviors": Need("okta.behaviors.read"),
    "GET /api/v1/brands": Need("okta.brands.read"),
    "GET /api/v1/brands/{brandId}/pages/sign-in/customized": Need("okta.brands.read"),
    "GET /api/v1/device-assurances": Need("okta.deviceAssurance.read"),
    "GET /api/v1/eventHooks": Need("okta.eventHooks.read"),
    "GET /api/v1/first-party-app-settings/{appName}": Need("okta.apps.read"),
    "GET /api/v1/groups": Need("okta.groups.read"),
    "GET /api/v1/groups/{groupId}/roles": Need("okta.roles.read", _SEES_ROLES),
    "GET /api/v1/groups/{groupId}/users": Need("okta.groups.read"),
    "GET /api/v1/iam/assignees/users": Need("okta.roles.read", _SEES_ROLES),
    "GET /api/v1/iam/roles": Need("okta.roles.read", _SEES_ROLES),
    "GET /api/v1/iam/roles/{roleIdOrLabel}/permissions": Need("okta.roles.read", _SEES_ROLES),
    "GET /api/v1/idps": Need("okta.idps.read"),
    "GET /api/v1/logStreams": Need("okta.logStreams.read"),
    "GET /api/v1/logs": Need("okta.logs.read"),
    "GET /api/v1/org": Need("okta.orgs.read"),
    "GET /api/v1/org/privacy/oktaSupport": Need("okta.orgs.read", _SUPPORT),
    "GET /api/v1/org/privacy/oktaSupport/cases": Need("okta.orgs.read"),
    "GET /api/v1/policies": Need("okta.policies.read"),
    "GET /api/v1/policies/{policyId}/rules": Need("okta.policies.read"),
    "GET /api/v1/threats/configuration": Need("okta.threatInsights.read"),
    "GET /api/v1/trustedOrigins": Need("okta.trustedOrigins.read"),
    "GET /api/v1/users": Need("okta.users.read"),
    "GET /api/v1/users/{userId}": Need("okta.users.read"),
    "GET /api/v1/users/{userId}/factors": Need("okta.users.read"),
    "GET /api/v1/users/{userId}/roles": Need("okta.roles.read", _SEES_ROLES),
    "GET /api/v1/zones": Need("okta.networkZones.read"),
    "GET /governance/api/v1/campaigns": Need("okta.governance.accessCertifications.read", _CERTIFIES),
    "GET /governance/api/v1/reviews": Need("okta.governance.accessCertifications.read", _CERTIFIES),
    "GET /oauth2/v1/clients/{clientId}/roles": Need("okta.roles.read", _SEES_ROLES),
}
# fmt: on
"""Every call that the collectors declare. A test demands that none is missing."""

OPEN = ("GET /.well-known/okta-organization",)
"""Calls that anybody may make: they need nothing."""


def grant(call: str) -> str | None:
    """What to grant for a call; ``None`` for one that is not known here (of a plugin)."""
    need = NEEDS.get(call)
    return str(need) if need else None


def permissions(calls: Sequence[str], form: str) -> str:
    """The least permissions for declared calls.

    Args:
        calls: declared calls; unknown ones (of a plugin) are listed as such.
        form: ``text``; or ``json``: the scopes to grant to the service app, the role to assign to it, and
            what else some calls need.

    Raises:
        UsageError: another form.
    """
    known = {call: NEEDS[call] for call in sorted(set(calls)) if call in NEEDS}
    scopes = sorted({need.scope for need in known.values()})
    if form == "json":
        notes = sorted({need.note for need in known.values() if need.note})
        return json.dumps({"scopes": scopes, "role": "READ_ONLY_ADMIN", "further": notes}, indent=2)
    if form != "text":
        msg = f"permissions okta cannot be written as '{form}': use text or json"
        raise UsageError(msg)
    lines = [
        "A service app (API Services, client authentication by public key / private key) with",
        '  General settings: "Require Demonstrating Proof of Possession (DPoP)" off',
        f"  Admin roles: {ROLE}",
        "  Okta API scopes:",
    ]
    for scope in scopes:
        lines.append(f"    {scope}")
        lines += [f"        {call}{_noted(d)}" for call, d in known.items() if d.scope == scope]
    lines += ["", f"Or an API token of a user with the role {ROLE}, and with what is noted above."]
    unknown = sorted(set(calls) - set(known) - set(OPEN))
    if unknown:
        lines += [
            "",
            "Calls of plugins, see their documentation, and name their scopes in plugin_scopes:",
            *(f"  {call}" for call in unknown),
        ]
    return "\n".join(lines)


def _noted(need: Need) -> str:
    return f"  ({need.note})" if need.note else ""
