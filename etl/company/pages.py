"""The pages of a company's report: visuals, each of measures by a column."""

from typing import Literal, Self

from pydantic import Field, model_validator

from etl.company.entries import ColumnName, Entry
from etl.company.sayings import Saying, check_order


class Visual(Entry):
    """A visual of a page: `measures` by the column `by` ("table.column"); a card has none.

    names: of a table's members, whose `by` is what tells them apart, the column that people call them by.
    top: how many members are shown: those with the greatest `top_by`, which is the first measure unless it is named.
    descending: whether the axis of a line or column chart runs down. width: in twelfths of the page.
    said: the title as a computed sentence; `title` is what stands where none can be said.
    change: of a card's measure, the measure that says how it has changed, shown beside it with its direction.
    spark: of a card, the column over which each of its measures is drawn as a small line.
    panels: of a line chart, the column that has one small chart for each of its members.
    """

    kind: Literal["card", "line", "column", "bar", "table"]
    title: str
    alt: str
    measures: tuple[str, ...] = Field(min_length=1)
    by: ColumnName | None = None
    names: ColumnName | None = None
    top: int | None = Field(None, ge=1)
    top_by: str | None = None
    descending: bool = False
    width: int = Field(6, ge=2, le=12)
    said: tuple[Saying, ...] = ()
    change: dict[str, str] = Field(default_factory=dict)
    spark: ColumnName | None = None
    panels: ColumnName | None = None

    @property
    def ranked_by(self) -> str:
        """The measure by which `top` chooses."""
        return self.top_by or self.measures[0]

    @property
    def said_of(self) -> tuple[str, ...]:
        """The measures that the title is computed from, each once."""
        return tuple(dict.fromkeys(name for saying in self.said for name in saying.measures))

    @property
    def parts(self) -> dict[str, "Visual"]:
        """What is to be asked for it, each as a visual of its own.

        main: its own rows, the changes after its measures. title: the measures that the title is computed from. spark:
        a line of a card's measures.
        """
        changes = [name for name in dict.fromkeys(self.change.values()) if name not in self.measures]
        parts = {"main": self.model_copy(update={"measures": (*self.measures, *changes)})}
        told = {"title": self.title, "alt": self.alt}
        if self.said_of:
            parts["title"] = Visual(kind="card", measures=self.said_of, **told)
        if self.spark:
            parts["spark"] = Visual(kind="line", measures=self.measures, by=self.spark, **told)
        return parts

    @property
    def named(self) -> tuple[str, ...]:
        """All measures that it names, each once, the shown ones first."""
        return tuple(dict.fromkeys((*self.measures, self.ranked_by, *self.change.values(), *self.said_of)))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it names, each once."""
        return tuple(dict.fromkeys(filter(None, (self.by, self.names, self.spark, self.panels))))

    @model_validator(mode="after")
    def _says_what_it_can(self) -> Self:
        check_order(self.said)
        if self.kind != "card" and (self.change or self.spark):
            raise ValueError("`change` and `spark` are for a card")
        for name in self.change:
            if name not in self.measures:
                raise ValueError(f"`change` names [{name}], which is not among the card's measures")
        if self.panels and (self.kind != "line" or self.panels == self.by or self.top):
            raise ValueError("`panels` is for a line chart without `top`, and another column than `by`")
        return self

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
    slicers: tuple[ColumnName, ...] = ()
    visual: tuple[Visual, ...] = Field(min_length=1)
