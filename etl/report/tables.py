"""The tables and views that a report is asked of: their columns, and their rows with those of what they refer to."""

from collections.abc import Mapping

from etl.company.measure import AS_IS
from etl.company.report import Report
from etl.contract.column import Column
from etl.contract.history import IS_CURRENT
from etl.contract.table import Contracts
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.load.etl_runs import ETL_RUNS
from etl.report.aggregates import columns_in, rows_of, with_columns
from etl.report.filters import compared
from etl.report.reach import Path, path


class Tables:
    """The tables and views of a report. contracts: of every table, by name."""

    def __init__(self, report: Report, contracts: Contracts) -> None:
        self._report, self._contracts = report, contracts
        self._columns = {f"{table}.{each.name}": each for table, c in contracts.items() for each in c.declared}

    def like(self, name: str) -> str:
        """Return the table whose columns a view has, or the table itself."""
        view = self._report.views.get(name)
        table = view.like if view else name
        if table not in self._contracts:
            known = [*self._report.views, *self._contracts]
            raise ContractError(f"There is no table or view {name}.", guess(name, known))
        return table

    def view(self, name: str) -> str:
        """Return the query behind a table or view, as something to select from."""
        like, view = self.like(name), self._report.views.get(name)
        if view is None:
            return f"({self._runs()})" if name == ETL_RUNS.name else like
        if view.where:
            test = rows_of(name, self._report, self._contracts)
            joins: dict[str, str] = {}
            for column in columns_in(test):
                self._join(joins, like, self._steps(like, column.partition(".")[0]))
            where = with_columns(test, lambda column: column)
            return f"(SELECT {like}.* FROM {like}{''.join(joins.values())} WHERE {where})"
        return f"({view.sql.replace('{tables}', self._names())}\n)"

    def _runs(self) -> str:
        """Select what was published of the tables that there are, as Power BI imports it."""
        return f"SELECT * FROM {ETL_RUNS.name} WHERE table_name IN ({self._names()})"

    def _names(self) -> str:
        return ", ".join(f"'{table}'" for table in sorted(self._contracts) if table != ETL_RUNS.name)

    def column(self, column: str) -> Column:
        """Return a column that a report may name: folded ones are there to compare alone."""
        if column not in self._columns:
            raise ContractError(f"There is no column {column}.", guess(column, self._columns))
        return self._columns[column]

    def check(self, column: str) -> None:
        """Refuse a column that is not there, folded ones not among them."""
        table, _, name = column.partition(".")
        if table not in self._contracts or name not in self._contracts[table].schema.names:
            self.column(column)

    def own_columns(self, name: str) -> list[str] | None:
        """Name the columns of a table, or of a view over one; None for a view in SQL, which has those that it says."""
        view = self._report.views.get(name)
        return None if view and not view.where else self._contracts[self.like(name)].schema.names

    def compared(self, name: str, column: str) -> tuple[str, Column]:
        """Return the column by which members are told apart, for the rows of table or view `name`.

        A view need not have the folded columns of the table that it is like.
        """
        table, _, own = column.partition(".")
        shown = self.column(column)
        of = compared(self._contracts[table], own) if name in self._contracts or self.like(name) != table else shown
        return f"{table}.{of.name}", of

    def reaches(self, name: str, table: str, along: str | None = None) -> bool:
        """Whether the rows of a table or view have, or refer to, one of another table. along: as in `joined`."""
        return path(self._contracts, self.like(name), table, along) is not None

    def joined(self, name: str, columns: Mapping[str, str], along: str | None = None) -> str:
        """Return the query for the rows of a table or view and the wanted columns beside.

        columns: their aliases; along: the reference by which a dimension is joined instead of by the active one, or
        `AS_IS`: members with history are then joined as they are today.
        """
        joins, selected = dict[str, str](), []
        for column, alias in columns.items():
            self.check(column)
            table, _, attribute = column.partition(".")
            steps = self._steps(name, table, along)
            is_another = along == AS_IS and self._contracts[table].has_history
            if steps and attribute == self._contracts[table].surrogate_key and not is_another:
                *steps, (attribute, _) = steps  # whoever refers to a table has its key
            owner = self._join(joins, "rows_", steps, as_is=along == AS_IS)
            selected.append(f", {owner}.{attribute} AS {alias}")
        return f"SELECT rows_.*{''.join(selected)}\nFROM {self.view(name)} AS rows_{''.join(joins.values())}"

    def _steps(self, name: str, table: str, along: str | None = None) -> Path:
        """Return the references from the rows of a table or view to another table."""
        steps = path(self._contracts, self.like(name), table, along) if table in self._contracts else None
        if steps is None:
            raise ContractError(
                f"{table} says nothing of the rows of {name}, which does not refer to it.",
                "Choose another column, or measures of another table.",
            )
        return steps

    def _join(self, joins: dict[str, str], owner: str, steps: Path, *, as_is: bool = False) -> str:
        """Join the tables on the way to those that are joined already; returns what the query calls the last one.

        as_is: whether of a version the current one of its member is joined.
        """
        for key, target in steps:
            contract = self._contracts[target]
            joins.setdefault(target, f"\nLEFT JOIN {target} ON {target}.{contract.surrogate_key} = {owner}.{key}")
            owner = target
            if as_is and contract.has_history:
                owner, durable = f"{target}_now", contract.durable_key
                now = f"{owner}.{durable} = {target}.{durable} AND {owner}.{IS_CURRENT}"
                joins.setdefault(owner, f"\nLEFT JOIN {target} AS {owner} ON {now}")
        return owner
