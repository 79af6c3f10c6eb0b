"""A listing, page by page, to an end that is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from soc2_collectors.exchange.records import MALFORMED
from soc2_pac.errors import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_pac.hookspecs import Meter

P = TypeVar("P")


def each_page(
    meter: Meter, call: str, first: str, read: Callable[[str], tuple[P, str]]
) -> Iterator[P]:
    """What ``read`` gives of each page, until a page names no next one.

    The first page is counted by whoever begins a listing: the listings of thousands of resources have a
    first page each, and those are no pages of one listing.

    Args:
        meter: counts the further pages.
        call: the declared call.
        first: what names the first page: an address, or an empty token.
        read: (what names a page) -> (what is in it, what names the next page or an empty text).

    Raises:
        Unexpected: a page was read before: the listing would never end. ProviderError: as ``read`` does.
    """
    here, seen = first, set[str]()
    while True:
        if seen:
            meter.page()
        seen.add(here)
        page, here = read(here)
        yield page
        del page  # one is held while it is looked at, and none while the next comes
        if not here:
            return
        if here in seen:
            msg = f"{call} names a page as its next that was read before: it would never end"
            raise Unexpected(msg, operation=call)


def records(body: Any, key: str | None, call: str) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """The records of a page; what is no object comes as ``{"$malformed": what came}``.

    ``key``: under which they stand where the page is an object. Raises Unexpected where there is no list.
    """
    inside = body.get(key) if isinstance(body, dict) and key is not None else None
    found = body if key is None else inside
    if not isinstance(found, list):
        msg = f"{call} answered no list" + (f" under {key}" if key is not None else "")
        raise Unexpected(msg, operation=call)
    return [one if isinstance(one, dict) else {MALFORMED: one} for one in found]


def emptied(page: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """The records of a page, none of which is held longer than it is looked at."""
    if page is not None:
        page.reverse()
        while page:
            yield page.pop()


def linked(link: str) -> str:
    """The target of ``rel="next"`` in a Link header, or an empty text."""
    for target, attributes in re.findall(r"<([^>]*)>([^<]*)", link):
        if re.search(r'\brel="?next"?', attributes):
            return str(target)
    return ""
