"""Attestations: handing in evidence, taking it back, and what is due."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from soc2_pac import clock
from soc2_pac.acts import attestations as said
from soc2_pac.acts.attestations import Attestation, HandedIn, Revoked, handed_in
from soc2_pac.acts.controls import in_force
from soc2_pac.audit import controls
from soc2_pac.collect.redact import scrub
from soc2_pac.errors import UsageError
from soc2_pac.store import acts
from soc2_pac.text import listed, nearest, says_something

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from soc2_pac.acts import Act, Actor
    from soc2_pac.acts.controls import Control
    from soc2_pac.acts.systems import ReviewedSystem
    from soc2_pac.store.acts import File

_YEARS = range(2000, 2200)
"""Days of other years are slips of the pen: nothing that covers them is evidence for a control of today."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days that evidence covers; both belong to it."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str, option: str, today: date) -> Days:
        """``2026-01-01..2026-03-31``; one day stands for itself.

        Raises:
            UsageError: it names no days, they are out of order, or some are yet to come.
        """
        first, dots, last = (part.strip() for part in text.partition(".."))
        if dots and not (first and last):
            lacking = "last" if first else "first"
            msg = f"{option}: '{text}' has no {lacking} day. Write 2026-01-01..2026-03-31"
            raise UsageError(msg)
        days = cls(a_day(first, option), a_day(last if dots else first, option))
        if days.last < days.first:
            msg = f"{option}: {text} ends before it begins. Write the first day first"
            raise UsageError(msg)
        if days.last > today:
            msg = (
                f"{option}: {days.last} is yet to come (today is {today}, UTC): evidence covers what was. "
                "Next: hand it in when these days are over"
            )
            raise UsageError(msg)
        return days


def a_day(text: str, option: str) -> date:
    """``2026-01-31`` -> the day. Raises UsageError for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        msg = f"{option}: '{text}' is no day. Write 2026-01-31"
        raise UsageError(msg) from error
    if found.isoformat() != text:
        msg = f"{option}: '{text}' is no day. Write 2026-01-31"
        raise UsageError(msg)
    if found.year not in _YEARS:
        msg = f"{option}: {text} lies outside of the years {_YEARS[0]} to {_YEARS[-1]}. Is the year right?"
        raise UsageError(msg)
    return found


def topic_of(control_id: str, control: Control, asked: str | None) -> str:
    """The topic that evidence for a control is on.

    Raises:
        UsageError: the control names no evidence of people, several and none was asked for, or not that one.
    """
    named = control.attestations
    if not named:
        msg = (
            f"control {control_id} names no evidence of people. "
            "Next: give it a topic (attestations = [...]) in the file of controls"
        )
        raise UsageError(msg)
    if asked is None:
        if len(named) > 1:
            msg = f"control {control_id} names several topics: {listed(named)}. Next: --topic"
            raise UsageError(msg)
        return named[0]
    if asked not in named:
        msg = f"--topic: control {control_id} names no topic '{asked}'.{nearest(asked, named)} It names {listed(named)}"
        raise UsageError(msg)
    return asked


def systems_of(
    texts: Iterable[str], topic: str, known: Iterable[ReviewedSystem]
) -> tuple[str, ...]:
    """The systems that an access review covers, in lower case.

    Args:
        texts: as somebody wrote them; ``*`` for all.
        topic: of the evidence.
        known: what the configuration and the store know.

    Raises:
        UsageError: an unknown system, or evidence on another topic, which covers none.
    """
    wanted = tuple(sorted({text.strip().lower() for text in texts if text.strip()}))
    if wanted and topic != "access-review":
        msg = f"--systems: evidence on {topic} names no systems. Next: leave it out"
        raise UsageError(msg)
    names = {name for system in known for name in system.called}
    for name in wanted:
        if name != "*" and name not in names:
            msg = f"--systems: there is no system '{name}'.{nearest(name, names)} Known: {listed(names)}"
            raise UsageError(msg)
    return wanted


def check(
    connection: Connection, control_id: str, topic: str | None, valid_until: date, covers: Days
) -> str:
    """The topic of what is about to be handed in, before its file is read.

    Raises:
        UsageError: an unknown control or topic, or days out of order.
    """
    _, control = controls.one(connection, control_id)
    found = topic_of(control_id, control, topic)
    if valid_until < covers.last:
        msg = (
            f"--valid-until: {valid_until} comes before {covers.last}, the last day that it covers"
        )
        raise UsageError(msg)
    return found


def add(
    connection: Connection,
    control_id: str,
    *,
    topic: str | None,
    covers: Days,
    valid_until: date,
    file_name: str,
    file: File,
    note: str,
    by: Actor,
    systems: tuple[str, ...] = (),
    now: datetime | None = None,
) -> HandedIn:
    """Record evidence for a control. Within ``Database.writing``.

    ``systems``: of an access review, those that it covers, as :func:`systems_of` gives them.

    Raises:
        UsageError: as :func:`check`, or the same file was handed in for the same before.
    """
    found = check(connection, control_id, topic, valid_until, covers)
    # What people type may hold a credential, which would be kept for ever.
    body = Attestation(
        control=control_id,
        topic=found,
        covers_from=covers.first.isoformat(),
        covers_to=covers.last.isoformat(),
        valid_until=valid_until.isoformat(),
        file_name=scrub(file_name),
        note=scrub(note),
        systems=systems,
    )
    for other in handed_in(acts.listed(connection, ["attestation."])).values():
        before = other.said
        same = (before.control, before.topic, before.covers_from, before.covers_to, before.systems)
        if (
            other.revoked is None
            and other.added.attachment == file.digest
            and same == (control_id, found, body.covers_from, body.covers_to, systems)
        ):
            msg = (
                f"the same file was handed in for {control_id} and these days as {other.id} already. "
                f"Next: soc2-pac attestations show {other.id}"
            )
            raise UsageError(msg)
    name = f"att-{secrets.token_hex(4)}"
    act = acts.record(connection, said.ADDED, name, body, by=by, file=file, now=now)
    return HandedIn(name, body, act)


def revoke(
    connection: Connection, name: str, *, reason: str, by: Actor, now: datetime | None = None
) -> HandedIn:
    """Record that evidence does not hold any more, or never did. Within ``Database.writing``.

    Raises:
        UsageError: no reason, no such attestation, or it was revoked before.
    """
    if not says_something(reason):
        msg = "--reason: say why: an auditor will ask"
        raise UsageError(msg)
    found = one(connection, name)
    if found.revoked is not None:
        msg = f"{found.id} was revoked on {found.revoked.recorded_at[:10]} already"
        raise UsageError(msg)
    acts.record(connection, said.REVOKED, found.id, Revoked(reason=scrub(reason)), by=by, now=now)
    return found


def one(connection: Connection, name: str) -> HandedIn:
    """An attestation by its id. Raises UsageError naming the nearest."""
    found = handed_in(acts.listed(connection, ["attestation."]))
    if name not in found:
        msg = f"there is no attestation '{name}'.{nearest(name, found)} Next: soc2-pac attestations list"
        raise UsageError(msg)
    return found[name]


# -- lists ------------------------------------------------------------------------------------------


def rows(found: Iterable[Act], now: datetime) -> list[dict[str, object]]:
    """Every attestation, newest first, with what has become of it."""
    held = list(found)
    declared = in_force(held)
    return [
        _row(one, declared.get(one.said.control, (None, None))[1], now)
        for one in reversed(handed_in(held).values())
    ]


def _row(one: HandedIn, control: Control | None, now: datetime) -> dict[str, object]:
    until = one.holds_until(control.every_days if control else None)
    state = "revoked" if one.revoked else "current" if now < until else "expired"
    return {
        "attestation": one.id,
        "control": one.said.control,
        "topic": one.said.topic,
        "state": state,
        "covers_from": one.said.covers_from,
        "covers_to": one.said.covers_to,
        "valid_until": one.said.valid_until,
        "counts_until": controls.last_day(until),
        "by": str(one.added.by),
        "received_at": one.added.recorded_at,
        "file": one.said.file_name,
        "digest": one.added.attachment,
        "note": one.said.note,
        "systems": list(one.said.systems),
        "revoked_at": one.revoked and one.revoked.recorded_at,
        "revoked_because": one.revoked and one.revoked.said(Revoked).reason,
        "revoked_by": one.revoked and str(one.revoked.by),
    }


def due(states: Iterable[controls.State], now: datetime, days: int) -> list[dict[str, object]]:
    """What people are to hand in: what is missing, expired, or ends within some days; the most urgent first."""
    found: list[dict[str, object]] = []
    for state in states:
        for topic in state.topics:
            if topic.until is not None and topic.until > now + timedelta(days=days):
                continue
            word = "missing" if topic.until is None else "expired" if topic.until <= now else "due"
            found.append(
                {
                    "control": state.id,
                    "topic": topic.topic,
                    "state": word,
                    "counts_until": topic.until and controls.last_day(topic.until),
                    "owner": state.control.owner,
                    "frequency": state.control.frequency,
                }
            )
    order = {"expired": 0, "missing": 1, "due": 2}
    return sorted(
        found,
        key=lambda row: (
            order[str(row["state"])],
            str(row["counts_until"] or ""),
            str(row["control"]),
        ),
    )


def today() -> date:
    """This day, UTC."""
    return clock.now().date()
