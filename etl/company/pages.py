"""The pages of a company's report: visuals, each of measures by a column."""

from typing import Literal, Self

from pydantic import Field, model_validator

from etl.company.entries import Entry

_COLUMN = r"^\w+\.\w+$"


class Visual(Entry):
    """A visual of a page: `measures` by the column `by` ("table.column"); a card has none.

    names: of a table's members, whose `by` is what tells them apart, the column that people call them by.
    top: how many members are shown: those with the greatest `top_by`, which is the first measure unless it is named.
    descending: whether the axis of a line or column chart runs down. width: in twelfths of the page.
    """

    kind: Literal["card", "line", "column", "bar", "table"]
    title: str
    alt: str
    measures: tuple[str, ...] = Field(min_length=1)
    by: str | None = Field(None, pattern=_COLUMN)
    names: str | None = Field(None, pattern=_COLUMN)
    top: int | None = Field(None, ge=1)
    top_by: str | None = None
    descending: bool = False
    width: int = Field(6, ge=2, le=12)

    @property
    def ranked_by(self) -> str:
        """The measure by which `top` chooses."""
        return self.top_by or self.measures[0]

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.by is None) != (self.kind == "card"):
            raise ValueError("a card has no `by`" if self.by else f"a {self.kind} needs a column: by = …")
        if self.names and (self.kind != "table" or self.names.partition(".")[0] != str(self.by).partition(".")[0]):
            raise ValueError("`names` is for a table, and of the same table as `by`")
        if self.top_by and not self.top:
            raise ValueError("`top_by` needs `top`")
        return self


class Page(Entry):
    """A page. name: of its tab; title: a sentence; slicers: columns, the same on all pages where they are named."""

    name: str
    title: str
    slicers: tuple[str, ...] = ()
    visual: tuple[Visual, ...] = Field(min_length=1)
