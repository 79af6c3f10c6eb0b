"""One digest over a set of documents, from which each can be proved to be in it without the others.

The tree is a trie over SHA-256 of the uids. A branch that holds at most :data:`LIMIT` entries is a leaf,
so the shape depends on the set alone, however it came about, and a change costs what lies above it. A
thousand changes among a million documents are a thousand paths, not a million hashes.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
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

_Changes: TypeAlias = "list[tuple[bytes, bytes | None]]"


class _Branch(NamedTuple):
    digest: bytes
    size: int
    left: _Branch | bytes
    """Whose next bit is 0."""
    right: _Branch | bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """That a document is in a set, or that a uid is not."""

    leaf: str
    """Hex: the entries around the place where it stands, or would stand."""
    beside: tuple[str, ...]
    """Hex: what stands beside the path, from the leaf up to the root."""


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
            node, depth = (node.right if _bit(key, depth) else node.left), depth + 1
        return _entries(node).get(key)

    def root(self) -> str:
        """SHA-256, hex."""
        return _digest(self._top).hex()

    def proof(self, uid: str) -> Proof:
        """What shows that a uid is in the set, with its document, or that it is not."""
        key, node, depth = key_of(uid), self._top, 0
        beside: list[str] = []
        while isinstance(node, _Branch):
            near, far = (node.right, node.left) if _bit(key, depth) else (node.left, node.right)
            beside.append(_digest(far).hex())
            node, depth = near, depth + 1
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
    if len(beside) >= 8 * _KEY or len(leaf) % _ENTRY:
        return False
    found = _entries(leaf).get(key)
    if found != (None if document is None else value_of(document)):
        return False
    digest = _hash(b"\0", leaf)
    for depth, other in zip(reversed(range(len(beside))), beside, strict=True):
        digest = _hash(b"\1", other, digest) if _bit(key, depth) else _hash(b"\1", digest, other)
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
    if not changes:
        return node
    if not node:
        return _made([key + value for key, value in changes if value is not None], depth)
    if isinstance(node, bytes):
        entries = _entries(node)
        for key, value in changes:
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
        return _made([key + value for key, value in sorted(entries.items())], depth)
    middle = bisect_left(changes, 1, key=lambda change: _bit(change[0], depth))
    left = _updated(node.left, changes[:middle], depth + 1)
    right = _updated(node.right, changes[middle:], depth + 1)
    if _count(left) + _count(right) <= LIMIT:
        return _flat(left) + _flat(right)
    return _branch(left, right)


def _made(entries: list[bytes], depth: int) -> _Branch | bytes:
    """The node over sorted entries that agree in their first ``depth`` bits."""
    if len(entries) <= LIMIT:
        return b"".join(entries)
    middle = bisect_left(entries, 1, key=lambda entry: _bit(entry, depth))
    return _branch(_made(entries[:middle], depth + 1), _made(entries[middle:], depth + 1))


def _branch(left: _Branch | bytes, right: _Branch | bytes) -> _Branch:
    digest = _hash(b"\1", _digest(left), _digest(right))
    return _Branch(digest, _count(left) + _count(right), left, right)


def _flat(node: _Branch | bytes) -> bytes:
    return node if isinstance(node, bytes) else _flat(node.left) + _flat(node.right)


def _entries(leaf: bytes) -> dict[bytes, bytes]:
    return {leaf[n : n + _KEY]: leaf[n + _KEY : n + _ENTRY] for n in range(0, len(leaf), _ENTRY)}


def _count(node: _Branch | bytes) -> int:
    return len(node) // _ENTRY if isinstance(node, bytes) else node.size


def _digest(node: _Branch | bytes) -> bytes:
    return _hash(b"\0", node) if isinstance(node, bytes) else node.digest


def _hash(*parts: bytes) -> bytes:
    # Leaves and branches are told apart by a first byte.
    return hashlib.sha256(b"".join(parts)).digest()


def _bit(key: bytes, depth: int) -> int:
    return key[depth >> 3] >> (7 - (depth & 7)) & 1
