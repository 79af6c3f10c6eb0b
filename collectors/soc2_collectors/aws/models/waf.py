"""Views of WAF: web ACLs, what they protect, what their rules do, and what their logs keep."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

_ACTS = {"Block", "Captcha", "Challenge", "Monetize", "None"}
"""Actions that keep somebody out; ``None`` leaves a group of rules its own."""
_LETS_PASS = {"Allow", "Count"}


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A rule, which has an action, or a group of rules, which has an override of its actions."""

    may_lack: ClassVar[dict[str, str]] = {
        "Action": "rules that are groups have an override in its place (API reference, Rule)",
        "OverrideAction": "rules that are no groups have an action in its place (API reference, Rule)",
    }
    name: str = ""
    action: dict[str, Any] | None = None
    override_action: dict[str, Any] | None = None

    @property
    def acts(self) -> bool | None:
        """Whether it does more than let pass, or count; ``None`` where that is not told."""
        said = {*(self.action or ()), *(self.override_action or ())}
        if said & _ACTS:
            return True
        return False if said and said <= _LETS_PASS else None


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


class WebAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A web ACL of a region."""

    kind = "aws.waf.web_acl"
    volatile = ("LockToken",)
    name: str
    id: str
    details: Details = fact("GetWebACL")
    protects: list[str] = fact("ListResourcesForWebACL")
    """ARNs of application load balancers."""
    logging: Logging | None = fact("ListLoggingConfigurations")
    """``None``: it does not log."""


class GlobalWebAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A web ACL for CloudFront."""

    kind = "aws.waf.global_web_acl"
    volatile = ("LockToken",)
    name: str
    id: str
    details: Details = fact("GetWebACL")
    logging: Logging | None = fact("ListLoggingConfigurations")
    """``None``: it does not log."""
