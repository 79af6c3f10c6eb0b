"""Views of WAF: web ACLs, what they protect, what their rules do, and what their logs keep."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

_STOPS = {"Block", "Captcha", "Challenge", "Monetize"}
"""Actions that keep a request out, or ask something of it first."""


class Override(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What one rule of a group does in place of what the group says."""

    may_lack: ClassVar[dict[str, str]] = {"ActionToUse": "what is not told may be to count"}
    action_to_use: dict[str, Any] = {}


class ManagedGroup(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A group of rules that AWS or a vendor maintains, and its rules that are overridden here."""

    may_lack: ClassVar[dict[str, str]] = {
        "RuleActionOverrides": "without them the group does what its vendor says (API reference)",
        "ExcludedRules": "without them the group does what its vendor says (API reference)",
    }
    name: str = ""
    rule_action_overrides: list[Override] = []
    excluded_rules: list[dict[str, Any]] = []
    """The form from before overrides: rules that only count."""

    @property
    def acts(self) -> bool | None:
        """Whether it stops requests; ``None`` where some of its rules only count, which may be all of them."""
        if not self.name:
            return None
        stopping = (set(one.action_to_use) <= _STOPS for one in self.rule_action_overrides)
        told = all(one.action_to_use for one in self.rule_action_overrides)
        return True if told and all(stopping) and not self.excluded_rules else None


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Of what a rule matches only which group of rules it is, if it is one."""

    managed_rule_group_statement: ManagedGroup | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A rule, which has an action, or a group of rules, which has an override of its actions."""

    may_lack: ClassVar[dict[str, str]] = {
        "FirewallManagerStatement": "of Firewall Manager's groups only",
        "Statement": "without one nobody knows what a group is, and the rule is inconclusive",
        "Action": "rules that are groups have an override in its place (API reference, Rule)",
        "OverrideAction": "rules that are no groups have an action in its place (API reference, Rule)",
    }
    name: str = ""
    action: dict[str, Any] | None = None
    override_action: dict[str, Any] | None = None
    statement: Statement | None = None
    firewall_manager_statement: Statement | None = None

    @property
    def acts(self) -> bool | None:
        """Whether it stops requests; ``None`` where that is not told, or depends on a group that is not read.

        One that lets requests in stops nothing.
        """
        said = {*(self.action or ()), *(self.override_action or ())}
        if said & _STOPS:
            return True
        if said == {"None"}:
            of = self.statement or self.firewall_manager_statement
            group = of.managed_rule_group_statement if of is not None else None
            return group.acts if group is not None else None
        return False if said in ({"Count"}, {"Allow"}) else None


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetWebACL``."""

    may_lack: ClassVar[dict[str, str]] = {
        "Rules": "an ACL may have those of Firewall Manager only; without any it fails",
        "PreProcessFirewallManagerRuleGroups": "an ACL may have its own rules only; without any it fails",
        "PostProcessFirewallManagerRuleGroups": "an ACL may have its own rules only; without any it fails",
        "DefaultAction": "it only adds a way to pass: that what no rule lets in is blocked",
    }
    rules: list[Rule] = []
    pre_process_firewall_manager_rule_groups: list[Rule] = []
    post_process_firewall_manager_rule_groups: list[Rule] = []
    default_action: dict[str, Any] | None = None

    @property
    def every_rule(self) -> list[Rule]:
        """Rules of its own and of Firewall Manager's."""
        return [
            *self.pre_process_firewall_manager_rule_groups,
            *self.rules,
            *self.post_process_firewall_manager_rule_groups,
        ]


class Named(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An action, or a label."""

    action: str | None = None
    label_name: str | None = None


class Condition(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a record of the log must hold."""

    action_condition: Named | None = None
    label_name_condition: Named | None = None

    def met(self, action: str) -> bool | None:
        """Whether the record of a request with that action meets it; ``None``: some may."""
        if self.action_condition is not None and self.action_condition.action is not None:
            return self.action_condition.action == action
        return None


class Filter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which records are kept, or dropped."""

    behavior: str
    requirement: str
    conditions: list[Condition]

    def matches(self, action: str) -> bool | None:
        """Whether it is about the records of requests with that action; ``None``: about some."""
        met = [condition.met(action) for condition in self.conditions]
        if self.requirement == "MEETS_ALL":
            return False if False in met else None if None in met or not met else True
        if self.requirement == "MEETS_ANY":
            return True if True in met else None if None in met or not met else False
        return None


class LoggingFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What is kept of what WAF sees. Where filters contradict each other, nobody knows which one holds."""

    filters: list[Filter]
    default_behavior: str

    def keeps(self, action: str) -> bool | None:
        """Whether all records of requests with that action are kept; ``None``: some may not be."""
        about = {behavior: self._about(behavior, action) for behavior in ("KEEP", "DROP")}
        if not {filter_.behavior for filter_ in self.filters} <= set(about):
            return None
        if about == {"KEEP": False, "DROP": False}:
            return {"KEEP": True, "DROP": False}.get(self.default_behavior)
        if about["DROP"] is False:
            return True if about["KEEP"] or self.default_behavior == "KEEP" else None
        if about["KEEP"] is False:
            return False if about["DROP"] or self.default_behavior == "DROP" else None
        return None

    def _about(self, behavior: str, action: str) -> bool | None:
        found = [f.matches(action) for f in self.filters if f.behavior == behavior]
        return True if True in found else None if None in found else False


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How an ACL logs (``ListLoggingConfigurations``)."""

    may_lack: ClassVar[dict[str, str]] = {
        "LoggingFilter": "without a filter everything is kept (API reference, LoggingConfiguration)"
    }
    log_destination_configs: list[str] = []
    logging_filter: LoggingFilter | None = None


def _listed(logging: list[Logging] | Logging | None) -> list[Logging]:
    if isinstance(logging, Logging):
        return [logging]
    return logging or []


class WebAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A web ACL of a region."""

    kind = "aws.waf.web_acl"
    volatile = ("LockToken",)
    name: str
    id: str
    details: Details = fact("GetWebACL")
    protects: list[str] = fact("ListResourcesForWebACL")
    """ARNs of application load balancers."""
    logging: list[Logging] | Logging | None = fact("ListLoggingConfigurations")
    """By whom it was set up, the customer's own first; answers of before have that alone, or ``None`` for none."""

    @property
    def logs(self) -> list[Logging]:
        """How it logs: the customer's own way, Security Lake's, or that of CloudWatch's rules of telemetry."""
        return _listed(self.logging)


class GlobalWebAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A web ACL for CloudFront."""

    kind = "aws.waf.global_web_acl"
    volatile = ("LockToken",)
    name: str
    id: str
    details: Details = fact("GetWebACL")
    logging: list[Logging] | Logging | None = fact("ListLoggingConfigurations")
    """By whom it was set up, the customer's own first; answers of before have that alone, or ``None`` for none."""

    @property
    def logs(self) -> list[Logging]:
        """As that of a web ACL of a region."""
        return _listed(self.logging)
