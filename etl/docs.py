"""The README's list of tables, written from the contracts; a stale one fails the checks."""

from pathlib import Path

from etl.contract import Column, Contract, Role
from etl.contract.catalogue import contracts

BEGIN, END = "<!-- tables: begin (python -m etl docs) -->", "<!-- tables: end -->"


def renewed(readme: str, tables: Path) -> str:
    """Give the README's text with the list of the tables in the folder `tables` between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{listed(list(contracts(tables).values()))}\n{END}{after}"


def listed(every: list[Contract]) -> str:
    """List tables in Markdown: grain, and each column with its type and meaning."""
    return "\n".join(_section(contract) for contract in every)


def _section(contract: Contract) -> str:
    rows = "\n".join(f"| `{c.name}` | {_type(c)} | {_meaning(c)} |" for c in contract.columns)
    return (
        f"<details><summary><code>{contract.name}</code>: {contract.grain}</summary>\n\n"
        f"| column | type | meaning |\n|---|---|---|\n{rows}\n\n</details>\n"
    )


def _type(column: Column) -> str:
    kind = str(column.type).removesuffix("[day]").replace("decimal128", "decimal").replace("[us, tz=UTC]", "")
    return kind.removesuffix("32" if kind == "date32" else "").removesuffix("64")


def _meaning(column: Column) -> str:
    refers = f" → `{column.dimension}`" if column.role is Role.REFERENCE else ""
    key = " Natural key." if column.role is Role.NATURAL_KEY else ""
    personal = " Personal data." if column.pii else ""
    return f"{column.description}{refers}{key}{personal}".replace("|", "\\|")
