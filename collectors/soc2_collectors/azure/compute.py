"""Collects virtual machines, disks and what is missing on machines, by Resource Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.compute import Disk, PatchAssessment, VirtualMachine
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document


@collects(
    VirtualMachine,
    calls=["RESOURCEGRAPH microsoft.compute/virtualmachines"],
    per="subscription",
    cost="pages of 1000",
)
def machines(azure: Azure) -> Iterator[Document]:
    """Virtual machines, running or not."""
    for machine in azure.graph_query(
        "resources | where type =~ 'microsoft.compute/virtualmachines'"
    ):
        yield document(machine)


@collects(
    Disk,
    calls=["RESOURCEGRAPH microsoft.compute/disks"],
    per="subscription",
    cost="pages of 1000",
)
def disks(azure: Azure) -> Iterator[Document]:
    """Managed disks, attached or not."""
    for disk in azure.graph_query("resources | where type =~ 'microsoft.compute/disks'"):
        yield document(disk)


@collects(
    PatchAssessment,
    calls=["RESOURCEGRAPH microsoft.compute/virtualmachines/patchassessmentresults"],
    per="subscription",
    cost="pages of 1000",
)
def patches(azure: Azure) -> Iterator[Document]:
    """The latest assessment of missing updates of each machine."""
    for result in azure.graph_query(
        "patchassessmentresources"
        " | where type =~ 'microsoft.compute/virtualmachines/patchassessmentresults'"
    ):
        yield document(result)
