"""Collects machines, what projects set for them, disks, images and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.compute import (
    SETTINGS,
    ComputeProject,
    Disk,
    Image,
    Instance,
    Snapshot,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


def _hidden(asset: dict[str, Any], key: str) -> dict[str, Any]:
    """The asset with metadata that is no setting under another name, ``secretValue``: it is redacted.

    Start scripts and the like hold passwords, and stand in one list with the settings that rules read.
    """
    held = _object(asset, "resource")
    data = _object(held, "data")
    said = _object(data, key)
    items = said.get("items")
    if not isinstance(items, list):
        return asset
    kept = [_item(item) for item in items]
    return {**asset, "resource": {**held, "data": {**data, key: {**said, "items": kept}}}}


def _object(around: dict[str, Any], key: str) -> dict[str, Any]:
    found = around.get(key)
    return found if isinstance(found, dict) else {}


def _item(item: object) -> object:
    if not isinstance(item, dict) or str(item.get("key")).lower() in SETTINGS:
        return item
    return {("secretValue" if key == "value" else key): value for key, value in item.items()}


@collects(Instance, calls=_CALLS, per="organization", cost=_PAGES)
def instances(gcp: Gcp) -> Iterator[Document]:
    """Virtual machines."""
    for asset in gcp.assets("compute.googleapis.com/Instance"):
        yield document(_hidden(asset, "metadata"))


@collects(ComputeProject, calls=_CALLS, per="organization", cost=_PAGES)
def projects(gcp: Gcp) -> Iterator[Document]:
    """What projects set for all their machines."""
    for asset in gcp.assets("compute.googleapis.com/Project"):
        yield document(_hidden(asset, "commonInstanceMetadata"))


@collects(Disk, calls=_CALLS, per="organization", cost=_PAGES)
def disks(gcp: Gcp) -> Iterator[Document]:
    """Disks, of zones and regions."""
    for asset in gcp.assets(["compute.googleapis.com/Disk", "compute.googleapis.com/RegionDisk"]):
        yield document(asset)


@collects(Image, calls=_CALLS, per="organization", cost=_PAGES)
def images(gcp: Gcp) -> Iterator[Document]:
    """Images of the projects' own."""
    for asset in gcp.assets("compute.googleapis.com/Image"):
        yield document(asset)


@collects(Snapshot, calls=_CALLS, per="organization", cost=_PAGES)
def snapshots(gcp: Gcp) -> Iterator[Document]:
    """Snapshots of disks."""
    for asset in gcp.assets("compute.googleapis.com/Snapshot"):
        yield document(asset)
