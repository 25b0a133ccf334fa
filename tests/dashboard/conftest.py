"""The dashboard of the picture made by hand, opened in a browser; who asks for one is skipped where there is none."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from etl.dashboard.html import html
from tests.dashboard.browser import browser, opened
from tests.dashboard.pictures import PICTURE

__all__ = ["browser"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the picture made by hand; of two nights, so that the alarm is seen, too."""
    file = tmp_path_factory.mktemp("dashboard") / "dashboard.html"
    file.write_text(html(dataclasses.replace(PICTURE, one_night=False)), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give the opened dashboard, whose console must have stayed silent, and which must have asked for nothing."""
    with opened(browser, file) as (page, asked, said):
        yield page
        assert said == []
        assert set(asked) == {file.as_uri()}
