"""What people declare, hand in and decide: the words for it, and nothing that reads or writes it.

The store keeps acts as append-only events, each with its entry in the ledger. Whoever interprets them (the
audit, the views of the company's own kinds) imports the shapes from here.
"""

from __future__ import annotations

import os
from typing import TypeVar

import msgspec

from soc2_pac.canonical import canonical

B = TypeVar("B", bound="Body")


class Actor(msgspec.Struct, frozen=True):
    """Who did something."""

    claimed_name: str
    """Who they say they are."""
    os_user: str
    """The operating system's name of the user; empty where there is none (a web page)."""
    login: str | None = None
    """Who proved it, by which login (``oidc https://id.acme.example ann``); ``None``: nobody signed in."""

    @classmethod
    def here(cls, claimed_name: str | None = None) -> Actor:
        """Somebody at the command line of this computer, who did not sign in.

        ``claimed_name``: who they say they are; the user's own name when left out.
        """
        try:
            import getpass  # noqa: PLC0415 - it loads what drives terminals

            user = getpass.getuser()
        except (OSError, KeyError):  # no name of the user's: a container (OSError since 3.13)
            user = f"uid {os.getuid()}"
        return cls(user if claimed_name is None else claimed_name, user)

    def __str__(self) -> str:
        proof = f"signed in as {self.login}" if self.login else f"not proved; user {self.os_user}"
        return f"{self.claimed_name} ({proof})"


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what an act says. Each shape names its kind; a field that comes later has a default."""

    def canonical(self) -> str:
        """Canonical JSON."""
        return canonical(msgspec.to_builtins(self)).decode()


class Act(msgspec.Struct, frozen=True):
    """One act, as recorded."""

    id: int
    """Counts up in the order of recording."""
    kind: str
    """``attestation.added``: what was done to which sort of thing."""
    subject: str
    """The id of what it is about."""
    body: str
    """Canonical JSON; :meth:`said` reads it."""
    attachment: str | None
    """SHA-256 of the file that came with it."""
    by: Actor
    recorded_at: str
    """UTC."""

    def said(self, shape: type[B]) -> B:
        """The body as its shape. Raises msgspec.ValidationError for another one."""
        return msgspec.json.decode(self.body, type=shape)
