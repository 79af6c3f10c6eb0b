"""One digest over a set of documents, from which each can be proved to be in it without the others.

The tree is a trie over SHA-256 of the uids, with sixteen children below a branch. A branch that would hold
at most :data:`LIMIT` entries is a leaf, so the shape depends on the set alone, however it came about, and a
change costs what lies above it. A thousand changes among a million documents are a thousand short paths, not
a million hashes.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT = 32
"""Entries of one leaf. A proof shows the leaf: 64 bytes for each."""
_KEY = 32
_ENTRY = 64
"""Bytes: SHA-256 of the uid, and the document's digest."""
_WIDE = 16
_BESIDE = (_WIDE - 1) * _KEY
_FEW = 4
"""Changes of one leaf that are spliced in one by one."""

_Changes: TypeAlias = "list[tuple[bytes, bytes | None]]"


class _Branch(NamedTuple):
    digest: bytes
    size: int
    children: list[_Branch | bytes]
    """One for each value of the next four bits."""
    digests: bytes
    """Theirs, one after another."""


@dataclass(frozen=True, slots=True)
class Proof:
    """That a document is in a set, or that a uid is not."""

    leaf: str
    """Hex: the entries around the place where it stands, or would stand."""
    beside: tuple[str, ...]
    """Hex: what stands beside the path, fifteen digests a level, from the leaf up to the root."""


class Tree:
    """A set of (uid, digest) pairs that changes, and its root."""

    def __init__(self) -> None:
        self._top: _Branch | bytes = b""

    def __len__(self) -> int:
        return _count(self._top)

    def update(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Put entries in by :func:`key_of`; ``None`` takes one out."""
        self._top = _updated(self._top, sorted(changes.items(), key=itemgetter(0)), 0)

    def get(self, key: bytes) -> bytes | None:
        """The value at a key."""
        node, depth = self._top, 0
        while isinstance(node, _Branch):
            node, depth = node.children[_step(key, depth)], depth + 1
        return _entries(node).get(key)

    def root(self) -> str:
        """SHA-256, hex."""
        return _digest(self._top).hex()

    def proof(self, uid: str) -> Proof:
        """What shows that a uid is in the set, with its document, or that it is not."""
        key, node, depth = key_of(uid), self._top, 0
        beside: list[str] = []
        while isinstance(node, _Branch):
            taken = _step(key, depth)
            far = node.digests[: taken * _KEY] + node.digests[(taken + 1) * _KEY :]
            beside.append(far.hex())
            node, depth = node.children[taken], depth + 1
        return Proof(node.hex(), tuple(reversed(beside)))


def tree_of(pairs: Iterable[tuple[str, str]]) -> Tree:
    """The tree over (uid, digest) pairs, each uid once."""
    tree = Tree()
    tree.update({key_of(uid): value_of(document) for uid, document in pairs})
    return tree


def collection_root(pairs: Iterable[tuple[str, str]]) -> str:
    """SHA-256 (hex) over (uid, digest) pairs, in any order, each uid once."""
    return tree_of(pairs).root()


def proves(proof: Proof, root: str, uid: str, document: str | None) -> bool:
    """Whether a proof shows that a document, or none, stands at a uid in the set with this root.

    Args:
        proof: what :meth:`Tree.proof` gave.
        root: SHA-256, hex.
        uid: the resource's.
        document: its digest (hex); ``None``: that it is not in the set.
    """
    key = key_of(uid)
    try:
        leaf = bytes.fromhex(proof.leaf)
        beside = [bytes.fromhex(one) for one in proof.beside]
    except ValueError:
        return False
    whole = all(len(one) == _BESIDE for one in beside) and len(leaf) % _ENTRY == 0
    if not whole or len(beside) > 2 * _KEY:
        return False
    found = _entries(leaf).get(key)
    if found != (None if document is None else value_of(document)):
        return False
    digest = _hash(b"\0", leaf)
    for depth, other in zip(reversed(range(len(beside))), beside, strict=True):
        before = _step(key, depth) * _KEY
        digest = _hash(b"\1", other[:before], digest, other[before:])
    return digest.hex() == root


def key_of(uid: str) -> bytes:
    """Where a uid stands."""
    return hashlib.sha256(uid.encode("utf-8", "surrogatepass")).digest()


def value_of(document: object) -> bytes:
    """A digest's bytes; of anything else, which only a store that was tampered with holds, bytes like no digest's."""
    try:
        value = bytes.fromhex(document)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        value = b""
    return value if len(value) == _KEY and value.hex() == document else key_of(f"\0{document}")


# -- nodes ----------------------------------------------------------------------------------------------


def _updated(node: _Branch | bytes, changes: _Changes, depth: int) -> _Branch | bytes:
    if not node:
        return _made([key + value for key, value in changes if value is not None], depth)
    if isinstance(node, bytes):
        leaf = _spliced(node, changes) if len(changes) <= _FEW else _merged(node, changes)
        if len(leaf) <= LIMIT * _ENTRY:
            return leaf
        return _made([leaf[n : n + _ENTRY] for n in range(0, len(leaf), _ENTRY)], depth)
    children, digests, size = node.children.copy(), bytearray(node.digests), node.size
    start = 0
    while start < len(changes):
        taken = _step(changes[start][0], depth)
        end = bisect_right(changes, taken, start, key=lambda change: _step(change[0], depth))
        before = children[taken]
        after = children[taken] = _updated(before, changes[start:end], depth + 1)
        digests[taken * _KEY : (taken + 1) * _KEY] = _digest(after)
        size += _count(after) - _count(before)
        start = end
    if size <= LIMIT:
        return b"".join(map(_flat, children))
    return _Branch(_hash(b"\1", digests), size, children, bytes(digests))


def _spliced(leaf: bytes, changes: _Changes) -> bytes:
    for key, value in changes:
        low, high = 0, len(leaf) // _ENTRY
        while low < high:
            middle = (low + high) >> 1
            if leaf[middle * _ENTRY : middle * _ENTRY + _KEY] < key:
                low = middle + 1
            else:
                high = middle
        at = low * _ENTRY
        after = at + _ENTRY if leaf[at : at + _KEY] == key else at
        leaf = leaf[:at] + (b"" if value is None else key + value) + leaf[after:]
    return leaf


def _merged(leaf: bytes, changes: _Changes) -> bytes:
    entries = _entries(leaf)
    for key, value in changes:
        if value is None:
            entries.pop(key, None)
        else:
            entries[key] = value
    return b"".join(key + value for key, value in sorted(entries.items()))


def _made(entries: list[bytes], depth: int) -> _Branch | bytes:
    """The node over sorted entries that agree in their first ``depth`` steps."""
    if len(entries) <= LIMIT:
        return b"".join(entries)
    children: list[_Branch | bytes] = []
    start = 0
    for taken in range(_WIDE):
        end = bisect_right(entries, taken, start, key=lambda entry: _step(entry, depth))
        children.append(_made(entries[start:end], depth + 1))
        start = end
    digests = b"".join(map(_digest, children))
    return _Branch(_hash(b"\1", digests), len(entries), children, digests)


def _flat(node: _Branch | bytes) -> bytes:
    return node if isinstance(node, bytes) else b"".join(map(_flat, node.children))


def _entries(leaf: bytes) -> dict[bytes, bytes]:
    return {leaf[n : n + _KEY]: leaf[n + _KEY : n + _ENTRY] for n in range(0, len(leaf), _ENTRY)}


def _count(node: _Branch | bytes) -> int:
    return len(node) // _ENTRY if isinstance(node, bytes) else node.size


def _digest(node: _Branch | bytes) -> bytes:
    return _hash(b"\0", node) if isinstance(node, bytes) else node.digest


def _hash(*parts: bytes | bytearray) -> bytes:
    # Leaves and branches are told apart by a first byte.
    return hashlib.sha256(b"".join(parts)).digest()


def _step(key: bytes, depth: int) -> int:
    """Four bits of a key."""
    byte = key[depth >> 1]
    return byte & 15 if depth & 1 else byte >> 4
