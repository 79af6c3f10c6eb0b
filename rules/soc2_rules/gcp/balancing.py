"""Load balancers: what goes over the wire, and what is kept out."""

from __future__ import annotations

from soc2_collectors.gcp.models.balancing import BackendService, SslPolicy, TlsProxy
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_STRONG = ("MODERN", "RESTRICTED", "FIPS_202205")
_WEAK = ("TLS_RSA_WITH_", "3DES", "RC4", "_CBC_")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:compute_external_backend_service_iap_enabled"],
)
def gcp_cloud_armor(backend: BackendService) -> Verdict:
    """Backends that the internet reaches over HTTP stand behind Cloud Armor or Identity-Aware Proxy.

    Why: known attacks and floods of requests are stopped before they reach the application.
    Fix: gcloud compute backend-services update NAME --security-policy=POLICY, or --iap=enabled where only
        the company's people should get in.
    """
    if not backend.http or not backend.external:
        return not_applicable("the internet does not reach it over HTTP")
    data = backend.resource.data
    if data.iap is not None and data.iap.enabled:
        return passed("behind Identity-Aware Proxy")
    if data.security_policy:
        return passed(f"behind {data.security_policy.rpartition('/')[2]}")
    return failed("neither a security policy nor Identity-Aware Proxy")


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    needs=[SslPolicy],
    known_as=[
        "powerpipe:compute_ssl_policy_with_no_weak_cipher",
        "powerpipe:compute_target_https_uses_latest_tls_version",
    ],
)
def gcp_lb_tls(proxy: TlsProxy, evidence: Evidence, *, weak: tuple[str, ...] = _WEAK) -> Verdict:
    """TLS proxies speak TLS 1.2 or newer, without weak ciphers.

    ``weak`` are parts of names that no cipher of a policy of one's own may have.

    Why: older versions and ciphers can be read or forced by whoever sits on the way.
    Fix: gcloud compute ssl-policies create NAME --profile=MODERN --min-tls-version=1.2, and gcloud compute
        target-https-proxies update PROXY --ssl-policy=NAME.
    """
    if proxy.policy is None:
        return failed("no SSL policy: Google's default speaks TLS 1.0 and weak ciphers")
    found = evidence.index(SslPolicy, "path", within="here").get(proxy.policy, ())
    if not found:
        return inconclusive(f"the SSL policy {proxy.policy} is not among those collected")
    policy = found[0].resource.data
    problems = []
    # RESTRICTED and FIPS profiles speak 1.2 at least, whatever else is said.
    if policy.min_tls_version not in ("TLS_1_2", "TLS_1_3") and policy.profile in (
        "COMPATIBLE",
        "MODERN",
        "CUSTOM",
    ):
        problems.append(f"speaks {policy.min_tls_version}")
    if policy.profile == "CUSTOM":
        bad = [c for c in policy.custom_features if any(part in c for part in weak)]
        if bad:
            problems.append(f"weak ciphers: {', '.join(sorted(bad))}")
    elif policy.profile not in _STRONG:
        problems.append(f"the profile {policy.profile} has weak ciphers")
    if problems:
        return failed(f"{policy.name}: {'; '.join(problems)}")
    return passed(f"{policy.name}: TLS 1.2 or newer, {policy.profile}")
