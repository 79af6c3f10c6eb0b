"""How a population or a sample is written: CSV with a cover file, JSON, or a workbook with a cover sheet."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import IO, TYPE_CHECKING, Any, TextIO

from soc2_pac.audit import cover
from soc2_pac.errors import UsageError
from soc2_pac.output import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from soc2_pac.audit.populations import Population
    from soc2_pac.output.book import Book, Sheet

FORMATS = ("csv", "json", "xlsx")


def written(found: Population, connection: Connection, form: str, output: Path | None) -> None:
    """Write to a file, or to standard output.

    Beside a CSV file go ``FILE.cover.csv``, which is for people, and ``FILE.meta.json``, the same for programs.

    Raises:
        UsageError: the file cannot be written, or a workbook would go to a terminal.
    """
    if form == "xlsx":
        with _bytes_to(output) as target:
            _workbook(found, connection, target)
        return
    if output is None:
        _text(found, connection, form, sys.stdout)
        return
    with _created(output) as stream:
        _text(found, connection, form, stream)
    if form == "csv":
        with _created(output.with_name(f"{output.name}.meta.json")) as stream:
            stream.write(_json(found.header, indent=1) + "\n")
        with _created(output.with_name(f"{output.name}.cover.csv")) as stream:
            write(cover.lines(connection, found), cover.COLUMNS, "csv", stream)
            stream.write("\n")
            write(cover.collections(connection, found), cover.COLLECTIONS, "csv", stream)


def _text(found: Population, connection: Connection, form: str, stream: TextIO) -> None:
    if form == "csv":
        write(found.rows(connection), found.columns(connection), "csv", stream)
        return
    stream.write(f'{{"population": {_json(found.header)},\n')
    for name, rows in (
        ("collections", cover.collections(connection, found)),
        ("events", found.records(connection)),
    ):
        stream.write(f' "{name}": [')
        for number, record in enumerate(rows):
            stream.write(",\n  " if number else "\n  ")
            stream.write(_json(record))
        stream.write("\n ],\n" if name == "collections" else "\n]}\n")


def _workbook(found: Population, connection: Connection, target: IO[bytes]) -> None:
    from soc2_pac.output.book import Book  # noqa: PLC0415 - it needs an extra

    with Book(target) as book:
        book.sheet("Cover", cover.COLUMNS).all(cover.lines(connection, found))
        book.sheet("Events", found.columns(connection)).all(found.rows(connection))
        _lists(found, connection, book)
        collections = book.sheet("Collections", cover.COLLECTIONS)
        collections.all(cover.collections(connection, found))


def _lists(found: Population, connection: Connection, book: Book) -> None:
    """A sheet for each list of the documents: reviews, commits, labels, whatever there is."""
    columns: dict[str, dict[str, None]] = {}
    for path, item in found.parts(connection):
        columns.setdefault(path, {}).update(dict.fromkeys(item))
    sheets: dict[str, Sheet] = {
        path: book.sheet(_named(path), tuple(columns[path])) for path in sorted(columns)
    }
    for path, item in found.parts(connection):
        sheets[path].add(item)


def _named(path: str) -> str:
    """``allCommits.nodes.commit.authors.nodes`` -> ``allCommits authors``."""
    steps = [one for one in path.split(".") if one not in ("nodes", "node", "edges", "commit")]
    return " ".join(steps) or path


@contextlib.contextmanager
def _bytes_to(output: Path | None) -> Iterator[IO[bytes]]:
    if output is not None:
        with os.fdopen(_opened(output), "wb") as target:
            yield target
        return
    if sys.stdout.isatty():
        msg = "a workbook is no text for a terminal. Next: --output FILE.xlsx"
        raise UsageError(msg)
    whole = io.BytesIO()
    yield whole
    sys.stdout.buffer.write(whole.getvalue())


def _created(path: Path) -> TextIO:
    return os.fdopen(_opened(path), "w", encoding="utf-8", newline="")


def _opened(path: Path) -> int:
    """A file that its owner alone may read: it holds evidence."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise UsageError(msg) from error


def _json(value: Any, indent: int | None = None) -> str:  # noqa: ANN401 - JSON-like
    return json.dumps(value, sort_keys=True, indent=indent)
