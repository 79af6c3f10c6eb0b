"""Views of load balancing: backend services, TLS proxies and their policies.

Source: Compute Engine API v1, ``backendServices``, ``targetHttpsProxies``, ``targetSslProxies``,
``sslPolicies``, ``securityPolicies``; "SSL policies overview".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located, short
from soc2_collectors.gcp.models.network import LogConfig

_NOT_HTTP = frozenset({"TCP", "SSL", "UDP", "UNSPECIFIED"})
_INTERNAL = frozenset({"INTERNAL", "INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"})
_FILTERS = ("deny", "throttle", "rate_based_ban", "redirect", "fairshare")
_DEFAULT = 2147483647
"""The priority of the rule that holds for whatever no other one matches."""


class Iap(msgspec.Struct, frozen=True, kw_only=True):
    """Identity-Aware Proxy; off where it is left out."""

    enabled: bool = False


class BackendData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A backend service as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "securityPolicy": "left out where there is none; then Identity-Aware Proxy must be on",
        "edgeSecurityPolicy": "left out where there is none; another policy or Identity-Aware Proxy must be there",
        "iap": "left out where it was never set; then a security policy must be there",
        "id": "policies of Identity-Aware Proxy name a backend by its number or its name",
        "protocol": "a protocol that is not known to be another one is taken for HTTP: the stricter reading",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "protocol": "a protocol that is not known to be another one is taken for HTTP: the stricter reading",
        "id": "policies of Identity-Aware Proxy name a backend by its number or its name",
    }

    name: str
    protocol: str
    load_balancing_scheme: str
    security_policy: str | None = None
    edge_security_policy: str | None = None
    """Asked before the cache is; the other one only of what the cache does not hold."""
    iap: Iap | None = None
    id: int | str = ""
    """The number by which policies of Identity-Aware Proxy name it."""
    log_config: LogConfig | None = None


class BackendService(Located, frozen=True, kw_only=True, rename="camel"):
    """A backend service of a load balancer, of a region or global (``backendServices.list``)."""

    kind = "gcp.compute.backend_service"
    secret = (
        "resource.data.securitySettings.awsV4Authentication.accessKey",
        "resource.data.customRequestHeaders.*",
        "resource.data.customResponseHeaders.*",
    )
    resource: Held[BackendData]

    @property
    def http(self) -> bool:
        """Whether a load balancer sends HTTP requests to it; a service mesh does so without one."""
        data = self.resource.data
        return (
            data.protocol not in _NOT_HTTP and data.load_balancing_scheme != "INTERNAL_SELF_MANAGED"
        )

    @property
    def external(self) -> bool:
        """Whether load balancers that the internet reaches may send to it."""
        return self.resource.data.load_balancing_scheme not in _INTERNAL

    @property
    def policies(self) -> list[str]:
        """The security policies that it follows, by path: its own, and the one at the edge."""
        data = self.resource.data
        return [short(link) for link in (data.security_policy, data.edge_security_policy) if link]


class ProxyData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A proxy as Compute Engine shows it."""

    name: str
    ssl_policy: str | None = None
    """Left out where Google's default holds: COMPATIBLE, from TLS 1.0 on."""


class TlsProxy(Located, frozen=True, kw_only=True, rename="camel"):
    """An HTTPS or SSL proxy, where TLS ends (``targetHttpsProxies.list``, ``targetSslProxies.list``)."""

    kind = "gcp.compute.tls_proxy"
    resource: Held[ProxyData]

    @property
    def policy(self) -> str | None:
        """The SSL policy that it follows, by path."""
        link = self.resource.data.ssl_policy
        return short(link) if link else None


class SslPolicyData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An SSL policy as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "customFeatures": "of CUSTOM profiles alone; there none passes without features that are named",
        "enabledFeatures": "what the profile comes to, where it is shown; the profile says the same",
        "minTlsVersion": "RESTRICTED and FIPS_202205 speak 1.2 at least, whatever is set (SSL policies)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "minTlsVersion": "RESTRICTED and FIPS_202205 speak 1.2 at least, whatever is set (SSL policies)",
    }

    name: str
    profile: str
    min_tls_version: str
    custom_features: list[str] = []
    enabled_features: list[str] = []


class SslPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """Which versions and ciphers proxies speak (``sslPolicies.list``)."""

    kind = "gcp.compute.ssl_policy"
    resource: Held[SslPolicyData]


class ArmorRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule of a security policy."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "preview": "left out where it is false (SecurityPolicyRule): the rule is enforced",
        "priority": "only tells the default rule apart",
    }

    action: str
    """``allow``, ``deny(403)``, ``throttle``, ``rate_based_ban``, ``redirect``."""
    preview: bool = False
    priority: int = 0

    @property
    def filters(self) -> bool:
        """Whether it keeps requests out, or slows them, in earnest."""
        return self.action.startswith(_FILTERS) and not self.preview

    @property
    def default(self) -> bool:
        """Whether it is for all that no other rule matches."""
        return self.priority == _DEFAULT


class Attachment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a hierarchical policy is attached to, and what below that it leaves out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "excludedFolders": "left out where no folder is (SecurityPolicyAssociation)",
        "excludedProjects": "left out where no project is (SecurityPolicyAssociation)",
    }

    attachment_id: str = ""
    excluded_folders: list[str] = []
    excluded_projects: list[str] = []

    def holds(self, nodes: Collection[str]) -> bool:
        """Whether it reaches something of which these are the project, by number and id, and what is above."""
        left_out = {_node(one) for one in (*self.excluded_folders, *self.excluded_projects)}
        return _node(self.attachment_id) in nodes and left_out.isdisjoint(nodes)


def _node(name: str) -> str:
    """``organizations/9`` of whatever stands before it."""
    return "/".join(name.rstrip("/").rsplit("/", 2)[-2:])


class ArmorData(msgspec.Struct, frozen=True, kw_only=True):
    """A security policy as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "associations": "only hierarchical policies have them; others are named by their backends",
    }

    name: str = ""
    """Hierarchical policies have a number."""
    rules: list[ArmorRule]
    associations: list[Attachment] = []


class SecurityPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """A policy of Cloud Armor, of a region or global (``securityPolicies.list``)."""

    kind = "gcp.compute.security_policy"
    secret = ("**.requestHeadersToAdds.*.headerValue",)
    resource: Held[ArmorData]

    def reaches(self, backend: BackendService) -> bool:
        """Whether it holds for a backend because of where that is."""
        nodes = {*backend.ancestors, f"projects/{backend.project_id}"}
        return any(one.holds(nodes) for one in self.resource.data.associations)

    @property
    def filtering(self) -> list[ArmorRule]:
        """Rules that keep requests out, or slow them, in earnest."""
        return [one for one in self.resource.data.rules if one.filters]
