"""The view of a subscription: what rules about a lack are said of.

Source: Azure REST API, "Subscriptions - Get".
"""

from __future__ import annotations

from soc2_pac.resources import Resource


class Subscription(Resource, frozen=True, kw_only=True, rename="camel"):
    """A subscription."""

    kind = "azure.subscription"
    volatile = ("subscriptionPolicies",)

    subscription_id: str
    display_name: str = ""
    tenant_id: str | None = None
    state: str
    """``Enabled``, ``Warned``, ``PastDue``, ``Disabled``, ``Deleted``."""

    @property
    def path(self) -> str:
        """Its resource id, folded."""
        return f"/subscriptions/{self.subscription_id}".casefold()
