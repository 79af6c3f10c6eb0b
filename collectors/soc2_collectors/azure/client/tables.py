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

import json
import re
import tempfile
import threading
import time
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from soc2_collectors.azure.answers import MALFORMED, Row
from soc2_pac.errors import CallRefused, Denied, ProviderError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from soc2_collectors.azure.client.call import Azure
    from soc2_collectors.azure.client.connection import AzureConnection

SUBSCRIPTIONS_AT_ONCE = 1000
"""The most that one query may name."""
PAGE = 1000
VISIBLE = "RESOURCEGRAPH microsoft.resources/subscriptions"
VISIBLE_QUERY = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id, name"
)
_FRESH_SECONDS = 3600.0
_SPOOL_BYTES = 8 * 1024 * 1024
_POLL_SECONDS = 0.2
_TYPE = re.compile(r"\s*(\w+)\s*\|\s*where\s+type\s*(?:=~|==)\s*['\"]([^'\"]+)['\"]")
_UNPAGED = re.compile(
    r"\b(limit|take|sample|top|join|union|externaldata|evaluate|invoke|mv-?expand|summarize|distinct)\b"
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def call_of(query: str) -> str:
    """The declared call of a query: the type that its first condition names, or else its table.

    Raises:
        CallRefused: it cannot be read by pages, reads further tables, or gives rows that are no resources.
    """
    found = _UNPAGED.search(_QUOTED.sub("''", query).lower())
    if found:
        msg = f"a query with '{found[0]}' is not read by whole pages of resources: refused"
        raise CallRefused(msg)
    typed = _TYPE.match(query)
    sort = typed[2] if typed else query.partition("|")[0].strip()
    return f"RESOURCEGRAPH {sort.lower()}"


class Table:
    """The rows of one query, by subscription. Filled once, then read."""

    def __init__(self, subscriptions: Iterable[str]) -> None:
        self.pending = set(subscriptions)
        """Who may still take rows."""
        self.filled = threading.Event()
        self.began = time.monotonic()
        self.read_at = datetime.now(UTC)
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


class Tables:
    """The tables that a connection has under way."""

    def __init__(self, connection: AzureConnection) -> None:
        self._connection = connection
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
                known = table.pending if table is not None else self._connection.selected
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
        self._connection.check_visible(azure, subscription)
        nothing = True
        for found in table.rows(subscription):
            nothing = False
            row = Row(found)
            row.read_at = None if mine else table.read_at
            yield row
        if nothing:
            self._connection.check_shown(azure, subscription, call)
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


def denied(subscription: str) -> Denied:
    """A subscription that Resource Graph does not show."""
    msg = "Resource Graph does not show this subscription: what it lists there may not be all"
    return Denied(msg, operation=VISIBLE, permission=f"Reader on the subscription {subscription}")
