"""Resource Graph: whole tables by pages of 1000, for all subscriptions at once, dealt out one by one.

A scope is a subscription: a listing is complete, or is not, for each of them. To ask for each of 500
subscriptions by itself would cost 500 requests a kind, most of them for a few rows. So the first unit of work
that asks a query asks it of all subscriptions that are still wanted, up to 1000 at a time, and lays the rows
down in a file that has no name; the other units take theirs from there. Requests grow with the rows.

- What one asked counts for the one that asked: the others spent no request, and say so.
- A subscription takes its rows once. Who asks a second time asks anew, so nothing old is called new. What
  another unit read is evidence as of then (``Row.read_at``), and rows older than an hour are asked for again.
- Resource Graph leaves out, without a word, what the identity may not read. A subscription counts only when
  Resource Graph shows the subscription itself. Where it shows nothing of a type there, the identity must be
  one that may read the type in all of the subscription: a custom role may lack one. Otherwise it is denied.
- The rows must be as many as Resource Graph counts, each with an id of its own. They are asked for once
  more if they are not, since things come and go between two pages; then every subscription has its rows, and
  an incomplete look.
- An error is everybody's: what failed for 500 subscriptions is not tried 500 times.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import Row
from soc2_collectors.azure.client.queries import call_of
from soc2_collectors.azure.client.sight import Sight
from soc2_collectors.azure.client.tables import Table, fill
from soc2_pac.errors import ProviderError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client.call import Azure
    from soc2_collectors.azure.client.door import Door

_FRESH_SECONDS = 3600.0
_POLL_SECONDS = 0.2


class Tables:
    """The tables that a connection has under way."""

    def __init__(self, door: Door) -> None:
        self._sight = Sight(door)
        self.selected: tuple[str, ...] = ()
        """The subscriptions that were last found to be looked at."""
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()

    def rows(self, azure: Azure, query: str) -> Iterator[dict[str, Any]]:
        """The rows of the client's subscription. Raises ProviderError."""
        call, subscription = call_of(query), azure.subscription
        with self._lock:
            table = self._tables.get(query)
            mine = (
                table is None
                or subscription not in table.pending
                or time.monotonic() - table.began > _FRESH_SECONDS
            )
            if table is None or mine:
                known = table.pending if table is not None else self.selected
                table = self._tables[query] = Table({*known, subscription})
            table.pending.discard(subscription)
            if not table.pending:
                del self._tables[query]
        if mine:
            self._fill(table, azure, query, {subscription, *table.pending})
        while not table.filled.is_set():
            azure.meter.pause(_POLL_SECONDS)
        if table.error is not None:
            error = table.error
            raise type(error)(str(error), operation=error.operation, permission=error.permission)
        self._sight.check_visible(azure, subscription, self.selected)
        nothing = True
        for found in table.rows(subscription):
            nothing = False
            row = Row(found)
            row.read_at = None if mine else table.read_at
            yield row
        if nothing:
            self._sight.check_shown(azure, subscription, call)
        if table.shortfall:
            raise Unexpected(table.shortfall, operation=call)

    @staticmethod
    def _fill(table: Table, azure: Azure, query: str, subscriptions: set[str]) -> None:
        try:
            table.shortfall = fill(table, azure, query, sorted(subscriptions))
        except ProviderError as error:
            table.error = error
        except BaseException as error:
            table.error = Unexpected(f"Resource Graph could not be read ({type(error).__name__})")
            raise
        finally:
            table.filled.set()
