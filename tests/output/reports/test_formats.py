"""The same report in every format: the same numbers, nothing cut, nothing that runs, the same bytes."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pypdf
import pytest
from jsonschema import Draft202012Validator

from soc2_pac.errors import NotInstalled, UsageError
from soc2_pac.output.reports import FORMATS, display, instant, json_file, write, write_all
from soc2_pac.output.reports.md_file import escaped
from soc2_pac.output.reports.xlsx_file import heading, value
from soc2_pac.report import Shape, Table, duration

from .samples import ODD, report

if TYPE_CHECKING:
    from pathlib import Path

    from soc2_pac.report import Report

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def sample() -> Report:
    return report(60)


def written(made: Report, form: str, table: str | None = None) -> bytes:
    target = io.BytesIO()
    write(made, form, target, table=table)
    return target.getvalue()


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    """Title of a sheet -> its rows of texts."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        shared = [
            "".join(text.text or "" for text in item.iter(f"{_MAIN}t"))
            for item in ET.fromstring(book.read("xl/sharedStrings.xml"))
        ] if "xl/sharedStrings.xml" in book.namelist() else []  # fmt: skip
        names = [
            s.get("name", "")
            for s in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")
        ]
        for number, name in enumerate(names, 1):
            page = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            found[name] = [
                [_value(cell, shared) for cell in row.iter(f"{_MAIN}c")]
                for row in page.iter(f"{_MAIN}row")
            ]
    return found


def _value(cell: ET.Element, shared: list[str]) -> str:
    if cell.get("t") == "s":
        return shared[int(cell.findtext(f"{_MAIN}v") or "0")]
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_MAIN}t"))
    return cell.findtext(f"{_MAIN}v") or ""


def pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages)


def squeezed(text: str) -> str:
    """Without the breaks of lines, which differ."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_report_gives_the_same_bytes(form: str, sample: Report) -> None:
    assert written(sample, form) == written(sample, form)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_another_zone_and_locale_give_the_same_bytes(zone: str, sample: Report) -> None:
    script = (
        "import hashlib, io; from tests.output.reports.samples import report\n"
        "from soc2_pac.output.reports import FORMATS, write\n"
        "for form in FORMATS:\n"
        "    t = io.BytesIO(); write(report(60), form, t); print(hashlib.sha256(t.getvalue()).hexdigest())\n"
    )
    environment = {"TZ": zone, "LC_ALL": "C", "PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    import hashlib

    assert ran.stdout.split() == [hashlib.sha256(written(sample, f)).hexdigest() for f in FORMATS]


def test_json_is_by_its_schema(sample: Report) -> None:
    whole = json.loads(written(sample, "json"))
    validator = Draft202012Validator(json.loads(json_file.schema()))
    validator.check_schema(validator.schema)
    assert list(validator.iter_errors(whole)) == []
    whole["tables"][0]["rows"][0]["extra"] = 1.5
    assert list(validator.iter_errors(whole)) != []


def test_json_is_canonical_but_for_its_lines(sample: Report) -> None:
    text = written(sample, "json")
    again = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert text.replace(b"\n", b"").decode("utf-8", "surrogatepass") == again or "\ud800" in again


def test_cells_are_equal_in_every_format(sample: Report) -> None:
    """Cell by cell against JSON, which holds the values themselves."""
    whole = json.loads(written(sample, "json"))
    book = sheets(written(sample, "xlsx"))
    paper = squeezed(pdf_text(written(sample, "pdf")))
    page = squeezed(written(sample, "html").decode())
    for table, said in zip(sample.tables, whole["tables"], strict=True):
        rows = [list(row) for row in table.rows]
        names = [column.name for column in table.columns]
        assert [[row[name] for name in names] for row in said["rows"]] == rows
        assert said["count"] == len(rows)
        _csv_is(table, written(sample, "csv", table.name).decode())
        _md_is(table, written(sample, "md", table.name).decode())
        _sheet_is(table, book[table.title[:31]])
        if not table.streamed:
            for row in rows[:1] + rows[2:]:
                for cell, column in zip(row, table.columns, strict=True):
                    shown = squeezed(display(cell, column.shape))
                    assert shown in paper, (table.name, column.name)
                    assert shown in page, (table.name, column.name)


def _csv_is(table: Table, text: str) -> None:
    head, *rows = list(csv.reader(io.StringIO(text)))
    assert head == [column.name for column in table.columns]
    assert len(rows) == len(table.rows)
    for row, values in zip(rows, table.rows, strict=True):
        for found, cell in zip(row, values, strict=True):
            wanted = "" if cell is None else str(cell)
            assert found == wanted or (ODD in wanted and found.startswith("'="))


def _md_is(table: Table, text: str) -> None:
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(lines) == len(table.rows)
    for line, row in zip(lines, table.rows, strict=True):
        shown = [escaped(display(c, k.shape)) for c, k in zip(row, table.columns, strict=True)]
        assert line == "| " + " | ".join(shown) + " |"


def _sheet_is(table: Table, rows: list[list[str]]) -> None:
    assert rows[0] == [heading(column) for column in table.columns]
    assert len(rows) == len(table.rows) + 1
    for found, row in zip(rows[1:], table.rows, strict=True):
        wanted = [value(c, k) for c, k in zip(row, table.columns, strict=True)]
        said = [str(one) for one in wanted if one is not None and one != ""]
        assert [float(f) if _number(w) else f for f, w in zip(found, said, strict=True)] == [
            float(w) if _number(w) else w for w in said
        ]


def _number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def test_every_table_says_how_many_rows_of_how_many(sample: Report) -> None:
    paper = pdf_text(written(sample, "pdf"))
    for said in ("6 of 6 rows", "60 of 60 rows", "1 of 1 row", "0 of 500 rows"):
        assert said in paper


def test_pages_are_numbered_and_the_outline_names_each_part(sample: Report) -> None:
    reader = pypdf.PdfReader(io.BytesIO(written(sample, "pdf")))
    count = len(reader.pages)
    for number, page in enumerate(reader.pages, 1):
        assert f"Page {number} of {count}" in page.extract_text()
    assert {"Statement", "Controls and criteria", "2. Deviations"} <= {
        str(entry.title) for entry in reader.outline if not isinstance(entry, list)
    }


def test_what_a_font_does_not_have_is_shown_as_an_escape(sample: Report) -> None:
    paper = squeezed(pdf_text(written(sample, "pdf")))
    assert squeezed(r"\u202e\x07 \u4e2d\u6587 é") in paper


def test_nothing_in_a_workbook_is_a_formula_or_a_link(sample: Report) -> None:
    with zipfile.ZipFile(io.BytesIO(written(sample, "xlsx"))) as book:
        for name in book.namelist():
            content = book.read(name)
            assert b"<f>" not in content
            assert b"<hyperlink" not in content
            assert b"relationships/hyperlink" not in content


def test_markdown_takes_names_for_text(sample: Report) -> None:
    text = written(sample, "md").decode()
    assert "<script>" not in text
    assert "\\`x\\`" in text
    assert text.count("\n| 2 |") == 1


@pytest.mark.parametrize("form", ["json", "pdf", "html", "xlsx", "oscal"])
def test_one_table_is_for_formats_of_one_table(form: str, sample: Report) -> None:
    with pytest.raises(UsageError, match="Next: leave it out"):
        written(sample, form, "gaps")


def test_an_unknown_table_names_the_others(sample: Report) -> None:
    with pytest.raises(UsageError, match="Did you mean 'deviations'"):
        written(sample, "csv", "deviation")
    with pytest.raises(UsageError, match="html"):
        written(sample, "htm")


def test_all_formats_of_one_report(tmp_path: Path, sample: Report) -> None:
    made = write_all(sample, tmp_path / "out")
    assert all(path.stat().st_size > 0 for path in made)
    assert {path.name for path in made} >= {
        "type2.html", "type2.pdf", "type2.xlsx", "type2.json", "type2.md", "type2.oscal.json",
        "deviations.csv", "findings.csv",
    }  # fmt: skip


@pytest.mark.parametrize("package", ["fpdf", "xlsxwriter"])
def test_a_missing_extra_is_said(
    package: str, sample: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotInstalled, match=r"soc2-pac\[report\]"):
        written(sample, "pdf" if package == "fpdf" else "xlsx")


def test_cells_for_people() -> None:
    assert display(None, Shape.DURATION) == ""
    assert display(0, Shape.DURATION) == "0 s"
    assert duration(86_400_000 * 181 + 4 * 3_600_000 + 59_000) == "181 d 4 h"
    assert duration(3_600_000 + 30_000) == "1 h"
    assert duration(61_000) == "1 min 1 s"
    assert display(12345, Shape.NUMBER) == "12,345"
    assert instant("2026-01-02T03:04:05.678Z") == "2026-01-02 03:04:05 UTC"
    assert instant("still open") == "still open"
    assert display("not_applicable", Shape.STATUS) == "not applicable"
