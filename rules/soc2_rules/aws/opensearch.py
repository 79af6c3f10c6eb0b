"""OpenSearch: access, encryption and logs."""

from __future__ import annotations

from soc2_collectors.aws.models.opensearch import Domain
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_OPTIONS = ("EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "DomainEndpointOptions")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:opensearch_service_domains_not_publicly_accessible",
        "powerpipe:es_domain_in_vpc",
    ],
)
def aws_search_in_vpc(domain: Domain, *, vpc_only: bool = True) -> Verdict:
    """OpenSearch domains have no public endpoint.

    Why: a search cluster holds copies of logs and records, and is looked for by scanners all day.
    Fix: make a domain with --vpc-options and restore a snapshot into it: a public endpoint cannot be moved
        into a VPC. With vpc_only = false an endpoint for named callers and networks is enough.
    """
    if domain.in_vpc:
        return passed("its endpoint is inside a VPC")
    if vpc_only:
        return failed("its endpoint is public")
    listed = domain.statements
    if not listed:
        return inconclusive("its endpoint is public, and it has no access policy")
    if open_to_everyone(listed):
        if domain.signs_in:
            return inconclusive(
                "its endpoint is public, and its access policy lets everyone in; who signs in is its own affair"
            )
        return failed("its endpoint is public, and its access policy lets everyone in")
    return passed(
        "its endpoint is public, and its access policy lets in named callers and networks only"
    )


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:opensearch_service_domains_encryption_at_rest_enabled",
        "prowler:opensearch_service_domains_node_to_node_encryption_enabled",
        "prowler:opensearch_service_domains_https_communications_enforced",
        "powerpipe:es_domain_encryption_at_rest_enabled",
        "powerpipe:es_domain_node_to_node_encryption_enabled",
    ],
)
def aws_search_encryption(domain: Domain) -> Verdict:
    """OpenSearch domains encrypt their disks, the traffic between nodes, and that with clients.

    Why: indices hold the records themselves, and travel between nodes and to clients all the time.
    Fix: aws opensearch update-domain-config --domain-name NAME --encryption-at-rest-options Enabled=true
        --node-to-node-encryption-options Enabled=true --domain-endpoint-options EnforceHTTPS=true.
    """
    said = {
        "encryption at rest": domain.encryption_at_rest and domain.encryption_at_rest.enabled,
        "encryption between nodes": domain.node_to_node and domain.node_to_node.enabled,
        "HTTPS only": domain.endpoint and domain.endpoint.enforce_https,
    }
    if lacking := [name for name, on in said.items() if on is False]:
        return failed(f"lacks {', '.join(lacking)}")
    if unsaid := [name for name, on in said.items() if on is None]:
        return inconclusive(f"AWS does not say: {', '.join(unsaid)}")
    if changing := domain.changing(*_OPTIONS):
        return inconclusive(f"being changed, and not in force yet: {', '.join(changing)}")
    return passed("encrypted at rest, between nodes, and to clients")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:opensearch_service_domains_audit_logging_enabled",
        "prowler:opensearch_service_domains_cloudwatch_logging_enabled",
        "powerpipe:es_domain_logs_to_cloudwatch",
        "powerpipe:opensearch_domain_audit_logging_enabled",
        "powerpipe:opensearch_domain_logs_to_cloudwatch",
    ],
)
def aws_search_logging(
    domain: Domain, *, types: tuple[str, ...] = ("AUDIT_LOGS", "ES_APPLICATION_LOGS")
) -> Verdict:
    """OpenSearch domains send their audit and error logs to CloudWatch Logs.

    Audit logs take fine-grained access control. What is written to them is said within the domain, and AWS's API
    does not show it.

    Why: who read which index is said by the audit log alone, and it is off by default.
    Fix: aws opensearch update-domain-config --domain-name NAME --log-publishing-options with AUDIT_LOGS and
        ES_APPLICATION_LOGS, and --advanced-security-options Enabled=true; switch the audit log on in the domain's
        own settings, too.
    """
    if missing := [name for name in types if not _sent(domain, name)]:
        return failed(f"not sent: {', '.join(missing)}")
    if "AUDIT_LOGS" in types:
        controlled = domain.security.enabled if domain.security else None
        if controlled is False:
            return failed("audit logs are sent, and without access control none are written")
        if controlled is None:
            return inconclusive(
                "AWS does not say whether access control is on, which audit logs take"
            )
    if domain.changing("LogPublishingOptions"):
        return inconclusive("what it sends is being changed, and not in force yet")
    return passed(_all(types))


def _sent(domain: Domain, name: str) -> bool:
    found = domain.logs.get(name)
    return found is not None and found.enabled is True


def _all(types: tuple[str, ...]) -> str:
    return f"sends {', '.join(types)}"
