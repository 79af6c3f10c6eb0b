"""One query of Resource Graph over many subscriptions, read whole and laid down in a file without a name.

The rows must be as many as Resource Graph counts, each with an id of its own. They are asked for once more if
they are not, since things come and go between two pages; then what is missing is said.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from soc2_collectors.azure.client.queries import call_of
from soc2_collectors.exchange.records import MALFORMED
from soc2_pac import clock
from soc2_pac.errors import ProviderError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from soc2_collectors.azure.client.call import Azure

SUBSCRIPTIONS_AT_ONCE = 1000
"""The most that one query may name."""
PAGE = 1000
_SPOOL_BYTES = 8 * 1024 * 1024


class Table:
    """The rows of one query, by subscription. Filled once, then read."""

    def __init__(self, subscriptions: Iterable[str]) -> None:
        self.pending = set(subscriptions)
        """Who may still take rows."""
        self.filled = threading.Event()
        self.began = time.monotonic()
        self.read_at = clock.now()
        self.error: ProviderError | None = None
        self.shortfall = ""
        """What makes every look at these rows incomplete."""
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        self._parts: dict[str, list[tuple[int, int]]] = {}
        self._reading = threading.Lock()

    def __del__(self) -> None:
        self._file.close()

    def clear(self) -> None:
        """No rows."""
        self._file.seek(0)
        self._file.truncate()
        self._parts.clear()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Lay down the rows of one page."""
        by_subscription: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_subscription.setdefault(subscription_of(row), []).append(row)
        self._file.seek(0, 2)
        for subscription, its in by_subscription.items():
            raw = json.dumps(its).encode()
            self._parts.setdefault(subscription, []).append((self._file.tell(), len(raw)))
            self._file.write(raw)

    def rows(self, subscription: str) -> Iterator[dict[str, Any]]:
        """The rows of a subscription."""
        for start, size in self._parts.get(subscription, ()):
            with self._reading:
                self._file.seek(start)
                raw = self._file.read(size)
            yield from json.loads(raw)


def fill(table: Table, azure: Azure, query: str, subscriptions: Sequence[str]) -> str:
    """Read a query over subscriptions into a table; what is missing, or an empty text."""
    shortfall = ""
    for _ in range(2):
        table.clear()
        shortfall = ""
        for first in range(0, len(subscriptions), SUBSCRIPTIONS_AT_ONCE):
            batch = subscriptions[first : first + SUBSCRIPTIONS_AT_ONCE]
            shortfall = shortfall or read(table, azure, query, batch)
        if not shortfall:
            break
    return shortfall


def read(table: Table, azure: Azure, query: str, batch: Sequence[str]) -> str:
    """Read the pages of one batch; what is missing, or an empty text."""
    call = call_of(query)
    ids: set[int] = set()
    nameless = 0
    totals: list[int] = []
    tokens: set[str] = set()
    token, truncated, asked = "", False, set(batch)
    while True:
        body = azure.page_of(call, _request(query, batch, token))
        page = body.get("data")
        total = body.get("totalRecords")
        if not isinstance(page, list) or not isinstance(total, int):
            msg = f"{call}: Resource Graph answered no rows with their total"
            raise Unexpected(msg, operation=call)
        rows = [row if isinstance(row, dict) else {MALFORMED: row} for row in page]
        for row in rows:
            if isinstance(row.get("id"), str):
                ids.add(hash(row["id"].lower()))
            else:
                nameless += 1
            if subscription_of(row) not in asked and MALFORMED not in row and row.get("id"):
                msg = f"{call}: Resource Graph gave a row of none of the subscriptions that were asked for"
                raise Unexpected(msg, operation=call)
        table.add(rows)
        totals.append(total)
        token = str(body.get("$skipToken") or "")
        truncated = truncated or (
            str(body.get("resultTruncated", "")).lower() == "true" and not token
        )
        if not token:
            break
        if token in tokens:
            msg = f"{call} names a page as its next that was read before: it would never end"
            raise Unexpected(msg, operation=call)
        tokens.add(token)
    if nameless:
        return f"{call}: Resource Graph gave {nameless} rows without an id"
    if truncated:
        return f"{call}: Resource Graph cut the answer short (resultTruncated)"
    if len(ids) not in (totals[0], totals[-1]):
        return f"{call}: Resource Graph counts {totals[-1]} rows and gave {len(ids)}"
    return ""


def subscription_of(row: dict[str, Any]) -> str:
    """Of which subscription a row is: as it says, or as its id does; empty where neither tells."""
    said = row.get("subscriptionId")
    if isinstance(said, str) and said:
        return said.lower()
    number = row.get("id")
    parts = number.split("/") if isinstance(number, str) else []
    if len(parts) > 2 and parts[1].lower() == "subscriptions":  # noqa: PLR2004 - "", "subscriptions", id
        return parts[2].lower()
    return ""


def _request(query: str, batch: Sequence[str], token: str) -> dict[str, object]:
    # Pages of an answer without an order may repeat rows and lack others.
    options: dict[str, object] = {"$top": PAGE, "resultFormat": "objectArray"}
    if token:
        options["$skipToken"] = token
    return {
        "subscriptions": list(batch),
        "query": f"{query} | order by id asc",
        "options": options,
    }
