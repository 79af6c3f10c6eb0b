"""The numbered requests and notes of auditors, each with what the team answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.acts import Actor
from soc2_pac.store import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from soc2_pac.store.messages import Message

OPEN, ANSWERED, NOTED = "open", "answered", "noted"


def rows(
    connection: Connection, *, auditor: str | None = None, until: str | None = None
) -> Iterator[dict[str, object]]:
    """One for each request and note, in the order of numbers.

    Args:
        connection: reading.
        auditor: only of this access.
        until: as they stood at this instant, UTC text.
    """
    answers: dict[int, list[Message]] = {}
    asked: list[Message] = []
    for one in messages.listed(connection, auditor):
        if until is not None and one.recorded_at > until:
            continue
        if one.kind == "answer":
            answers.setdefault(one.number, []).append(one)
        else:
            asked.append(one)
    for one in asked:
        said = answers.get(one.number, [])
        nothing = OPEN if one.kind == "request" else NOTED
        yield {
            "number": one.number,
            "entry": one.kind,
            "state": ANSWERED if said else nothing,
            "auditor": one.auditor,
            "by": one.claimed_name,
            "about": one.about,
            "said": one.said,
            "recorded_at": one.recorded_at,
            "answer": "\n\n".join(answer.said for answer in said) or None,
            "answered_by": ", ".join(dict.fromkeys(str(_who(answer)) for answer in said)) or None,
            "answered_at": said[-1].recorded_at if said else None,
        }


def _who(one: Message) -> Actor:
    return Actor(one.claimed_name, one.os_user, one.login)
