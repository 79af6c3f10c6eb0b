"""The page in a real browser: what it asks for, what it looks like to axe, and what its filters do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from soc2_pac.output.reports import write
from soc2_pac.report import Span

from .samples import report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.enable_socket,
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    with path.open("wb") as target:
        write(report(60), "html", target)
    return path.as_uri()


def opened(browser: Browser, address: str, **how: object) -> tuple[Page, list[str], list[str]]:
    """The page, what its console said, and what it asked for beside itself."""
    context = browser.new_context(**how)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    return page, said, [url for url in asked if url != address]


def test_it_asks_for_nothing_and_its_policy_reports_nothing(browser: Browser, address: str) -> None:
    page, said, asked = opened(browser, address)
    assert said == []
    assert asked == []
    # The policy is in force: a script that is not ours does not run.
    assert page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran === undefined }"
    )
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_serious_for_axe_and_no_sideways_scrolling(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = opened(
        browser,
        address,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(
        "document.querySelectorAll('details').forEach((one, place) => { one.open = place < 12 })"
    )
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], one["nodes"][0]["html"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    page.context.close()


def test_filters_count_what_they_show(browser: Browser, address: str) -> None:
    page, _, _ = opened(browser, address)
    rows = page.locator("#deviations [data-item]:visible")
    count = page.locator("#deviations .count")
    assert rows.count() == 60
    page.locator("#deviations .tools input").fill("bucket-0001")
    assert rows.count() == 10
    assert count.inner_text().startswith("10 match; 60 of 60 rows")
    page.locator("#deviations .tools input").fill("")
    page.locator("#deviations .tools button", has_text="critical").click()
    assert rows.count() == 20
    page.locator("#deviations .tools button", has_text="critical").click()
    assert rows.count() == 60
    page.locator("#parts .tools button", has_text="Fails").click()
    assert page.locator("#parts [data-item]:visible .id").all_inner_texts() == ["AC-00"]
    page.context.close()


def test_tables_sort_by_what_their_cells_mean(browser: Browser, address: str) -> None:
    page, _, _ = opened(browser, address)
    head = page.locator("#results th button", has_text="Deviations")
    head.click()
    column = page.locator("#results tbody td:nth-child(7)")
    assert column.all_inner_texts() == ["0", "1", "2", "3", "4", "5"]
    head.click()
    assert column.first.inner_text() == "5"
    assert page.locator("#results th[aria-sort=descending]").count() == 1
    page.context.close()


def test_it_reads_without_javascript(browser: Browser, address: str) -> None:
    page, _, _ = opened(browser, address, java_script_enabled=False)
    assert page.locator(".tools:visible").count() == 0
    page.locator("#deviations details").first.locator("summary").click()
    assert page.locator("#deviations details[open] dd").first.is_visible()
    assert page.locator("#deviations details").count() == 60
    page.context.close()


def test_on_paper_every_row_is_open(browser: Browser, address: str) -> None:
    page, _, _ = opened(browser, address)
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF")
    page.context.close()


def test_a_hundred_thousand_deviations_fit_into_five_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    with path.open("wb") as target:
        write(report(100_000, parts=61), "html", target)
    text = path.read_text()
    assert path.stat().st_size < 5_000_000
    assert "2,000 of 100,000 rows" in text
    assert text.count("SHA-256") == 1


def test_of_one_instant_there_is_no_timeline(tmp_path: Path) -> None:
    made = report(3)
    at = made.lanes[0].spans[0].start
    point = replace(
        made, lanes=tuple(replace(one, spans=(Span(at, at, "fails", 1),)) for one in made.lanes)
    )
    path = tmp_path / "instant.html"
    with path.open("wb") as target:
        write(point, "html", target)
    assert "<svg" not in path.read_text()
    assert 'class="legend"' not in path.read_text()
