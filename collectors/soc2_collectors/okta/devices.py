"""Collects device assurance policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.device import DeviceAssurance
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_ASSURANCES = "/api/v1/device-assurances"


@collects(DeviceAssurance, calls=[f"GET {_ASSURANCES}"], per="organization", cost="1")
def device_assurances(okta: Okta) -> Iterator[Document]:
    """Device assurance policies of every platform."""
    for assurance in okta.items(_ASSURANCES):
        yield document(assurance, name="name")
