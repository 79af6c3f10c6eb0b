"""Views of networks: virtual networks, addresses, interfaces, gateways, Bastion and flow logs.

Source: Azure REST API, "Virtual Networks", "Public IP Addresses", "Network Interfaces", "Application
Gateways", "Bastion Hosts", "Flow Logs".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import Arm, same


class Reference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Another resource, by its id."""

    id: str


class SubnetProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subnet."""

    network_security_group: Reference | None = None


class Subnet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subnet of a virtual network."""

    id: str = ""
    name: str
    properties: SubnetProperties


class NetworkProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A virtual network."""

    subnets: list[Subnet]
    enable_ddos_protection: bool | None = None
    """Left out: off."""


class VirtualNetwork(Arm, frozen=True, kw_only=True, rename="camel"):
    """A virtual network with its subnets."""

    kind = "azure.network.virtual_network"
    volatile = ("etag",)

    properties: NetworkProperties


class Sku(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``Basic`` or ``Standard``."""

    name: str | None = None


class AddressProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A public address."""

    ip_address: str | None = None
    ip_configuration: Reference | None = None
    """What has it; left out: nothing."""


class PublicAddress(Arm, frozen=True, kw_only=True, rename="camel"):
    """A public address."""

    kind = "azure.network.public_address"
    volatile = ("etag",)

    sku: Sku | None = None
    properties: AddressProperties


class IpConfigurationProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of an interface."""

    subnet: Reference | None = None


class IpConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of an interface, by its id."""

    id: str
    properties: IpConfigurationProperties


class InterfaceProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A network interface."""

    ip_configurations: list[IpConfiguration]
    network_security_group: Reference | None = None


class NetworkInterface(Arm, frozen=True, kw_only=True, rename="camel"):
    """A network interface."""

    kind = "azure.network.interface"
    volatile = ("etag",)

    properties: InterfaceProperties


class BastionHost(Arm, frozen=True, kw_only=True, rename="camel"):
    """A host of Azure Bastion."""

    kind = "azure.network.bastion_host"
    volatile = ("etag",)


class Analytics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Traffic analytics."""

    enabled: bool = False
    workspace_resource_id: str | None = None


class FlowAnalytics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Traffic analytics of a flow log; left out: none."""

    network_watcher_flow_analytics_configuration: Analytics | None = None


class FlowRetention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long flow logs are kept; off, or 0 days: for ever."""

    enabled: bool = False
    days: int = 0


class FlowLogProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A flow log."""

    target_resource_id: str
    enabled: bool = False
    flow_analytics_configuration: FlowAnalytics | None = None
    retention_policy: FlowRetention | None = None


class FlowLog(Arm, frozen=True, kw_only=True, rename="camel"):
    """A flow log of a virtual network, a subnet, an interface or a security group."""

    kind = "azure.network.flow_log"
    volatile = ("etag",)

    properties: FlowLogProperties

    @property
    def analysed(self) -> bool:
        """Whether it is sent to a workspace."""
        analytics = self.properties.flow_analytics_configuration
        where = analytics.network_watcher_flow_analytics_configuration if analytics else None
        return bool(where and where.enabled and where.workspace_resource_id)

    def kept(self, days: int) -> bool:
        """Whether it is kept for so many days at least."""
        policy = self.properties.retention_policy
        return policy is None or not policy.enabled or not policy.days or policy.days >= days


class WafSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a policy is on, and what it does."""

    state: str | None = None
    mode: str | None = None


class WafPolicyProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy of a web application firewall."""

    policy_settings: WafSettings


class WafPolicy(Arm, frozen=True, kw_only=True, rename="camel"):
    """A policy of the web application firewall of gateways."""

    kind = "azure.network.waf_policy"
    volatile = ("etag",)

    properties: WafPolicyProperties

    @property
    def prevents(self) -> bool:
        """Whether it is on and refuses."""
        settings = self.properties.policy_settings
        return same(settings.state, "Enabled") and same(settings.mode, "Prevention")


class GatewayWaf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall that is set at the gateway itself."""

    enabled: bool = False
    firewall_mode: str | None = None


class GatewayProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a gateway."""

    web_application_firewall_configuration: GatewayWaf | None = None
    firewall_policy: Reference | None = None


class ApplicationGateway(Arm, frozen=True, kw_only=True, rename="camel"):
    """An application gateway."""

    kind = "azure.network.application_gateway"
    volatile = ("etag", "properties.operationalState")

    properties: GatewayProperties


class FrontendProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A domain of a Front Door."""

    host_name: str = ""
    web_application_firewall_policy_link: Reference | None = None


class Frontend(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A domain of a Front Door, by its name."""

    name: str = ""
    properties: FrontendProperties


class FrontDoorProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a Front Door."""

    frontend_endpoints: list[Frontend]


class FrontDoor(Arm, frozen=True, kw_only=True, rename="camel"):
    """A classic Front Door."""

    kind = "azure.network.front_door"

    properties: FrontDoorProperties


class FrontDoorWafSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a policy of Front Door is on, and what it does."""

    enabled_state: str | None = None
    mode: str | None = None


class FrontDoorWafProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy of Front Door."""

    policy_settings: FrontDoorWafSettings


class FrontDoorWafPolicy(Arm, frozen=True, kw_only=True, rename="camel"):
    """A policy of the web application firewall of Front Door."""

    kind = "azure.network.front_door_waf_policy"
    volatile = ("etag",)

    properties: FrontDoorWafProperties

    @property
    def prevents(self) -> bool:
        """Whether it is on and refuses."""
        settings = self.properties.policy_settings
        return same(settings.enabled_state, "Enabled") and same(settings.mode, "Prevention")
