"""Names and ids of the Azure side of acme-robotics, and the form of its resources."""

from __future__ import annotations

import hashlib
from typing import Any


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
