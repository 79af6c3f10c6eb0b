"""Views of load balancers, and of the TLS policies that a region offers."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Attribute(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One attribute; every value is text."""

    key: str
    value: str = ""


class Redirect(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where a listener sends clients."""

    protocol: str = "#{protocol}"
    """``HTTPS``, or the protocol of the request."""


class FixedResponse(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a listener answers itself."""

    status_code: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a listener does by default."""

    type: str
    redirect_config: Redirect | None = None
    fixed_response_config: FixedResponse | None = None

    @property
    def answers(self) -> bool:
        """Whether a client of plain HTTP gets anything but a refusal, or the way to HTTPS."""
        if self.type == "redirect":
            return self.redirect_config is None or self.redirect_config.protocol != "HTTPS"
        return not self.refuses

    @property
    def refuses(self) -> bool:
        """Whether a client gets an error from the balancer itself, and no more."""
        return (
            self.type == "fixed-response"
            and self.fixed_response_config is not None
            and self.fixed_response_config.status_code.startswith(("4", "5"))
        )


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A rule of a listener of plain HTTP (``DescribeRules``)."""

    actions: list[Action]
    priority: str = ""


class Listener(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A listener (``DescribeListeners``)."""

    port: int | None = None
    protocol: str | None = None
    ssl_policy: str | None = None
    default_actions: list[Action] = []


class LoadBalancer(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An application, network or gateway load balancer."""

    kind = "aws.elb.load_balancer"
    name: str = msgspec.field(name="LoadBalancerName")
    arn: str = msgspec.field(name="LoadBalancerArn")
    type: str
    """``application``, ``network`` or ``gateway``."""
    scheme: str | None = None
    """``internet-facing`` or ``internal``; gateway balancers have none."""
    attributes: list[Attribute] = fact("DescribeLoadBalancerAttributes")
    listeners: list[Listener] = fact("DescribeListeners")
    plain_rules: list[Rule] = fact("DescribeRules")
    """Of its listeners of plain HTTP."""

    def attribute(self, key: str) -> str | None:
        """The value of an attribute; ``None`` where balancers of this type have none of the name."""
        return next((item.value for item in self.attributes if item.key == key), None)


class ClassicListener(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a classic balancer listens on."""

    protocol: str
    load_balancer_port: int
    certificate: str | None = msgspec.field(default=None, name="SSLCertificateId")


class ClassicListenerDescription(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A listener with the names of its policies."""

    listener: ClassicListener
    policy_names: list[str] = []


class AccessLog(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whether a classic balancer logs."""

    may_lack: ClassVar[dict[str, str]] = {"S3BucketName": "a message names it"}
    any_value: ClassVar[dict[str, str]] = {"S3BucketName": "a message names it"}
    enabled: bool = False
    bucket: str | None = msgspec.field(default=None, name="S3BucketName")


class ClassicAttributes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeLoadBalancerAttributes`` of a classic balancer."""

    access_log: AccessLog = AccessLog()


class PolicyAttribute(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``Protocol-TLSv1`` is ``true``, say; every value is text."""

    attribute_name: str
    attribute_value: str = ""


class ClassicPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A policy of a classic balancer."""

    policy_name: str
    policy_type_name: str = ""
    attributes: list[PolicyAttribute] = msgspec.field(
        default_factory=list, name="PolicyAttributeDescriptions"
    )


class ClassicLoadBalancer(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A classic load balancer."""

    kind = "aws.elb.classic_load_balancer"
    name: str = msgspec.field(name="LoadBalancerName")
    listeners: list[ClassicListenerDescription] = msgspec.field(name="ListenerDescriptions")
    attributes: ClassicAttributes = fact("DescribeLoadBalancerAttributes")
    policies: list[ClassicPolicy] = fact("DescribeLoadBalancerPolicies")


class Cipher(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A cipher suite."""

    name: str


class TlsPolicy(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A TLS policy that balancers of the region may use (``DescribeSSLPolicies``)."""

    kind = "aws.elb.tls_policy"
    name: str
    ssl_protocols: list[str]
    ciphers: list[Cipher] = []
