"""Checkpoints: the ledger's end, written down outside the database, where cutting the tail cannot reach.

A checkpoint may be signed with an Ed25519 key, so that whoever holds the public key can tell that it is
ours and unchanged.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac.errors import IntegrityError, StoreError, UsageError
from soc2_pac.model import utc_text
from soc2_pac.store import ledger, tables

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Connection

FORMAT = "soc2-pac checkpoint 1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a store's ledger stood."""

    store: str
    """The store's id."""
    seq: int
    """The last entry."""
    head: str
    """Its hash."""
    count: int
    """How many entries there were."""
    recorded_at: str
    """When it was taken, UTC."""


def take(connection: Connection) -> Checkpoint:
    """The checkpoint of this moment."""
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar_one()
    last = ledger.head(connection)
    count = connection.execute(sa.select(sa.func.count()).select_from(tables.ledger)).scalar_one()
    return Checkpoint(store_id, last.seq, last.hash, count, utc_text(datetime.now(UTC)))


def dump(checkpoint: Checkpoint, private_key_pem: str | None = None) -> str:
    """The checkpoint as JSON text, signed when a key is given.

    Args:
        checkpoint: what to write.
        private_key_pem: an Ed25519 private key in PEM (PKCS #8), unencrypted.

    Raises:
        UsageError: the key is not such a key, or the ``signing`` extra is not installed.
    """
    document: dict[str, object] = {"format": FORMAT, **asdict(checkpoint)}
    if private_key_pem is not None:
        key = _private_key(private_key_pem)
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        document["signature"] = {
            "algorithm": "ed25519",
            "public_key": base64.b64encode(public).decode(),
            "value": base64.b64encode(key.sign(_signed_bytes(checkpoint))).decode(),
        }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def load(text: str, public_key: str | None = None) -> Checkpoint:
    """Read a checkpoint file and check its signature.

    Args:
        text: what :func:`dump` wrote.
        public_key: base64 of the key that must have signed; without it a signature is checked against
            the key that the file itself names, which shows damage but not who signed.

    Raises:
        UsageError: the text is no checkpoint.
        IntegrityError: the signature is missing though demanded, or does not match.
    """
    try:
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise ValueError(document.get("format"))  # noqa: TRY301 - told below with the others
        checkpoint = Checkpoint(
            str(document["store"]),
            int(document["seq"]),
            str(document["head"]),
            int(document["count"]),
            str(document["recorded_at"]),
        )
        signature = document.get("signature")
        claimed = signature["public_key"] if signature else None
        value = base64.b64decode(signature["value"]) if signature else b""
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        msg = f"this is no checkpoint file of soc2-pac: {error}"
        raise UsageError(msg) from error
    if public_key is not None and claimed != public_key:
        msg = (
            "the checkpoint is not signed"
            if claimed is None
            else "the checkpoint is signed by another key"
        )
        raise IntegrityError(msg)
    if claimed is not None:
        _check_signature(checkpoint, claimed, value)
    return checkpoint


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return json.dumps({"format": FORMAT, **asdict(checkpoint)}, sort_keys=True).encode()


def _private_key(pem: str) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = "signing needs an extra. Next: pip install 'soc2-pac[signing]'"
        raise UsageError(msg) from error
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        msg = "the signing key is no unencrypted private key in PEM"
        raise UsageError(msg) from error
    if not isinstance(key, Ed25519PrivateKey):
        msg = "the signing key is not an Ed25519 key. Next: openssl genpkey -algorithm ed25519"
        raise UsageError(msg)
    return key


def _check_signature(checkpoint: Checkpoint, public_key: str, value: bytes) -> None:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = "checking a signature needs an extra. Next: pip install 'soc2-pac[signing]'"
        raise StoreError(msg) from error
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(
            value, _signed_bytes(checkpoint)
        )
    except (InvalidSignature, ValueError) as error:
        msg = "the checkpoint's signature does not match: the file was changed"
        raise IntegrityError(msg) from error
