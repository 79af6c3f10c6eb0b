"""OpenSearch Service: regional."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.opensearch import Domain
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_AT_ONCE = 5
"""As many domains as one ``DescribeDomains`` takes."""


@collects(
    Domain, calls=["es:ListDomainNames", "es:DescribeDomains"], per="region", cost="1 + 1 per 5"
)
def domains(aws: Aws) -> Iterator[Document]:
    """Domains of OpenSearch and of Elasticsearch."""
    listed = list(aws.items("opensearch", "list_domain_names", "DomainNames"))
    for item in listed:
        if "DomainName" not in item:
            yield Document(item["DomainName"], "", item)
    names = iter([item["DomainName"] for item in listed if "DomainName" in item])
    while batch := list(islice(names, _AT_ONCE)):
        said = aws.ask("opensearch", "describe_domains", DomainNames=batch)
        for domain in said["DomainStatusList"]:
            yield Document(domain["ARN"], domain["DomainName"], domain)
