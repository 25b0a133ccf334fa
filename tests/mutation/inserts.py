"""The faults of publishing: what the INSERT from the staged into the published table may do wrong, in either SQL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_INSERT = re.compile(
    r"(?P<into>INSERT INTO \S*fact_move\S*) \((?P<target>[^)]*)\) SELECT (?P<columns>.*?)"
    r" FROM (?P<staged>read_parquet\(\[.*?\]\)|`[^`]+`)"
)
_REMOVE = re.compile(r"(DELETE FROM \S*fact_move\S* AS _old WHERE) ")
_TRUNCATE = re.compile(r"(TRUNCATE TABLE \S*fact_move\S*;|DELETE FROM \"fact_move\")")


@dataclass(frozen=True)
class PublishedFault:
    """One fault. seen: what the refusal names.

    instead: expressions instead of columns; rows: what follows upon SELECT … FROM staged; order: two columns that take
    each other's place in the target; keeps: whether the rows of last night are left; removed: a condition more of what
    changes remove.
    """

    name: str
    seen: str
    instead: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    order: tuple[str, ...] = ()
    keeps: bool = False
    removed: str = "TRUE"

    def spoilt(self, script: str) -> str:
        """Write the statements of a script as the fault makes them."""
        script = _TRUNCATE.sub("", script) if self.keeps else script
        script = _REMOVE.sub(rf"\1 {self.removed} AND ", script)
        return _INSERT.sub(self._insert, script)

    def _insert(self, found: re.Match[str]) -> str:
        target, columns = found["target"], found["columns"]
        for name, expression in self.instead.items():
            columns = re.sub(rf"([`\"]){name}\1", expression.replace("\\", r"\\"), columns)
        if self.order:
            a, b = self.order
            target = re.sub(rf"\b({a}|{b})\b", lambda name: b if name[0] == a else a, target)
        select = f"SELECT {columns} FROM {found['staged']}"
        return f"{found['into']} ({target}) {select} {self.rows.replace('SELECT …', select)}"


HASH = "the hash over the rows"
_OF_THE_ROW_BEFORE = (
    "COALESCE(LAG({0}) OVER (ORDER BY move_id), FIRST_VALUE({0}) OVER (ORDER BY move_id DESC))"  # the first: the last's
)

PUBLISHED = [
    PublishedFault("a row lost", "rows", rows="WHERE move_id <> 20"),
    PublishedFault("a row doubled", "rows", rows="UNION ALL SELECT … WHERE move_id = 20"),
    PublishedFault("all rows doubled", "rows", rows="UNION ALL SELECT …"),
    PublishedFault("no row at all", "rows", rows="WHERE move_id < 0"),
    PublishedFault("columns of money in a wrong order", "price", order=("price", "cost")),
    PublishedFault("money moved to other rows", HASH, {"price": _OF_THE_ROW_BEFORE.format("price")}),
    PublishedFault("flags moved to other rows", HASH, {"done": _OF_THE_ROW_BEFORE.format("done")}),
    PublishedFault("money rounded to one place", "price", {"price": "ROUND(price, 1)"}),
    PublishedFault(
        "a cent more here and a cent less there",
        HASH,
        {"price": "CASE move_id WHEN 20 THEN price + 0.01 WHEN 21 THEN price - 0.01 ELSE price END"},
    ),
    PublishedFault("an hour's slip of the time zone", "moved_at", {"moved_at": "moved_at + INTERVAL 1 HOUR"}),
    PublishedFault("NULL into an empty text", "note", {"note": "COALESCE(note, '')"}),
    PublishedFault("an empty text into NULL", "note", {"note": "NULLIF(note, '')"}),
    PublishedFault("a trailing blank lost", HASH, {"note": "RTRIM(note)"}),
    PublishedFault("the rows of last night left", "rows", keeps=True),
]
