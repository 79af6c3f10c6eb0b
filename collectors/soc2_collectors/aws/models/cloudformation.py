"""Views of CloudFormation: stacks, and whether what they made is still as they made it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from soc2_pac.resources import Resource


class Drift(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DriftInformation``."""

    stack_drift_status: str
    """``IN_SYNC``, ``DRIFTED``, ``NOT_CHECKED``, or ``UNKNOWN`` where a resource could not be compared."""
    last_check_timestamp: datetime | None = None
    """When somebody last looked, be it at one resource only."""


class Output(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a stack tells others; the value is redacted before it is kept."""

    output_key: str = ""
    output_value: str | None = None


class Stack(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A stack that is not deleted (``DescribeStacks``)."""

    kind = "aws.cloudformation.stack"
    secret = (
        "Outputs.*.OutputValue",
        "Parameters.*.ParameterValue",
        "Parameters.*.ResolvedValue",
    )
    stack_name: str
    stack_status: str
    creation_time: datetime | None = None
    drift_information: Drift | None = None
    """Only answers from before 2018 leave it out."""
    enable_termination_protection: bool = False
    """AWS: off unless somebody switched it on."""
    root_id: str | None = None
    """The stack that this one is nested in; its protection is that one's."""
    outputs: list[Output] = []

    @property
    def not_there(self) -> bool:
        """It has no resources, or soon none: only a proposal, a creation that was taken back, a deletion."""
        return self.stack_status in (
            "REVIEW_IN_PROGRESS",
            "ROLLBACK_COMPLETE",
            "DELETE_IN_PROGRESS",
            "DELETE_COMPLETE",
        )
