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


class Security(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``AdvancedSecurityOptions``: fine-grained access control."""

    may_lack: ClassVar[dict[str, str]] = {
        "AnonymousAuthEnabled": "AWS tells it while access control is being introduced only (API reference)"
    }
    enabled: bool | None = None
    anonymous_auth_enabled: bool = False


class EndpointOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``DomainEndpointOptions``."""

    enforce_https: bool | None = msgspec.field(default=None, name="EnforceHTTPS")


class VpcOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``VPCOptions``."""

    vpc_id: str | None = msgspec.field(default=None, name="VPCId")


_OF_SOFTWARE = ("UpgradingEngineVersion", "UpdatingServiceSoftware")
"""Changes that leave the options of a domain alone."""


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A property that is being changed: what is told of it may be what was asked for."""

    name: str = ""


class Domain(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A domain (``DescribeDomains``)."""

    kind = "aws.opensearch.domain"
    may_lack: ClassVar[dict[str, str]] = {
        "ModifyingProperties": "AWS tells it while a change is under way only (API reference, DomainStatus)",
        "Processing": "what is being changed is told by ModifyingProperties, too",
        "DomainProcessingStatus": "it explains Processing, and without it a change of an unknown sort is inconclusive",
    }
    volatile = ("ChangeProgressDetails",)
    domain_name: str
    vpc_options: VpcOptions | None = msgspec.field(default=None, name="VPCOptions")
    """AWS leaves it out for a domain with a public endpoint."""
    access_policies: str = ""
    encryption_at_rest: Switch | None = msgspec.field(default=None, name="EncryptionAtRestOptions")
    node_to_node: Switch | None = msgspec.field(default=None, name="NodeToNodeEncryptionOptions")
    endpoint: EndpointOptions | None = msgspec.field(default=None, name="DomainEndpointOptions")
    security: Security | None = msgspec.field(default=None, name="AdvancedSecurityOptions")
    processing: bool = False
    """Changes are under way, of whatever sort."""
    processing_status: str = msgspec.field(default="", name="DomainProcessingStatus")
    changes: list[Change] = msgspec.field(default_factory=list, name="ModifyingProperties")
    """Empty where nothing is under way."""
    logs: dict[str, Switch] = msgspec.field(default_factory=dict, name="LogPublishingOptions")
    """By type: ``AUDIT_LOGS``, ``ES_APPLICATION_LOGS`` (errors and warnings), ``INDEX_SLOW_LOGS``,
    ``SEARCH_SLOW_LOGS``. AWS leaves out those that were never set up."""

    @property
    def in_vpc(self) -> bool:
        """Whether its endpoint has addresses of a VPC only."""
        return self.vpc_options is not None and bool(self.vpc_options.vpc_id)

    @property
    def signs_in(self) -> bool:
        """Whether whoever asks has to sign in, whatever the access policy."""
        one = self.security
        return one is not None and one.enabled is True and not one.anonymous_auth_enabled

    def changing(self, *options: str) -> list[str]:
        """Those of the options that are being changed at this moment; all, where AWS does not say which."""
        if self.processing and not self.changes and self.processing_status not in _OF_SOFTWARE:
            return list(options)
        return [o for o in options if any(c.name.partition(".")[0] == o for c in self.changes)]

    @property
    def statements(self) -> list[Statement]:
        """The access policy's statements."""
        return statements(self.access_policies)
