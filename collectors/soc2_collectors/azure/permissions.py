"""What each call needs, and the custom role and Graph permissions to grant, generated from declared calls.

An action of Azure Resource Manager follows from the path of a call or from the type that Resource Graph is
asked for. An application permission of Microsoft Graph follows from nothing: these stand in a table.

Declared calls are written

- ``RESOURCEGRAPH microsoft.storage/storageaccounts``: rows of that type, from whichever table;
- ``GET /subscriptions/{subscriptionId}/providers/Microsoft.Security/pricings``: Azure Resource Manager;
- ``GRAPH GET /policies/conditionalAccessPolicies``: Microsoft Graph v1.0 (``GRAPH GET /beta/...``: beta).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.authorization import may
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from soc2_collectors.azure.models.authorization import Permission

TABLE = "RESOURCEGRAPH "
GRAPH = "GRAPH GET "
ARM = "GET "
ROLE = "soc2-pac reader"

# One call a line, sorted. The least application permissions that Microsoft documents for each; several: all.
# fmt: off
GRAPH_NEEDS: dict[str, tuple[str, ...]] = {
    "GRAPH GET /applications": ("Application.Read.All",),
    "GRAPH GET /domains": ("Domain.Read.All",),
    "GRAPH GET /groupSettings": ("GroupSettings.Read.All",),
    "GRAPH GET /groups/{groupId}": ("GroupMember.Read.All",),
    "GRAPH GET /groups/{groupId}/transitiveMembers": ("GroupMember.Read.All", "Member.Read.Hidden"),
    "GRAPH GET /identity/conditionalAccess/namedLocations": ("Policy.Read.All",),
    "GRAPH GET /identity/conditionalAccess/policies": ("Policy.Read.All",),
    "GRAPH GET /identityGovernance/accessReviews/definitions": ("AccessReview.Read.All",),
    "GRAPH GET /identityGovernance/accessReviews/definitions/{definitionId}/instances": ("AccessReview.Read.All",),
    "GRAPH GET /identityGovernance/accessReviews/definitions/{definitionId}/instances/{instanceId}/decisions": ("AccessReview.Read.All",),  # noqa: E501
    "GRAPH GET /identityGovernance/privilegedAccess/group/eligibilityScheduleInstances": ("PrivilegedEligibilitySchedule.Read.AzureADGroup",),  # noqa: E501
    "GRAPH GET /oauth2PermissionGrants": ("Directory.Read.All",),
    "GRAPH GET /organization": ("Organization.Read.All",),
    "GRAPH GET /policies/adminConsentRequestPolicy": ("Policy.Read.All",),
    "GRAPH GET /policies/authenticationMethodsPolicy": ("Policy.Read.AuthenticationMethod",),
    "GRAPH GET /policies/authorizationPolicy": ("Policy.Read.All",),
    "GRAPH GET /policies/deviceRegistrationPolicy": ("Policy.Read.DeviceConfiguration",),
    "GRAPH GET /policies/identitySecurityDefaultsEnforcementPolicy": ("Policy.Read.All",),
    "GRAPH GET /policies/roleManagementPolicyAssignments": ("RoleManagement.Read.Directory",),
    "GRAPH GET /reports/authenticationMethods/userRegistrationDetails": ("AuditLog.Read.All",),
    "GRAPH GET /roleManagement/directory/roleAssignmentScheduleInstances": ("RoleAssignmentSchedule.Read.Directory",),
    "GRAPH GET /roleManagement/directory/roleAssignments": ("RoleManagement.Read.Directory",),
    "GRAPH GET /roleManagement/directory/roleEligibilityScheduleInstances": ("RoleEligibilitySchedule.Read.Directory",),
    "GRAPH GET /servicePrincipals": ("Application.Read.All",),
    "GRAPH GET /servicePrincipals/{servicePrincipalId}/appRoleAssignedTo": ("Application.Read.All",),
    "GRAPH GET /users": ("User.Read.All",),
}
# fmt: on
"""Calls of Microsoft Graph. A test demands that every declared one is here."""

ACTIONS: dict[str, str] = {
    "GET /subscriptions": "Microsoft.Resources/subscriptions/read",
    "GET /subscriptions/{subscriptionId}": "Microsoft.Resources/subscriptions/read",
    "GET /subscriptions/{subscriptionId}/providers/Microsoft.Security/jitNetworkAccessPolicies": (
        "Microsoft.Security/locations/jitNetworkAccessPolicies/read"
    ),
    # Published is no action of this type, and Azure refuses a role that names one: a wildcard is taken.
    "GET /subscriptions/{subscriptionId}/providers/Microsoft.Security/serverVulnerabilityAssessmentsSettings": (
        "Microsoft.Security/*/read"
    ),
    "GET /subscriptions/{subscriptionId}/resources": "Microsoft.Resources/subscriptions/resources/read",
    # Resource Graph asks for a read of the type itself, which no action is named for: by a wildcard alone.
    "RESOURCEGRAPH microsoft.compute/virtualmachines/patchassessmentresults": (
        "Microsoft.Compute/virtualMachines/patchAssessmentResults/*"
    ),
    "RESOURCEGRAPH microsoft.resources/subscriptions": "Microsoft.Resources/subscriptions/read",
}
"""Actions that the path of their call does not spell."""

HELD = "GET /subscriptions/{subscriptionId}/providers/Microsoft.Authorization/permissions"
"""What the identity may do in a subscription."""
ALWAYS = ("GET /subscriptions", HELD, "RESOURCEGRAPH microsoft.resources/subscriptions")
"""What the connection asks itself: which subscriptions there are, which of them can be seen, and what the
identity may do in them."""

_P2 = re.compile(
    r"/(identityProtection|identityGovernance/(accessReviews|privilegedAccess)|"
    r"roleManagement/directory/role(Eligibility|Assignment)Schedule|policies/roleManagementPolic)"
)


def licence(call: str, message: str = "") -> str:
    """Which licence a call of Microsoft Graph needs, when Graph says that there is none."""
    if "P2" in message or _P2.search(call):
        return "Microsoft Entra ID P2"
    return "Microsoft Entra ID P1"


def action(call: str) -> str | None:
    """The action of Azure Resource Manager that a call needs; ``None`` where none can be told.

    Behind ``/providers/NAMESPACE`` types and names alternate: what stands first, third, fifth is a type.
    """
    if call in ACTIONS:
        return ACTIONS[call]
    if call.startswith(TABLE):
        sort = call.removeprefix(TABLE)
        return f"{sort}/read" if "/" in sort else None
    if not call.startswith(ARM):
        return None
    _, marker, rest = call.rpartition("/providers/")
    parts = rest.split("/")
    if not marker or len(parts) < 2:  # noqa: PLR2004 - a namespace and a type
        return None
    return "/".join((parts[0], *parts[1::2], "read"))


def shown(call: str, permissions: Iterable[Permission]) -> bool:
    """Whether Resource Graph shows what a call asks for: what may not be read it leaves out in silence."""
    need = action(call)
    return need is None or may(permissions, need.replace("/*", "/read"))


def grant(call: str) -> str | None:
    """What to grant for a call; ``None`` for one that is not known here (of a plugin)."""
    if call.startswith(GRAPH):
        needs = GRAPH_NEEDS.get(call)
        return (
            f"{' and '.join(needs)} (application permission of Microsoft Graph)" if needs else None
        )
    need = action(call)
    return f"{need} (Azure role, such as Reader, on the subscription)" if need else None


def permissions(calls: Sequence[str], form: str) -> str:
    """The least permissions for declared calls.

    Args:
        calls: declared calls; unknown ones (of a plugin) are listed as such.
        form: ``text``; ``json``: a custom role as ``az role definition create`` takes it, and the application
            permissions of Microsoft Graph; ``terraform``: both for the providers azurerm and azuread.

    Raises:
        UsageError: another form.
    """
    wanted = sorted(set(calls))
    azure = [call for call in wanted if not call.startswith(GRAPH)]
    actions: dict[str, list[str]] = {}
    for call in (*ALWAYS, *azure) if azure else ():
        need = action(call)
        if need is not None:
            # Azure tells actions apart without regard to case.
            same = next((known for known in actions if known.lower() == need.lower()), need)
            if need != need.lower() and same == same.lower():
                actions[need] = actions.pop(same, [])
                same = need
            if call not in actions.setdefault(same, []):
                actions[same].append(call)
    graph: dict[str, list[str]] = {}
    for call in wanted:
        for need in GRAPH_NEEDS.get(call, ()):
            graph.setdefault(need, []).append(call)
    unknown = [call for call in wanted if grant(call) is None]
    if form == "json":
        return json.dumps({"role": _role(sorted(actions)), "graph": sorted(graph)}, indent=2)
    if form == "terraform":
        return _terraform(sorted(actions, key=str.lower), sorted(graph))
    if form != "text":
        msg = f"permissions azure cannot be written as '{form}': use text, json or terraform"
        raise UsageError(msg)
    return _as_text(actions, graph, unknown)


def _role(actions: Sequence[str]) -> dict[str, object]:
    return {
        "Name": ROLE,
        "IsCustom": True,
        "Description": "Reads what soc2-pac collects, and nothing else",
        "Actions": list(actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": ["/providers/Microsoft.Management/managementGroups/TENANT_ID"],
    }


def _as_text(
    actions: dict[str, list[str]], graph: dict[str, list[str]], unknown: Sequence[str]
) -> str:
    lines = [
        "An app registration or a managed identity with",
        "  the role Reader at the tenant's root management group, or a custom role with the actions:",
    ]
    for need, its in sorted(actions.items(), key=lambda item: item[0].lower()):
        lines += [f"    {need}", *(f"        {call}" for call in its)]
    lines.append("  application permissions of Microsoft Graph, with admin consent:")
    for need, its in sorted(graph.items()):
        lines += [f"    {need}", *(f"        {call}" for call in its)]
    if unknown:
        lines += ["", "Calls of plugins, see their documentation:"]
        lines += [f"  {call}" for call in unknown]
    return "\n".join(lines)


def _terraform(actions: Sequence[str], graph: Sequence[str]) -> str:
    listed = "".join(f'      "{one}",\n' for one in actions)
    needed = "".join(f'    "{one}",\n' for one in graph)
    return f"""terraform {{
  required_version = ">= 1.3"

  required_providers {{
    azurerm = {{
      source  = "hashicorp/azurerm"
      version = ">= 3.0"
    }}
    # Since this version a service principal is found by client_id.
    azuread = {{
      source  = "hashicorp/azuread"
      version = ">= 2.47"
    }}
  }}
}}

variable "soc2_pac_scope" {{
  description = "Where the role is granted: /providers/Microsoft.Management/managementGroups/TENANT_ID"
  type        = string
}}

variable "soc2_pac_principal_id" {{
  description = "Object id of the service principal or managed identity that runs soc2-pac"
  type        = string
}}

resource "azurerm_role_definition" "soc2_pac" {{
  name        = "{ROLE}"
  scope       = var.soc2_pac_scope
  description = "Reads what soc2-pac collects, and nothing else"
  permissions {{
    actions = [
{listed}    ]
  }}
  assignable_scopes = [var.soc2_pac_scope]
}}

resource "azurerm_role_assignment" "soc2_pac" {{
  scope              = var.soc2_pac_scope
  role_definition_id = azurerm_role_definition.soc2_pac.role_definition_resource_id
  principal_id       = var.soc2_pac_principal_id
}}

data "azuread_application_published_app_ids" "well_known" {{}}

data "azuread_service_principal" "graph" {{
  client_id = data.azuread_application_published_app_ids.well_known.result["MicrosoftGraph"]
}}

resource "azuread_app_role_assignment" "soc2_pac" {{
  for_each = toset([
{needed}  ])
  app_role_id         = data.azuread_service_principal.graph.app_role_ids[each.value]
  principal_object_id = var.soc2_pac_principal_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}}"""
