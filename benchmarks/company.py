"""The companies that the benchmark is about: our own sample, and TPC-H."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from config.paths import ROOT

_FAR = 10_000_000_000
"""Between the numbers of a row and of its copy: more than any of them is."""


@dataclass(frozen=True)
class Growing:
    """A query whose rows can be multiplied. shifted: numbers that tell its rows apart; order: what it is sorted by."""

    shifted: tuple[str, ...]
    order: str = ""


@dataclass(frozen=True)
class Company:
    """A company. source: the name of its database; queries, tables: where they lie.

    stream: the query that is downloaded alone, and of which `fact` is made; fact_script: how the peers' scripts begin
    that make this fact; growing: the queries that are longer where there are more facts of the same members.
    """

    name: str
    source: str
    queries: Path
    tables: Path
    stream: str
    fact: str
    fact_script: str
    growing: Mapping[str, Growing] = field(default_factory=dict)

    @property
    def url_setting(self) -> str:
        """The setting that has its database's URL."""
        return f"SOURCE_{self.source.upper()}_URL"

    @property
    def is_sample(self) -> bool:
        """Whether it is the sample company."""
        return self.source == "cloud"

    def multiplied(self, times: int, folder: Path, columns: Mapping[str, Sequence[str]]) -> "Company":
        """Return the company with so many times the facts of the same members; its queries are written to `folder`.

        columns: of each query.
        """
        folder.mkdir(parents=True)
        for path in self.queries.glob("*.sql"):
            text = path.read_text(encoding="utf-8")
            if growing := self.growing.get(path.stem):
                text = _multiplied(text, growing, times, columns[path.stem])
            (folder / path.name).write_text(text, encoding="utf-8")
        return replace(self, queries=folder)


def _multiplied(query: str, growing: Growing, times: int, columns: Sequence[str]) -> str:
    """Write a query that gives each row so often, with other numbers each time; its header stays."""
    lines = query.splitlines()
    header = [line for line in lines if line.startswith("--")]
    body = "\n".join(line for line in lines if not line.startswith("--"))
    numbered = [f"{name} + {_FAR} * copy AS {name}" if name in growing.shifted else name for name in columns]
    copies = f"generate_series(0, {times - 1}) AS copies(copy)"
    rows = f"SELECT {', '.join(numbered)}\nFROM ({body}) AS query CROSS JOIN {copies}"
    order = [f"ORDER BY {growing.order}"] if growing.order else []
    return "\n".join([*header, "", rows, *order]) + "\n"


_HERE = ROOT / "examples" / "tpch"
SAMPLE = Company(
    "sample", "cloud", ROOT / "queries", ROOT / "tables", "contracts", "fact_sales", "sales",
    {
        "contracts": Growing(("contract_id",)),
        "movements": Growing(("movement_id", "usage_id"), "usage_id, product_id, edition, moved_at, movement_id"),
    },
)  # fmt: skip
TPCH = Company(
    "TPC-H", "tpch", _HERE / "queries", _HERE / "tables", "lines", "fact_line", "line",
    {"lines": Growing(("l_orderkey",)), "orders": Growing(("o_orderkey",))},
)  # fmt: skip
