"""Power Query: how a table comes out of BigQuery. One query a table, so that BigQuery does the work.

The driver is named: without a name it is whichever the tenant or the workspace prefers, and Microsoft takes the older
one (ODBC) out of the service. https://learn.microsoft.com/power-query/transition-to-adbc
"""

from etl.contract.column import Column
from etl.contract.table import Contract
from etl.contract.types import TEXT
from powerbi.types import model_type
from powerbi.years import FIRST, LAST

_INSTANT = (
    '#datetime({year}, 1, 1, 0, 0, 0) meta [IsParameterQuery=true, Type="DateTime", IsParameterQueryRequired=true]'
)

_DRIVER = "2.0"
"""ADBC, as the connector calls it."""


def parameter(value: str) -> str:
    """Write a text for a person to set."""
    return f'{_text(value)} meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'


def _text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


PROJECT, DATASET, BILLING_PROJECT = "Project", "Dataset", "Billing Project"
PARAMETERS = {
    PROJECT: (parameter("my-project"), "The Google Cloud project that owns the dataset."),
    DATASET: (parameter("my_dataset"), "The dataset of the published tables: BIGQUERY_DATASET."),
    BILLING_PROJECT: (parameter("my-project"), "The project that pays for what is read."),
}
"""Name → expression and meaning, for a person to set."""


def range_parameters(newest: int | None) -> dict[str, tuple[str, str]]:
    """Return those of a model in which a table has a refresh policy, in the same form: Power BI itself sets them.

    In the file they say what Desktop imports: the year of what was published last and the one before; all, if nobody
    knows which that is.
    """
    first, last = (newest - 1, newest + 1) if newest else (FIRST, LAST)
    meaning = "Incremental refresh: the Power BI service sets it. Here: what Desktop imports."
    return {
        "RangeStart": (_INSTANT.format(year=first), meaning),
        "RangeEnd": (_INSTANT.format(year=last), meaning),
    }


def source(
    contract: Contract,
    columns: list[Column],
    *,
    not_null: str | None = None,
    ranged: bool = False,
    tables: list[str] | None = None,
) -> str:
    """Write the query of a table: its columns, by name.

    not_null: leave out rows that have nothing there, as the date table's unknown member, which a calendar cannot have.
    ranged: read what lies between RangeStart and RangeEnd. tables: of the engine's own table, the rows of these alone.
    """
    steps = [
        'Source = GoogleBigQuery.Database([BillingProject = #"Billing Project", UseStorageApi = true,'
        f' Implementation = "{_DRIVER}"])'
        "{[Name = Project]}[Data]",
        'Schema = Source{[Name = Dataset, Kind = "Schema"]}[Data]',
        f'Published = Schema{{[Name = "{contract.name}", Kind = "Table"]}}[Data]',
        f"Selected = Table.SelectColumns(Published, {{{', '.join(_text(column.name) for column in columns)}}})",
    ]
    if ranged:
        day = f"[{contract.partition_by}]"
        steps.append(
            f"InRange = Table.SelectRows(Selected, each {day} >= Date.From(RangeStart) and {day} < Date.From(RangeEnd))"
        )
    if not_null:
        steps.append(f"Known = Table.SelectRows(Selected, each [{not_null}] <> null)")
    if tables:
        among = ", ".join(map(_text, tables))
        steps.append(f"Present = Table.SelectRows(Selected, each List.Contains({{{among}}}, [table_name]))")
    trimmed = ", ".join(
        f"{{{_text(column.name)}, Text.Trim, type nullable text}}" for column in columns if column.type == TEXT.arrow
    )
    if trimmed:  # VertiPaq folds letter case and trailing blanks, but not the leading ones, which SQL folds
        steps.append(f"Trimmed = Table.TransformColumns({_name(steps[-1])}, {{{trimmed}}})")
    changed = [(column.name, how) for column in columns if (how := model_type(column.type).changed)]
    if changed:
        changes = ", ".join(f"{{{_text(name)}, {how}}}" for name, how in changed)
        steps.append(f"InUtc = Table.TransformColumns({_name(steps[-1])}, {{{changes}}})")
    return "let\n    " + ",\n    ".join(steps) + f"\nin\n    {_name(steps[-1])}"


def _name(step: str) -> str:
    return step.partition(" = ")[0]
