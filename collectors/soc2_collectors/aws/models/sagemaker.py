"""Views of SageMaker: notebooks and what endpoints are made of."""

from __future__ import annotations

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


class Variant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A model with what runs it: instances, or machines that AWS shares out."""

    instance_type: str | None = None
    serverless_config: dict[str, object] | None = None


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
