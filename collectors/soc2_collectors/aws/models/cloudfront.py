"""Views of CloudFront: distributions, and which of them send logs another way."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.logs import DeliverySource
from soc2_pac.resources import Resource, fact


class Protocols(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """TLS versions that an origin may be spoken to in."""

    items: list[str] = []


class CustomOrigin(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How an origin is spoken to that is no bucket, on the internet or in a VPC."""

    origin_protocol_policy: str
    """``https-only``, ``match-viewer`` or ``http-only``."""
    origin_ssl_protocols: Protocols = Protocols()


class VpcReference(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``VpcOriginConfig``: an origin within a VPC, by the id of what says how it is spoken to."""

    vpc_origin_id: str


class VpcOrigin(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetVpcOrigin``: a load balancer or instance in a VPC, of this account or shared with it."""

    id: str
    vpc_origin_endpoint_config: CustomOrigin


class S3Origin(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A bucket, reached as itself."""

    may_lack: ClassVar[dict[str, str]] = {
        "OriginAccessIdentity": "empty where there is none, and then an access control is needed"
    }
    origin_access_identity: str = ""
    """The predecessor of origin access control; empty where there is none."""


_BUCKET = re.compile(
    r"(?:.+\.)?s3(?:express)?(?:-[a-z0-9-]+)?(?:\.dualstack)?(?:\.[a-z]{2,4}(?:-[a-z]+)+-\d)?"
    r"\.amazonaws\.(?:com(?:\.cn)?|eu)",
    re.IGNORECASE,
)
"""Names of buckets, websites and access points, in any Region and form: ``s3-website-eu-west-1``, ``s3.dualstack.``.

Load balancers and APIs have names of their own before the service's: ``s3-proxy-1.eu-west-1.elb.amazonaws.com``.
"""


class Origin(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where content comes from."""

    may_lack: ClassVar[dict[str, str]] = {
        "CustomOriginConfig": "a bucket has another one in its place; without any the rule is inconclusive",
        "S3OriginConfig": "others have another in its place; without any the rule is inconclusive",
        "VpcOriginConfig": "others have another in its place; without any the rule is inconclusive",
    }
    id: str
    domain_name: str = ""
    custom_origin_config: CustomOrigin | None = None
    s3_origin_config: S3Origin | None = msgspec.field(default=None, name="S3OriginConfig")
    vpc_origin_config: VpcReference | None = None
    origin_access_control_id: str = ""

    @property
    def unsigned_bucket(self) -> bool:
        """Whether it is a bucket that is spoken to as if it were none: nothing can sign the requests then."""
        return self.custom_origin_config is not None and bool(_BUCKET.fullmatch(self.domain_name))


class AccessControl(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An origin access control that origins of the distribution name."""

    id: str
    signing_behavior: str
    """``always``, ``no-override``, ``always-amz-auth``; or ``never``, which protects nothing."""


class Origins(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """All origins."""

    items: list[Origin] = []


class Behavior(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How requests are taken."""

    may_lack: ClassVar[dict[str, str]] = {
        "TargetOriginId": "without it what comes in clear may go to every origin, which is stricter"
    }
    any_value: ClassVar[dict[str, str]] = {
        "TargetOriginId": "what is no origin is a group of them, and may lead to every one, which is stricter"
    }
    target_origin_id: str = ""
    """The origin, or the group of origins, that requests go to."""
    viewer_protocol_policy: str
    """``https-only``, ``redirect-to-https`` or ``allow-all``."""
    realtime_log_config_arn: str = ""
    """Where a share of its requests is written to a data stream."""
    path_pattern: str = "default"


class Behaviors(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Behaviours beside the default one."""

    may_lack: ClassVar[dict[str, str]] = {
        "Items": "AWS leaves it out where there are none (API reference, CacheBehaviors)"
    }
    items: list[Behavior] = []


class ViewerCertificate(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The certificate and the oldest TLS version."""

    may_lack: ClassVar[dict[str, str]] = {
        "CloudFrontDefaultCertificate": "AWS leaves it out beside another certificate"
    }
    cloud_front_default_certificate: bool = False
    minimum_protocol_version: str = ""


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Standard logs to a bucket."""

    any_value: ClassVar[dict[str, str]] = {"Bucket": "any bucket keeps them"}
    enabled: bool = False
    bucket: str = ""

    @property
    def kept(self) -> bool:
        """Whether they go anywhere."""
        return self.enabled and bool(self.bucket)


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetDistributionConfig``."""

    logging: Logging = Logging()


class Distribution(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A distribution (``ListDistributions``)."""

    kind = "aws.cloudfront.distribution"
    secret = ("**.CustomHeaders.Items.*.HeaderValue",)
    may_lack: ClassVar[dict[str, str]] = {
        "ConnectionMode": "left out of answers from before distributions could have tenants",
        "CacheBehaviors": "without it there is the default one only (DistributionSummary)",
    }
    id: str
    arn: str = msgspec.field(name="ARN")
    enabled: bool
    origins: Origins
    default_cache_behavior: Behavior
    cache_behaviors: Behaviors = Behaviors()
    viewer_certificate: ViewerCertificate
    connection_mode: str = "direct"
    """``direct``, or ``tenant-only``: tenants share it, and may change its web ACL for themselves."""
    web_acl: str = msgspec.field(default="", name="WebACLId")
    config: Config = fact("GetDistributionConfig")
    access_controls: list[AccessControl] = fact("ListOriginAccessControls")
    """Those that its origins name."""
    vpc_origins: list[VpcOrigin] = fact("GetVpcOrigin")
    """Those that its origins name."""

    @property
    def access_identities(self) -> set[str]:
        """The origin access identities by which it asks buckets: CloudFront takes those of its own account only.

        Source: CloudFront API reference, CreateDistribution, InvalidOriginAccessIdentity.
        """
        named = (one.s3_origin_config for one in self.origins.items)
        return {one.origin_access_identity.rpartition("/")[2] for one in named if one} - {""}

    def spoken_to(self, origin: Origin) -> CustomOrigin | None:
        """How an origin is spoken to; ``None`` for a bucket, and where that is not told."""
        named = origin.vpc_origin_config
        if origin.custom_origin_config is not None or named is None:
            return origin.custom_origin_config
        found = (one for one in self.vpc_origins if one.id == named.vpc_origin_id)
        return next((one.vpc_origin_endpoint_config for one in found), None)

    @property
    def behaviors(self) -> list[Behavior]:
        """The default one and the others."""
        return [self.default_cache_behavior, *self.cache_behaviors.items]


class LogSource(DeliverySource, frozen=True, kw_only=True, rename="camel"):
    """A distribution that sends logs by deliveries of CloudWatch, in CloudFront's home Region."""

    kind = "aws.cloudfront.log_source"
