"""The companies that the benchmark is about: our own sample, and TPC-H."""

from dataclasses import dataclass
from pathlib import Path

from config.paths import ROOT


@dataclass(frozen=True)
class Company:
    """A company. source: the name of its database; folder: where queries/ and tables/ lie.

    stream: the query that is downloaded alone, and of which `fact` is made; fact_script: how the peers' scripts begin
    that make this fact.
    """

    name: str
    source: str
    folder: Path
    stream: str
    fact: str
    fact_script: str

    @property
    def queries(self) -> Path:
        """Where its queries lie."""
        return self.folder / "queries"

    @property
    def tables(self) -> Path:
        """Where its tables' files lie."""
        return self.folder / "tables"

    @property
    def url_setting(self) -> str:
        """The setting that has its database's URL."""
        return f"SOURCE_{self.source.upper()}_URL"


SAMPLE = Company("sample", "cloud", ROOT, "contracts", "fact_sales", "sales")
TPCH = Company("TPC-H", "tpch", ROOT / "benchmarks" / "tpch", "lines", "fact_line", "line")
