"""Encryption of bundles with age (https://age-encryption.org/v1): only who holds a recipient's key can read them."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from soc2_pac.errors import NotInstalled, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def parsed(keys: Sequence[str]) -> list[Any]:
    """Recipients from public keys: ``age1...``, ``ssh-ed25519 ...`` or ``ssh-rsa ...``.

    Raises:
        UsageError: one is none.
        NotInstalled: the extra ``encryption`` is missing.
    """
    if not keys:
        return []
    age = _age()
    found = []
    for key in keys:
        shape = age.ssh if key.startswith("ssh-") else age.x25519
        try:
            found.append(shape.Recipient.from_str(key))
        except age.RecipientError as error:
            msg = f"--encrypt-to: '{key}' is no public key of age ({error}). It begins with age1 or ssh-"
            raise UsageError(msg) from error
    return found


def encrypt(source: IO[bytes], target: IO[bytes], recipients: Sequence[Any]) -> None:
    """Encrypt one file for its recipients; in parts, so that memory does not grow with it."""
    _age().encrypt_io(source, target, list(recipients))


def _age() -> Any:  # noqa: ANN401 - a module without types
    try:
        import pyrage  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = "encrypting needs an extra. Next: pip install 'soc2-pac[encryption]'"
        raise NotInstalled(msg) from error
    return pyrage
