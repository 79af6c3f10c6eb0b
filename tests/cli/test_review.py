"""``review``: from the files of people to the proof, as a user types it."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soc2_pac.audit import spreadsheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Ended

CONFIG = """
[store]
url = "sqlite:///soc2-pac.db"
[sources.hr]
provider = "roster"
organization = "acme"
people = "people.csv"
accounts = "accounts.csv"
[reviews]
systems = ["erp"]
removal_days = 3
break_glass = ["erp/sos*"]
[[rules.include]]
rule = "company-review-*"
reason = "a test"
owner = "ciso"
date = 2026-01-01
[[rules.include]]
rule = "roster-access-reviewed"
reason = "a test"
owner = "ciso"
date = 2026-01-01
"""
PEOPLE = """id,mails,status,name,manager,access_reviewed_at
1,rita@acme.example,active,Rita Roe,,2020-01-01
2,dan@acme.example,active,Dan Doe,1,2020-01-01
3,cy@acme.example,active,Cy Cole,rita@acme.example,2020-01-01
"""
ACCOUNTS = """system,login,person,sort,note
erp,CCOLE,3,person,
erp,DDOE,2,person,
erp,=cmd|calc,3,shared,
erp,sos-1,1,shared,in the safe
"""
REVIEWERS = """system,login,reviewer,deputy
erp,sos*,Dan Doe,
*,,rita@acme.example,Dan Doe
"""


@pytest.fixture
def company(cli: Callable[..., Ended]) -> Callable[..., Ended]:
    for name, text in (
        ("soc2-pac.toml", CONFIG),
        ("people.csv", PEOPLE),
        ("accounts.csv", ACCOUNTS),
        ("reviewers.csv", REVIEWERS),
    ):
        Path(name).write_text(text, encoding="utf-8")
    ended = cli("run", "-q")
    assert ended.code in (0, 1), ended.err
    return cli


def started(cli: Callable[..., Ended], *more: object) -> Ended:
    return cli("review", "start", "--systems", "erp", "--reviewers", "reviewers.csv", *more)


def fill(path: Path, decisions: dict[str, tuple[str, str]]) -> None:
    """Write decisions into a CSV export: account -> decision and reason; the others are kept."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    for row in rows:
        row["decision"], row["reason"] = decisions.get(row["account"], ("keep", ""))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_review_as_it_is_typed(company: Callable[..., Ended]) -> None:
    cli = company
    due = f"{datetime.now(UTC) + timedelta(days=10):%Y-%m-%d}"
    ended = started(cli, "--due", due, "--by", "ciso")
    assert ended.code == 0, ended.err
    assert "review-1 started: 4 grants of 4 accounts" in ended.out
    assert "Rita Roe: 3 grants" in ended.out
    ended = cli("review", "export", "review-1", "-o", "out")
    assert ended.code == 0
    rita, dan = Path("out/review-1-rita-roe-1.csv"), Path("out/review-1-dan-doe-2.csv")
    assert rita.stat().st_mode & 0o077 == 0, "it says who may do what"
    assert "'=cmd|calc" in rita.read_text(encoding="utf-8"), "no spreadsheet runs it"
    assert "break-glass" in dan.read_text(encoding="utf-8")

    fill(rita, {"'=cmd|calc": ("revoke", "=HYPERLINK(1)"), "DDOE": ("change", "read only")})
    assert cli("review", "decide", rita, "--by", "Dan Doe").code == 2
    ended = cli("review", "decide", rita, "--by", "Rita Roe")
    assert (
        "3 decisions of Rita Roe recorded in review-1; 0 rows of theirs are open, 1 of" in ended.out
    )
    ended = cli("review", "close", "review-1")
    assert (ended.code, "1 of 4 rows of review-1 are open" in ended.err) == (2, True)
    ended = cli("review", "status", "review-1")
    assert "review-1 is open; 1 of 4 rows are open; of 2 grants to be removed 0 are" in ended.out
    fill(dan, {})
    assert "Next: soc2-pac review close review-1" in cli("review", "decide", dan, "--by", "2").out
    assert "2 grants are to be removed" in cli("review", "close", "review-1", "--by", "ciso").out

    # One of the two is taken away; a run proves that.
    Path("accounts.csv").write_text(
        ACCOUNTS.replace("erp,=cmd|calc,3,shared,\n", ""), encoding="utf-8"
    )
    ended = cli("run")
    assert "Access reviews: revoked grants that are proved to be gone: 1." in ended.out
    ended = cli("review", "status", "review-1")
    assert "of 2 grants to be removed 1 are proved to be gone, 0 are overdue" in ended.out
    (found,) = json.loads(
        cli("findings", "list", "--rule", "company-review-removals", "--format", "json").out
    )
    assert found["status"] == "pass"
    assert found["message"].startswith("1 gone, 1 due by ")

    ended = cli("review", "export", "review-1", "--format", "json")
    told = json.loads(ended.out)
    assert told["review"]["state"] == "closed"
    assert [act["by"].partition(" (")[0] for act in told["review"]["acts"]] == ["ciso", "ciso"]
    by = {row["account"]: row for row in told["rows"]}
    gone = by["=cmd|calc"]
    assert (gone["state"], gone["decision"], gone["reason"]) == (
        "removed",
        "revoke",
        "=HYPERLINK(1)",
    )
    assert gone["gone_collections"]
    assert (by["DDOE"]["state"], by["DDOE"]["gone_collections"]) == ("to be removed", "")
    assert by["CCOLE"]["decided_by"] == "Rita Roe"
    assert by["CCOLE"]["decided_proof"].startswith("not proved; user ")
    assert cli("verify").code == 0
    if importlib.util.find_spec("xlsxwriter"):
        _one_workbook_for_auditors(cli, told["review"]["population_sha256"])


def _one_workbook_for_auditors(cli: Callable[..., Ended], digest: str) -> None:
    assert cli("review", "export", "review-1", "--format", "xlsx", "-o", "audit").code == 0
    content = Path("audit/review-1.xlsx").read_bytes()
    head, *lines = spreadsheet.rows(content, "Grants")
    place = head.index("state")
    states = [line[place] for line in lines if len(line) > place]
    assert states.count("removed") == 1
    facts = {line[0]: line[1] for line in spreadsheet.rows(content, "Review")}
    assert facts["population (SHA-256)"] == digest
    assert facts["closed by"].startswith("ciso (not proved; user ")


def test_what_is_overdue_fails(
    company: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("soc2-pac.toml").write_text(
        CONFIG.replace("removal_days = 3", "removal_days = 1"), encoding="utf-8"
    )
    started(company)
    company("review", "export", "review-1", "-o", "out")
    fill(Path("out/review-1-rita-roe-1.csv"), {"CCOLE": ("revoke", "left the team")})
    company("review", "decide", "out/review-1-rita-roe-1.csv", "--by", "Rita Roe")
    from soc2_pac import clock

    company("run", "-q")
    with monkeypatch.context() as context:
        context.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=2))
        company("evaluate", "-q")
    (found,) = json.loads(
        company("findings", "list", "--rule", "company-review-removals", "--format", "json").out
    )
    assert (found["status"], found["severity"]) == ("fail", "high")
    assert "CCOLE in erp: account" in found["message"]


def test_a_workbook_for_each_reviewer_comes_back(company: Callable[..., Ended]) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    assert xlsxwriter
    started(company)
    ended = company("review", "export", "review-1", "--format", "xlsx", "-o", "out")
    assert ended.code == 0, ended.err
    path = Path("out/review-1-rita-roe-1.xlsx")
    with zipfile.ZipFile(path) as archive:
        texts = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<f>" not in texts, "no cell is a formula"
    head, *rows = spreadsheet.rows(path.read_bytes(), "Grants")
    assert [row[head.index("account")] for row in rows] == ["=cmd|calc", "CCOLE", "DDOE"]
    content = path.read_bytes()
    _asks_for_decisions(content, head)
    company("review", "export", "review-1", "--format", "xlsx", "-o", "again")
    assert Path("again/review-1-rita-roe-1.xlsx").read_bytes() == content, "the same bytes"
    _decide_all(path, "keep")
    ended = company("review", "decide", path, "--by", "rita@acme.example")
    assert ended.code == 0, ended.err
    assert "3 decisions of Rita Roe recorded" in ended.out


def _asks_for_decisions(content: bytes, head: list[str]) -> None:
    """The column of decisions offers the three words, and every cell is written as a text."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[head.index("decision")]
    assert (
        f'type="list" allowBlank="1" showInputMessage="1" showErrorMessage="1" sqref="{letter}2:{letter}4"'
        in sheet
    )
    assert '<formula1>"keep,revoke,change"</formula1>' in sheet
    (as_text,) = re.findall(r'numFmtId="(\d+)" formatCode="@"', styles) or ["49"]
    formats = styles.partition("<cellXfs")[2].partition("</cellXfs>")[0].split("<xf ")[1:]
    texts = {str(number) for number, one in enumerate(formats) if f'numFmtId="{as_text}"' in one}
    used = set(re.findall(r'<c r="[A-Z]+[2-9]" s="(\d+)"', sheet))
    assert used <= texts, "no number format that a spreadsheet would apply to what is typed"
    assert len(used) == 2, "what is to be filled in is marked"
    assert not re.search(r'<c r="[A-Z]+[2-9]"(?! s=)', sheet)


def _decide_all(path: Path, decision: str) -> None:
    """Fill in a workbook as a program of tables does: shared texts, no inline ones."""
    import xlsxwriter

    lines = list(spreadsheet.rows(path.read_bytes(), "Grants"))
    place = lines[0].index("decision")
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        book.add_worksheet("Notes").write(0, 0, "mine")
        sheet = book.add_worksheet("Grants")
        for number, line in enumerate(lines):
            cells = [*line, *[""] * (len(lines[0]) - len(line))]
            if number:
                cells[place] = decision
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, cell)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b"a,b\n1,2\n", "lacks the column review"),
        (b"\xff\xfe\x00", "is neither CSV"),
        (b"PK\x03\x04 broken", "is neither CSV"),
        (b'{"rows": [{"row": 1}]}', "row is no text"),
        (b'{"rows": 3}', "there is no list of rows"),
        (b"row,ROW\n1,2\n", "stands there twice"),
        (b"row\n1,2\n", "more cells than there are columns"),
        (b"[" * 100_000, "is neither CSV"),
    ],
)
def test_a_file_that_is_none_of_ours(
    cli: Callable[..., Ended], content: bytes, message: str
) -> None:
    Path("x").write_bytes(content)
    ended = cli("review", "decide", "x", "--by", "Rita", "--store", "sqlite:///none.db")
    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no line"),
        ("system,reviewr\nerp,Rita\n", "no column 'reviewr'. Did you mean 'reviewer'"),
        ("system\nerp\n", "the column 'reviewer' is missing"),
        ("system,reviewer\nerp,\n", "line 2: system and reviewer are needed"),
        (
            "system,reviewer\nerp,Ritta Roe\n",
            "nobody who works here is 'Ritta Roe'. Did you mean 'Rita Roe'",
        ),
        ("system,reviewer\nerp,Rita Roe\n", "would be reviewed by their owner alone: sos-1"),
    ],
)
def test_a_file_of_reviewers_that_is_refused(
    company: Callable[..., Ended], text: str, message: str
) -> None:
    Path("reviewers.csv").write_text(text, encoding="utf-8")
    ended = started(company)
    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert company("review", "list").err.startswith("No reviews.")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["start", "--systems", "erp"], "say who reviews"),
        (["start", "--systems", "epr", "--by-manager"], "no system 'epr'. Did you mean 'erp'"),
        (["start", "--systems", "erp", "--by-manager", "--due", "2020-01-01"], "is in the past"),
        (["start", "--systems", "erp", "--by-manager", "--due", "soon"], "is no date"),
        (["start", "--systems", "erp", "--by-manager", "--by", " "], "name who does this"),
        (["start", "--systems", "erp", "--reviewers", "nowhere.csv"], "cannot be read"),
        (["show", "review-9"], "there is no review 'review-9'"),
        (["export", "review-9"], "there is no review 'review-9'"),
        (["close", "review-9"], "there is no review 'review-9'"),
        (["status", "review-9"], "there is no review 'review-9'"),
        (["cancel", "review-9", "--reason", "x"], "there is no review 'review-9'"),
        (
            ["assign", "review-9", "--from", "a", "--to", "b", "--reason", "x"],
            "there is no review 'review-9'",
        ),
    ],
)
def test_what_is_refused_says_what_and_why(
    company: Callable[..., Ended], command: list[str], message: str
) -> None:
    ended = company("review", *command)
    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert company("review", "list").err.startswith("No reviews.")


def test_partial_is_printed_wherever_the_review_is(company: Callable[..., Ended]) -> None:
    Path("accounts.csv").write_text("system\n", encoding="utf-8")
    company("run", "-q")
    ended = started(company)
    assert (ended.code, "--partial" in ended.err) == (2, True)
    said = "Partial: roster.account in roster:acme is not complete"
    for command in (
        ["start", "--systems", "erp", "--reviewers", "reviewers.csv", "--partial"],
        ["status", "review-1"],
        ["export", "review-1"],
    ):
        ended = company("review", *command)
        assert (ended.code, said in ended.err) == (0, True), ended.err
    assert "PARTIAL: roster.account" in company("review", "show", "review-1").out
    assert "roster.account in roster:acme" in company("review", "list", "--format", "csv").out
    (found,) = json.loads(_findings(company, "company-review-complete"))
    assert found["status"] == "fail"


def _findings(cli: Callable[..., Ended], rule: str) -> str:
    cli("run", "-q")
    return cli("findings", "list", "--rule", rule, "--format", "json").out


def test_show_and_list_in_every_format(company: Callable[..., Ended]) -> None:
    started(company)
    for form in ("table", "csv", "json"):
        assert company("review", "show", "review-1", "--format", form).code == 0
        assert "review-1" in company("review", "list", "--format", form).out
    told = json.loads(company("review", "show", "review-1", "--format", "json").out)
    assert told["review"]["counts"]["break_glass"] == 1
    assert len(told["rows"]) == told["review"]["counts"]["rows"] == 4
    assert company("review", "export", "review-1", "--reviewer", "Ritta").err.count(
        "Did you mean 'Rita Roe'"
    )
    only = company("review", "export", "review-1", "--reviewer", "Dan Doe").out
    assert "sos-1" in only
    assert "CCOLE" not in only


def test_the_same_population_goes_to_somebody_else(company: Callable[..., Ended]) -> None:
    started(company)
    ended = company(
        "review", "assign", "review-1", "--from", "Rita Roe", "--to", "Cy Cole", "--reason", "away"
    )
    assert (ended.code, "their own access" in ended.err) == (2, True)
    ended = company("review", "cancel", "review-1", "--reason", "again", "--by", "ciso")
    assert ended.out == "review-1 cancelled.\n"
    assert "cancelled" in company("review", "list").out
    assert "review-2 started" in started(company).out
