"""Certificate Manager: regional. CloudFront's certificates are those of us-east-1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.acm import Certificate
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_EVERY_KEY = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
]
"""Without a filter AWS lists certificates with RSA keys of 1,024 and 2,048 bits only."""
_EVERY_ORIGIN = ["AWS_MANAGED", "ACME", "CUSTOMER_PROVIDED"]
"""Without a filter AWS leaves out what ACME clients had issued."""


@collects(Certificate, calls=["acm:ListCertificates"], per="region", cost="pages of 1,000")
def certificates(aws: Aws) -> Iterator[Document]:
    """Certificates, with keys of every sort and from everywhere."""
    for item in aws.items(
        "acm",
        "list_certificates",
        "CertificateSummaryList",
        Includes={"keyTypes": _EVERY_KEY},
        CertificateKeyPairOrigins=_EVERY_ORIGIN,
    ):
        arn = item["CertificateArn"]
        yield Document(arn, item.get("DomainName") or arn, item)
