"""A report as an engine makes it, of any size: what all writers are tried on."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from soc2_pac.model import utc_text
from soc2_pac.report import (
    Cell,
    Column,
    Fact,
    Lane,
    Part,
    Report,
    Shape,
    Span,
    Table,
    sealed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 7, 1, tzinfo=UTC)
DAY = 86_400_000
ODD = "=cmd|'/C calc'!A0 <script>alert(1)</script> | `x` \u202e\u0007 中文 é \ud800 end"
"""A name of a resource that every format must survive."""

_DEVIATIONS = (
    Column("number", "No.", Shape.NUMBER),
    Column("severity", "Severity"),
    Column("rule", "Rule"),
    Column("resource", "Resource"),
    Column("scope", "Scope"),
    Column("status", "Status", Shape.STATUS),
    Column("started", "Started", Shape.INSTANT),
    Column("last_otherwise", "Last collection that saw it otherwise", Shape.INSTANT),
    Column("first_seen", "First collection that saw it", Shape.INSTANT),
    Column("ended", "Ended", Shape.INSTANT),
    Column("open_least_ms", "Open at least", Shape.DURATION),
    Column("open_most_ms", "Open at most", Shape.DURATION),
    Column("due", "Due", Shape.INSTANT),
    Column("due_met", "Due date met"),
    Column("message", "Message"),
    Column("evidence", "Evidence", Shape.DIGEST),
)


def deviations(count: int) -> Table:
    """Failures of the period."""
    rows: list[tuple[Cell, ...]] = []
    for number in range(count):
        began = START + timedelta(hours=number % 4000)
        rows.append(
            (
                number + 1,
                ("critical", "high", "medium")[number % 3],
                f"aws-s3-bucket-rule-{number % 7}",
                ODD if number == 1 else f"arn:aws:s3:::bucket-{number:05d}",
                "aws:111122223333",
                "fail" if number % 5 == 0 else "pass",
                utc_text(began),
                utc_text(began - timedelta(days=1)),
                utc_text(began),
                None if number % 5 == 0 else utc_text(began + timedelta(days=3)),
                DAY * 3,
                DAY * 5 + 3_600_000,
                utc_text(began + timedelta(days=7)),
                "yes" if number % 2 else "no",
                f"the bucket lets everybody read: statement {number} allows s3:GetObject to *",
                hashlib.sha256(str(number).encode()).hexdigest(),
            )
        )
    return Table(
        "deviations", "Deviations", "Each maximal run of failure.", _DEVIATIONS, tuple(rows)
    )


def results(parts: int) -> Table:
    """What each rule came to."""
    columns = (
        Column("part", "Control"),
        Column("rule", "Rule"),
        Column("resources", "Resources", Shape.NUMBER),
        Column("passed_ms", "Held", Shape.DURATION),
        Column("failed_ms", "Failed", Shape.DURATION),
        Column("unknown_ms", "Not known", Shape.DURATION),
        Column("deviations", "Deviations", Shape.NUMBER),
        Column("auditor_test", "Auditor's test", Shape.AUDITOR),
        Column("auditor_conclusion", "Auditor's conclusion", Shape.AUDITOR),
    )
    rows = tuple(
        (f"AC-{number:02d}", f"aws-s3-bucket-rule-{number % 7}", 412 + number, DAY * 170, DAY * 2,
         DAY * 10, number, None, None)
        for number in range(parts)
    )  # fmt: skip
    return Table("results", "Results by control and rule", "A rule of a control.", columns, rows)


def gaps() -> Table:
    """What was not seen."""
    columns = (
        Column("kind", "Kind"),
        Column("scope", "Scope"),
        Column("start", "From", Shape.INSTANT),
        Column("end", "Until", Shape.INSTANT),
        Column("length_ms", "Length", Shape.DURATION),
        Column("cause", "Cause"),
    )
    rows = (
        ("aws.s3.bucket", "aws:111122223333", utc_text(START), utc_text(START + timedelta(days=2)),
         2 * DAY, "denied: AccessDenied; grant s3:ListAllMyBuckets"),
    )  # fmt: skip
    return Table("gaps", "Gaps in collection", "Times of which nothing is known.", columns, rows)


class Streamed:
    """Rows that are made as they are read."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        for number in range(self.count):
            yield (
                f"aws-s3-bucket-rule-{number % 7}",
                f"arn:aws:s3:::bucket-{number:05d}",
                DAY * number,
            )


def findings(count: int) -> Table:
    """A row for each rule and resource."""
    columns = (
        Column("rule", "Rule"),
        Column("resource", "Resource"),
        Column("passed_ms", "Held", Shape.DURATION),
    )
    return Table(
        "findings", "Every rule and resource", "All.", columns, Streamed(count), streamed=True
    )


def report(count: int = 40, *, parts: int = 6, streamed: int = 500) -> Report:
    """A Type II report with ``count`` deviations."""
    middle = START + timedelta(days=60)
    spans = (
        Span(utc_text(START), utc_text(START + timedelta(days=2)), "unknown", 412),
        Span(utc_text(START + timedelta(days=2)), utc_text(middle), "holds"),
        Span(utc_text(middle), utc_text(middle + timedelta(days=9)), "fails", 3),
        Span(utc_text(middle + timedelta(days=9)), utc_text(END), "holds"),
    )
    names = [f"AC-{number:02d}" for number in range(parts)]
    return sealed(
        Report(
            kind="type2",
            title="Operation of controls over a period",
            subtitle="2026-01-01 to 2026-06-30 (UTC)",
            start=utc_text(START),
            end=utc_text(END),
            cover=(
                Fact("Store", "0f2c"),
                Fact("Rules", "574"),
                Fact("Tool version", "0.1.0"),
            ),
            warnings=("Limited: CC6 only. 211 rules are left out, with 17 failures.",),
            statement=("412 of 412 resources on 179 of 181 days; 3 deviations, 2 fixed in time.",),
            method=("A deviation is a maximal run of failure.", "Times are UTC."),
            parts=tuple(
                Part(
                    name,
                    "control",
                    f"Access to data is limited, number {name}",
                    owner="security@acme.example",
                    criteria=("CC6.1", "CC6.3"),
                    rules=("aws-s3-bucket-rule-1", "aws-s3-bucket-rule-2"),
                    statement=("412 of 412 resources on 179 of 181 days; 1 deviation.",),
                    missing=("restore-test: nothing was handed in",) if number == 0 else (),
                    state="fails" if number == 0 else "holds",
                )
                for number, name in enumerate(names)
            ),
            lanes=(
                *(Lane(name, spans, "control") for name in names),
                *(Lane(f"aws-s3-bucket-rule-{number}", spans) for number in range(7)),
            ),
            tables=(results(parts), deviations(count), gaps(), findings(streamed)),
        )
    )
