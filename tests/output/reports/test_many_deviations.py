"""A real history with 2,500 deviations, hostile names and long messages: each format has all, and says what it cuts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pypdf
import pytest

from soc2_pac.audit import instant, period
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.output import plain
from soc2_pac.output.reports import write
from soc2_pac.output.reports.html_file import MOST
from soc2_pac.store import open_store

from ...store.helpers import (  # noqa: TID252 - tests are no package
    T0,
    Team,
    active,
    fake_user_mfa,
    fake_user_team,
    look,
    one_run,
    user,
)
from .samples import ODD
from .test_formats import sheets, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.report import Report

COUNT = 2500
HOSTILE = (
    ODD.replace("\ud800", ""),
    '=HYPERLINK("https://evil.example","x")',
    "+1\t2\r\n3",
    "</script><img src=x onerror=alert(1)>",
    "a|b\\|c",
    "[x](javascript:alert(1))",
    "\x1b[2J\x9b31m",
    "x" * 3000,
    "'",
    " ",
)
LONG = "team " + "ä<&|" * 2000


@pytest.fixture(scope="module")
def reports() -> Iterator[dict[str, Report]]:
    names = [*HOSTILE, *(f"user-{number:04}" for number in range(COUNT - len(HOSTILE)))]
    people = {name: user(name, GetMfa=False) for name in names}
    people |= {"long": user("long", team=LONG)}
    rules = active([fake_user_mfa, fake_user_team])
    with open_store("sqlite://", create=True) as store:
        for at in (T0, T0 + timedelta(days=1)):
            teams = look({}, at=at, kind=Team.kind)
            one_run(store, [look(people, at=at), teams], at=at, rules=rules)
        options = Options(rules={one.rule.id: one.rule for one in rules})
        with store.reading() as connection:
            yield {
                "type1": instant.report(connection, T0 + timedelta(days=1), options),
                "type2": period.report(
                    connection, AuditPeriod.parse("2026-01-01..2026-01-02"), options
                ),
            }


@pytest.fixture(params=["type1", "type2"])
def made(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    return reports[request.param]


def main(made: Report) -> list[dict[str, Any]]:
    """The rows of the table that lists what fails."""
    return list(made.table("deviations" if made.kind == "type2" else "not-passing").cells())


def text(made: Report, form: str, table: str | None = None) -> str:
    return content(made, form, table).decode()


def content(made: Report, form: str, table: str | None = None) -> bytes:
    target = io.BytesIO()
    write(made, form, target, table=table)
    return target.getvalue()


def test_the_sentence_counts_what_the_table_lists(reports: dict[str, Report]) -> None:
    assert len(main(reports["type1"])) == len(main(reports["type2"])) == COUNT + 1
    assert (
        reports["type1"]
        .statement[0]
        .startswith("5,002 verdicts: 1 pass, 2,500 not applicable, 2,501 fail")
    )
    assert (
        f"; {COUNT + 1:,} deviations, {COUNT + 1:,} open at the end"
        in reports["type2"].statement[0]
    )


def test_json_holds_every_name_as_it_is(made: Report) -> None:
    whole = json.loads(text(made, "json"))
    name = "deviations" if made.kind == "type2" else "not-passing"
    (table,) = [table for table in whole["tables"] if table["name"] == name]
    assert {row["resource"] for row in table["rows"]} >= set(HOSTILE)
    assert {LONG in (row.get("message") or row["last_message"]) for row in table["rows"]} == {
        True,
        False,
    }


def test_csv_has_every_row_and_no_formula(made: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(text(made, "csv"))))
    assert len(rows) == COUNT + 1
    for row, said in zip(rows, main(made), strict=True):
        assert row["resource"].removeprefix("'") == plain(said["resource"]).removeprefix("'")
        assert not any(re.match(r"\s*[=+\-@]", cell) for cell in row.values() if cell)


def test_a_workbook_has_every_row(reports: dict[str, Report]) -> None:
    made = reports["type2"]
    book = sheets(content(made, "xlsx"))
    rows = book[made.table("deviations").title]
    assert len(rows) == COUNT + 2
    place = rows[0].index("Resource")
    shown = {row[place] for row in rows[1:] if len(row) > place}
    assert {plain(name) for name in HOSTILE[:6]} <= shown
    findings = book["Findings"]
    assert len(findings) == 2 * (COUNT + 1) + 1


def test_markdown_has_every_row_on_a_line_of_its_own(made: Report) -> None:
    lines = [line for line in text(made, "md").splitlines() if line.startswith("| ")]
    table = made.table("deviations" if made.kind == "type2" else "not-passing")
    width = len(table.columns)
    rows = [line for line in lines if len(re.findall(r"(?<!\\)\|", line)) == width + 1]
    assert len(rows) == COUNT + 1 + 1
    assert f"{COUNT + 1:,} of {COUNT + 1:,} rows" in text(made, "md")


def test_oscal_has_an_observation_of_each(made: Report) -> None:
    (result,) = json.loads(text(made, "oscal"))["assessment-results"]["results"]
    assert len(result["observations"]) == COUNT + 1
    digests = {row["digest"] for row in main(made)}
    assert all(one["relevant-evidence"] for one in result["observations"])
    proved = {
        prop["value"]
        for one in result["observations"]
        for evidence in one["relevant-evidence"]
        for prop in evidence["props"]
    }
    assert digests <= proved


def test_a_page_shows_the_worst_and_says_where_the_rest_is(made: Report) -> None:
    page = text(made, "html")
    most = MOST["deviations"]
    assert len(page.encode()) < 5_000_000
    assert f"{most:,} of {COUNT + 1:,} rows" in page
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    shown = page.count('<details class="row" data-item>')
    assert shown >= most
    # The rest is grouped: its counts add up to what is not shown.
    rest = page[page.index(f"{most:,} of {COUNT + 1:,} rows") :]
    rest = rest[: rest.index("</section>")]
    left = 0
    for here, every in re.findall(r'<td class="n">([\d,]+) of ([\d,]+)</td>', rest):
        left += int(every.replace(",", "")) - int(here.replace(",", ""))
    assert left == COUNT + 1 - most
    assert hashlib.sha256(content(made, "csv")).hexdigest() in rest


def test_paper_has_every_row(reports: dict[str, Report]) -> None:
    made = reports["type2"]
    paper = "\n".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content(made, "pdf"))).pages
    )
    assert f"{COUNT + 1:,} of {COUNT + 1:,} rows" in paper
    flat = squeezed(paper)
    missing = [
        number for number in range(0, COUNT - len(HOSTILE), 97) if f"user-{number:04}" not in flat
    ]
    assert missing == []
    assert squeezed(plain(HOSTILE[3])) in flat
