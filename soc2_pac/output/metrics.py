"""What a run did and what it found, as a file of Prometheus metrics (text format 0.0.4).

Names, labels and meanings are an interface: docs/observability.md lists them, and a test holds the two together.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from soc2_pac.model import CollectionStatus, Severity, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_pac.collect.events import UnitFinished
    from soc2_pac.store.queries import Finding

PREFIX = "soc2_pac_"
METRICS = {
    "build_info": "Always 1; the label holds the version of soc2-pac.",
    "last_run_timestamp_seconds": "When the last run ended, well or not, as Unix time.",
    "last_success_timestamp_seconds": "When the last run ended that read each of its sources (Unix).",
    "last_run_exit_code": "Exit code of the last run.",
    "last_run_duration_seconds": "Time that the last run took.",
    "last_run_collections": "Collections of the last run, by source and status.",
    "last_run_documents": "Documents that the last run collected.",
    "last_run_requests": "API requests of the last run, retries included.",
    "last_run_waited_seconds": "Time that collections of the last run waited for rate limits, summed up.",
    "last_evaluation_timestamp_seconds": "As of when the findings were last judged (Unix).",
    "findings": "Current findings that count, by status, severity, and whether a waiver accepts them.",
    "findings_overdue": "Failures that are past their due date and not waived, by severity.",
}
"""Name without the prefix -> help. All are gauges: the file holds the state after the last run."""

OF_THE_SERVER = frozenset({"last_evaluation_timestamp_seconds"})
"""What stands in no file: the server alone says it."""

_LAST_SUCCESS = re.compile(rf"^{PREFIX}last_success_timestamp_seconds (\S+)$", re.MULTILINE)


@dataclass
class RunMeasured:
    """What one run did. Filled while it goes on, so that a failed run has its numbers, too."""

    units: list[UnitFinished] = field(default_factory=list)
    requests: int | None = None
    """Of the whole run; ``None`` where it failed before anybody summed up: those of its collections."""
    exit_code: int = 2
    succeeded: bool = False
    """It came to its end, and collected at least one kind of each of its sources completely."""
    started: float = 0.0
    """Unix time, as all times here."""
    ended: float = 0.0
    findings: FindingCounts | None = None
    """``None``: the store could not be read."""


@dataclass
class FindingCounts:
    """Current findings, counted."""

    by: Counter[tuple[Status, Severity, bool]]
    """Status, severity, waived."""
    overdue: Counter[Severity] | None
    """``None``: nobody counted them."""


def count_findings(findings: Iterable[Finding], now: str) -> FindingCounts:
    """Count findings that count. ``now``: UTC text, as due dates are."""
    by: Counter[tuple[Status, Severity, bool]] = Counter()
    overdue: Counter[Severity] = Counter()
    for finding in findings:
        if finding.outside:
            continue
        waived = finding.status is Status.FAIL and finding.waiver is not None
        by[finding.status, finding.severity, waived] += 1
        late = finding.sla_due is not None and finding.sla_due < now
        if finding.status is Status.FAIL and not waived and late:
            overdue[finding.severity] += 1
    return FindingCounts(by, overdue)


def text(run: RunMeasured, version: str, before: str = "") -> str:
    """The file's content.

    Args:
        run: what the run did.
        version: of soc2-pac.
        before: the content of the file so far: a failed run keeps the time of the last success.
    """
    return "".join(_families(run, version, before))


def of_store(found: FindingCounts, judged: float, version: str) -> str:
    """What a server says of the store at this moment, by the same names: nothing of any run.

    ``judged``: the instant of the last evaluation: numbers that nobody renews must not look like good news.
    """
    families = (
        _family("build_info", [({"version": version}, 1)]),
        _family("last_evaluation_timestamp_seconds", [({}, judged)]),
        _of_findings(found),
    )
    return "".join(itertools.chain.from_iterable(families))


def _families(run: RunMeasured, version: str, before: str) -> Iterator[str]:
    yield from _family("build_info", [({"version": version}, 1)])
    yield from _family("last_run_timestamp_seconds", [({}, run.ended)])
    earlier = _LAST_SUCCESS.search(before)
    success = run.ended if run.succeeded else float(earlier[1]) if earlier else None
    if success is not None:
        yield from _family("last_success_timestamp_seconds", [({}, success)])
    yield from _family("last_run_exit_code", [({}, run.exit_code)])
    yield from _family("last_run_duration_seconds", [({}, run.ended - run.started)])
    counts = Counter((unit.source, unit.status) for unit in run.units)
    sources = sorted({unit.source for unit in run.units})
    yield from _family(
        "last_run_collections",
        [
            ({"source": source, "status": str(status)}, counts[source, status])
            for source in sources
            for status in CollectionStatus
        ],
    )
    yield from _family("last_run_documents", [({}, sum(unit.count for unit in run.units))])
    requests = run.requests
    if requests is None:
        requests = sum(unit.requests for unit in run.units)
    yield from _family("last_run_requests", [({}, requests)])
    yield from _family("last_run_waited_seconds", [({}, sum(unit.waited for unit in run.units))])
    if run.findings is not None:
        yield from _of_findings(run.findings)


def _of_findings(found: FindingCounts) -> Iterator[str]:
    """Zeros, too: a series that vanishes fires no alert."""
    yield from _family(
        "findings",
        [
            (
                {"status": str(status), "severity": str(severity), "waived": str(waived).lower()},
                found.by[status, severity, waived],
            )
            for status in Status
            for severity in Severity
            for waived in ((False, True) if status is Status.FAIL else (False,))
        ],
    )
    if found.overdue is not None:
        late = [({"severity": str(s)}, found.overdue[s]) for s in Severity]
        yield from _family("findings_overdue", late)


def _family(name: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    listed = list(samples)
    if not listed:
        return
    yield f"# HELP {PREFIX}{name} {METRICS[name]}\n# TYPE {PREFIX}{name} gauge\n"
    for labels, value in listed:
        inside = ",".join(f'{label}="{_escaped(said)}"' for label, said in labels.items())
        number = value if isinstance(value, int) else round(value, 3)
        yield f"{PREFIX}{name}{'{' + inside + '}' if inside else ''} {number}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def read(path: Path) -> str:
    """The file as it is; empty where there is none, or where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def write(path: Path, content: str, mode: int) -> None:
    """Replace the file at once: a reader sees the old content or the new, never a part.

    Raises:
        OSError: it cannot be written; the old file stays.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
