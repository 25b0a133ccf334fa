"""The report's numbers: every visual of every page where nothing is chosen, and what it answers to a choice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from etl.company import pages as catalogue
from etl.company.report import AS_OF, ONE_NIGHT, Report, check_trust
from etl.contract.table import Contracts
from etl.core.errors import DataError, EtlError
from etl.dashboard.answers import Row, asked_rows, checked, named
from etl.dashboard.asked import Asked, Source
from etl.dashboard.data import answers_of, packed_data
from etl.dashboard.formats import member as called
from etl.dashboard.picture import Page, Picture, Series, Value, Visual
from etl.dashboard.words import sentence
from etl.report.cubes import ALL
from etl.report.filters import fold
from etl.report.names import friendly
from etl.report.read import Read
from etl.report.rows import members_of
from etl.report.sql import Composer


def picture(report: Report, contracts: Contracts, read: Read, told: str) -> Picture:
    """Ask for all numbers. read: runs a query over the tables; told: a sentence that says where they are."""
    check_trust(report)
    head = read(Composer(report, contracts).query((AS_OF, ONE_NIGHT))).to_pylist()[0]
    if head["v0"] is None:
        raise DataError("Nothing is published yet, so there is nothing to show.", "Run ./nightly.sh first.")
    answers = answers_of(report, contracts, read)
    pages = [drawn_page(page, of, answers.source) for page, of in zip(report.pages, answers.parts, strict=True)]
    data = packed_data(answers)
    return Picture(report.title, head["v0"], bool(head["v1"]), told, tuple(pages), data=data)


def drawn_page(page: catalogue.Page, answers: Sequence[Mapping[str, Asked]], source: Source) -> Page:
    """Return a page where nothing is chosen. answers: what each of its visuals answers, by part."""
    visuals = (_visual(page.name, visual, parts, source) for visual, parts in zip(page.visual, answers, strict=True))
    return Page(page.name, page.title, tuple(visuals))


def _visual(page: str, visual: catalogue.Visual, parts: Mapping[str, Asked], source: Source) -> Visual:
    where = f"page {page}, visual “{visual.title}”"
    main, spark = visual.parts["main"], visual.parts.get("spark")
    try:
        return replace(
            _drawn(main, () if visual.panels else _unchosen(parts["main"]), source.report),
            said=_said(visual, parts.get("title"), source.report),
            figures=len(visual.measures),
            spark=_drawn(spark, _unchosen(parts["spark"]), source.report) if spark else None,
            panels=_panels(main, parts["main"], source) if visual.panels else (),
        )
    except EtlError as error:
        raise type(error)(f"{where}: {error.message}", error.hint, transient=error.transient) from None


def _unchosen(each: Asked, *first: int) -> tuple[Row, ...]:
    """Return the rows where nothing is chosen. first: the members of the first slicers that are chosen even so."""
    context = (*first, *[ALL] * (len(each.slicers) - len(first)))
    rows = each.contexts.get(context, [each.nowhere] if each.nowhere and not first else [])
    shown = tuple((each.axis[row[0]] if each.by else None, *row[1:]) for row in rows)
    return checked(each.measures, shown)


def _drawn(visual: catalogue.Visual, rows: tuple[Row, ...], report: Report) -> Visual:
    by = visual.names or visual.by
    return Visual(
        kind=visual.kind,
        title=visual.title,
        alt=visual.alt,
        width=visual.width,
        axis=friendly(by.partition(".")[2]) if by else None,
        series=tuple(_series(name, visual, report) for name in visual.measures),
        rows=rows,
    )


def _series(name: str, visual: catalogue.Visual, report: Report) -> Series:
    measure = report.measures[name]
    change = visual.measures.index(visual.change[name]) if name in visual.change else None
    return Series(name, measure.format, measure.meaning, report.targets.get(name), change)


def _said(visual: catalogue.Visual, part: Asked | None, report: Report) -> str | None:
    """Compute the title."""
    values = _unchosen(part)[0][1:] if part else ()
    formats = {name: report.measures[name].format for name in visual.said_of}
    return sentence(visual.said, dict(zip(visual.said_of, values, strict=True)), formats)


def _panels(visual: catalogue.Visual, each: Asked, source: Source) -> tuple[Visual, ...]:
    """Draw the rows of each member of the panels' column, by its name; members without a row have no panel."""
    column = str(visual.panels)
    members = [row[0] for row in asked_rows(visual.model_copy(update={"by": column}), source.composer, source.read)]
    known = {fold(row["label"]): row for row in source.read(members_of(source.composer, column)).to_pylist()}
    codes = {of: row["code"] for of, row in known.items()} if each.slicers[:1] == (column,) else None
    panels = []
    for of in (fold(member) for member in members if member is not None):
        if rows := _of_member(visual, each, of, codes, source):
            name, drawn = called(known[of]["label"]), _drawn(visual, rows, source.report)
            panels.append(replace(drawn, title=name, alt=f"{name}: {visual.alt}", member=known[of]["label"]))
    return tuple(panels)


def _of_member(
    visual: catalogue.Visual, each: Asked, member: Value, codes: Mapping[Any, int] | None, source: Source
) -> tuple[Row, ...]:
    """Return the rows of a panel, of a folded member: looked up, or asked for where they were too many for that."""
    if codes is not None:
        return _unchosen(each, codes[member])
    composer, read = source.composer, source.read
    rows = asked_rows(visual, composer, read, {str(visual.panels): [member]})
    return checked(visual.measures, named(visual, rows, composer, read))
