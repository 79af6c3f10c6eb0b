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


_BUILT_IN = re.compile(r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g5)\..+")
"""Types of instances with disks of their own: ``d`` among the letters behind the generation says so; EC2, Naming
conventions. Of those without the letter, the reference of SageMaker names g5."""


class Variant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A model with what runs it: instances, or machines that AWS shares out."""

    instance_type: str | None = None
    serverless_config: dict[str, object] | None = None

    @property
    def volumes(self) -> bool:
        """Whether it has storage volumes, which a key can encrypt. Built-in disks stand in their place."""
        if self.instance_type:
            return _BUILT_IN.fullmatch(self.instance_type) is None
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
