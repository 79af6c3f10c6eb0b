"""Progress of a collection: a bar on a terminal, lines in a pipe, or one JSON line an event."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from soc2_pac.cli.options import now_text
from soc2_pac.collect import events
from soc2_pac.model import CollectionStatus
from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BAR = 30
"""Characters of a full bar."""
_CLEAR = "\r\x1b[K"
"""To the beginning of the line, and nothing in it."""


@contextlib.contextmanager
def watching(log_format: str, *, quiet: bool) -> Iterator[events.Listener]:
    """A listener for :func:`soc2_pac.api.run`, writing to standard error."""
    if log_format == "json":
        yield _json_line
    elif quiet:
        yield events.ignore
    elif sys.stderr.isatty():
        with _bar() as listener:
            yield listener
    else:
        yield _text_lines()


def log_event(name: str, values: Mapping[str, object]) -> None:
    """One line of the JSON log. Names and keys are an interface: docs/observability.md lists them."""
    sys.stderr.write(json.dumps({"at": now_text(), "event": name, **values}) + "\n")
    sys.stderr.flush()


def _json_line(event: events.Event) -> None:
    values = asdict(event)
    if "scope" in values:
        values["scope"] = str(event.scope)  # type: ignore[union-attr]
    log_event(_NAMES[type(event)], values)


_NAMES = {
    events.Planned: "planned",
    events.UnitStarted: "unit_started",
    events.UnitFinished: "unit_finished",
}


def _text_lines() -> events.Listener:
    """Only what did not go well: cron mails what is printed."""
    trouble = _Trouble()

    def listener(event: events.Event) -> None:
        if line := trouble.line(event):
            sys.stderr.write(line + "\n")

    return listener


class _Trouble:
    """Lines about listings that did not go well; what stops a whole source is said once."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def line(self, event: events.Event) -> str:
        """The line for an event; empty where there is nothing to say, or it was said."""
        if not isinstance(event, events.UnitFinished) or event.status is CollectionStatus.COMPLETE:
            return ""
        reason = plain(event.reason)
        if event.requests or event.status not in (CollectionStatus.FAILED, CollectionStatus.DENIED):
            return f"{event.status}: {event.kind} in {event.scope}: {reason}"
        if (event.source, reason) in self._said:
            return ""
        self._said.add((event.source, reason))
        return f"{event.status}: source {event.source}, from {event.kind} in {event.scope} on: {reason}"


@contextlib.contextmanager
def _bar() -> Iterator[events.Listener]:
    """One line that is written again and again, and is gone at the end."""
    trouble = _Trouble()
    total = done = 0

    def show(kind: str) -> None:
        filled = _BAR * done // total if total else 0
        counted = f"{done:>{len(str(total))}}/{total}"
        text = f"[{'#' * filled}{' ' * (_BAR - filled)}] {counted} {kind}"
        # Shorter than the line: a full one would begin the next.
        sys.stderr.write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()

    def listener(event: events.Event) -> None:
        nonlocal total, done
        if isinstance(event, events.Planned):
            total = event.units
        elif isinstance(event, events.UnitFinished):
            done += 1
            if line := trouble.line(event):
                sys.stderr.write(f"{_CLEAR}{_warning(line)}\n")
            show(event.kind)

    try:
        yield listener
    finally:
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()


def _warning(line: str) -> str:
    return line if os.environ.get("NO_COLOR") else click.style(line, fg="yellow")
