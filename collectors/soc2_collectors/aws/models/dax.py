"""Views of DAX, the cache before DynamoDB."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class SseDescription(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``SSEDescription``: encryption at rest."""

    status: str
    """``ENABLED``, ``ENABLING``, ``DISABLED`` or ``DISABLING``."""


class Cluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A cluster (``DescribeClusters``)."""

    kind = "aws.dax.cluster"
    cluster_name: str
    sse_description: SseDescription | None = msgspec.field(default=None, name="SSEDescription")
    cluster_endpoint_encryption_type: str | None = None
    """``TLS`` or ``NONE``; ``None`` where AWS did not say."""
