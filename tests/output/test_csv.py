"""CSV that a spreadsheet opens: no cell is taken for a formula."""

from __future__ import annotations

import csv
import io

import pytest

from soc2_pac.output import csv_rows


def _written(value: object) -> str:
    stream = io.StringIO()
    csv_rows.write([{"a": value}], ["a"], stream)
    _, (cell,) = csv.reader(io.StringIO(stream.getvalue()))
    return cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        " =1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
        "   -2+3",
    ],
)
def test_what_may_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert _written(text).startswith("'")


@pytest.mark.parametrize("value", [-5, 1.5, "a=b", "user@example.com", "a-b", "'quoted", ""])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert _written(value) == str(value)


@pytest.mark.parametrize("text", ["\t=1", "\u3000=1", "\r=1", "\n=1"])
def test_control_characters_are_shown_and_start_no_formula(text: str) -> None:
    assert _written(text).startswith("\\")
