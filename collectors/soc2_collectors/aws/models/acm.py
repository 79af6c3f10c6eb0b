"""Views of Certificate Manager."""

from __future__ import annotations

from datetime import datetime

from soc2_pac.resources import Resource


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
