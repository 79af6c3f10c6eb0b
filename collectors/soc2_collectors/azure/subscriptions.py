"""Collects the subscription itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_SUBSCRIPTION = "/subscriptions/{subscriptionId}"


@collects(Subscription, calls=[f"GET {_SUBSCRIPTION}"], per="subscription", cost="1")
def subscription(azure: Azure) -> Iterator[Document]:
    """The subscription."""
    yield document(azure.ask(_SUBSCRIPTION, api_version="2022-12-01"), name="displayName")
