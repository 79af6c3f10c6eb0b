"""Views of networks: virtual networks, addresses, interfaces, gateways, Bastion and flow logs.

Source: Azure REST API, "Virtual Networks", "Public IP Addresses", "Network Interfaces", "Application
Gateways", "Bastion Hosts", "Flow Logs".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import Arm, chosen, same
from soc2_collectors.reach import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable


class Reference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Another resource, by its id."""

    id: str


class SubnetProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subnet."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "networkSecurityGroup": "left out where it has none; Network REST API, Subnets",
    }

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

    may_lack: ClassVar[Mapping[str, str]] = {
        "ipConfiguration": "left out where nothing has it; Network REST API, Public IP Addresses",
        "natGateway": "left out where no NAT gateway has it; Network REST API, Public IP Addresses",
    }

    ip_address: str | None = None
    ip_configuration: Reference | None = None
    """What has it; left out: nothing."""
    nat_gateway: Reference | None = None


class PublicAddress(Arm, frozen=True, kw_only=True, rename="camel"):
    """A public address."""

    kind = "azure.network.public_address"
    volatile = ("etag",)

    sku: Sku | None = None
    properties: AddressProperties


class IpConfigurationProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of an interface."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "applicationSecurityGroups": "left out where it is in none; Network REST API, Network Interfaces",
        "privateIPAddress": "without it no rule about an address inside is sure to hold",
    }

    subnet: Reference | None = None
    private_ip_address: str | None = msgspec.field(default=None, name="privateIPAddress")
    application_security_groups: list[Reference] = []


class IpConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of an interface, by its id."""

    id: str
    properties: IpConfigurationProperties


class InterfaceProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A network interface."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "networkSecurityGroup": "left out where it has none; Network REST API, Network Interfaces",
    }

    ip_configurations: list[IpConfiguration]
    network_security_group: Reference | None = None


class NetworkInterface(Arm, frozen=True, kw_only=True, rename="camel"):
    """A network interface."""

    kind = "azure.network.interface"
    volatile = ("etag",)

    properties: InterfaceProperties


class BastionProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A host of Azure Bastion."""

    provisioning_state: str | None = None
    """``Succeeded``, ``Updating``, ``Deleting``, ``Failed``."""


class BastionHost(Arm, frozen=True, kw_only=True, rename="camel"):
    """A host of Azure Bastion."""

    kind = "azure.network.bastion_host"
    volatile = ("etag",)

    properties: BastionProperties | None = None

    @property
    def provisioning_state(self) -> str | None:
        """What Azure says of its state; ``None`` for nothing."""
        return self.properties.provisioning_state if self.properties else None


class Analytics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Traffic analytics."""

    enabled: bool = False
    workspace_resource_id: str | None = None


class FlowAnalytics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Traffic analytics of a flow log; left out: none."""

    network_watcher_flow_analytics_configuration: Analytics | None = None


class FlowRetention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long flow logs are kept; off, or 0 days: for ever."""

    enabled: bool | None = None
    days: int | None = None


_RECORDS = {"b", "c", "e", "d"}
"""The parts of a flow: its begin, that it goes on, its end, that it was denied."""


class FlowLogProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A flow log."""

    target_resource_id: str
    enabled: bool = False
    enabled_filtering_criteria: str | None = None
    """Of which flows there are records; left out or empty: of all."""
    record_types: str | None = None
    """Of which parts of a flow there are records: ``B,C,E,D``; left out or empty: of all."""
    provisioning_state: str | None = None
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

    @property
    def partial(self) -> str:
        """Which records it leaves out; empty where it writes all."""
        if (self.properties.enabled_filtering_criteria or "").strip():
            return f"only of {self.properties.enabled_filtering_criteria}"
        written = (self.properties.record_types or "").casefold().replace(" ", "")
        if written and not set(written.split(",")) >= _RECORDS:
            return f"only records of the types {self.properties.record_types}"
        return ""

    def kept(self, days: int) -> bool | None:
        """Whether it is kept for so many days at least; None where Azure does not say."""
        policy = self.properties.retention_policy
        if policy is None or policy.enabled is None:
            return None
        if not policy.enabled:
            return True
        return None if policy.days is None else policy.days == 0 or policy.days >= days


_BODIES = "only named in the message, where it is off"


class WafSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a policy is on, and what it does."""

    may_lack: ClassVar[Mapping[str, str]] = {"requestBodyCheck": _BODIES}

    state: str | None = None
    mode: str | None = None
    request_body_check: bool | None = None


_ATTACKS = ("OWASP", "Microsoft_DefaultRuleSet", "DefaultRuleSet")
"""Rules of Azure against attacks on the app."""
_OTHERS = ("Microsoft_BotManagerRuleSet", "BotProtection", "Microsoft_HTTPDDoSRuleSet")
"""Rules of Azure against robots, and against floods."""


_CLASSES = ("SQLI", "XSS", "RCE", "LFI")
"""How the names of the groups of rules end against injection of SQL, scripts and commands, and reading of files."""


def _none_left(off: Iterable[str]) -> bool:
    """Whether these groups, each off as a whole, leave no group of the classes of attacks.

    Groups are called ``SQLI`` in the sets of Microsoft, ``REQUEST-942-APPLICATION-ATTACK-SQLI`` in OWASP's. The
    few rules that Microsoft adds by what it sees elsewhere (``MS-ThreatIntel-SQLI``) replace none of them.
    """
    ends = {name.upper().rpartition("APPLICATION-ATTACK-")[2] for name in off}
    return ends >= set(_CLASSES)


class RuleOverride(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Another state or action of one rule of Azure."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "state": "of gateways; a rule that is listed without one is off; Network REST API",
        "enabledState": "of Front Door; a rule that is listed without one is off; Front Door REST API",
        "action": "without one the rule's own holds",
    }

    state: str | None = None
    enabled_state: str | None = None
    action: str | None = None

    @property
    def spares(self) -> bool:
        """Whether what the rule finds is let pass."""
        on = same(self.state or self.enabled_state, "Enabled")
        return not on or same(self.action, "Log") or same(self.action, "Allow")


class GroupOverride(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes of a group of rules; one that lists none is off as a whole."""

    rule_group_name: str = ""
    rules: list[RuleOverride] | None = None


class ManagedRules(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A set of rules of Azure."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ruleSetAction": "of Front Door alone, and there of newer sets; Front Door REST API, ManagedRuleSet",
        "ruleGroupOverrides": "changes of single rules: without one the set is as Azure made it",
    }

    rule_set_type: str
    rule_set_action: str | None = None
    """``Block``, ``Log``, ``Redirect``: what happens to what the set finds; left out: as each rule says."""
    rule_group_overrides: list[GroupOverride] | None = None

    @property
    def hollow(self) -> bool:
        """Whether all groups against the usual attacks are off, each as a whole."""
        groups = self.rule_group_overrides or ()
        return _none_left(one.rule_group_name for one in groups if not one.rules)

    @property
    def spared(self) -> list[str]:
        """Groups of rules that are off, or of which single rules let pass what they find."""
        return sorted(
            one.rule_group_name
            for one in self.rule_group_overrides or ()
            if not one.rules or any(rule.spares for rule in one.rules)
        )


class MatchVariable(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What of a request a condition of gateways looks at."""

    variable_name: str


class Match(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One condition of a custom rule; gateways and Front Door name the same things differently."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "matchVariable": "of Front Door; gateways have matchVariables",
        "matchVariables": "of gateways; Front Door has matchVariable",
        "matchValue": "of Front Door; gateways have matchValues",
        "matchValues": "of gateways; Front Door has matchValue",
        "negateCondition": "of Front Door, where false is the default; Front Door REST API, MatchCondition",
        "negationConditon": "of gateways, where false is the default; Network REST API, MatchCondition",
    }

    match_variable: str | None = None
    match_variables: list[MatchVariable] | None = None
    operator: str | None = None
    match_values: list[str] | None = None
    match_value: list[str] | None = None
    negation_conditon: bool | None = None
    """So spelled by Azure."""
    negate_condition: bool | None = None

    @property
    def negated(self) -> bool:
        """Whether it is met by what does not fit its values."""
        return bool(self.negation_conditon or self.negate_condition)

    @property
    def values(self) -> list[str]:
        """What it compares with."""
        return [*(self.match_values or ()), *(self.match_value or ())]

    @property
    def addresses(self) -> list[str]:
        """Of a condition that asks for addresses, these; empty of any other."""
        return self.values if same(self.operator, "IPMatch") and not self.negated else []

    @property
    def everybody(self) -> bool | None:
        """Whether requests of everybody meet it; ``None``: whoever sends what it asks for does.

        Nobody chooses the address that they come from. A path that is named by how it begins is a part of the
        app. All else is written by who sends the request, or asked of too many. Raises Unreadable.
        """
        fits = self._fits
        if not self.negated:
            return fits
        if same(self.operator, "IPMatch"):
            return None if fits else True
        return False if fits else None

    @property
    def _fits(self) -> bool | None:
        """The same without the negation."""
        values, operator = self.values, (self.operator or "").casefold()
        if operator == "any":
            return True
        if operator == "ipmatch":
            return reach.open_to_internet(values)
        if operator in ("beginswith", "contains", "endswith"):
            if "" in values or (operator != "endswith" and "/" in values):
                return True
            return False if operator == "beginswith" and self._of_path else None
        if operator == "equal":
            return False if self._of_path else None
        if operator == "regex" and any(value in (".*", ".+", "^.*$") for value in values):
            return True
        return None

    @property
    def _of_path(self) -> bool:
        found = [one.variable_name for one in self.match_variables or ()]
        found += [self.match_variable] if self.match_variable else []
        return bool(found) and all(same(name, "RequestUri") for name in found)


class CustomRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule of the customer's, which comes before those of Azure."""

    name: str | None = None
    action: str | None = None
    """``Allow`` ends the evaluation: the rules of Azure do not see the request."""
    state: str | None = None
    enabled_state: str | None = None
    match_conditions: list[Match] | None = None

    @property
    def label(self) -> str:
        """What a message calls it."""
        return f"custom rule {self.name or 'without a name'}"

    @property
    def lets_pass(self) -> bool:
        """Whether it is on, and keeps the rules of Azure from what meets it. Left out: enabled."""
        off = same(self.state, "Disabled") or same(self.enabled_state, "Disabled")
        return not off and same(self.action, "Allow")

    @property
    def everybody(self) -> bool | None:
        """Whether requests of everybody meet it; ``None``: that cannot be told. Raises Unreadable."""
        answers = [one.everybody for one in self.match_conditions or ()]
        return False if False in answers else None if None in answers else True

    @property
    def addresses(self) -> list[str]:
        """The addresses whose requests meet it; empty where anything else is asked, too."""
        conditions = self.match_conditions or ()
        return conditions[0].addresses if len(conditions) == 1 else []


class RulesException(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Requests that rules of Azure do not look at, in a policy of gateways."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "exceptionManagedRuleSets": "for some rules alone; without it for all; Network REST API, ExceptionEntry",
    }

    match_variable: str
    value_match_operator: str
    values: list[str] | None = None
    exception_managed_rule_sets: list[Any] | None = None

    @property
    def label(self) -> str:
        """What a message calls it."""
        return f"exception by {self.match_variable}"

    @property
    def lets_pass(self) -> bool:
        """Whether it keeps the rules of Azure from what meets it: that is what it is for."""
        return True

    @property
    def everybody(self) -> bool | None:
        """Whether requests of everybody meet it; ``None``: that cannot be told. Raises Unreadable."""
        operator = self.value_match_operator
        asked = Match(
            match_variable=self.match_variable,
            operator=_OPERATORS.get(operator.casefold(), operator),
            match_value=self.values,
        ).everybody
        return None if asked and self.exception_managed_rule_sets else asked

    @property
    def addresses(self) -> list[str]:
        """The addresses whose requests meet it; empty where it asks for anything else."""
        whole = same(self.value_match_operator, "IPMatch") and not self.exception_managed_rule_sets
        return (self.values or []) if whole else []


_OPERATORS = {"startswith": "BeginsWith", "equals": "Equal"}
"""What exceptions call differently."""


class RuleSets(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The rules of Azure that a policy applies."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "exceptions": "of gateways, and of few policies; Network REST API, ManagedRulesDefinition",
    }

    managed_rule_sets: list[ManagedRules] = []
    exceptions: list[RulesException] | None = None

    @property
    def weakness(self) -> str:
        """Why these refuse no attack; empty where they do. Raises FactUnavailable for a set not known."""
        if not self.managed_rule_sets:
            return "has no rules of Azure"
        found = [
            one
            for one in self.managed_rule_sets
            if chosen(one.rule_set_type, "ruleSetType", good=_ATTACKS, bad=_OTHERS)
        ]
        if not found:
            return "has no rules of Azure against attacks, but against robots or floods alone"
        found = [one for one in found if not one.hollow]
        if not found:
            return "has its groups of rules against attacks off"
        if all(
            one.rule_set_action
            and not chosen(
                one.rule_set_action, "ruleSetAction", good=("Block", "Redirect"), bad=("Log",)
            )
            for one in found
        ):
            return "only logs what its rules of Azure find"
        return ""

    @property
    def spared(self) -> list[str]:
        """Groups of rules that are off, in whole or in part."""
        return sorted({name for one in self.managed_rule_sets for name in one.spared})


_NO_CUSTOM = "a policy may have no rule of the customer's; Network REST API"


def _passes(rules: Iterable[CustomRule | RulesException]) -> tuple[str, str]:
    """What is wrong with custom rules and exceptions, and what cannot be told of them; empty for nothing."""
    doubt = ""
    addresses: list[str] = []
    for one in rules:
        if not one.lets_pass:
            continue
        try:
            everybody = one.everybody
        except Unreadable as error:
            doubt = doubt or f"whom its {one.label} lets pass cannot be read: {error}"
            continue
        if everybody:
            return f"lets the internet pass by its {one.label}", ""
        if everybody is None:
            doubt = doubt or f"whom its {one.label} lets pass cannot be told"
        addresses += one.addresses
    if reach.open_to_internet(addresses):
        return "lets the internet pass by its custom rules and exceptions together", ""
    return "", doubt


def _past(rules: Iterable[CustomRule | RulesException]) -> list[str]:
    """Custom rules and exceptions that let somebody pass."""
    return sorted(one.label for one in rules if one.lets_pass)


def _weakness(
    custom: Iterable[CustomRule | RulesException], managed: RuleSets | None, name: str
) -> str:
    """Why rules refuse no attack; empty where they do. A fault comes before a doubt. Raises FactUnavailable."""
    passing, doubt = _passes(custom)
    weakness = passing or (managed.weakness if managed else "")
    if doubt and not weakness:
        msg = f"the policy {name}: {doubt}"
        raise Unreadable(msg)
    return weakness


class WafPolicyProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy of a web application firewall."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "managedRules": "no policy can be made without; Network REST API, WebApplicationFirewallPolicies",
        "customRules": _NO_CUSTOM,
    }

    custom_rules: list[CustomRule] | None = None
    policy_settings: WafSettings
    managed_rules: RuleSets | None = None


class WafPolicy(Arm, frozen=True, kw_only=True, rename="camel"):
    """A policy of the web application firewall of gateways."""

    kind = "azure.network.waf_policy"
    volatile = ("etag",)

    properties: WafPolicyProperties

    @property
    def spared(self) -> list[str]:
        """Groups of rules of Azure that are off, in whole or in part."""
        rules = self.properties.managed_rules
        return rules.spared if rules else []

    @property
    def past(self) -> list[str]:
        """Custom rules that let pass what the rules of Azure then do not see."""
        return _past(self._letting)

    @property
    def skips_bodies(self) -> bool:
        """Whether it does not look at the bodies of requests."""
        return self.properties.policy_settings.request_body_check is False

    @property
    def weakness(self) -> str:
        """Why it refuses no attack; empty where it is on, and refuses. Raises FactUnavailable."""
        settings, rules = self.properties.policy_settings, self.properties.managed_rules
        if not same(settings.state, "Enabled"):
            return "is off"
        if not same(settings.mode, "Prevention"):
            return "only detects" if same(settings.mode, "Detection") else "has no mode"
        return _weakness(self._letting, rules, self.name)

    @property
    def _letting(self) -> list[CustomRule | RulesException]:
        rules = self.properties.managed_rules
        return [*(self.properties.custom_rules or ()), *((rules and rules.exceptions) or ())]


class DisabledGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group of rules that is off as a whole, where it lists none, or single rules of it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "rules": "single rules: without any the whole group is off; Network REST API",
    }

    rule_group_name: str
    rules: list[int] | None = None


class GatewayWaf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall that is set at the gateway itself."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabledRuleGroups": "rules that are off: without any all are on; Network REST API",
        "requestBodyCheck": _BODIES,
    }
    enabled: bool = False
    firewall_mode: str | None = None
    request_body_check: bool | None = None
    disabled_rule_groups: list[DisabledGroup] | None = None

    @property
    def hollow(self) -> bool:
        """Whether all groups against the usual attacks are off, each as a whole."""
        groups = self.disabled_rule_groups or ()
        return _none_left(one.rule_group_name for one in groups if not one.rules)

    @property
    def spared(self) -> list[str]:
        """Groups of rules that are off, in whole or in part."""
        return sorted({one.rule_group_name for one in self.disabled_rule_groups or ()})


class PartProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A listener or a path of a gateway: it may have a policy of its own."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "firewallPolicy": "left out where the gateway's holds; Network REST API, Application Gateways",
    }

    firewall_policy: Reference | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A listener or a path of a gateway, by its name."""

    name: str = ""
    properties: PartProperties = PartProperties()


class PathMapProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Paths that lead to backends of their own."""

    path_rules: list[Part] = []


class PathMap(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Paths that lead to backends of their own."""

    properties: PathMapProperties = PathMapProperties()


class GatewayProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a gateway."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "webApplicationFirewallConfiguration": "one of two ways; Network REST API, Application Gateways",
        "firewallPolicy": "one of two ways; Network REST API, Application Gateways",
        "httpListeners": "a part has a policy of its own, or the gateway's",
        "urlPathMaps": "a part has a policy of its own, or the gateway's",
    }

    web_application_firewall_configuration: GatewayWaf | None = None
    firewall_policy: Reference | None = None
    http_listeners: list[Part] = []
    url_path_maps: list[PathMap] = []


class ApplicationGateway(Arm, frozen=True, kw_only=True, rename="camel"):
    """An application gateway."""

    kind = "azure.network.application_gateway"
    volatile = ("etag", "properties.operationalState")

    properties: GatewayProperties

    @property
    def own_policies(self) -> list[Reference]:
        """The policies of single listeners and paths, which hold there instead of the gateway's."""
        paths = (
            rule for one in self.properties.url_path_maps for rule in one.properties.path_rules
        )
        found = (
            part.properties.firewall_policy for part in (*self.properties.http_listeners, *paths)
        )
        return [policy for policy in found if policy is not None]

    @property
    def all_listeners(self) -> bool:
        """Whether each listener has a policy of its own."""
        listeners = self.properties.http_listeners
        return bool(listeners) and all(one.properties.firewall_policy for one in listeners)


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

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabledState": "a door that is not said to be off is judged; Front Door REST API",
    }

    frontend_endpoints: list[Frontend]
    enabled_state: str | None = None
    """``Enabled``, ``Disabled``."""


class FrontDoor(Arm, frozen=True, kw_only=True, rename="camel"):
    """A classic Front Door."""

    kind = "azure.network.front_door"

    properties: FrontDoorProperties


class FrontDoorWafSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a policy of Front Door is on, and what it does."""

    may_lack: ClassVar[Mapping[str, str]] = {"requestBodyCheck": _BODIES}
    any_value: ClassVar[Mapping[str, str]] = {"requestBodyCheck": _BODIES}

    enabled_state: str | None = None
    mode: str | None = None
    request_body_check: str | None = None
    """``Enabled`` or ``Disabled``."""


class CustomRules(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The rules of the customer's in a policy of Front Door."""

    may_lack: ClassVar[Mapping[str, str]] = {"rules": _NO_CUSTOM}

    rules: list[CustomRule] | None = None


class FrontDoorWafProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy of Front Door."""

    may_lack: ClassVar[Mapping[str, str]] = {"customRules": _NO_CUSTOM}

    custom_rules: CustomRules | None = None
    policy_settings: FrontDoorWafSettings
    managed_rules: RuleSets | None = None


class FrontDoorWafPolicy(Arm, frozen=True, kw_only=True, rename="camel"):
    """A policy of the web application firewall of Front Door."""

    kind = "azure.network.front_door_waf_policy"
    volatile = ("etag",)

    properties: FrontDoorWafProperties

    @property
    def spared(self) -> list[str]:
        """Groups of rules of Azure that are off, in whole or in part."""
        rules = self.properties.managed_rules
        return rules.spared if rules else []

    @property
    def past(self) -> list[str]:
        """Custom rules that let pass what the rules of Azure then do not see."""
        return _past(self._custom)

    @property
    def skips_bodies(self) -> bool:
        """Whether it does not look at the bodies of requests."""
        return same(self.properties.policy_settings.request_body_check, "Disabled")

    @property
    def weakness(self) -> str:
        """Why it refuses no attack; empty where it is on, and refuses. Raises FactUnavailable."""
        settings, rules = self.properties.policy_settings, self.properties.managed_rules
        if not same(settings.enabled_state, "Enabled"):
            return "is off"
        if not same(settings.mode, "Prevention"):
            return "only detects" if same(settings.mode, "Detection") else "has no mode"
        if rules is None:
            msg = f"Azure does not say which rules the policy {self.name} applies"
            raise Unreadable(msg)
        return _weakness(self._custom, rules, self.name)

    @property
    def _custom(self) -> list[CustomRule]:
        own = self.properties.custom_rules
        return (own and own.rules) or []
