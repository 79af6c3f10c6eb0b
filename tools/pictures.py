"""Pictures of the demo's report and of its pages for README and docs: ``make demo``, then this.

They are taken of ``.demo/type2.html`` (or the page that is named), and of what ``soc2-pac serve`` shows of
``.demo/soc2-pac.db``, in headless Chromium. They are not compared by
any test: fonts differ from machine to machine, and so do the dates of a demo.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
LARGEST_BYTES = 200_000
_TIMES = 4
_TO_THE_TOP = (
    "one => { one.scrollIntoView({behavior: 'instant'});"
    " window.scrollBy({top: -24, behavior: 'instant'}) }"
)
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


class Picture(NamedTuple):
    """What is taken."""

    name: str
    width: int
    height: int
    scheme: str
    at: str = ""
    """The section that is shown; empty: the beginning of the page."""
    words: tuple[str, ...] = ()
    """What the entry of the section says that is unfolded and stands at the top; empty: none is."""
    scale: float = 1
    """Pixels of the picture for one of the page."""


_BUCKET = ("aws-s3-bucket-not-public", "telemetry", "fixed")
PICTURES = (
    Picture("report-light.png", 1280, 860, "light"),
    Picture("report-dark.png", 1280, 860, "dark"),
    Picture("report-control.png", 1280, 860, "light", "#parts", ("CHG-03",)),
    Picture("report-deviations.png", 1280, 860, "dark", "#deviations", _BUCKET),
    Picture("report-phone.png", 390, 780, "light", scale=1.5),
)

SERVED = (
    (Picture("serve-overview.png", 1400, 900, "light"), "/"),
    (
        Picture("serve-finding.png", 1400, 900, "dark"),
        "/findings?rule=aws-admin-user-mfa&status=fail",
    ),
    (Picture("serve-phone.png", 390, 780, "light", scale=1.5), "/criteria"),
)
"""Of ``soc2-pac serve``, with the address; of a list of findings, the first finding."""


def main(arguments: list[str]) -> int:
    """Take them all; returns the exit code."""
    page = Path(arguments[0]) if arguments else ROOT / ".demo" / "type2.html"
    if not page.is_file():
        print(f"{page} is not there. Next: make demo", file=sys.stderr)
        return 2
    chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        print("no Chromium is installed", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        for picture in PICTURES:
            size = _take(browser, page.resolve().as_uri(), picture)
            print(f"{picture.name}: {size:,} bytes")
            if size > LARGEST_BYTES:
                print(f"{picture.name} is larger than {LARGEST_BYTES:,} bytes", file=sys.stderr)
                return 1
        code = _pages(browser)
        browser.close()
    return code


def _pages(browser: Browser) -> int:
    command = [
        sys.executable,
        "-m",
        "soc2_pac",
        "serve",
        "--config",
        "soc2-pac.toml",
        "--port",
        "0",
    ]
    where = ROOT / ".demo"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=where) as server:
        link = ""
        while not link and server.stdout is not None:
            link = "".join(re.findall(r"http://\S+", server.stdout.readline()))
        try:
            base = link.partition("/login")[0]
            context = browser.new_context()
            page = context.new_page()
            page.goto(link)
            state = context.storage_state()
            for picture, path in SERVED:
                address = base + path
                if path.startswith("/findings"):
                    page.goto(address)
                    first = page.locator("td a[href^='/findings/']").first
                    address = base + (first.get_attribute("href") or "")
                size = _take(browser, address, picture, state)
                print(f"{picture.name}: {size:,} bytes")
                if size > LARGEST_BYTES:
                    print(f"{picture.name} is larger than {LARGEST_BYTES:,} bytes", file=sys.stderr)
                    return 1
            context.close()
        finally:
            server.terminate()
    return 0


def _take(
    browser: Browser, address: str, picture: Picture, state: StorageState | None = None
) -> int:
    context = browser.new_context(
        storage_state=state,
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.scheme == "dark" else "light",
        device_scale_factor=picture.scale,
        locale="en-GB",
        timezone_id="UTC",
    )
    page = context.new_page()
    page.goto(address)
    shown = page.locator(f"{picture.at} details") if picture.at else page.locator("body")
    for word in picture.words:
        shown = shown.filter(has_text=word)
    if picture.words:
        shown.first.evaluate("one => { one.open = true }")
    for _ in range(_TIMES):
        # What is far down is laid out when it comes near, and moves what is below.
        shown.first.evaluate(_TO_THE_TOP)
        page.wait_for_timeout(200)
    path = FOLDER / picture.name
    page.screenshot(path=path)
    context.close()
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
