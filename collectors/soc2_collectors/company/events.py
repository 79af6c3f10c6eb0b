"""How acts stand in the company's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.acts.attestations import Revoked

if TYPE_CHECKING:
    from soc2_pac.acts import Act
    from soc2_pac.acts.attestations import HandedIn


def said_by(act: Act) -> dict[str, str | None]:
    """Who did it: who they say they are, and what proves it."""
    return {"name": act.by.claimed_name, "os_user": act.by.os_user, "login": act.by.login}


def handed(one: HandedIn) -> dict[str, object]:
    """An attestation with what became of it."""
    return {
        "id": one.id,
        "control": one.said.control,
        "topic": one.said.topic,
        "covers_from": one.said.covers_from,
        "covers_to": one.said.covers_to,
        "valid_until": one.said.valid_until,
        "file_name": one.said.file_name,
        "note": one.said.note,
        "systems": list(one.said.systems),
        "digest": one.added.attachment,
        "received_at": one.added.recorded_at,
        "by": said_by(one.added),
        "revoked": one.revoked
        and {
            "at": one.revoked.recorded_at,
            "by": said_by(one.revoked),
            "reason": one.revoked.said(Revoked).reason,
        },
    }
