"""The pages in a real browser: a silent policy, nothing serious for axe, no sideways scrolling, filters that filter."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest
import uvicorn

from soc2_pac import config, plugins
from soc2_pac.acts import Actor
from soc2_pac.audit import access as tokens
from soc2_pac.audit.bounds import Bounds
from soc2_pac.store import open_store
from soc2_pac.web.access import Access
from soc2_pac.web.app import build
from soc2_pac.web.server import listening
from soc2_pac.workspace import make_workspace
from tests.output.reports.test_page import CHROMIUM, QUIET
from tests.store.mutations import fill, go_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from soc2_pac.store import Store
    from tests.databases import Sqlite

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.enable_socket,
]

PATHS = (
    "/", "/criteria", "/controls", "/rules", "/findings", "/findings?status=fail", "/documents", "/gaps", "/waivers",
    "/attestations", "/reviews", "/runs", "/collections", "/changes", "/ledger", "/populations", "/tokens",
    "/people", "/samples", "/checkpoints", "/requests", "/opened", "/reports", "/findings?as_of=2026-01-03",
    "/rules/aws-root-mfa", "/criteria/CC6.1", "/runs/2", "/nothing",
)  # fmt: skip


class Served(NamedTuple):
    """A server on loopback."""

    base: str
    access: Access
    store: Store


@pytest.fixture(scope="module")
def served(sqlite_databases: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = sqlite_databases.create(tmp_path_factory.mktemp("served"), migrated=True)
    with open_store(url) as store, listening("127.0.0.1", 0) as listener:
        fill(store)
        go_on(store)
        port = listener.getsockname()[1]
        access = Access(store)
        work = make_workspace(
            config.load(None, required=False), plugins.load(), sources_needed=False
        )
        app = build(work, store, access, {f"127.0.0.1:{port}"})
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        ends = time.monotonic() + 60
        while not server.started and time.monotonic() < ends:
            time.sleep(0.02)
        assert server.started
        yield Served(f"http://127.0.0.1:{port}", access, store)
        server.should_exit = True
        thread.join(60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


def signed_in(
    browser: Browser, served: Served, **how: object
) -> tuple[BrowserContext, Page, list[str]]:
    context = browser.new_context(**how)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.base}/login?code={served.access.new_link()}")
    assert page.url == f"{served.base}/"
    assert all(url.startswith(served.base) for url in asked)
    return context, page, said


def test_a_stranger_is_sent_to_the_login(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.base}/findings")
    assert page.url == f"{served.base}/login"
    assert page.locator("h1").inner_text() == "Sign in"
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_nothing_serious_for_axe_no_sideways_scrolling_and_a_silent_console(
    browser: Browser, served: Served, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context, page, said = signed_in(
        browser,
        served,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page.goto(f"{served.base}/findings?status=fail")
    finding = page.locator("td a[href^='/findings/']").first.get_attribute("href")
    for path in (*PATHS, finding):
        page.goto(f"{served.base}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        serious = [
            (path, one["id"], one["nodes"][0]["html"])
            for one in Axe().run(page).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
    # The browser itself says that /nothing is not there.
    assert [line for line in said if "404" not in line] == []
    context.close()


def test_the_policy_is_in_force_and_reports_nothing(browser: Browser, served: Served) -> None:
    context, page, said = signed_in(browser, served)
    for path in PATHS[:-1]:
        page.goto(f"{served.base}{path}")
    assert said == []
    assert page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran === undefined }"
    )
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_filter_narrows_and_stands_in_the_address(
    browser: Browser,
    served: Served,
    script: bool,  # noqa: FBT001 - pytest's
) -> None:
    context, page, _ = signed_in(browser, served, java_script_enabled=script)
    page.goto(f"{served.base}/findings")
    before = page.locator("tbody tr").count()
    page.locator("select[name=status]").select_option("fail")
    if not script:
        page.locator("button", has_text="Filter").click()
    page.wait_for_url("**status=fail**")
    rows = page.locator("tbody tr")
    assert 0 < rows.count() < before
    assert set(page.locator("tbody td:first-child").all_inner_texts()) == {"fail"}
    context.close()


def test_a_table_sorts_by_its_headings(browser: Browser, served: Served) -> None:
    context, page, _ = signed_in(browser, served)
    page.goto(f"{served.base}/criteria")
    page.locator("th button", has_text="fail").click()
    page.locator("th button", has_text="fail").click()
    cells = [
        int(text.replace(",", ""))
        for text in page.locator("tbody td:nth-child(4)").all_inner_texts()
    ]
    assert cells == sorted(cells, reverse=True)
    context.close()


def test_csv_is_downloaded_with_the_filter_of_the_page(browser: Browser, served: Served) -> None:
    context, page, _ = signed_in(browser, served)
    page.goto(f"{served.base}/findings?status=fail")
    shown = page.locator("tbody tr").count()
    answer = page.request.get(
        served.base + (page.locator("a", has_text="CSV").get_attribute("href") or "")
    )
    assert len(answer.text().splitlines()) == shown + 1
    context.close()


def test_signing_out_leads_to_the_login(browser: Browser, served: Served) -> None:
    context, page, _ = signed_in(browser, served)
    page.locator("button", has_text="Sign out").click()
    page.wait_for_url("**/login")
    page.goto(f"{served.base}/findings")
    assert page.url == f"{served.base}/login"
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_signing_in_with_a_token(
    browser: Browser, served: Served, width: int, scheme: Literal["dark", "light"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    now = datetime.now(UTC)
    with served.store.database.writing() as connection:
        _, token = tokens.create(
            connection,
            name="Ben",
            role="viewer",
            until=now + timedelta(days=1),
            by=Actor("Ann", "ann"),
            now=now,
        )
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(f"{served.base}/login")
    page.get_by_label("Or sign in with a token").fill(token[:-1])
    page.locator("main button").click()
    page.wait_for_selector("[role=alert]")
    assert "This token does not work" in page.locator("[role=alert]").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.get_by_label("Or sign in with a token").fill(token)
    page.locator("main button").click()
    page.wait_for_url(f"{served.base}/")
    page.goto(f"{served.base}/findings")
    assert page.locator("h1").inner_text() == "Findings"
    context.close()


def _token(served: Served, role: Literal["operator", "auditor"]) -> str:
    now = datetime.now(UTC)
    bounds = Bounds("2026-01-01T00:00:00.000Z", "2026-01-04T00:00:00.000Z", ("CC6",))
    with served.store.database.writing() as connection:
        _, token = tokens.create(
            connection,
            name="Olga",
            role=role,
            until=now + timedelta(days=1),
            by=Actor("Ann", "ann"),
            now=now,
            bounds=bounds if role == "auditor" else None,
        )
    return token


def _serious(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1400, "dark")])
def test_an_auditor_asks_and_an_operator_answers_and_accepts(
    browser: Browser, served: Served, width: int, scheme: Literal["dark", "light"]
) -> None:
    opened = []
    roles: tuple[Literal["auditor", "operator"], ...] = ("auditor", "operator")
    for role in roles:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        # The link: what stands behind # fills the field, and nobody else hears of it.
        page.goto(f"{served.base}/login#{_token(served, role)}")
        assert "#" not in page.url
        page.locator("main button").click()
        page.wait_for_url(f"{served.base}/")
        opened.append((context, page))
    (eve, asking), (olga, acting) = opened
    asking.goto(f"{served.base}/requests")
    asking.get_by_label("Text").fill("Who is bob?")
    assert _serious(asking) == []
    asking.get_by_role("button", name="Send").click()
    asking.wait_for_selector("td a[href^='/requests/']")
    assert "As the store was at 2026-01-04" in asking.locator(".then").inner_text()
    assert asking.locator("nav a[href='/tokens']").count() == 0
    number = asking.locator("tbody tr").last.locator("td").first.inner_text()
    acting.goto(f"{served.base}/requests/{number}")
    acting.get_by_label("Answer").fill("A user.")
    acting.locator("section.act button").click()
    acting.wait_for_selector("text=A user.")
    acting.goto(f"{served.base}/findings?status=fail&waived=no")
    acting.locator("td a[href^='/findings/']").first.click()
    acting.wait_for_selector("text=Accept this failure")
    assert _serious(acting) == []
    assert acting.evaluate("document.documentElement.scrollWidth") == width
    for label, value in (
        ("Reason", "a robot"),
        ("Who accepts the risk", "Ann"),
        ("Who else agreed", "Bob"),
    ):
        acting.get_by_label(label).fill(value)
    acting.get_by_label("Until").fill(str((datetime.now(UTC) + timedelta(days=20)).date()))
    acting.get_by_role("button", name="Accept").click()
    acting.wait_for_selector("text=Accepted by a waiver")
    eve.close()
    olga.close()
