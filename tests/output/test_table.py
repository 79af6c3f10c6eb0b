"""Tables on a terminal fit its width and lose no letter; in a pipe they are aligned and plain."""

from __future__ import annotations

import io
import os
import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc2_pac.output import table

COLUMNS = ("status", "severity", "rule", "scope", "resource", "message", "fingerprint")
ROW: dict[str, object] = {
    "status": "fail",
    "severity": "critical",
    "rule": "aws-root-mfa",
    "scope": "aws:111122223333",
    "resource": "111122223333",
    "message": "root has no MFA, and whoever has its password needs nothing else to sign in",
    "fingerprint": "0123456789ab",
}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _shown(rows: list[dict[str, object]], width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(
        "shutil.get_terminal_size", lambda *_: os.terminal_size((width, 24)), raising=True
    )
    stream = _Terminal()
    assert table.write(rows, COLUMNS, stream) == len(rows)
    return stream.getvalue()


def test_columns_that_fit_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    said = _shown([ROW], 200, monkeypatch)
    lines = click.unstyle(said).splitlines()
    assert [line.split() for line in lines[:1]] == [[*COLUMNS]]
    assert len(lines) == 2
    assert "\x1b[31m" in said, "a failure is red"


def test_prose_gives_way_and_what_is_copied_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = click.unstyle(_shown([ROW], 110, monkeypatch)).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 110
    assert "aws-root-mfa" in lines[1]
    assert "0123456789ab" in lines[1]


def test_a_narrow_terminal_gets_rows_one_below_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = click.unstyle(_shown([ROW], 60, monkeypatch)).splitlines()
    assert lines[0] == "fail  critical  aws-root-mfa"
    assert max(map(len, lines)) <= 60
    assert "    fingerprint  0123456789ab" in lines


def test_colours_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in _shown([ROW], 200, monkeypatch)


def test_a_pipe_gets_neither_colour_nor_a_cut() -> None:
    stream = io.StringIO()
    table.write([ROW], COLUMNS, stream)
    heading, line = stream.getvalue().splitlines()
    assert line.endswith("0123456789ab")
    assert heading.index("fingerprint") == line.index("0123456789ab")


def test_wide_characters_take_two_columns() -> None:
    stream = io.StringIO()
    rows = [{"name": "東京", "status": "pass"}, {"name": "Zürich", "status": "fail"}]
    table.write(rows, ("name", "status"), stream)
    assert stream.getvalue().splitlines() == ["name    status", "東京    pass", "Zürich  fail"]


@given(
    st.lists(
        st.fixed_dictionaries({name: st.text("ab -é東/", max_size=60) for name in COLUMNS}),
        min_size=1,
        max_size=4,
    ),
    st.integers(40, 250),
)
def test_every_table_fits_and_says_all(rows: list[dict[str, object]], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        said = click.unstyle(_shown(rows, width, patch))
    # What is copied is never broken, so that it alone may be wider than the terminal.
    whole = max(
        sum(table.columns_of(str(row[name])) + 2 for name in ("status", "severity", "rule"))
        for row in rows
    )
    longest = max(max(table.columns_of(str(row["fingerprint"])) for row in rows) + 19, whole)
    assert max(map(table.columns_of, said.splitlines())) <= max(width, longest)
    for letter in "abé東/":
        given_ = sum(str(value).count(letter) for row in rows for value in row.values())
        headings = sum(heading.count(letter) for heading in COLUMNS)
        assert len(re.findall(letter, said)) >= given_
        assert len(re.findall(letter, said)) <= given_ + headings * len(rows)
