"""Saved questions: files of SQL that come with soc2-pac, and those of whoever uses it.

A file begins with comments: the title, then what it tells, then its parameters with what they are when nobody says
otherwise. ``+7d`` and ``-7d`` are instants so many days from now (``h`` for hours)::

    -- What breaks its due date this week
    -- Open failures that are due within seven days.
    -- :until = +7d
    SELECT ... WHERE sla_due <= :until

``:now`` is the instant at which it is asked. Where the databases differ, ``-- on sqlite`` and ``-- on postgresql``
begin the text for each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soc2_pac.errors import ConfigError
from soc2_pac.model import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OURS = Path(__file__).parent / "saved"
"""Where the questions of soc2-pac stand."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PARAMETER = re.compile(r"--\s*:([A-Za-z_]\w*)\s*=\s*(.*)")
_PART = re.compile(r"--\s*on (sqlite|postgresql)\s*$", re.MULTILINE)
_SPAN = re.compile(r"([+-])(\d{1,5})([hd])")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved question."""

    name: str
    title: str
    description: str
    source: str
    """``soc2-pac``, or the file."""
    texts: Mapping[str, str] = field(repr=False)
    """SQL by database: ``sqlite``, ``postgresql``; the same for both where they do not differ."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Name -> what it is when nobody says otherwise, as written in the file."""

    def text(self, *, sqlite: bool) -> str:
        """Its SQL. Raises ConfigError where it has none for this database."""
        kind = "sqlite" if sqlite else "postgresql"
        found = self.texts.get(kind)
        if found is None:
            msg = (
                f"{self.source}: it has no part '-- on {kind}', and the store is one. Next: add it"
            )
            raise ConfigError(msg)
        return found


def ours() -> dict[str, Saved]:
    """The questions that come with soc2-pac, by name."""
    return {path.stem: parse(path.stem, path.read_text("utf-8"), "soc2-pac") for path in _in(OURS)}


def of(folders: Iterable[Path]) -> dict[str, Saved]:
    """The questions in these folders (``*.sql``), by name.

    Raises:
        ConfigError: a folder is not there, a file cannot be read, has no title or another's name.
    """
    found: dict[str, Saved] = {}
    for folder in folders:
        if not folder.is_dir():
            msg = f"queries.paths: there is no folder {folder}. Next: make it, or take it out"
            raise ConfigError(msg)
        for path in _in(folder):
            if not _NAME.fullmatch(path.stem):
                msg = f"{path}: a question is named by lower-case letters, digits, - and _. Next: rename the file"
                raise ConfigError(msg)
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                msg = f"{path}: cannot be read: {error}"
                raise ConfigError(msg) from error
            if len(text) > _LARGEST:
                msg = f"{path}: a question of over {_LARGEST:,} characters is none"
                raise ConfigError(msg)
            if path.stem in found:
                msg = (
                    f"{path}: {found[path.stem].source} has the same name. Next: rename one of them"
                )
                raise ConfigError(msg)
            found[path.stem] = parse(path.stem, text, str(path))
    return found


def _in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.sql") if path.is_file())


def parse(name: str, text: str, source: str) -> Saved:
    """A file as a question. Raises ConfigError where it has no title or no SQL."""
    lines = text.replace("\r\n", "\n").split("\n")
    head: list[str] = []
    parameters: dict[str, str] = {}
    rest = 0
    for rest, line in enumerate(lines):  # noqa: B007 - where the head ends
        said = line.strip()
        if not said.startswith("--") or _PART.fullmatch(said):
            break
        declared = _PARAMETER.fullmatch(said)
        if declared:
            parameters[declared.group(1)] = declared.group(2).strip()
        else:
            head.append(said[2:].strip())
    words = [line for line in head if line]
    if not words:
        msg = f"{source}: it has no title. Next: begin the file with '-- What it asks', then what it tells"
        raise ConfigError(msg)
    parts = _PART.split("\n".join(lines[rest:]))
    if len(parts) == 1:
        texts = dict.fromkeys(("sqlite", "postgresql"), parts[0].strip())
    else:
        if parts[0].strip():
            msg = f"{source}: SQL stands before '-- on {parts[1]}'. Next: put each text into a part"
            raise ConfigError(msg)
        texts = {kind: sql.strip() for kind, sql in zip(parts[1::2], parts[2::2], strict=True)}
    if not all(texts.values()):
        msg = f"{source}: it has no SQL. Next: write SELECT ... below its title"
        raise ConfigError(msg)
    return Saved(name, words[0], " ".join(words[1:]), source, texts, parameters)


def settle(
    declared: Mapping[str, str], given: Mapping[str, str], used: Iterable[str], now: datetime
) -> dict[str, str]:
    """Values of parameters: what was given, else what the file says, and ``now``.

    Args:
        declared: of the file.
        given: by whoever asks.
        used: names in the text.
        now: the instant.
    """
    values = {**declared, **given}
    if "now" in used:
        values.setdefault("now", utc_text(now))
    return {name: _instant(value, now) for name, value in values.items()}


def _instant(value: str, now: datetime) -> str:
    span = _SPAN.fullmatch(value)
    if span is None:
        return value
    amount = timedelta(**{"hours" if span.group(3) == "h" else "days": int(span.group(2))})
    return utc_text(now.astimezone(UTC) + (amount if span.group(1) == "+" else -amount))
