"""Ed25519 as the verifier does it: RFC 8032's vectors, another implementation, and encodings that must not pass."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soc2_pac.audit.bundle_check import ORDER, P, encoded, signed, times

# RFC 8032, 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
# Points of small order, in their encodings and in those that are not canonical (Chalkias, Garillot, Nikolaenko 2020).
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
DRAW = random.Random(8032)


def made(message: bytes) -> tuple[bytes, bytes]:
    key = Ed25519PrivateKey.from_private_bytes(DRAW.randbytes(32))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return public, key.sign(message)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_standard(public: str, message: str, signature: str) -> None:
    given = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert signed(*given)
    assert not signed(given[0], given[1] + b"x", given[2])


def test_what_another_implementation_signs() -> None:
    for size in range(0, 60, 3):
        message = DRAW.randbytes(size)
        public, signature = made(message)
        assert signed(public, message, signature)
        bit = DRAW.randrange(512)
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not signed(public, message, bytes(changed)), bit
        other = bytearray(public)
        other[bit % 32] ^= 1
        assert not signed(bytes(other), message, signature)


def test_a_second_half_that_is_not_reduced_is_refused() -> None:
    public, signature = made(b"x")
    number = int.from_bytes(signature[32:], "little")
    for more in range(1, 8):
        second = number + more * ORDER
        assert not signed(public, b"x", signature[:32] + second.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 1, 31, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    public, signature = made(b"x")
    assert not signed(public, b"x", (signature * 2)[:size])
    assert size == 32 or not signed((public * 4)[:size], b"x", signature)


@pytest.mark.parametrize("point", SMALL)
def test_points_of_small_order_sign_nothing(point: str) -> None:
    # With such a key, or such a first half, one signature would fit many messages.
    raw = bytes.fromhex(point)
    for second in (bytes(32), (1).to_bytes(32, "little")):
        for message in (b"", b"a", b"b", b"c", b"d", b"e", b"f", b"g"):
            assert not signed(raw, message, raw + second)
            assert not signed(raw, message, bytes.fromhex(SMALL[0]) + second)
    public, signature = made(b"x")
    assert not signed(public, b"x", raw + signature[32:])


def test_only_the_one_encoding_of_a_point_is_taken() -> None:
    # The first half of a signature, with the field's order added: the same point, another text.
    for _ in range(3):
        public, signature = made(b"x")
        y = int.from_bytes(signature[:32], "little") & (1 << 255) - 1
        if y + P < 1 << 255:  # only the smallest nineteen have a second encoding
            assert not signed(public, b"x", (y + P).to_bytes(32, "little") + signature[32:])
    for y in range(19):
        assert not signed((y + P).to_bytes(32, "little"), b"x", bytes(64))


def test_the_base_point_has_the_order_of_the_standard() -> None:
    from soc2_pac.audit.bundle_check import BASE

    assert encoded(times(ORDER, BASE)) == (1).to_bytes(32, "little")
