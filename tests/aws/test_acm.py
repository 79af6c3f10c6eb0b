"""Certificates that ACME clients had issued: whether they are listed, and which of them count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from soc2_collectors.aws import acm
from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

NOW = datetime(2026, 6, 1, tzinfo=UTC)
_KIND = "aws.acm.certificate"
_OLD: dict[str, Any] = {
    "DomainName": "shop.example.com",
    "SubjectAlternativeNameSummaries": ["shop.example.com", "pay.example.com"],
    "Status": "ISSUED",
    "Type": "AMAZON_ISSUED",
    "KeyAlgorithm": "EC_prime256v1",
    "InUse": False,
    "RenewalEligibility": "INELIGIBLE",
    "CertificateKeyPairOrigin": "ACME",
    "NotAfter": "2026-06-10T00:00:00Z",
}
_LATER = {**_OLD, "NotAfter": "2026-09-01T00:00:00Z"}


class _Listing:
    """Answers as AWS does: without the filter, no certificate of an ACME client."""

    def items(
        self, _service: str, _operation: str, _key: str, **asked: Any
    ) -> list[dict[str, Any]]:
        origins = asked.get("CertificateKeyPairOrigins", ["AWS_MANAGED", "CUSTOMER_PROVIDED"])
        every = [
            {**_OLD, "CertificateArn": origin, "CertificateKeyPairOrigin": origin}
            for origin in ("AWS_MANAGED", "ACME", "CUSTOMER_PROVIDED")
        ]
        return [one for one in every if one["CertificateKeyPairOrigin"] in origins]


def test_certificates_of_every_origin_are_listed() -> None:
    listing: Any = _Listing()
    found = {document.uid for document in acm.certificates.function(listing)}
    assert found == {"AWS_MANAGED", "ACME", "CUSTOMER_PROVIDED"}


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ([], Status.FAIL),
        ([_OLD], Status.FAIL),
        ([_LATER], Status.NOT_APPLICABLE),
        ([{**_LATER, "SubjectAlternativeNameSummaries": []}], Status.FAIL),
        ([{**_LATER, "Status": "REVOKED"}], Status.FAIL),
        ([{**_LATER, "CertificateKeyPairOrigin": "AWS_MANAGED"}], Status.FAIL),
    ],
    ids=["alone", "itself", "renewed", "fewer names", "revoked", "of AWS"],
)
def test_an_acme_certificate_counts_until_a_later_one_is_there(
    others: list[dict[str, Any]], status: Status
) -> None:
    rule = plugins.load().rules["aws-acm-expiry"]
    verdict = judge_document(rule, _OLD, {_KIND: others}, now=NOW)
    assert verdict.status is status, verdict.message
