"""The dashboard of a small star with a page of one's own, asked of DuckDB."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from etl.company.measure import Measure
from etl.company.pages import Page
from etl.dashboard.data import answers_of, packed_data
from etl.dashboard.drawing import drawn_page
from etl.dashboard.html import html
from etl.dashboard.picture import Picture
from tests.report.small_star import CONTRACTS, Rows, opened, report_of

AS_OF = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def written(file: Path, pages: Sequence[Page], measures: list[Measure], rows: Mapping[str, Rows]) -> Path:
    """Write the dashboard of these pages over these rows."""
    report = replace(report_of(measures), pages=tuple(pages))
    with opened(rows) as star:
        answers = answers_of(report, CONTRACTS, star.read)
        drawn = tuple(drawn_page(page, parts, answers.source) for page, parts in zip(pages, answers.parts, strict=True))
        given = Picture("Small", AS_OF, True, "By hand.", drawn, data=packed_data(answers))
    file.write_text(html(given), encoding="utf-8")
    return file
