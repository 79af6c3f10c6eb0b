"""One root over a set, however it came about; and what proves a member."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from soc2_pac.merkle import LIMIT, Tree, collection_root, key_of, proves, tree_of, value_of


def _digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


UIDS = st.integers(0, 300).map(lambda n: f"arn:{n}")
SETS = st.dictionaries(UIDS, st.integers(0, 3).map(_digest), max_size=120)


@given(st.lists(SETS, min_size=1, max_size=5))
def test_the_root_depends_on_the_set_alone(states: list[dict[str, str]]) -> None:
    tree = Tree()
    before: dict[str, str] = {}
    for state in states:
        changes: dict[bytes, bytes | None] = {key_of(uid): None for uid in before.keys() - state}
        changes |= {key_of(u): value_of(d) for u, d in state.items() if before.get(u) != d}
        tree.update(changes)
        assert (tree.root(), len(tree)) == (collection_root(state.items()), len(state))
        before = state


@given(SETS, SETS)
def test_other_sets_have_other_roots(one: dict[str, str], two: dict[str, str]) -> None:
    assert (collection_root(one.items()) == collection_root(two.items())) == (one == two)


@given(SETS, UIDS)
def test_a_proof_shows_what_is_there_and_nothing_else(members: dict[str, str], uid: str) -> None:
    tree = tree_of(members.items())
    proof, root, there = tree.proof(uid), tree.root(), members.get(uid)
    assert proves(proof, root, uid, there)
    for other in {None, _digest(0), _digest(9)} - {there}:
        assert not proves(proof, root, uid, other)
    assert not proves(proof, _digest(5), uid, there)
    assert not proves(replace(proof, beside=(*proof.beside, _digest(1) * 15)), root, uid, there)
    assert not proves(replace(proof, leaf=proof.leaf + "00" * 64), root, uid, there)
    assert not proves(replace(proof, leaf="no hex"), root, uid, there)


def test_a_proof_is_small() -> None:
    tree = tree_of((f"arn:{n}", _digest(n)) for n in range(5000))
    proof = tree.proof("arn:7")
    assert proves(proof, tree.root(), "arn:7", _digest(7))
    assert len(proof.leaf) <= 2 * 64 * LIMIT
    assert len(proof.beside) < 5


def test_what_is_no_digest_has_a_value_like_no_digest() -> None:
    for strange in ("", "ab", _digest(1).upper(), " " + _digest(1)[1:], None, 7, b"\xff"):
        assert value_of(strange) != value_of(_digest(1))
    assert value_of(None) != value_of("")
