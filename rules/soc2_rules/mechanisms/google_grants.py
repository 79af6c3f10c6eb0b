"""Who may do what in Google Cloud: policies with what they inherit, and roles with what they hold.

Deny policies and principal access boundaries are not read: they only take away, so what is granted counts as
if there were none. No pass rests on them, and a failure that they may prevent says that they were not read.
Nor is it read who is in a Google group.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.gcp.models.grants import first_end, public_grants, public_roles
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.privileges import known_permissions
from soc2_collectors.gcp.models.roles import Role
from soc2_collectors.gcp.models.values import unread_above
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import inconclusive
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from soc2_collectors.gcp.models.asset import Asset
    from soc2_collectors.gcp.models.located import Located
    from soc2_pac.model import Scope, Verdict
    from soc2_pac.rules import Evidence, Whole


_FOLDERS = "/managedFolders/"
_IAP = "//iap.googleapis.com/"
_OF_IAP = "roles/iap."
NO_DENIALS = "deny policies are not read"
"""What a failure adds that rests on who holds a role: a deny policy may take that away."""
NO_MEMBERS = "who is in the groups is not read"
"""What a pass adds that a member of a group may contradict."""


class Everyone(NamedTuple):
    """What everyone may do with something."""

    roles: list[str]
    """``roles/storage.objectViewer (projects/123)``, where it is inherited; sorted."""
    on: list[IamPolicy]
    """The policies that say so."""

    @property
    def said(self) -> str:
        """What a failure says of it."""
        return f"everyone holds {listed(self.roles)}; {NO_DENIALS}"


def everyone(
    asset: Asset,
    evidence: Evidence,
    *parents: str,
    services: tuple[str, ...],
    proven: bool = False,
) -> Everyone:
    """What everyone may do with something, by its own policy or by one that it inherits.

    A pass adds :func:`beside`, which asks whether it is known what is above.

    Args:
        asset: what is asked about.
        evidence: of the rule, which needs :class:`IamPolicy`.
        parents: names of assets between it and its project: the key ring of a key.
        services: of a policy that is inherited, roles of these count (``storage``), basic and custom ones.
        proven: whether a failure is proven without them: then policies that were not read are as none.

    Raises:
        EvidenceIncomplete: the policies were not read, and nothing is proven without them.
        FactUnavailable: one of them cannot be read; likewise.
    """
    if proven:
        try:
            return everyone(asset, evidence, *parents, services=services)
        except (EvidenceIncomplete, FactUnavailable):
            return Everyone([], [])
    by_name = evidence.index(IamPolicy, "name", within="here")
    demand_some(by_name)
    own = [policy for name in (asset.name, *parents) for policy in by_name.get(name, ())]
    by_node = evidence.index(IamPolicy, "node", within="here")
    policies = [*own, *(one for node in asset.ancestors for one in by_node.get(node, ()))]
    if roles := public_grants(policies, services=services):
        return Everyone(roles, [one for one in policies if public_roles(one)])
    return Everyone([], own)


def managed_folders(whole: Whole) -> dict[str, list[IamPolicy]]:
    """Policies of managed folders of Cloud Storage by the name of their bucket; made once, by ``derived``."""
    found: dict[str, list[IamPolicy]] = {}
    for policy in whole.everywhere(IamPolicy):
        if _FOLDERS in policy.name and policy.name.startswith("//storage.googleapis.com/"):
            name = policy.name.partition(_FOLDERS)[0].rpartition("/")[2]
            found.setdefault(name, []).append(policy)
    return found


def demand_some(policies: Collection[object]) -> None:
    """Raise FactUnavailable where there is no policy at all: every project has one, so none was shown."""
    if not policies:
        msg = "the inventory shows no IAM policy, and every project has one"
        raise FactUnavailable(msg, kind=IamPolicy.kind, field="iamPolicy")


def beside(scope: Scope, asset: Asset) -> str:
    """What a pass adds where the source reads less than the organisation; else empty.

    Google refuses everyone as a member on projects; what folders and the organisation grant is read where the
    source reads them. Raises FactUnavailable where the asset does not say what is above it.
    """
    unread = unread_above(scope.boundary, asset.above)
    return f"; {unread}" if unread else ""


def let_through(
    asset: Located, evidence: Evidence, sort: str, names: Collection[str], *, region: str = ""
) -> list[IamPolicy]:
    """Policies that let everyone through Identity-Aware Proxy to something behind it.

    Its own policies, and what is granted on the project, a folder or the organisation above: Google refuses
    everyone as a member on projects, and on nothing above them.

    Args:
        asset: what is behind it.
        evidence: of the rule, which needs :class:`IamPolicy`.
        sort: of what is behind it, as the names of such policies begin: ``compute``, ``cloud_run``.
        names: by which these policies name it: its name, its number.
        region: where it is, if things of other regions may have its name.
    """
    here = {asset.project, f"projects/{asset.project_id}"}
    nodes = evidence.index(IamPolicy, "node", within="here")
    demand_some(nodes)
    above = [policy for node in asset.ancestors for policy in nodes.get(node, ())]
    found = [one for one in above if any(_through(role) for role in public_roles(one))]
    for one in evidence.here(IamPolicy):
        node, sign, rest = one.name.removeprefix(_IAP).partition("/iap_web")
        if not sign or not one.name.startswith(_IAP) or node not in here or not public_roles(one):
            continue
        # All of the project, or of the sort: all of it, those of a region, or one by its name or number.
        kind, _, place = rest.removeprefix("/").partition("/")[0].partition("-")
        of_the_sort = kind == sort and (not place or not region or place == region)
        one_of_them = "/services/" in rest
        if not rest or (of_the_sort and (not one_of_them or rest.rpartition("/")[2] in names)):
            found.append(one)
    return found


def until_over(verdict: Verdict, policies: Iterable[IamPolicy], now: datetime) -> Verdict:
    """A verdict by who holds what, to be given again when the first of the grants is over by its condition."""
    end = first_end(policies, now)
    return verdict if verdict.until is not None or end is None else replace(verdict, until=end)


def _through(role: str) -> bool:
    """Whether a role may let through Identity-Aware Proxy: one of its own, or one that a customer made."""
    return role.startswith(_OF_IAP) or not role.startswith("roles/")


class Definitions:
    """Roles with what they hold, as far as it is known."""

    def __init__(self, evidence: Evidence) -> None:
        """``evidence`` of a rule that needs :class:`Role`. That roles were not read is kept for later."""
        self._missing: EvidenceIncomplete | None = None
        self._unreadable: dict[str, FactUnavailable] = {}
        self._roles: Mapping[str, Sequence[Role]] = {}
        try:
            self._roles = evidence.index(Role, "name", within="here")
        except EvidenceIncomplete as error:
            self._missing = error

    def known(self, role: str) -> frozenset[str] | None:
        """All that a role grants; ``None`` where that is not known."""
        found = self._roles.get(role)
        if not found:
            return None
        try:
            return found[0].permissions
        except FactUnavailable as error:
            self._unreadable[role] = error
            return None

    def certain(self, role: str) -> frozenset[str]:
        """What a role surely grants, perhaps not all of it."""
        known = self.known(role)
        return known_permissions(role) if known is None else known

    def unknown(self, roles: Iterable[str]) -> Verdict | None:
        """The verdict where what some of these roles grant is not known; ``None``: it is known of all.

        Raises EvidenceIncomplete, FactUnavailable: what keeps it from being known.
        """
        lacking = sorted({role for role in roles if self.known(role) is None})
        if not lacking:
            return None
        if self._missing is not None:
            raise self._missing
        for role in lacking:
            if role in self._unreadable:
                raise self._unreadable[role]
        return inconclusive(f"what these roles grant is not known: {listed(lacking)}")
