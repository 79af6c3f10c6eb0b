"""A damaged workbook is an error that says so, never something else."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from soc2_pac.audit.spreadsheet import rows

xlsxwriter = pytest.importorskip("xlsxwriter")


def workbook() -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet("decisions")
    for number, row in enumerate([["row", "decision"], ["1", "keep"], ["2", "revoke"]]):
        sheet.write_row(number, 0, row)
    book.close()
    return made.getvalue()


def test_a_whole_one_is_read() -> None:
    assert [row[:2] for row in rows(workbook(), "decisions")][1] == ["1", "keep"]


def test_any_damage_is_a_value_error() -> None:
    whole, draw = workbook(), random.Random(7)
    refused = 0
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        # Whatever else is raised is a fault of the reader.
        try:
            read = list(rows(bytes(damaged), "decisions"))
        except ValueError:
            refused += 1
        else:
            assert all(isinstance(cell, str) for row in read for cell in row)
    assert refused > 100, "bytes that hold nothing may be anything; most hold something"


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"xl/workbook.xml": "<workbook/>"},
        {
            "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            '<sheets><sheet name="a"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": "<Relationships/>",
        },
    ],
)
def test_a_zip_that_is_no_workbook(parts: dict[str, str]) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    with pytest.raises(ValueError, match=r"no XLSX|no sheet"):
        list(rows(made.getvalue(), "a"))
