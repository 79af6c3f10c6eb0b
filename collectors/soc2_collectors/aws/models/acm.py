"""Views of Certificate Manager."""

from __future__ import annotations

from datetime import datetime

import msgspec

from soc2_pac.resources import Resource

_BROKEN = ("EXPIRED", "FAILED", "INACTIVE", "REVOKED", "VALIDATION_TIMED_OUT")
"""States in which no client should take a certificate, whatever its dates."""


class Certificate(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A certificate (``ListCertificates``)."""

    kind = "aws.acm.certificate"
    certificate_arn: str = ""
    domain_name: str = ""
    """Left out of what names no domain: certificates of clients, say."""
    status: str
    """``ISSUED``, ``EXPIRED``, ``PENDING_VALIDATION``, ..."""
    type: str
    """``AMAZON_ISSUED``, ``IMPORTED`` or ``PRIVATE``."""
    key_algorithm: str
    in_use: bool
    exported: bool | None = None
    export_option: str = ""
    """``ENABLED``: it may be exported with its key."""
    renewal_eligibility: str = ""
    """``ELIGIBLE``: AWS renews it by itself."""
    not_after: datetime | None = None
    key_pair_origin: str = msgspec.field(default="", name="CertificateKeyPairOrigin")
    """``AWS_MANAGED``, ``CUSTOMER_PROVIDED``; or ``ACME``: the key never was with AWS."""
    names: list[str] = msgspec.field(default_factory=list, name="SubjectAlternativeNameSummaries")
    """The first hundred."""
    more_names: bool = msgspec.field(default=False, name="HasAdditionalSubjectAlternativeNames")

    @property
    def of_acme(self) -> bool:
        """Whether an ACME client had it issued: it serves where AWS does not see, and is renewed by a new one."""
        return self.key_pair_origin == "ACME"

    @property
    def elsewhere(self) -> bool:
        """Whether it may serve where AWS does not see, without ever having been exported."""
        return self.key_pair_origin not in ("", "AWS_MANAGED", "CUSTOMER_PROVIDED")

    @property
    def broken(self) -> str:
        """Why no client should take it: ``expired``, ``revoked``; empty where its state is none of these."""
        return self.status.lower().replace("_", " ") if self.status in _BROKEN else ""

    @property
    def serves(self) -> frozenset[str]:
        """The names that it is for, as far as they are told."""
        return frozenset(name.lower() for name in (self.domain_name, *self.names) if name)
