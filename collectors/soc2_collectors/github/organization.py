"""Collects the organisation and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.inventory import ORGANIZATION_SETTINGS
from soc2_collectors.github.models.organization import Organization
from soc2_collectors.github.permissions import grant
from soc2_collectors.github.queries import SAML_IDENTITY_PROVIDER
from soc2_pac.model import CollectionStatus, Document, Fact, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_ORGANIZATION = "/orgs/{org}"
_ACTIONS = "/orgs/{org}/actions/permissions"
_SELECTED = "/orgs/{org}/actions/permissions/selected-actions"
_WORKFLOW = "/orgs/{org}/actions/permissions/workflow"
_SCIM = "/scim/v2/organizations/{org}/Users"
_CONFLICT = 409
"""GitHub's answer for selected actions when no selection is made."""

_OWNERS_SEE = (
    "two_factor_requirement_enabled",
    "default_repository_permission",
    "members_can_create_public_repositories",
    "members_can_fork_private_repositories",
    "members_can_delete_repositories",
    "members_can_change_repo_visibility",
    "members_can_delete_issues",
)


@collects(
    Organization,
    calls=[f"GET {path}" for path in (_ORGANIZATION, _ACTIONS, _SELECTED, _WORKFLOW, _SCIM)]
    + [SAML_IDENTITY_PROVIDER.call, ORGANIZATION_SETTINGS.call],
    per="organization",
    cost="7",
)
def organizations(github: Github) -> Iterator[Document]:
    """The one organisation of the scope."""
    said = github.ask(_ORGANIZATION)
    # GitHub leaves settings out, or says null, where the identity may not see them.
    hidden = {name: _hidden() for name in _OWNERS_SEE if said.get(name) is None}

    def saml() -> object:
        return github.query(SAML_IDENTITY_PROVIDER, {"org": github.organization}).get(
            "organization"
        )

    def settings() -> object:
        return github.query(ORGANIZATION_SETTINGS, {"org": github.organization}).get("organization")

    def scim() -> object:
        said = github.ask(_SCIM, count=1)
        return {key: said[key] for key in ("totalResults",) if key in said}

    facts = {
        "actions_permissions": github.fact(_ACTIONS, absent=()),
        "selected_actions": github.fact(_SELECTED, absent=(_CONFLICT,)),
        "workflow_permissions": github.fact(_WORKFLOW, absent=()),
        "saml": Fact(SAML_IDENTITY_PROVIDER.call, saml),
        "settings": Fact(ORGANIZATION_SETTINGS.call, settings),
        "scim": Fact(f"GET {_SCIM}", scim),
    }
    yield Document(uid=said["node_id"], name=said["login"], body={**said, **hidden, **facts})


def _hidden() -> Gap:
    call = f"GET {_ORGANIZATION}"
    return Gap(
        CollectionStatus.DENIED,
        call,
        "GitHub shows this setting to organisation owners only",
        grant(call),
    )
