"""Around one run: its metrics file and the last event of its log, written also where the run failed."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.api import tool_version
from soc2_pac.cli.options import now_text
from soc2_pac.cli.progress import log_event
from soc2_pac.collect import events
from soc2_pac.collect.redact import scrub
from soc2_pac.errors import Soc2PacError, StoreError, UsageError
from soc2_pac.model import CollectionStatus
from soc2_pac.output import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.api import Outcome
    from soc2_pac.config import Config
    from soc2_pac.store import Store

_INTERRUPTED = 130


class Measured:
    """What is known of one run so far, and where it is written at the end.

    Args:
        named: the file that ``--metrics`` names, if any.
    """

    def __init__(self, named: str | None) -> None:
        self.run = metrics.RunMeasured(started=clock.now().timestamp())
        self._named = named
        self._path = Path(named) if named else None
        self._mode = 0o600
        self._run_id = 0
        if self._path is not None and not self._path.parent.is_dir():
            msg = f"--metrics: there is no folder {self._path.parent}"
            raise UsageError(msg)
        if self._path is not None and self._path.is_dir():
            msg = f"--metrics: {self._path} is a folder. Name a file in it"
            raise UsageError(msg)

    def configured(self, config: Config) -> None:
        """Learn file and mode from ``[metrics]``. Raises ConfigError where the folder does not exist."""
        self._mode = int(config.metrics.mode, 8)
        if self._named is None and config.metrics.file is not None:
            folder = config.path.resolve().parent if config.path else Path()
            self._path = folder / config.metrics.file
            if not self._path.parent.is_dir() or self._path.is_dir():
                path, self._path = self._path, None
                key = "metrics.file"
                raise config.wrong(key, f"{path} cannot be written: it is a folder, or has none")

    def noting(self, listener: events.Listener) -> events.Listener:
        """A listener that notes collections, and tells the other one."""

        def note(event: events.Event) -> None:
            if isinstance(event, events.UnitFinished):
                self.run.units.append(event)
            listener(event)

        return note

    def finished(self, store: Store, outcome: Outcome, exit_code: int) -> None:
        """The run came to its end."""
        self._run_id = outcome.run
        self.run.requests = sum(outcome.calls.values())
        self.run.exit_code = exit_code
        complete = {
            unit.source for unit in self.run.units if unit.status is CollectionStatus.COMPLETE
        }
        # What a resumed run does not collect again was complete.
        asked = bool(self.run.units or outcome.resumed_listings)
        self.run.succeeded = asked and complete >= {unit.source for unit in self.run.units}
        self._count(store)

    @contextlib.contextmanager
    def over(self, store: Store) -> Iterator[None]:
        """While the run works on a store: where it fails, the findings are those that the store holds."""
        try:
            yield
        except Exception:
            with contextlib.suppress(StoreError):
                self._count(store)
            raise

    def _count(self, store: Store) -> None:
        if self._path is not None:
            self.run.findings = metrics.count_findings(store.stream_findings(), now_text())

    def ended(self) -> None:
        """Write the file, if one is wanted. A run that is done stays done where that fails: it is only said."""
        self.run.ended = clock.now().timestamp()
        if self._path is None:
            return
        content = metrics.text(self.run, tool_version(), metrics.read(self._path))
        try:
            metrics.write(self._path, content, self._mode)
        except OSError as error:
            click.echo(f"The metrics were not written to {self._path}: {error.strerror}", err=True)

    def event(self) -> dict[str, object]:
        """The values of ``run_finished``."""
        counts = Counter(str(unit.status) for unit in self.run.units)
        return {
            "run": self._run_id,
            "exit_code": self.run.exit_code,
            "collections": dict(sorted(counts.items())),
            "documents": sum(unit.count for unit in self.run.units),
            "requests": self.run.requests,
            "waited": round(sum(unit.waited for unit in self.run.units), 3),
            "seconds": round(self.run.ended - self.run.started, 3),
        }


@contextlib.contextmanager
def measuring(named: str | None, log_format: str) -> Iterator[Measured]:
    """Measure one run. Whatever ends it, the file is written, and a JSON log ends with one event.

    With a JSON log, an error that was raised on purpose ends in ``click.exceptions.Exit``, since it was said
    in the log.
    """
    measured = Measured(named)
    try:
        yield measured
    except Soc2PacError as error:
        measured.run.exit_code = error.exit_code
        measured.ended()
        if log_format == "json":
            said = {"error": scrub(str(error)), "exit_code": error.exit_code}
            log_event("run_failed", said)
            raise click.exceptions.Exit(error.exit_code) from error
        raise
    except KeyboardInterrupt:
        measured.run.exit_code = _INTERRUPTED
        measured.ended()
        raise
    except BaseException:
        measured.ended()
        raise
    else:
        measured.ended()
        if log_format == "json":
            log_event("run_finished", measured.event())
