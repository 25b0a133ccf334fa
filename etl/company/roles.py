"""Who may see which rows: the roles of a company's report, declared in report.toml."""

import re
from datetime import date
from typing import Self

from pydantic import Field, field_validator, model_validator

from etl.company.entries import ColumnName, Entry

_NAME = re.compile(r"[\w ,.&()'+-]+")
Value = bool | int | date | str


class Role(Entry):
    """A role: its members see the rows for which all conditions hold, and of facts those that belong to such rows.

    name: that of a file, too. where: "table.column" and its value, or a list of values of which one has to be there.
    user: the column that holds the name by which a person signs in, an e-mail address: each member sees what is theirs.
    """

    name: str
    where: dict[ColumnName, Value | tuple[Value, ...]] = Field(default_factory=dict)
    user: ColumnName | None = None

    @field_validator("name")
    @classmethod
    def _is_a_file(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be the name of a file: write letters, digits, blanks and , . & ( ) ' + -"
            )
        return name

    @model_validator(mode="after")
    def _chooses_rows(self) -> Self:
        if not self.where and not self.user:
            raise ValueError('say which rows its members see: where = { "table.column" = "value" }, or user = "…"')
        for column, wanted in self.where.items():
            if wanted == ():
                raise ValueError(f"`where` names no value of {column}: nobody would see anything")
        return self
