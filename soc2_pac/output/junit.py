"""JUnit XML, as CI systems read it: a suite for each rule, a case for each finding.

- ``pass``: a case without children.
- ``fail``: ``failure``. One that is waived, or outside of the audited system, is ``skipped`` with its reason: a build
  is not to stay red for what somebody accepted, and it is no pass.
- ``inconclusive``, ``stale``: ``skipped`` with the reason, never a pass. ``not_applicable``: ``skipped``.
- ``error``: ``error``.

A suite says how many of each it has before its cases, so they are kept aside until it ends, on disk where they are
many. The findings must come by rule.

Source: there is no standard; the elements and attributes are those of Apache Ant's JUnitReport and of Jenkins' JUnit
plug-in, which other systems read as well.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from typing import TYPE_CHECKING, TextIO
from xml.sax.saxutils import escape, quoteattr

from soc2_pac.model import Status
from soc2_pac.output import plain
from soc2_pac.output.exchange import resource_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.output.exchange import Context
    from soc2_pac.store.queries import Finding

_IN_MEMORY = 4 * 1024 * 1024


def write(findings: Iterable[Finding], context: Context, stream: TextIO) -> int:
    """Stream one suite a rule; returns how many cases there are."""
    count = 0
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="soc2-pac">\n')
    for rule, group in itertools.groupby(findings, key=lambda finding: finding.rule):
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8") as aside:
            counts: Counter[str] = Counter()
            title = ""
            for finding in group:
                title = context.words(finding).title
                counts[_case(finding, context, aside)] += 1
            total = counts.total()
            stamp = f" timestamp={_quoted(context.as_of[:19])}" if context.as_of else ""
            stream.write(
                f'<testsuite name={_quoted(rule)} tests="{total}" failures="{counts["failure"]}" '
                f'errors="{counts["error"]}" skipped="{counts["skipped"]}" time="0"{stamp}>\n'
                f'<properties><property name="title" value={_quoted(title)}/></properties>\n'
            )
            aside.seek(0)
            shutil.copyfileobj(aside, stream)
            stream.write("</testsuite>\n")
            count += total
    stream.write("</testsuites>\n")
    return count


def _case(finding: Finding, context: Context, stream: object) -> str:
    """Write a case; returns the name of its child, or an empty text."""
    element, message = _child(finding, context)
    where = plain(finding.scope)
    name = f"{resource_of(finding)} ({where})"
    head = f'<testcase classname={_quoted(finding.rule)} name={_quoted(name)} time="0"'
    if not element:
        text = f"{head}/>\n"
    else:
        sort = f" type={_quoted(finding.severity.value)}" if element != "skipped" else ""
        body = "" if element == "skipped" else _body(finding, context)
        text = f"{head}><{element} message={_quoted(message)}{sort}>{body}</{element}></testcase>\n"
    stream.write(text)  # type: ignore[attr-defined]
    return element


def _child(finding: Finding, context: Context) -> tuple[str, str]:
    status, message = finding.status, plain(finding.message)
    if status is Status.PASS:
        return "", ""
    if status is Status.ERROR:
        return "error", message
    excused = context.excused(finding)
    if status is Status.FAIL and excused is None:
        return "failure", message
    said = f"fail, {excused}" if excused is not None else status.value.replace("_", " ")
    return "skipped", f"{said}: {message}"


def _body(finding: Finding, context: Context) -> str:
    facts = {
        "severity": finding.severity.value,
        "criteria": ", ".join(finding.criteria),
        "scope": finding.scope,
        "resource": finding.resource,
        "since": finding.failing_since or finding.since,
        "fix by": finding.sla_due,
        "fix": context.words(finding).fix,
        "fingerprint": finding.fingerprint,
    }
    lines = [plain(finding.message)]
    lines += [f"{name}: {plain(value)}" for name, value in facts.items() if value]
    return escape("\n".join(lines))


def _quoted(value: object) -> str:
    """An attribute's value in quotes; what XML cannot hold is shown as an escape."""
    return quoteattr(plain(value))
