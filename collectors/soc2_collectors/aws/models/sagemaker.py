"""Views of SageMaker: notebooks and what endpoints are made of."""

from __future__ import annotations

import re

import msgspec

from soc2_pac.resources import Resource, fact


class NotebookDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeNotebookInstance``."""

    direct_internet_access: str = "Enabled"
    """AWS: enabled where nobody said otherwise."""
    kms_key_id: str | None = None


class Notebook(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A notebook instance."""

    kind = "aws.sagemaker.notebook"
    name: str = msgspec.field(name="NotebookInstanceName")
    details: NotebookDetails = fact("DescribeNotebookInstance")


_BUILT_IN = re.compile(
    r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|dl1|g5|g6e?|g7e|gr6|p5(?:en?)?|p6-b[23]00|p6e-gb200|trn1n?|trn2)\..+"
)
"""Types of instances with disks of their own: ``d`` among the letters behind the generation says so; of those without
the letter, the ones whose specification has an instance store. Sources: EC2, Naming conventions; EC2, Instance store
specifications of accelerated computing."""


class InstancePool(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One of several types of instances that may run a variant."""

    instance_type: str = ""


class Variant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A model with what runs it: instances of one type or of several, or machines that AWS shares out."""

    instance_type: str | None = None
    instance_pools: list[InstancePool] = []
    """In place of a type."""
    serverless_config: dict[str, object] | None = None

    @property
    def types(self) -> list[str]:
        """The types of its instances."""
        own = [self.instance_type] if self.instance_type else []
        return [*own, *(pool.instance_type for pool in self.instance_pools)]

    @property
    def volumes(self) -> bool:
        """Whether it has storage volumes, which a key can encrypt. Built-in disks stand in their place."""
        if self.types:
            return not all(_BUILT_IN.fullmatch(one) for one in self.types)
        return not self.serverless_config


class EndpointDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeEndpointConfig``."""

    kms_key_id: str | None = None
    production_variants: list[Variant] = []
    shadow_production_variants: list[Variant] = []

    @property
    def variants(self) -> list[Variant]:
        """Those that answer, and those that only listen."""
        return [*self.production_variants, *self.shadow_production_variants]


class EndpointConfig(Resource, frozen=True, kw_only=True, rename="pascal"):
    """The configuration that endpoints are made of."""

    kind = "aws.sagemaker.endpoint_config"
    name: str = msgspec.field(name="EndpointConfigName")
    details: EndpointDetails = fact("DescribeEndpointConfig")
