"""Collects IAM policies, a whole organisation's by page, and the roles that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.roles import Role
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Fact

_GET = {"roles": "roles.get", "organizations": "organizations.roles.get"}
"""How a role is read that is not of the scope, by how its name begins. Those of a project are in the
inventory of the project."""


@collects(IamPolicy, calls=["cloudasset.assets.list"], per="organization", cost="pages of 1000")
def policies(gcp: Gcp) -> Iterator[Document]:
    """Allow policies of every resource that has one."""
    for asset in gcp.assets(content="IAM_POLICY"):
        yield document(asset)


@collects(
    Role,
    calls=[
        "cloudasset.assets.list",
        "iam.organizations.roles.get",
        "iam.roles.get",
    ],
    per="organization",
    cost="pages of 1000, twice, + 1 a role of Google's that a policy names",
)
def roles(gcp: Gcp) -> Iterator[Document]:
    """Custom roles by the inventory, and those that policies name and the inventory does not have."""
    seen = set[str]()
    for asset in gcp.assets("iam.googleapis.com/Role"):
        data = _object(asset, "resource", "data")
        name = data.get("name")
        if not isinstance(name, str) or not name or not isinstance(asset.get("name"), str):
            yield document(asset)
            continue
        seen.add(name)
        yield Document(str(asset["name"]), name, {"name": name, "definition": data})
    named = set[str]()
    for asset in gcp.assets(content="IAM_POLICY"):
        named |= _named(asset)
    for name in sorted(named - seen):
        yield Document(name, name, {"name": name, "definition": _definition(gcp, name)})


def _definition(gcp: Gcp, name: str) -> Fact | None:
    """What a role grants; none where nobody can say: a project's role that its inventory does not have."""
    method = _GET.get(name.partition("/")[0])
    return gcp.fact("iam", "v1", method, name=name) if method else None


def _named(asset: dict[str, Any]) -> set[str]:
    bindings = _object(asset, "iamPolicy").get("bindings")
    listed = bindings if isinstance(bindings, list) else []
    found = [one.get("role") for one in listed if isinstance(one, dict)]
    return {role for role in found if isinstance(role, str) and role}


def _object(around: dict[str, Any], *path: str) -> dict[str, Any]:
    here: Any = around
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}
