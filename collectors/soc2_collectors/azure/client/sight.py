"""What Resource Graph shows an identity: it leaves out, without a word, what the identity may not read."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.azure.client.call import Azure
from soc2_collectors.azure.client.tables import Table, fill
from soc2_collectors.azure.models.authorization import Permission
from soc2_collectors.azure.permissions import HELD, grant, shown
from soc2_collectors.exchange.outside import Outside
from soc2_pac.errors import Denied, Unexpected
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_collectors.azure.client.door import Door

VISIBLE = "RESOURCEGRAPH microsoft.resources/subscriptions"
_VISIBLE_QUERY = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id, name"
)
_PERMISSIONS_API = "2022-04-01"
_FRESH_SECONDS = 600.0


class Sight:
    """Whether a subscription, and a type in it, is shown. Safe to use from threads."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._visible: dict[str, bool] = {}
        self._looked = 0.0
        self._looking = threading.Lock()
        self._held: dict[str, tuple[float, list[Permission]]] = {}
        """What the identity may do in a subscription, and when it was asked."""

    def check_visible(self, azure: Azure, subscription: str, others: Sequence[str]) -> None:
        """Raises Denied where Resource Graph does not show the subscription itself."""
        with self._looking:
            stale = time.monotonic() - self._looked > _FRESH_SECONDS
            if stale or subscription not in self._visible:
                wanted = sorted({subscription, *others})
                seen = self._see(azure, wanted)
                self._visible = {one: one in seen for one in wanted}
                self._looked = time.monotonic()
            if not self._visible[subscription]:
                raise _denied(subscription)

    def check_shown(self, azure: Azure, subscription: str, call: str) -> None:
        """Raises Denied where the identity may not read a type of Resource Graph in all of a subscription.

        Rows that it may not read are left out without a word: an empty listing would look complete.
        """
        with self._looking:
            asked, held = self._held.get(subscription, (-_FRESH_SECONDS, []))
            if time.monotonic() - asked > _FRESH_SECONDS:
                held = self._held_in(azure, subscription)
                self._held[subscription] = (time.monotonic(), held)
        if not shown(call, held):
            msg = "the identity may not read this type in the subscription: Resource Graph leaves it out"
            raise Denied(msg, operation=call, permission=grant(call))

    def _held_in(self, azure: Azure, subscription: str) -> list[Permission]:
        scope = Scope("azure", f"{azure.tenant}/{subscription}")
        client = Azure(self._door, scope, self._meter(azure), frozenset({HELD}))
        found = []
        for record in client.items(HELD.removeprefix("GET "), api_version=_PERMISSIONS_API):
            try:
                found.append(msgspec.convert(record, Permission))
            except msgspec.ValidationError as error:
                msg = f"{HELD} answered what is no permission"
                raise Unexpected(msg, operation=HELD) from error
        return found

    def _see(self, azure: Azure, subscriptions: list[str]) -> set[str]:
        scope = Scope("azure", azure.tenant)
        client = Azure(self._door, scope, self._meter(azure), frozenset({VISIBLE}))
        table = Table(())
        if shortfall := fill(table, client, _VISIBLE_QUERY, subscriptions):
            raise Unexpected(shortfall, operation=VISIBLE)
        return {one for one in subscriptions if any(table.rows(one))}

    def _meter(self, azure: Azure) -> Outside:
        return Outside(self._door.spend, azure.meter, counted=False)


def _denied(subscription: str) -> Denied:
    """A subscription that Resource Graph does not show."""
    msg = "Resource Graph does not show this subscription: what it lists there may not be all"
    return Denied(msg, operation=VISIBLE, permission=f"Reader on the subscription {subscription}")
