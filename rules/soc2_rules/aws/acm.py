"""Certificate Manager: certificates that do not run out, with keys that hold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.acm import Certificate
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

_STRONG = (
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)
"""As the reference writes them; in answers a hyphen may stand in place of the first underscore."""


@rule(
    criteria=["CC6.7", "CC6.1"],
    severity=Severity.HIGH,
    needs=[Certificate],
    known_as=[
        "prowler:acm_certificates_expiration_check",
        "powerpipe:acm_certificate_expires_30_days",
    ],
)
def aws_acm_expiry(
    certificate: Certificate, now: datetime, evidence: Evidence, *, days: int = 30
) -> Verdict:
    """Certificates in use are valid, and good for another month.

    An exported certificate counts as in use: it serves somewhere that AWS does not see. So does one that may be
    exported, where AWS does not say whether it was; and so does one that an ACME client had issued, until the
    client had a later one issued for the same names.

    Why: the day a certificate ends its service is down, and people are told to click warnings away.
    Fix: validate the domain by DNS, so that ACM renews; import a new certificate in place of an imported one.
    """
    exported = certificate.exported
    if exported is None:
        exported = certificate.export_option not in ("", "DISABLED")
    if not certificate.in_use and not exported and not certificate.elsewhere:
        return not_applicable("not in use")
    verdict = _lasting(certificate, now, days)
    if verdict.status is Status.FAIL and certificate.of_acme:
        # A client renews by a new certificate; the old one stays in the list until it ends, and after.
        later = _replaced(certificate, evidence.here(Certificate))
        if later and certificate.more_names:
            return inconclusive(
                f"{verdict.message}; whether a later one is for all of its names is not told",
                on=later,
            )
        if later:
            return not_applicable("a later one was issued for the same names", on=later)
    return verdict


def _replaced(certificate: Certificate, others: Sequence[Certificate]) -> list[Certificate]:
    """Certificates of ACME clients that last longer, for every name that this one is for."""
    end = certificate.not_after
    return [
        other
        for other in others
        if other.of_acme
        and other.status == "ISSUED"
        and certificate.serves
        and certificate.serves <= other.serves
        and other.not_after is not None
        and (end is None or other.not_after > end)
    ]


def _lasting(certificate: Certificate, now: datetime, days: int) -> Verdict:
    if certificate.broken:
        return failed(f"in use, and {certificate.broken}")
    end = certificate.not_after
    if end is None:
        return inconclusive(f"AWS does not say when it ends: it is {certificate.status}")
    told = f"ends on {end:%Y-%m-%d}"
    if now >= end:
        return failed(f"ended on {end:%Y-%m-%d}")
    warned = days_after(end, -days)
    if now < warned:
        if certificate.status != "ISSUED":
            return inconclusive(f"{told}; its status is {certificate.status}", until=warned)
        return passed(told, until=warned)
    # AWS renews sixty days before the end: what is left now failed to be, or nobody renews it.
    eligible = certificate.renewal_eligibility == "ELIGIBLE"
    return failed(
        f"{told}, and was not renewed" if eligible else f"{told}, and AWS does not renew it"
    )


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=["prowler:acm_certificates_with_secure_key_algorithms"],
)
def aws_acm_key_strength(certificate: Certificate) -> Verdict:
    """Certificates have RSA keys of 2,048 bits or more, or elliptic-curve keys.

    Why: a short key can be computed by somebody with enough machines.
    Fix: aws acm request-certificate --domain-name DOMAIN --key-algorithm EC_prime256v1, and put it in place of
        this one.
    """
    if certificate.key_algorithm.replace("-", "_", 1) in _STRONG:
        return passed(certificate.key_algorithm)
    return failed(certificate.key_algorithm or "no key algorithm is told")
