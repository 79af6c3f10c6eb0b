"""CloudFront: from the viewer to the origin in TLS, and past a filter."""

from __future__ import annotations

from soc2_collectors.aws.models.cloudfront import Behavior, Distribution, LogSource, Origin
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.known import asked
from soc2_rules.mechanisms.undecided import problems

_GOOD = ("TLSv1.2", "TLSv1.3")
_SIGNING = ("always", "no-override", "always-amz-auth")
_TENANTS = "its tenants bring certificates of their own, which are not read"
_TOO_OLD = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1_2016", "TLSv1.1_2016")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudfront_distributions_origin_traffic_encrypted",
        "prowler:cloudfront_distributions_s3_origin_access_control",
        "powerpipe:cloudfront_distribution_non_s3_origins_encryption_in_transit_enabled",
    ],
)
def aws_cf_origin_protection(distribution: Distribution) -> Verdict:
    """Origins are spoken to in TLS, and buckets by requests that the distribution signs.

    Origins in a VPC are origins, too. A bucket is spoken to as the viewer speaks: in clear where a behaviour that leads
    to it answers plain HTTP. Whether a bucket lets in others, too, is what its own policy says.

    Why: an origin that everybody reaches goes round the distribution's filters.
    Fix: aws cloudfront update-distribution with OriginProtocolPolicy=https-only, TLSv1.2, an origin access
        control for each bucket, and ViewerProtocolPolicy=redirect-to-https for what leads to it.
    """
    if not distribution.enabled:
        return not_applicable("disabled")
    origins = distribution.origins.items
    known, unread = asked(origins, lambda origin: _wrong(distribution, origin))
    found = [problem for _, wrong in known for problem in wrong]
    if found:
        return failed("; ".join(found))
    if not origins:
        return inconclusive("AWS tells of no origin")
    named = {o.origin_access_control_id for o in origins if o.s3_origin_config} - {""}
    signing = (
        {control.id: control.signing_behavior for control in distribution.access_controls}
        if named
        else {}
    )
    if idle := sorted(number for number in named if signing.get(number) == "never"):
        return failed(f"an access control that never signs: {', '.join(idle)}")
    if unread is not None:
        raise unread
    unclear = [origin.id for origin in origins if _unclear(distribution, origin)]
    unclear += sorted(number for number in named if signing.get(number) not in _SIGNING)
    if unclear:
        return inconclusive(f"how it is spoken to is not known: {', '.join(unclear)}")
    return passed(f"{len(origins)} origins are protected")


def _wrong(distribution: Distribution, origin: Origin) -> list[str]:
    custom, bucket = distribution.spoken_to(origin), origin.s3_origin_config
    if origin.unsigned_bucket:
        return [f"{origin.id} is a bucket that is asked without a signature"]
    if custom is None:
        unsigned = bucket is not None and not (
            origin.origin_access_control_id or bucket.origin_access_identity
        )
        found = [f"{origin.id} has no origin access control"] if unsigned else []
        if bucket is not None and (plain := _plain(distribution, origin)):
            # CloudFront asks a bucket by the protocol of the viewer, whatever is configured.
            found.append(
                f"{origin.id} is spoken to in clear where viewers come so: {', '.join(plain)}"
            )
        return found
    found = []
    # Where no viewer comes in clear, nothing goes on in clear.
    matched = custom.origin_protocol_policy == "match-viewer" and not _plain(distribution, origin)
    if custom.origin_protocol_policy != "https-only" and not matched:
        found.append(f"{origin.id} is spoken to by {custom.origin_protocol_policy}")
    if old := [p for p in custom.origin_ssl_protocols.items if p in _TOO_OLD]:
        found.append(f"{origin.id} is spoken to in {', '.join(old)}")
    return found


def _unclear(distribution: Distribution, origin: Origin) -> bool:
    """Whether it is an origin of another sort, or its TLS versions are not known."""
    custom = distribution.spoken_to(origin)
    if custom is None:
        return origin.s3_origin_config is None
    versions = custom.origin_ssl_protocols.items
    return not versions or not set(versions) <= set(_GOOD)


def _clear(distribution: Distribution) -> list[Behavior]:
    """The behaviours that answer plain HTTP."""
    return [
        behavior
        for behavior in distribution.behaviors
        if behavior.viewer_protocol_policy not in ("https-only", "redirect-to-https")
    ]


def _plain(distribution: Distribution, origin: Origin) -> list[str]:
    """The paths of which plain HTTP may be passed on to an origin."""
    others = {one.id for one in distribution.origins.items} - {origin.id}
    clear = _clear(distribution)
    return [one.path_pattern for one in clear if one.target_origin_id not in others]


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudfront_distributions_https_enabled",
        "prowler:cloudfront_distributions_using_deprecated_ssl_protocols",
        "powerpipe:cloudfront_distribution_encryption_in_transit_enabled",
    ],
)
def aws_cf_viewer_https(distribution: Distribution) -> Verdict:
    """Viewers come in by HTTPS with TLS 1.2 or newer.

    Why: what goes over the air in clear is read and changed by whoever is nearby.
    Fix: aws cloudfront update-distribution with ViewerProtocolPolicy=redirect-to-https for each behaviour, a
        certificate of your own and MinimumProtocolVersion=TLSv1.2_2021.
    """
    if not distribution.enabled:
        return not_applicable("disabled")
    found = []
    if clear := _clear(distribution):
        paths = ", ".join(one.path_pattern for one in clear)
        found.append(f"plain HTTP is answered for {paths}")
    certificate = distribution.viewer_certificate
    if distribution.connection_mode != "direct" and certificate.cloud_front_default_certificate:
        return failed("; ".join(found)) if found else inconclusive(_TENANTS)
    if certificate.cloud_front_default_certificate:
        # AWS: with its own certificate the oldest version is TLS 1.0, whatever is configured.
        found.append("with CloudFront's own certificate TLS 1.0 is spoken")
    elif not certificate.minimum_protocol_version.startswith(("TLSv1.2", "TLSv1.3")):
        found.append(f"speaks {certificate.minimum_protocol_version or 'no version that is told'}")
    return failed("; ".join(found)) if found else passed(certificate.minimum_protocol_version)


@rule(
    criteria=["CC6.6", "CC7.2"],
    severity=Severity.MEDIUM,
    needs=[LogSource],
    known_as=[
        "prowler:cloudfront_distributions_using_waf",
        "prowler:cloudfront_distributions_logging_enabled",
        "powerpipe:cloudfront_distribution_waf_enabled",
    ],
)
def aws_cf_waf_logging(distribution: Distribution, evidence: Evidence) -> Verdict:
    """Distributions stand behind a web ACL, and keep access logs.

    Real-time logs go to a data stream; how many requests they hold, and whether anybody keeps them, is not read.

    Why: what attackers try is seen here first, and nowhere else with their own addresses.
    Fix: aws cloudfront update-distribution with WebACLId and Logging={Enabled=true}, or aws logs
        put-delivery-source for the distribution.
    """
    if not distribution.enabled:
        return not_applicable("disabled")
    sources: list[LogSource] = []

    def delivered() -> bool:
        if distribution.config.logging.kept:
            return True
        sources[:] = [
            source
            for source in evidence.here(LogSource)
            if distribution.arn in source.resource_arns and source.log_type == "ACCESS_LOGS"
        ]
        return any(one.deliveries for one in sources)

    def unlogged() -> str | None:
        if delivered() or all(one.realtime_log_config_arn for one in distribution.behaviors):
            return None
        return "access logs that are delivered nowhere" if sources else "no access logs"

    found = problems([lambda: None if distribution.web_acl else "no web ACL", unlogged])
    if found:
        return failed("; ".join(found), on=sources)
    if not delivered():
        return inconclusive(
            "behind a web ACL; it writes real-time logs only, and whether they are kept is not read",
            on=sources,
        )
    if distribution.connection_mode != "direct":
        return inconclusive(
            f"behind a web ACL, with access logs; its tenants ({distribution.connection_mode})"
            " may switch the web ACL off for themselves, which is not read",
            on=sources,
        )
    return passed("behind a web ACL, with access logs", on=sources)
