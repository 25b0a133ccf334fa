"""The receipt of a table, which is the same in every hand-over; etl.receipts computes it, manifests hold it."""

from typing import Any

from pydantic import model_validator

from etl.core.record import Record


class ColumnReceipt(Record):
    """What a column holds: NULLs; for numbers the exact sum; for numbers, dates and times the least and greatest.

    Texts as SQL would print them; None where all is NULL or the type has no such value.
    """

    nulls: int
    sum: str | None = None
    min: str | None = None
    max: str | None = None


class TableReceipt(Record):
    """What a table holds, in every hand-over the same: its rows, each column's receipt, and the rows' hash.

    hash_sum: the sum of the rows' hashes (etl.receipts.rows), which is another as soon as a value belongs to another
    row; None where it was not computed, or by an older version, which called it row_hash and computed it otherwise.
    """

    rows: int
    columns: dict[str, ColumnReceipt]
    hash_sum: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_an_older_version(cls, data: Any) -> Any:
        return {k: v for k, v in data.items() if k != "row_hash"} if isinstance(data, dict) else data

    @property
    def proves(self) -> bool:
        """Whether there is anything to compare: with the setting RECEIPTS=off there is not."""
        return bool(self.columns)

    def differences(self, other: "TableReceipt") -> list[str]:
        """Name what differs, a clause each; `other` is what was found."""
        found = [f"{self.rows:,} rows are {other.rows:,}"] if self.rows != other.rows else []
        for name, mine in self.columns.items():
            theirs = other.columns.get(name)
            if theirs is None:
                found.append(f"{name} is missing")
            elif mine != theirs:
                pairs = zip(mine, theirs, strict=True)
                found += [f"{name}: {what} {a} is {b}" for (what, a), (_, b) in pairs if a != b]
        if self.hash_sum and other.hash_sum and self.hash_sum != other.hash_sum:
            found.append("the hash over the rows is another")
        return found
