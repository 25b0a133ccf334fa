"""A real browser without a screen, in which a dashboard is opened from its file.

`python -m tests.dashboard.browser DASHBOARD.html PICTURE.png [--width 1280] [--dark] [--page income]` takes a picture.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ALONE = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running() -> Iterator[Browser]:
    """Run Chromium; without its sandbox, which root cannot have and a page of our own does not need."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False, args=_ALONE)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is not here ({CHROMIUM})")
    with running() as browser:
        yield browser


@contextmanager
def opened(
    browser: Browser, file: Path, anchor: str = "", **context: Any
) -> Iterator[tuple[Page, list[str], list[str]]]:
    """Open a file with no network; gives the page, what it asks for, and what its console says (kept up to date)."""
    asked: list[str] = []
    said: list[str] = []
    with browser.new_context(offline=True, **context) as shielded:
        page = shielded.new_page()
        page.set_default_timeout(5_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.goto(f"{file.as_uri()}#{anchor}" if anchor else file.as_uri())
        yield page, asked, said


@contextmanager
def opened_to_ask(browser: Browser, file: Path, **context: Any) -> Iterator[Page]:
    """Open a dashboard, and give it when it can be asked; its console stays silent."""
    with opened(browser, file, **context) as (page, _, said):
        page.locator("html.asked").wait_for()
        yield page
        assert said == []


def screenshot(file: Path, target: Path, *, width: int = 1280, dark: bool = False, anchor: str = "") -> None:
    """Take a picture of a dashboard's whole page."""
    shape = {"width": width, "height": 900}
    scheme = "dark" if dark else "light"
    with (
        running() as browser,
        opened(browser, file, anchor, viewport=shape, color_scheme=scheme, device_scale_factor=1) as (page, _, _),
    ):
        page.locator("html.asked").wait_for(timeout=30_000)
        page.wait_for_timeout(2_000)  # until its charts are drawn, one after the other
        page.screenshot(path=target, full_page=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take a picture of a dashboard.")
    parser.add_argument("file", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--page", default="", help="as in the link to it")
    given = parser.parse_args()
    screenshot(given.file.resolve(), given.target, width=given.width, dark=given.dark, anchor=given.page)
