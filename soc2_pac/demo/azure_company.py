"""The Azure side of acme-robotics: its tenant, two subscriptions, and what it got wrong.

Names and ids are inventions. Ages count back from the time of the call, so that the demo looks the same
on any day. What fills the tenant stands in :mod:`soc2_pac.demo.azure_estate` (the subscriptions) and
:mod:`soc2_pac.demo.azure_entra` (the directory), each with what it got wrong on purpose.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from soc2_pac.demo.azure import Tenant, subscription


def azure_id(name: str) -> str:
    """A GUID made of a name: the same on every day."""
    made = hashlib.sha256(name.encode()).hexdigest()
    return f"{made[:8]}-{made[8:12]}-4{made[13:16]}-8{made[17:20]}-{made[20:32]}"


TENANT = azure_id("acme-robotics")
PRODUCTION = azure_id("acme-production")
SANDBOX = azure_id("acme-sandbox")


def resource(
    subscription_id: str, group: str, sort: str, name: str, **fields: object
) -> dict[str, Any]:
    """A row of Resource Graph; ``sort`` as in ids: ``Microsoft.Storage/storageAccounts``."""
    return {
        "id": f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/{sort}/{name}",
        "name": name,
        "type": sort.lower(),
        "tenantId": TENANT,
        "kind": "",
        "location": "westeurope",
        "resourceGroup": group.lower(),
        "subscriptionId": subscription_id,
        "managedBy": "",
        "sku": None,
        "plan": None,
        "properties": {},
        "tags": {},
        "identity": None,
        "zones": None,
        "extendedLocation": None,
        **fields,
    }


def acme_robotics(now: datetime | None = None) -> Tenant:
    """The company's tenant as of ``now``."""
    from soc2_pac.demo import azure_entra, azure_estate  # noqa: PLC0415 - they build upon this module

    now = now or datetime.now(UTC)
    state = Tenant(
        TENANT,
        subscriptions=[
            subscription(PRODUCTION, "acme-production", TENANT),
            subscription(SANDBOX, "acme-sandbox", TENANT),
        ],
    )
    for area in (*azure_entra.AREAS, *azure_estate.AREAS):
        area(state, now)
    return state
