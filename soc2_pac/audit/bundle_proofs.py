"""Proofs that collections saw documents: of each version in the collection that first saw it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_pac.merkle import Tree, key_of, tree_of, value_of
from soc2_pac.store import bundles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from soc2_pac.store.bundles import Look, Observed


@dataclass(slots=True)
class Proofs:
    """Of one kind in one scope."""

    leaves: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """Collection -> leaves of its tree, each with what stands beside its path and the documents that it proves."""
    without: set[str] = field(default_factory=set)
    """Digests of documents that no collection with a Merkle root saw."""


def prove(
    connection: Connection,
    rows: Sequence[Observed],
    wanted: Sequence[Observed],
    looks: Sequence[Look],
) -> Proofs:
    """Prove versions of documents of one kind in one scope.

    Args:
        connection: to read from.
        rows: every version of every document there.
        wanted: those of them to prove.
        looks: every collection there, in order.
    """
    made = Proofs()
    by_id = {one.id: one for one in looks}
    complete = [one.id for one in looks if one.complete and one.provable]
    targets: dict[int, list[Observed]] = {}
    for row in wanted:
        number = row.opened_by
        if not by_id[number].provable:
            # Of before there were Merkle roots: the first that has one, and still saw the same.
            at = bisect_left(complete, number)
            number = complete[at] if at < len(complete) else 0
            if not number or (row.closed_by is not None and row.closed_by <= number):
                made.without.add(row.digest)
                continue
        targets.setdefault(number, []).append(row)
    tree, changes, place = Tree(), _changes(rows), 0
    for number in sorted(targets):
        if by_id[number].complete:
            waiting: dict[bytes, bytes | None] = {}
            while place < len(changes) and changes[place][0] <= number:
                _, _, key, value = changes[place]
                waiting[key] = value
                place += 1
            tree.update(waiting)
            made.leaves[number] = _leaves(tree, targets[number])
        else:
            seen = tree_of(bundles.sighted(connection, number))
            made.leaves[number] = _leaves(seen, targets[number])
    return made


def _changes(rows: Sequence[Observed]) -> list[tuple[int, bool, bytes, bytes | None]]:
    """(collection, whether it opened, key, value), in order; what a collection closed comes first."""
    found: list[tuple[int, bool, bytes, bytes | None]] = []
    for row in rows:
        key = key_of(row.uid)
        found.append((row.opened_by, True, key, value_of(row.digest)))
        if row.closed_by is not None:
            found.append((row.closed_by, False, key, None))
    return sorted(found, key=lambda one: one[:2])


def _leaves(tree: Tree, rows: Sequence[Observed]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        proof = tree.proof(row.uid)
        # Two leaves may hold the same only if both are empty, and these prove nothing.
        leaf = found.setdefault(
            proof.leaf, {"leaf": proof.leaf, "beside": list(proof.beside), "documents": []}
        )
        leaf["documents"].append([row.uid, row.digest])
    return list(found.values())
