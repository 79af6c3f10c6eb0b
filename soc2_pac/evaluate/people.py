"""People and their accounts as the store holds them, for a person to read. Rules read through evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.looks import StoreDocuments
from soc2_pac.identity import IdentityGraph, of_one_truth
from soc2_pac.resources import Resource, view
from soc2_pac.store import findings as store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from soc2_pac.identity import Identity


class People(NamedTuple):
    """Everybody and every account, and what is not known of them."""

    graph: IdentityGraph
    notes: tuple[str, ...]
    """Looks that are not complete, or too old, and documents that cannot be read."""


def tells_of_people(kind: type[Resource]) -> bool:
    """Whether documents of a kind say anything of persons, accounts or links."""
    return kind.identities is not Resource.identities


def read(
    connection: Connection, kinds: Iterable[type[Resource]], now: datetime, max_age: timedelta
) -> People:
    """Join what the current documents of these kinds say.

    Args:
        connection: to read from.
        kinds: those that do not tell of people are passed over.
        now: the instant by which looks are too old.
        max_age: how old a look may be.
    """
    documents = StoreDocuments(connection, store.last_collection(connection), now, max_age)
    found: list[Identity] = []
    notes: list[str] = []
    for kind in kinds:
        if not tells_of_people(kind):
            continue
        for scope, reason in documents.looks(kind.kind):
            if reason is not None:
                notes.append(f"{kind.kind} in {scope} is not known whole: {reason}")
        unreadable = 0
        for held in documents.bodies(kind.kind):
            try:
                found.extend(view(kind, held.body).identities(held.scope))
            except FactUnavailable:
                unreadable += 1
        if unreadable:
            notes.append(f"{unreadable} documents of {kind.kind} cannot be read")
    return People(IdentityGraph(of_one_truth(found)), tuple(notes))
