"""What somebody can fill in on a page. What becomes of it is in :mod:`soc2_pac.web.acting`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in."""

    name: str
    label: str
    sort: Literal["text", "long", "date", "file", "choice"] = "text"
    hint: str = ""
    choices: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page."""

    action: tuple[str, ...]
    """The parts of the address that it is sent to."""
    title: str
    says: str
    fields: tuple[Field, ...]
    button: str
    role: str = "operator"
    """Who sees it."""

    @property
    def with_file(self) -> bool:
        """Whether a file goes with it."""
        return any(field.sort == "file" for field in self.fields)


ASK = Form(
    ("requests",),
    "Ask or note something",
    "The team sees it with its number, and answers here. It is kept.",
    (
        Field("kind", "Kind", "choice", choices=("request", "note")),
        Field("about", "About", hint="/findings/3f2a...", required=False),
        Field("said", "Text", "long"),
    ),
    "Send",
    "auditor",
)


def answering(number: int) -> Form:
    """To answer a request or note."""
    return Form(
        ("requests", str(number), "answer"),
        "Answer",
        "The auditor sees it. It is kept.",
        (Field("said", "Answer", "long"),),
        "Answer",
    )


def waiving(fingerprint: str) -> Form:
    """To accept a failure."""
    return Form(
        ("findings", fingerprint, "waive"),
        "Accept this failure",
        "It stays a failure, and counts as one that somebody accepted until the day that you say.",
        (
            Field("reason", "Reason", "long"),
            Field("owner", "Who accepts the risk"),
            Field("approver", "Who else agreed"),
            Field("expires", "Until", "date", "2026-12-31"),
        ),
        "Accept",
    )


def revoking(waiver: str) -> Form:
    """To end a waiver."""
    return Form(
        ("waivers", waiver, "revoke"),
        "End this waiver",
        "Its failures count again as failures that nobody accepted.",
        (Field("reason", "Reason", "long"), Field("owner", "Who ends it")),
        "End it",
    )


def attesting(control: str, topics: tuple[str, ...]) -> Form:
    """To hand in evidence for a control."""
    return Form(
        ("controls", control, "attest"),
        "Hand in evidence",
        "A file that shows it, with the days that it covers. It is kept, and nothing changes it.",
        (
            Field("topic", "Topic", "choice", choices=topics),
            Field("file", "File", "file"),
            Field("covers", "Covers", hint="2026-01-01..2026-03-31"),
            Field("valid_until", "Counts until", "date", "2026-12-31"),
            Field("systems", "Systems of an access review", hint="github, okta", required=False),
            Field("note", "Note", "long", required=False),
        ),
        "Hand in",
    )
