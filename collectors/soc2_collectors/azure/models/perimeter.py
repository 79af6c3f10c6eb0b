"""Network security perimeters: who comes in to a resource by its public endpoint.

A perimeter that a resource is associated with lets in whom its inbound rules name. In the mode Enforced its rules
alone decide, whatever ``publicNetworkAccess`` of the resource says; in the others (Learning, which is also called
transition, and Audit) they are added to what the resource itself admits, even where its public access is off.

Source: Azure, "Transition to a network security perimeter" (access modes and publicNetworkAccess); Azure REST API,
"Network Security Perimeter Configurations" of Storage, SQL Database, Cosmos DB and Key Vault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import chosen, last_part, same
from soc2_collectors.azure.models.service_tags import RENTED, is_service_tag
from soc2_pac.errors import FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

_ONE_OF = "a rule names one sort of whom it is for; Azure REST API, NspAccessRuleProperties"


class AccessRuleProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whom a rule is for."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "addressPrefixes": _ONE_OF,
        "serviceTags": _ONE_OF,
        "subscriptions": _ONE_OF,
        "networkSecurityPerimeters": _ONE_OF,
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "subscriptions": "which they are is not asked: whoever comes signs in as one of their identities",
        "networkSecurityPerimeters": "which they are is not asked: their members come in, not the internet",
    }

    direction: str
    """``Inbound`` or ``Outbound``."""
    address_prefixes: list[str] | None = None
    service_tags: list[str] | None = None
    subscriptions: list[Any] | None = None
    network_security_perimeters: list[Any] | None = None


class AccessRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule of a perimeter's profile."""

    name: str = ""
    properties: AccessRuleProperties

    @property
    def sources(self) -> reach.Sources:
        """Whom of the internet it lets in. Raises FactUnavailable for a direction that is not known."""
        said = self.properties
        if not chosen(said.direction, "direction", good=("Inbound",), bad=("Outbound",)):
            return reach.NO_SOURCE
        found = reach.networks(said.address_prefixes or ())
        for tag in said.service_tags or ():
            sort = tag.casefold().partition(".")[0]
            if sort == "internet" or sort in RENTED:
                found |= reach.known(reach.PUBLIC)
            elif not is_service_tag(tag):
                found |= reach.unread(f"the service tag {tag}")
        if not (
            said.address_prefixes
            or said.service_tags
            or said.subscriptions
            or said.network_security_perimeters
        ):
            # What an older version of the API does not know, it leaves out.
            found |= reach.unread(f"the rule {self.name} of a network security perimeter")
        return found


class Profile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The rules that a perimeter has for some of its resources."""

    access_rules: list[AccessRule]


class ResourceAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a resource belongs to a perimeter."""

    access_mode: str
    """``Enforced``, ``Learning``, ``Audit``."""


class PerimeterReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The perimeter itself, which may be of another subscription."""

    id: str = ""


class AssociationProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What of a perimeter's configuration has arrived at a resource."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "networkSecurityPerimeter": "only named in the message",
        "provisioningState": "without it the rules are not known to be in force",
        "profile": "without it nobody can tell whom the perimeter lets in",
    }

    provisioning_state: str | None = None
    """``Succeeded``, ``Accepted``, ``Failed``, ``Deleting``, ``Canceled``."""
    network_security_perimeter: PerimeterReference | None = None
    resource_association: ResourceAssociation
    profile: Profile | None = None


class Association(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration that a perimeter gives a resource (``networkSecurityPerimeterConfigurations``)."""

    properties: AssociationProperties

    @property
    def label(self) -> str:
        """What a message calls the perimeter."""
        where = self.properties.network_security_perimeter
        name = last_part(where.id) if where else ""
        return f"the network security perimeter {name}" if name else "a network security perimeter"

    @property
    def enforced(self) -> bool:
        """Whether its rules alone decide. Raises FactUnavailable where they may not be in force yet."""
        mode = self.properties.resource_association.access_mode
        alone = chosen(mode, "accessMode", good=("Enforced",), bad=("Learning", "Audit"))
        return alone and self._settled

    @property
    def _settled(self) -> bool:
        state = self.properties.provisioning_state
        if not same(state, "Succeeded"):
            msg = f"the rules of {self.label} may not be in force: their state is {state or 'not said'}"
            raise FactUnavailable(msg, field="provisioningState")
        return True

    @property
    def sources(self) -> reach.Sources:
        """Whom of the internet its rules let in. Raises FactUnavailable where that cannot be told."""
        profile = self.properties.profile
        if profile is None:
            msg = f"Azure does not show the rules of {self.label}"
            raise FactUnavailable(msg, field="profile")
        found = reach.NO_SOURCE
        if self._settled:
            for rule in profile.access_rules:
                found |= rule.sources
        return found


@dataclass(frozen=True)
class Gate:
    """What decides who comes in by the public endpoint of a resource."""

    access: str | None
    """``publicNetworkAccess``; not set is Enabled."""
    associations: Sequence[Association]

    @property
    def own(self) -> bool:
        """Whether what the resource itself admits comes in. Raises FactUnavailable for what is not known."""
        on = chosen(
            self.access or "Enabled",
            "publicNetworkAccess",
            good=("Enabled",),
            # Without a perimeter, SecuredByPerimeter lets in nobody.
            bad=("Disabled", "SecuredByPerimeter"),
        )
        return on and not any(one.enforced for one in self.associations)

    @property
    def sources(self) -> reach.Sources:
        """Whom of the internet perimeters let in. Raises FactUnavailable where that cannot be told."""
        found = reach.NO_SOURCE
        for one in self.associations:
            found |= one.sources
        return found

    @property
    def open(self) -> bool:
        """Whether a perimeter lets in the internet. Raises FactUnavailable where that cannot be told."""
        sources = self.sources
        answer = sources.is_open()
        if answer is None:
            msg = f"whom {self.label} lets in cannot be told: {', '.join(sources.unknown)}"
            raise FactUnavailable(msg, field="accessRules")
        return answer

    @property
    def label(self) -> str:
        """What a message calls the perimeters; empty where there is none."""
        return " and ".join(sorted({one.label for one in self.associations}))

    @property
    def how(self) -> str:
        """How somebody comes in who is not the internet, for a message."""
        if not self.associations:
            return "chosen networks only" if self.own else "public network access is off"
        own = "its own rules and those of " if self.own else "the rules of "
        return f"chosen networks only, by {own}{self.label}"
