"""Views of load balancing: backend services, TLS proxies and their policies.

Source: Compute Engine API v1, ``backendServices``, ``targetHttpsProxies``, ``targetSslProxies``,
``sslPolicies``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.located import Held, Located, short
from soc2_collectors.gcp.models.network import LogConfig

_HTTP = frozenset({"HTTP", "HTTPS", "HTTP2", "H2C"})
_EXTERNAL = frozenset({"EXTERNAL", "EXTERNAL_MANAGED"})


class Iap(msgspec.Struct, frozen=True, kw_only=True):
    """Identity-Aware Proxy; off where it is left out."""

    enabled: bool = False


class BackendData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A backend service as Compute Engine shows it."""

    name: str
    protocol: str
    load_balancing_scheme: str
    security_policy: str | None = None
    iap: Iap | None = None
    log_config: LogConfig | None = None


class BackendService(Located, frozen=True, kw_only=True, rename="camel"):
    """A backend service of a load balancer, of a region or global (``backendServices.list``)."""

    kind = "gcp.compute.backend_service"
    resource: Held[BackendData]

    @property
    def http(self) -> bool:
        """Whether a load balancer sends HTTP requests to it; a service mesh does so without one."""
        data = self.resource.data
        return data.protocol in _HTTP and data.load_balancing_scheme != "INTERNAL_SELF_MANAGED"

    @property
    def external(self) -> bool:
        """Whether load balancers that the internet reaches may send to it."""
        return self.resource.data.load_balancing_scheme in _EXTERNAL


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

    name: str
    profile: str
    min_tls_version: str
    custom_features: list[str] = []


class SslPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """Which versions and ciphers proxies speak (``sslPolicies.list``)."""

    kind = "gcp.compute.ssl_policy"
    resource: Held[SslPolicyData]
