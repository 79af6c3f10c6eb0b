"""Load balancers: what goes over the wire, and what is kept out."""

from __future__ import annotations

import re

from soc2_collectors.gcp.models.balancing import (
    BackendService,
    SecurityPolicy,
    SslPolicy,
    SslPolicyData,
    TlsProxy,
)
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.values import unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import let_through

_STRONG = ("MODERN", "RESTRICTED", "FIPS_202205")
_SINCE_1_2 = ("RESTRICTED", "FIPS_202205")
"""Profiles that speak 1.2 at least, whatever else is said."""
_OLD, _NEW = ("TLS_1_0", "TLS_1_1"), ("TLS_1_2", "TLS_1_3")
_WEAK = ("TLS_RSA_WITH_", "3DES", "RC4")
_MODERN = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
)
"""Ciphers of MODERN beside those of RESTRICTED that somebody may call weak (SSL policies overview)."""
_CIPHER = re.compile(
    r"TLS_(ECDHE_(RSA|ECDSA)_WITH_)?(AES|CHACHA20)_[A-Z0-9_]+|TLS_RSA_WITH_[A-Z0-9_]+"
)
"""Names of ciphers as Google writes them."""


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[SecurityPolicy, IamPolicy],
    known_as=["powerpipe:compute_external_backend_service_iap_enabled"],
)
def gcp_cloud_armor(backend: BackendService, evidence: Evidence, scope: Scope) -> Verdict:
    """Backend services that the internet reaches over HTTP have Cloud Armor or Identity-Aware Proxy before them.

    A policy of Cloud Armor counts, the backend's own, one at the edge or a hierarchical one, that keeps
    something out or slows it: a rule that is not a preview and denies, throttles, bans or redirects. What its
    rules match is not judged. Identity-Aware Proxy counts unless one of its policies that were collected lets
    everyone through.

    Why: known attacks and floods of requests are stopped before they reach the application.
    Fix: gcloud compute backend-services update NAME --security-policy=POLICY, or --iap=enabled where only
        the company's people should get in.
    """
    if not backend.http or not backend.external:
        return not_applicable("the internet does not reach it over HTTP")
    data = backend.resource.data
    proxied = data.iap is not None and data.iap.enabled
    known = {data.name, str(data.id)}
    through = let_through(backend, evidence, "compute", known) if proxied else []
    if proxied and not through:
        return passed(
            "behind Identity-Aware Proxy; no policy of it that was collected is for everyone"
        )
    above = [one for one in evidence.here(SecurityPolicy) if one.reaches(backend) and one.filtering]
    if above:
        return passed(
            f"behind {listed(one.short_name for one in above)}, which hold from above it", on=above
        )
    unread = unread_above(scope.boundary, backend.ancestors)
    if not backend.policies:
        said = "neither a security policy nor Identity-Aware Proxy"
        said = "Identity-Aware Proxy lets everyone through" if through else said
        return inconclusive(f"{said}; {unread}", on=through) if unread else failed(said, on=through)
    known_ones = evidence.index(SecurityPolicy, "path", within="here")
    found = [one for path in backend.policies for one in known_ones.get(path, ())]
    if filtering := [one for one in found if one.filtering]:
        names = listed(one.short_name for one in filtering)
        rules = sum(len(one.filtering) for one in filtering)
        return passed(
            f"behind {names}, with {rules} rules that keep requests out or slow them", on=filtering
        )
    if unseen := [path for path in backend.policies if path not in known_ones]:
        return inconclusive(f"the security policy {listed(unseen)} is not among those collected")
    said = f"{listed(one.short_name for one in found)} lets every request through"
    said += ": no rule that is enforced keeps any out"
    return inconclusive(f"{said}; {unread}", on=found) if unread else failed(said, on=found)


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

    ``weak`` are parts of names that no cipher may have: by default those without forward secrecy, and of 3DES
    and RC4, which MODERN, RESTRICTED and FIPS do not have. Those with CBC, which MODERN has, are weak where
    it takes ``_CBC_``.

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
    version = policy.min_tls_version
    problems = [f"speaks {version}"] if version in _OLD and policy.profile not in _SINCE_1_2 else []
    if policy.profile == "COMPATIBLE":
        problems.append(f"the profile {policy.profile} has weak ciphers")
    ciphers = _ciphers(policy)
    if bad := [one for one in ciphers if any(part in one for part in weak)]:
        problems.append(f"weak ciphers: {listed(bad)}")
    if problems:
        return failed(f"{policy.name}: {'; '.join(problems)}", on=found)
    if version not in (*_OLD, *_NEW) and policy.profile not in _SINCE_1_2:
        return inconclusive(f"{policy.name}: the version {version} is not known", on=found)
    strange = [one for one in ciphers if not _CIPHER.fullmatch(one)]
    if policy.profile == "CUSTOM" and (strange or not ciphers):
        return inconclusive(
            f"{policy.name}: its ciphers are not known: {listed(strange)}", on=found
        )
    if policy.profile not in (*_STRONG, "CUSTOM"):
        return inconclusive(f"{policy.name}: the profile {policy.profile} is not known", on=found)
    return passed(f"{policy.name}: TLS 1.2 or newer, {policy.profile}", on=found)


def _ciphers(policy: SslPolicyData) -> list[str]:
    """The ciphers of a policy, as far as they are shown or are known of Google's profiles."""
    if policy.enabled_features:
        return policy.enabled_features
    if policy.profile == "CUSTOM":
        return policy.custom_features
    return list(_MODERN) if policy.profile == "MODERN" else []
