"""Views of WAF: web ACLs, what they protect, and whether they log."""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource, fact


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetWebACL``."""

    rules: list[dict[str, Any]] = []
    pre_process_firewall_manager_rule_groups: list[dict[str, Any]] = []
    post_process_firewall_manager_rule_groups: list[dict[str, Any]] = []

    @property
    def number(self) -> int:
        """Rules of its own and of Firewall Manager's."""
        return (
            len(self.rules)
            + len(self.pre_process_firewall_manager_rule_groups)
            + len(self.post_process_firewall_manager_rule_groups)
        )


class WebAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A web ACL of a region."""

    kind = "aws.waf.web_acl"
    volatile = ("LockToken",)
    name: str
    id: str
    details: Details = fact("GetWebACL")
    protects: list[str] = fact("ListResourcesForWebACL")
    """ARNs of application load balancers."""
    logging: dict[str, Any] | None = fact("ListLoggingConfigurations")
    """``None``: it does not log."""


class GlobalWebAcl(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A web ACL for CloudFront."""

    kind = "aws.waf.global_web_acl"
    volatile = ("LockToken",)
    name: str
    id: str
    details: Details = fact("GetWebACL")
    logging: dict[str, Any] | None = fact("ListLoggingConfigurations")
    """``None``: it does not log."""
