"""Views of OpenSearch Service: domains, Elasticsearch's too."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource


class Switch(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``EncryptionAtRestOptions``, ``NodeToNodeEncryptionOptions``, one of ``LogPublishingOptions``."""

    enabled: bool | None = None
    """``None`` where AWS did not say."""


class EndpointOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``DomainEndpointOptions``."""

    enforce_https: bool | None = msgspec.field(default=None, name="EnforceHTTPS")


class VpcOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``VPCOptions``."""

    vpc_id: str | None = msgspec.field(default=None, name="VPCId")


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A property that is being changed: what is told of it may be what was asked for."""

    name: str = ""


class Domain(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A domain (``DescribeDomains``)."""

    kind = "aws.opensearch.domain"
    may_lack: ClassVar[dict[str, str]] = {
        "ModifyingProperties": "AWS tells it while a change is under way only (API reference, DomainStatus)"
    }
    volatile = ("ChangeProgressDetails",)
    domain_name: str
    vpc_options: VpcOptions | None = msgspec.field(default=None, name="VPCOptions")
    """AWS leaves it out for a domain with a public endpoint."""
    access_policies: str = ""
    encryption_at_rest: Switch | None = msgspec.field(default=None, name="EncryptionAtRestOptions")
    node_to_node: Switch | None = msgspec.field(default=None, name="NodeToNodeEncryptionOptions")
    endpoint: EndpointOptions | None = msgspec.field(default=None, name="DomainEndpointOptions")
    changes: list[Change] = msgspec.field(default_factory=list, name="ModifyingProperties")
    """Empty where nothing is under way."""
    logs: dict[str, Switch] = msgspec.field(default_factory=dict, name="LogPublishingOptions")
    """By type: ``AUDIT_LOGS``, ``ES_APPLICATION_LOGS`` (errors and warnings), ``INDEX_SLOW_LOGS``,
    ``SEARCH_SLOW_LOGS``. AWS leaves out those that were never set up."""

    @property
    def in_vpc(self) -> bool:
        """Whether its endpoint has addresses of a VPC only."""
        return self.vpc_options is not None and bool(self.vpc_options.vpc_id)

    def changing(self, *options: str) -> list[str]:
        """Those of the options that are being changed at this moment."""
        return [o for o in options if any(c.name.partition(".")[0] == o for c in self.changes)]

    @property
    def statements(self) -> list[Statement]:
        """The access policy's statements."""
        return statements(self.access_policies)
