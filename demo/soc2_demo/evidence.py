"""The controls of acme-robotics, and what its people handed in for them.

What is wrong on purpose is listed in :data:`PLANTED`; of topics that are not named here nothing was handed in.
Dates count back from the time of the call, so that the demo looks the same on any day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from soc2_demo.company import Planted
from soc2_pac import plugins
from soc2_pac.acts import Actor
from soc2_pac.audit import attachments, attestations, control_file, controls
from soc2_pac.config import CONTROLS_FILE
from soc2_pac.store import acts, open_store

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

FOLDER = "evidence"
PLANTED: tuple[Planted, ...] = (
    Planted("company-incident-response-test", "incident-response-test", "the last is 430 days old"),
    Planted("company-restore-test", "restore-test", "the report was another system's, and revoked"),
    Planted("company-vendor-review", "vendor-review", "nothing was handed in"),
)
"""Every fault that was put in on purpose."""


class _Handed(NamedTuple):
    """A file, and what it is evidence for."""

    control: str
    file: str
    text: str
    by: str
    days: int
    """How long ago the last day was that it covers."""
    covers: int
    """How many days it covers."""
    revoked: str | None = None
    """Why it was revoked."""


_HANDED = (
    _Handed(
        "AC-03", "access-review.csv", "system,person,decision\ngithub,Goran Petrov,keep\n",
        "Ana Kovac", 40, 92,
    ),
    _Handed(
        "GOV-05", "security-training.csv", "person,completed\nBen Osei,yes\n", "Fatima Haddad",
        60, 365,
    ),
    _Handed("GOV-02", "board-minutes.txt", "Security was discussed.\n", "Ana Kovac", 100, 1),
    _Handed(
        "INC-02", "incident-rehearsal.txt", "The pager rang nowhere.\n", "David Lindqvist", 430, 1
    ),
    _Handed(
        "AVL-03", "restore-report.txt", "Restored in 40 minutes.\n", "Ben Osei", 30, 1,
        "the report is that of the test system",
    ),
)  # fmt: skip


def write(folder: Path) -> None:
    """Write the file of controls and the evidence into a folder; what is there is left alone."""
    path = folder / CONTROLS_FILE
    if not path.exists():
        path.write_text(plugins.load().starter_controls, encoding="utf-8")
    (folder / FOLDER).mkdir(exist_ok=True)
    for one in _HANDED:
        (folder / FOLDER / one.file).write_text(one.text, encoding="utf-8")


def hand_in(folder: Path, store_url: str, now: datetime | None = None, before: float = 0) -> None:
    """Put the controls in force and hand the evidence in that was not handed in before.

    ``before``: so many days before ``now``, with what there was by then.
    """
    now = now or datetime.now(UTC)
    at = now - timedelta(days=before)
    declared = control_file.load(folder / CONTROLS_FILE, plugins.load())
    with open_store(store_url, create=True) as store, store.database.writing() as connection:
        controls.record(connection, declared, by=Actor.here("Ana Kovac"), now=at)
        known = {act.attachment for act in acts.listed(connection, ["attestation."])}
        for one in _HANDED:
            if one.control not in declared:  # somebody changed the file
                continue
            file = attachments.keep(folder / FOLDER / one.file, None)
            if one.days < before or file.digest in known:
                continue
            last = _day(now, one.days)
            found = attestations.add(
                connection,
                one.control,
                topic=declared[one.control].attestations[0],
                covers=attestations.Days(last - timedelta(days=one.covers - 1), last),
                valid_until=last + timedelta(days=396),
                file_name=one.file,
                file=file,
                note="",
                by=Actor.here(one.by),
                now=at,
            )
            if one.revoked is not None:
                by = Actor.here("Fatima Haddad")
                attestations.revoke(connection, found.id, reason=one.revoked, by=by, now=at)


def _day(now: datetime, days: int) -> date:
    return (now - timedelta(days=days)).date()
