"""What is built in which order: from the parameters' names and the references, checked before anything runs."""

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from etl.company.tables import NIGHT, TableFile
from etl.core.errors import ContractError
from etl.core.names import check_only, guess


@dataclass(frozen=True)
class Partial:
    """The `number`th partial of `table`: it summarizes the blocks of `stream`, a query or a streamed table."""

    table: str
    number: int
    stream: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One unit of the plan: a table built at once, or a query streamed through tables and partials.

    tables: what is there once it is done; partials: what it summarizes besides, for tables of later steps; members: the
    dimension of whose rows it builds those of `stream`, or without one, to all of whose rows it gives their keys.
    """

    name: str
    tables: tuple[str, ...]
    stream: str | None = None
    partials: tuple[Partial, ...] = ()
    members: str | None = None

    @property
    def built(self) -> tuple[str, ...]:
        """The tables whose `build` it calls."""
        if self.members:
            return (self.members,) if self.stream else ()
        return self.tables


@dataclass(frozen=True)
class Plan:
    """The steps in an order that works, and for each step those that come before it."""

    steps: dict[str, Step]
    before: dict[str, set[str]]

    @property
    def tables(self) -> list[str]:
        """All tables that are built, in order."""
        return [table for step in self.steps.values() for table in step.tables]


def make_plan(tables: dict[str, TableFile], queries: list[str], only: tuple[str, ...] = ()) -> Plan:
    """Plan the building of the tables, or of those of --only and the streamed tables that these summarize.

    Raises ContractError where a name matches nothing or tables wait for each other.
    """
    for table in tables.values():
        _check_names(table, tables, queries)
        _check_partials(table, tables)
    chosen = _with_streams(tables, _chosen(tables, only))
    steps = {step.name: step for step in _steps(tables, chosen)}
    before = {name: _before(step, steps, tables) for name, step in steps.items()}
    try:
        order = list(TopologicalSorter({name: sorted(needs) for name, needs in sorted(before.items())}).static_order())
    except CycleError as error:
        raise ContractError(
            f"These tables wait for each other: {' → '.join(error.args[1])}.",
            "Let one of them keep the other's natural key as an attribute, or let its build ask for the query instead.",
        ) from None
    return Plan({name: steps[name] for name in order}, before)


def _check_names(table: TableFile, tables: dict[str, TableFile], queries: list[str]) -> None:
    known = [*queries, *tables, NIGHT]
    if table.name in [*queries, NIGHT]:
        raise ContractError(f"{table.path} is named like a query, or like a reserved word.", "Rename it.")
    if table.name in table.inputs:
        raise ContractError(
            f"{table.path} asks for itself: build cannot read the table that it builds.",
            'Ask for the query instead; to refer to other members of the table, declare reference("'
            f'{table.name}", …, on="the column that identifies the other member").',
        )
    for function in (table.build, *table.partials):
        for name in function.parameters:
            if name not in known:
                raise ContractError(
                    f"{table.path}: {function.name} asks for {name}, which is neither a query nor a table.",
                    guess(
                        name, known, f"Add {name}.sql to the queries and run SQLDownloadMain.py, or correct the name."
                    ),
                )
    for stream in table.contract.stream:
        if stream not in queries or stream not in table.build.parameters:
            raise ContractError(
                f"{table.path} streams {stream}, which is not a query that its build asks for.",
                guess(
                    stream,
                    [q for q in queries if q in table.build.parameters],
                    f"Let build ask for it: build({stream}).",
                ),
            )
    for name, columns in table.contract.reads.items():
        if name not in tables or name not in table.build.parameters:
            raise ContractError(
                f"{table.path}: reads names {name}, no table that build asks for.",
                guess(
                    name, [n for n in tables if n in table.build.parameters], f"Let build ask for it: build({name})."
                ),
            )
        of_table = [column.name for column in tables[name].contract.declared]
        for column in columns:
            if column not in of_table:
                raise ContractError(
                    f"{table.path}: reads names {column}, no column of {name}.",
                    guess(column, of_table, f"It has: {', '.join(of_table)}."),
                )
    for column in table.contract.summed_where:
        if column not in table.contract.summed_by:
            raise ContractError(
                f"{table.path}: summed_where names {column}, which summed_by does not.",
                guess(column, table.contract.summed_by, "Name columns of summed_by, or leave it out."),
            )
    for name in table.contract.rows_of:
        if name not in queries or name not in table.build.parameters:
            raise ContractError(
                f"{table.path}: rows_of names {name}, no query that build asks for.",
                guess(
                    name, [q for q in queries if q in table.build.parameters], f"Let build ask for it: build({name})."
                ),
            )


def _check_partials(table: TableFile, tables: dict[str, TableFile]) -> None:
    if table.contract.stream and table.partials:
        raise ContractError(f"{table.path}: a streamed table has no partial.", "Move it to the table that needs it.")
    summarized = [partial.parameters[0] if partial.parameters else "nothing" for partial in table.partials]
    for name in summarized:
        if name not in table.build.parameters or summarized.count(name) > 1:
            raise ContractError(
                f"{table.path}: build and exactly one partial must each ask for {name} once, because it is summarized.",
                f"Let there be one partial({name}, …), and build({name}, …).",
            )
    whole = [name for name in table.build.parameters if name not in (*tables, *summarized, NIGHT)]
    if table.contract.group_by and whole:
        raise ContractError(
            f"{table.path}: {whole[0]} is read whole, so each portion of group_by would hold all of it.",
            f"Write a function partial_{whole[0]}({whole[0]}) that summarizes a block of it.",
        )
    for name in table.build.parameters:
        if name in tables and _is_never_whole(tables[name]) and name not in summarized:
            raise ContractError(
                f"{table.path}: build asks for {name}, which is streamed and never whole.",
                f"Write a function partial({name}) that summarizes a block of it.",
            )
    for name in summarized:
        if name in tables and not tables[name].contract.stream:
            raise ContractError(
                f"{table.path}: a partial summarizes {name}, which is not streamed.", "Ask for it in build."
            )
        if name in tables and len(tables[name].contract.stream) > 1:
            raise ContractError(
                f"{table.path}: a partial summarizes {name}, which streams several queries.", "Ask for it in build."
            )


def _is_never_whole(table: TableFile) -> bool:
    return bool(table.contract.stream) and not table.contract.is_dimension


def _chosen(tables: dict[str, TableFile], only: tuple[str, ...]) -> set[str]:
    check_only(only, tables, "table")
    return set(only or tables)


def _with_streams(tables: dict[str, TableFile], chosen: set[str]) -> set[str]:
    """Add the streamed tables that chosen ones summarize: they are computed with, so they are built again."""
    return chosen | {s for name in chosen for f in tables[name].partials if (s := f.parameters[0]) in tables}


def _steps(tables: dict[str, TableFile], chosen: set[str]) -> list[Step]:
    partials = [
        Partial(name, number, function.parameters[0], function.parameters)
        for name in sorted(chosen)
        for number, function in enumerate(tables[name].partials)
    ]
    streams: dict[str, list[str]] = {p.stream: [] for p in partials if p.stream not in tables}
    steps: list[Step] = []
    for name in sorted(chosen):
        contract = tables[name].contract
        if not contract.is_dimension:
            for stream in contract.stream:
                streams.setdefault(stream, []).append(name)
        for stream in contract.stream if contract.is_dimension else ():
            # apart from the facts of the same query, which may refer to these members
            mine = tuple(p for p in partials if p.stream == name)
            steps.append(Step(f"{name} of {stream}", (), stream, mine, name))
        if contract.is_dimension or not contract.stream:
            steps.append(Step(name, (name,), members=name if contract.stream else None))
    for stream, streamed in streams.items():
        mine = tuple(p for p in partials if p.stream == stream or p.stream in streamed)
        steps.append(Step(f"stream of {stream}", tuple(streamed), stream, mine))
    return steps


def _before(step: Step, steps: dict[str, Step], tables: dict[str, TableFile]) -> set[str]:
    """Name the steps that must be done before this one."""
    if step.members and not step.stream:
        return {other.name for other in steps.values() if other.stream and other.members == step.members}
    needed = {column.dimension for name in step.built for column in tables[name].contract.relationships}
    needed |= {p for name in step.built for p in tables[name].build.parameters}
    needed |= {p for partial in step.partials for p in partial.parameters[1:]}
    found = {other.name for other in steps.values() for table in other.tables if table in needed}
    found |= {other.name for other in steps.values() for p in other.partials if p.table in step.tables}
    return found - {step.name}
