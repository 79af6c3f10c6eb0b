"""Checkpoints: the ledger's end, written down outside the database, where cutting the tail cannot reach.

A checkpoint may be signed with an Ed25519 key, so that whoever holds the public key can tell that it is
ours and unchanged. Which keys are in force, and until when one was, are events in the store; see
:mod:`soc2_pac.store.keys`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.errors import IntegrityError, StoreError, UsageError
from soc2_pac.model import utc_text
from soc2_pac.store import ledger, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Connection

FORMAT = "soc2-pac checkpoint 2"
_FORMAT_1 = "soc2-pac checkpoint 1"
"""Without ``ends``."""
_KEY_BYTES = 32
_EXTRA = "signing needs an extra. Next: pip install 'soc2-pac[signing]'"


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
    ends: Mapping[str, int] = field(default_factory=dict)
    """The last id of each table whose ids count up: where what is new begins. Empty in format 1."""
    signed_by: str | None = field(default=None, compare=False)
    """The id of the key whose signature was checked."""

    def document(self) -> dict[str, object]:
        """What is written, and signed."""
        fields: dict[str, object] = {
            "store": self.store,
            "seq": self.seq,
            "head": self.head,
            "count": self.count,
            "recorded_at": self.recorded_at,
        }
        if not self.ends:
            return {"format": _FORMAT_1, **fields}
        return {"format": FORMAT, **fields, "ends": dict(self.ends)}


def key_id(public_key: str) -> str:
    """The short name of a public key (base64): 16 hex digits of its SHA-256. Raises UsageError."""
    try:
        raw = base64.b64decode(public_key, validate=True)
    except ValueError as error:
        msg = "this is no public key: it is not base64"
        raise UsageError(msg) from error
    if len(raw) != _KEY_BYTES:
        msg = "this is no Ed25519 public key: it is not 32 bytes long"
        raise UsageError(msg)
    return hashlib.sha256(raw).hexdigest()[:16]


def generate_key() -> tuple[str, str]:
    """A new Ed25519 key: (private in PEM, public in base64). Raises UsageError without the extra."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            Encoding,
            NoEncryption,
            PrivateFormat,
        )
    except ModuleNotFoundError as error:
        raise UsageError(_EXTRA) from error
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, _public(key)


def public_key_of(private_key_pem: str) -> str:
    """The public key (base64) of a private one in PEM. Raises UsageError."""
    return _public(_private_key(private_key_pem))


def take(connection: Connection) -> Checkpoint:
    """The checkpoint of this moment."""
    store_id = connection.execute(
        sa.select(tables.meta.c.value).where(tables.meta.c.key == "store_id")
    ).scalar_one()
    last = ledger.head(connection)
    count = connection.execute(sa.select(sa.func.count()).select_from(tables.ledger)).scalar_one()
    now = utc_text(clock.now())
    return Checkpoint(store_id, last.seq, last.hash, count, now, _ends(connection))


def _ends(connection: Connection) -> dict[str, int]:
    return {
        table.name: int(connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0)
        for table in tables.metadata.sorted_tables
        if "id" in table.c and isinstance(table.c.id.type, sa.Integer)
    }


def dump(checkpoint: Checkpoint, private_key_pem: str | None = None) -> str:
    """The checkpoint as JSON text, signed when a key is given.

    Args:
        checkpoint: what to write.
        private_key_pem: an Ed25519 private key in PEM (PKCS #8), unencrypted.

    Raises:
        UsageError: the key is not such a key, or the ``signing`` extra is not installed.
    """
    document = checkpoint.document()
    if private_key_pem is not None:
        document["signature"] = sign(_signed_bytes(checkpoint), private_key_pem)
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def sign(message: bytes, private_key_pem: str) -> dict[str, str]:
    """A signature, and whose it is. Raises UsageError as :func:`dump` does."""
    key = _private_key(private_key_pem)
    public = _public(key)
    return {
        "algorithm": "ed25519",
        "key_id": key_id(public),
        "public_key": public,
        "value": base64.b64encode(key.sign(message)).decode(),
    }


def load(text: str, public_keys: Collection[str] = ()) -> Checkpoint:
    """Read a checkpoint file and check its signature.

    Args:
        text: what :func:`dump` wrote.
        public_keys: base64 of the keys of which one must have signed; without any a signature is checked
            against the key that the file itself names, which shows damage but not who signed.

    Raises:
        UsageError: the text is no checkpoint.
        IntegrityError: the signature is missing though demanded, or does not match.
    """
    try:
        document = json.loads(text)
        if document.get("format") not in (FORMAT, _FORMAT_1):
            raise ValueError(document.get("format"))  # noqa: TRY301 - told below with the others
        ends = document["ends"] if document["format"] == FORMAT else {}
        checkpoint = Checkpoint(
            str(document["store"]),
            int(document["seq"]),
            str(document["head"]),
            int(document["count"]),
            str(document["recorded_at"]),
            {str(name): int(last) for name, last in ends.items()},
        )
        signature = document.get("signature")
        claimed = signature["public_key"] if signature else None
        value = base64.b64decode(signature["value"]) if signature else b""
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        msg = f"this is no checkpoint file of soc2-pac: {error}"
        raise UsageError(msg) from error
    if public_keys and claimed not in public_keys:
        msg = (
            "the checkpoint is not signed"
            if claimed is None
            else "the checkpoint is signed by another key"
        )
        raise IntegrityError(msg)
    if claimed is None:
        return checkpoint
    _check_signature(checkpoint, claimed, value)
    return replace(checkpoint, signed_by=key_id(claimed))


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return json.dumps(checkpoint.document(), sort_keys=True).encode()


def _public(key: Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _private_key(pem: str) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(_EXTRA) from error
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        msg = "the signing key is no unencrypted private key in PEM"
        raise UsageError(msg) from error
    if not isinstance(key, Ed25519PrivateKey):
        msg = "the signing key is not an Ed25519 key. Next: soc2-pac checkpoint keygen FILE"
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
