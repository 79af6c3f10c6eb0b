"""Reads the cells of one sheet of an XLSX file as texts, as far as reviewers' files need it.

Source: ECMA-376, Office Open XML, Part 1, "SpreadsheetML": cells, shared strings, relationships. A file comes
from outside: it is bounded in size, and one that declares entities or a document type is refused.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MOST_BYTES = 256 * 1024 * 1024
_CELL = re.compile(r"([A-Z]{1,3})(\d+)")
_LETTERS = 26

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ET.ParseError,
    LookupError,  # a part, a sheet or a shared text that is named and not there
    NotImplementedError,  # zipfile: packed in a way that it does not know
    RuntimeError,  # zipfile: encrypted
)
"""What reading a file raises that is no whole workbook."""


def rows(content: bytes, sheet: str) -> Iterator[list[str]]:
    """The rows of a sheet, from the first one down; of the first sheet where none is called so.

    Raises:
        ValueError: the file is no XLSX, too large, or says what no exported file says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _MOST_BYTES:
                msg = "it is larger than any export once it is unpacked"
                raise ValueError(msg)
            shared = _shared(archive)
            yield from _cells(_part(archive, _path_of(archive, sheet)), shared)
    except _DAMAGED as error:
        msg = f"it is no XLSX file that can be read ({error})"
        raise ValueError(msg) from error


def _part(archive: zipfile.ZipFile, name: str) -> ET.Element:
    text = archive.read(name)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        msg = "it declares entities, which no spreadsheet needs"
        raise ValueError(msg)
    return ET.fromstring(text)  # noqa: S314 - no entities


def _path_of(archive: zipfile.ZipFile, sheet: str) -> str:
    book = _part(archive, "xl/workbook.xml")
    sheets = book.findall(f"{_MAIN}sheets/{_MAIN}sheet")
    if not sheets:
        msg = "it has no sheet"
        raise ValueError(msg)
    chosen = next((one for one in sheets if one.get("name") == sheet), sheets[0])
    links = _part(archive, "xl/_rels/workbook.xml.rels")
    targets = [str(one.get("Target")) for one in links if one.get("Id") == chosen.get(_LINK)]
    target = targets[0]
    return target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_text(one) for one in _part(archive, "xl/sharedStrings.xml")]


def _text(element: ET.Element) -> str:
    """Of a string, plain or with runs; what is only a reading aid is left out."""
    phonetic = {id(t) for aid in element.iter(f"{_MAIN}rPh") for t in aid.iter(f"{_MAIN}t")}
    return "".join(t.text or "" for t in element.iter(f"{_MAIN}t") if id(t) not in phonetic)


def _cells(sheet: ET.Element, shared: list[str]) -> Iterator[list[str]]:
    for line in sheet.iter(f"{_MAIN}row"):
        found: dict[int, str] = {}
        for place, cell in enumerate(line.findall(f"{_MAIN}c")):
            found[_column(cell.get("r"), place)] = _value(cell, shared)
        yield [found.get(number, "") for number in range(max(found, default=-1) + 1)]


def _column(reference: str | None, place: int) -> int:
    match = _CELL.fullmatch(reference or "")
    if match is None:
        return place
    number = 0
    for letter in match[1]:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: ET.Element, shared: list[str]) -> str:
    if cell.find(f"{_MAIN}f") is not None:
        msg = f"cell {cell.get('r')} holds a formula: write its result"
        raise ValueError(msg)
    sort = cell.get("t")
    if sort == "inlineStr":
        return _text(cell)
    value = cell.find(f"{_MAIN}v")
    text = (value.text or "") if value is not None else ""
    if sort == "s":
        number = int(text)
        if not 0 <= number < len(shared):
            msg = f"cell {cell.get('r')} names a text that is not there"
            raise ValueError(msg)
        return shared[number]
    return text
