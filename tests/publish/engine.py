"""What evaluates the queries that the stand-in is asked: a DAX engine, over the tables of a warehouse."""

from collections.abc import Mapping, Sequence
from typing import Any

from etl.contract.table import Contract
from etl.report.names import friendly
from powerbi.names import MEASURES
from tests.publish.fabric import Evaluate
from tests.truth.dax import Dax


def evaluator(dax: Dax, contracts: Mapping[str, Contract]) -> Evaluate:
    """Return what evaluates measures as they were published. dax: the tables, as Power BI has imported them."""
    columns = {
        f"{friendly(name)}.{friendly(column.name)}": f"{name}.{column.name}"
        for name, contract in contracts.items()
        for column in contract.columns
    }

    def evaluate(
        measures: Mapping[str, str], value: str, names: Sequence[str], chosen: Mapping[str, Sequence[object]]
    ) -> Mapping[str, Any]:
        dax.measures = {"value": value}
        held = 1 if value == "1" else dax.values(["value"], {})["value"]
        dax.tables[MEASURES] = {"columns": ["Value"], "rows": [[held]]}
        dax.measures = dict(measures)
        return dax.values(names, {columns[column]: members for column, members in chosen.items()})

    return evaluate
