"""Rows out: names that a provider's users chose cannot steer a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from soc2_pac.output import FORMATS, plain, write

ROWS: list[dict[str, object]] = [
    {"name": "plain", "status": "pass", "count": 1, "hidden": True},
    {"name": "né", "status": None, "count": -2, "tags": ("a", "b")},
]
COLUMNS = ("name", "status", "count", "tags")


def _written(rows: list[dict[str, object]], form: str, columns: tuple[str, ...] = COLUMNS) -> str:
    stream = io.StringIO()
    assert write(rows, columns, form, stream) == len(rows)
    return stream.getvalue()


def test_table_in_a_pipe_is_aligned_and_plain() -> None:
    assert _written(ROWS, "table") == (
        "name   status  count  tags\nplain  pass    1\nné             -2     a, b\n"
    )


def test_csv() -> None:
    assert _written(ROWS, "csv") == 'name,status,count,tags\nplain,pass,1,\nné,,-2,"a, b"\n'


def test_json_is_one_row_a_line_with_everything_that_a_row_has() -> None:
    text = _written(ROWS, "json")
    assert json.loads(text) == [
        {**row, **({"tags": ["a", "b"]} if "tags" in row else {})} for row in ROWS
    ]
    assert len(text.splitlines()) == len(ROWS) + 2


@pytest.mark.parametrize(
    ("form", "text"), [("table", ""), ("csv", "name,status,count,tags\n"), ("json", "[]\n")]
)
def test_no_rows(form: str, text: str) -> None:
    assert _written([], form) == text


HOSTILE = "evil\x1b[2J\r\n\x07\u202ename\u200b\udcff\x00"


@pytest.mark.parametrize("form", FORMATS)
def test_control_characters_are_shown_not_sent(form: str) -> None:
    text = _written([{"name": HOSTILE}], form, ("name",))
    assert not set(text) & (set(HOSTILE) - set("evil[2Jname\n"))
    assert "evil" in text
    text.encode("utf-8")


def test_json_still_says_exactly_what_was_there() -> None:
    assert json.loads(_written([{"name": HOSTILE}], "json"))[0]["name"] == HOSTILE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_csv_holds_no_formula(start: str) -> None:
    name = f"{start}cmd|' /C calc'!A1"
    (_, (cell,)) = csv.reader(io.StringIO(_written([{"name": name}], "csv", ("name",))))
    assert cell[0] not in "=+-@\t\r"


def test_csv_leaves_numbers_alone() -> None:
    assert _written([{"n": -5}], "csv", ("n",)) == "n\n-5\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (["a", 1], "a, 1"),
        ((), ""),
        ("a\nb", "a\\nb"),
        ("日本", "日本"),
        (False, "False"),
    ],
)
def test_plain(value: object, text: str) -> None:
    assert plain(value) == text
