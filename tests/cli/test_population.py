"""``soc2-pac population``: populations out of history, samples, and the files that an auditor gets."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.audit import samples, spreadsheet
from soc2_pac.output.book import Book
from soc2_pac.store import open_store

from ..audit.test_populations import EVENTS, said  # noqa: TID252 - tests are no package
from ..reviews.company import DAY, T0, Company, collect  # noqa: TID252
from ..store.helpers import (  # noqa: TID252
    active,
    fake_change_approved,
    one_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

PERIOD = ("--period", "2026-01-04..2026-01-10")
DRAW = ("--size", "2", "--seed", "s")


@pytest.fixture
def url(store_url: str) -> str:
    """A store with a population of a provider, and a history of accounts of GitHub."""
    with open_store(store_url, create=True) as store:
        whole = said(EVENTS, "2025-12-01T00:00:00.000Z", "2026-01-20T00:00:00.000Z")
        one_run(store, [whole], at=T0, rules=active([fake_change_approved]))
        made = Company("github", "roster")
        made.organization()
        made.member("ann")
        for number in range(12):
            if number in (3, 4, 5, 6, 7, 8):
                made.member(f"m{number}", owner=number == 5)
            partial = ["github.member"] if number == 3 else []
            collect(store, made.looks(T0 + (number - 2) * DAY, partial=partial))
    return store_url


def cells(content: bytes, sheet: str) -> list[list[str]]:
    return list(spreadsheet.rows(content, sheet))


def sheets(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = archive.read("xl/workbook.xml").decode()
    return [part.partition('"')[0] for part in book.split('<sheet name="')[1:]]


def test_derived_populations_are_listed_and_say_what_is_missing(
    url: str, cli: Callable[..., Ended]
) -> None:
    listed = cli("population", "list", "--store", url, "--format", "json")
    kinds = [row["kind"] for row in json.loads(listed.out)]
    assert kinds[0] == "fake.change"
    assert "privileged-grants" in kinds
    ended = cli("population", "list", "accounts-created", *PERIOD, "--store", url)
    assert ended.code == 3
    assert "6 events of accounts-created" in ended.out
    assert "incomplete: github.member in github:acme: 1 of " in ended.out
    assert "note: what was before the first collection is not in the population" in ended.out


def test_a_whole_period_ends_with_0(url: str, cli: Callable[..., Ended]) -> None:
    found = cli(
        "population",
        "list",
        "privileged-grants",
        "--period",
        "2026-01-08..2026-01-10",
        "--store",
        url,
    )
    assert (found.code, found.err) == (0, "")
    assert "1 events of privileged-grants" in found.out
    assert "m5 in github:acme" in found.out


def test_a_draw_is_repeatable_and_can_be_worked_out_by_hand(
    url: str, cli: Callable[..., Ended]
) -> None:
    asked = ("population", "sample", "accounts-created", *PERIOD, *DRAW, "--store", url)
    first, second = cli(*asked), cli(*asked)
    assert first.out == second.out
    assert first.code == 3, "some of the population may be missing"
    every = cli("population", "export", "accounts-created", *PERIOD, "--store", url)
    uids = [row["uid"] for row in csv.DictReader(io.StringIO(every.out))]
    order = sorted(uids, key=lambda uid: hashlib.sha256(f"s:{uid}".encode()).hexdigest())
    taken = [row["uid"] for row in csv.DictReader(io.StringIO(first.out))]
    assert taken == order[:2]
    assert f"sample of 2 of 6 events: {samples.ALGORITHM}, seed 's'" in first.err
    assert "digest " in first.err
    larger = cli(
        "population",
        "sample",
        "accounts-created",
        *PERIOD,
        "--size",
        "9",
        "--seed",
        "s",
        "--store",
        url,
    )
    assert [row["uid"] for row in csv.DictReader(io.StringIO(larger.out))] == order
    assert "9 were asked for, and there are no more" in larger.err


def test_the_auditors_own_choice_by_uid_or_name(
    url: str, cli: Callable[..., Ended], tmp_path: Path
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("# chosen\nd\n\n1\n", "utf-8")
    period = ("--period", "2026-01-01..2026-01-10")
    asked = ("population", "sample", "fake.change", *period, "--ids", str(ids), "--store", url)
    found = cli(*asked, "--format", "json")
    document = json.loads(found.out)
    assert [event["uid"] for event in document["events"]] == ["4", "1"]
    sample = document["population"]["sample"]
    assert (sample["algorithm"], sample["seed"], sample["population_count"]) == (
        samples.CHOSEN,
        None,
        3,
    )
    ids.write_text("4\nnobody\nd4\n", "utf-8")
    refused = cli(*asked)
    assert refused.code == 2
    assert "not in the population of the period: nobody, d4" in refused.err
    assert refused.out == ""
    ids.write_text("4\nd\n", "utf-8")
    assert "'d' is named twice" in cli(*asked).err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "say how to sample"),
        (("--size", "3"), "say how to sample"),
        (("--seed", "a"), "say how to sample"),
        (("--suggest", "--size", "3", "--seed", "a"), "say how to sample"),
        (("--size", "0", "--seed", "a"), "0 is no size"),
        (("--size", "1", "--seed", ""), "name a seed"),
        (("--ids", "not-there.txt"), "cannot be read"),
    ],
)
def test_what_is_no_choice_is_refused(
    url: str, cli: Callable[..., Ended], options: tuple[str, ...], why: str
) -> None:
    ended = cli("population", "sample", "fake.change", *PERIOD, *options, "--store", url)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


def test_an_unknown_kind_names_the_nearest(url: str, cli: Callable[..., Ended]) -> None:
    ended = cli("population", "export", "privileged-grant", *PERIOD, "--store", url)
    assert ended.code == 2
    assert "privileged-grants" in ended.err


def test_sizes_are_suggestions_only(url: str, cli: Callable[..., Ended]) -> None:
    ended = cli("population", "sample", "accounts-created", *PERIOD, "--suggest", "--store", url)
    assert "common practice for 6 events: 5 (5 of 6 to 50)" in ended.out
    assert "suggestion only: no standard demands it" in ended.out


@pytest.mark.parametrize(
    ("count", "size"),
    [(0, 0), (5, 5), (6, 5), (50, 5), (51, 6), (60, 6), (250, 25), (251, 25), (10**6, 25)],
)
def test_suggested_sizes(count: int, size: int) -> None:
    assert samples.suggested(count).size == size


def test_a_workbook_has_everything_and_no_formula(
    url: str, cli: Callable[..., Ended], tmp_path: Path
) -> None:
    asked = (
        "population",
        "export",
        "fake.change",
        "--period",
        "2026-01-01..2026-01-10",
        "--store",
        url,
    )
    path = tmp_path / "changes.xlsx"
    assert cli(*asked, "--format", "xlsx", "-o", str(path)).code == 0
    content = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert sheets(content) == ["Cover", "Events", "labels", "Collections"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = "".join(
            archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/worksheets")
        )
    assert "<f>" not in text
    assert "<hyperlink" not in text
    rows = cells(content, "Events")
    assert rows[1][rows[0].index("name")] == "=cmd|' /C calc'!A0", "a text, not a formula"
    assert rows[3][rows[0].index("document.author.deep.er")] == "1"
    assert cells(content, "labels") == [["event", "name", "item", "value"], ["4", "d", "1", "x"]]
    cover = {(row[0], row[1]): row[2] for row in cells(content, "Cover") if len(row) > 2}
    assert cover["population", "known to be complete"] == "yes"
    assert cover["fake:acme", "query"] == "all"
    assert cover["exclusions", "by configuration"] == "none"
    collections = cells(content, "Collections")
    (first,) = [dict(zip(collections[0], row, strict=False)) for row in collections[1:]]
    assert (first["query"], first["provider_count"], first["read"]) == ("all", "4", "4")
    assert first["calls"] == '{"fake:List":1}'
    assert cli(*asked, "--format", "xlsx", "-o", str(tmp_path / "again.xlsx")).code == 0
    assert (tmp_path / "again.xlsx").read_bytes() == content


def test_csv_has_lists_in_cells_and_a_cover_of_its_own(
    url: str, cli: Callable[..., Ended], tmp_path: Path
) -> None:
    asked = (
        "population",
        "sample",
        "fake.change",
        "--period",
        "2026-01-01..2026-01-10",
        "--store",
        url,
    )
    path = tmp_path / "sample.csv"
    assert cli(*asked, "--size", "3", "--seed", "1", "-o", str(path)).code == 0
    rows = {row["uid"]: row for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))}
    assert rows["4"]["document.labels"] == '["x"]'
    assert rows["1"]["name"] == "'=cmd|' /C calc'!A0"
    cover = (tmp_path / "sample.csv.cover.csv").read_text("utf-8")
    lines = list(csv.reader(io.StringIO(cover)))
    assert ["sample", "seed", "1"] in lines
    assert ["sample", "algorithm", samples.ALGORITHM] in lines
    assert any(line[:1] == ["id"] for line in lines), "the collections follow"
    meta = json.loads((tmp_path / "sample.csv.meta.json").read_text("utf-8"))
    assert meta["sample"]["population_digest"] == meta["digest"]


def test_leavers_have_a_sheet_of_their_accounts(
    url: str, cli: Callable[..., Ended], tmp_path: Path
) -> None:
    with open_store(url) as store:
        made = Company("github", "roster")
        made.organization()
        made.person(1, "Ann", status="active")
        made.member("ann", mail="p1@acme.example")
        collect(store, made.looks(T0 + 20 * DAY))
        made.person(1, "Ann", status="left", left_at="2026-01-26T00:00:00Z")
        collect(store, made.looks(T0 + 25 * DAY))
    path = tmp_path / "leavers.xlsx"
    ended = cli(
        "population", "export", "leavers", "--period", "2026-01-20..2026-01-31", "--store", url,
        "--format", "xlsx", "-o", str(path),
    )  # fmt: skip
    assert ended.code == 3
    content = path.read_bytes()
    owned = cells(content, "accounts_owned")
    (row,) = [dict(zip(owned[0], line, strict=False)) for line in owned[1:]]
    assert (row["login"], row["state"]) == ("ann", "open")
    assert float(row["hours_at_least"]) > 100


def test_more_rows_than_a_sheet_takes_go_on_on_the_next(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    with path.open("wb") as target, Book(target, rows=4) as book:
        sheet = book.sheet("A name: much longer than thirty-one characters", ("n", "text"))
        count = sheet.all({"n": n, "text": "x" * 40_000 if n == 1 else f"={n}"} for n in range(8))
    content = path.read_bytes()
    assert count == 8
    names = sheets(content)
    assert len(names) == 3
    assert all(len(name) <= 31 for name in names)
    numbers = [row[0] for name in names for row in cells(content, name)[1:]]
    assert numbers == [str(n) for n in range(8)]
    long = cells(content, names[0])[2][1]
    assert len(long) == 32_767
    assert long.endswith("(cut; whole in the JSON export)")


def test_a_workbook_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    target = io.BytesIO()

    def rows() -> Any:
        yield {"n": 1}
        raise RuntimeError

    book = Book(target)
    aside = book._aside.name
    with pytest.raises(RuntimeError), book:
        book.sheet("S", ("n",)).all(rows())
    assert target.getvalue() == b""
    assert not (tmp_path / aside).exists()
