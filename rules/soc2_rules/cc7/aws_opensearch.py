"""OpenSearch: what is logged."""

from __future__ import annotations

from soc2_collectors.aws.models.opensearch import Domain
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


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

    Why: who read which index is said by the audit log alone, and it is off by default.
    Fix: aws opensearch update-domain-config --log-publishing-options with AUDIT_LOGS and
        ES_APPLICATION_LOGS; audit logs take fine-grained access control, and the audit log has to be
        enabled in the domain's own settings too, which AWS's API does not show.
    """
    missing = [name for name in types if not _sent(domain, name)]
    return failed(f"not sent: {', '.join(missing)}") if missing else passed(_all(types))


def _sent(domain: Domain, name: str) -> bool:
    found = domain.logs.get(name)
    return found is not None and found.enabled is True


def _all(types: tuple[str, ...]) -> str:
    return f"sends {', '.join(types)}"
