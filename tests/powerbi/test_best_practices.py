"""Microsoft's Best Practice Analyzer finds nothing in the model but what is explained here.

71 rules: 60 are asked of the files, 6 are about objects that no model of ours has, and 5 cannot be judged from files,
for they ask what was imported (`NOT_JUDGED`).
"""

from etl.company.report import Report
from powerbi.names import MEASURES
from powerbi.texts import texts
from tests.powerbi.best_practices import NO_SUCH_OBJECT, NOT_JUDGED, RULES, findings
from tests.powerbi.tabular import Tabular

ANY = None
QUARTERS = ("Last Sale of the Quarter", "Net Revenue Last Quarter", "Net Revenue Quarter Before")
EXPLAINED: dict[str, tuple[str, set[str] | None]] = {
    "REDUCE_USAGE_OF_CALCULATED_COLUMNS_THAT_USE_THE_RELATED_FUNCTION": (
        "A hierarchy has columns of one table, and its upper levels are another dimension's.",
        {"Deployment[Product Name]", "Team Member[Office Name]", "Team Member[Region]"},
    ),
    "REMOVE_REDUNDANT_COLUMNS_IN_RELATED_TABLES": (
        "The levels of hierarchies; the product's number, by which editions follow each other; a sale's own price.",
        {
            *("Deployment[Product Name]", "Team Member[Office Name]", "Team Member[Region]"),
            *("Deployment[Product ID]", "Sales[Unit Price]"),
        },
    ),
    "SNOWFLAKE_SCHEMA_ARCHITECTURE": (
        "A member's office and an edition's product are dimensions that facts are asked by as well.",
        {"Deployment", "Team Member"},
    ),
    "REDUCE_USAGE_OF_CALCULATED_TABLES": ("A table of measures needs one column, one row.", {"Key Measures"}),
    "UNNECESSARY_COLUMNS": ("That column.", {"Key Measures[Value]"}),
    "ENSURE_TABLES_HAVE_RELATIONSHIPS": (
        "Measures have no rows, and what was published when belongs to no member of a dimension.",
        {"Key Measures", "ETL Runs"},
    ),
    "RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE": (
        "Facts relate to the calendar by their days, so that time intelligence and incremental refresh work.",
        {
            *("Date[Date]", "Deployment Day[Date]", "Sales[Contract Date]", "Sales[Return Date]"),
            "Usage Movements[Movement Date]",
            "Client Deployment[First Contract Date]",
        },
    ),
    "MONTH_(AS_A_STRING)_MUST_BE_SORTED": ("2030-01 sorts as it is.", {"Date[Year Month]"}),
    "PROVIDE_FORMAT_STRING_FOR_MEASURES": (
        "Texts, and true or false, which have no format.",
        {"Key Measures[All Tables of One Night]", "Key Measures[Why No Pace]"},
    ),
    "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION": (
        "A month's number is divided by 3, which is never 0.",
        {f"Key Measures[{name}]" for name in QUARTERS},
    ),
    "HIDE_FACT_TABLE_COLUMNS": (
        "The axis of a chart, so that a reader finds it.",
        {"Deployment Day[Days Before Close]"},
    ),
    "DATECOLUMN_FORMATSTRING": ("Dates are written as 2030-01-31, which every country reads the same.", ANY),
    "PERCENTAGE_FORMATTING": ("A measure says how many decimals it deserves.", ANY),
    "INTEGER_FORMATTING": ("Money has cents and a currency, days and instants are no integers.", ANY),
}
"""Why a rule is broken, and by which objects; ANY where it asks for another taste in formats than ours."""

BAD = {
    "model.tmdl": "model Model\n\tculture: en-US\n",
    "relationships.tmdl": """
relationship a
	crossFilteringBehavior: bothDirections
	toCardinality: many
	fromColumn: 'dates of calendar'.Day
	toColumn: Shop.'Day '

relationship b
	isActive: false
	fromColumn: Shop.'Shop Key'
	toColumn: Town.'Shop Key'

relationship c
	fromColumn: 'dates of calendar'.'Shop Key'
	toColumn: Shop.'Shop Key'
""",
    "tables/dates of calendar.tmdl": """
table 'dates of calendar'
	measure 'No Words' = IFERROR(1 - DIVIDE(SUM(Shop[Price]), 2), COUNTROWS(INTERSECT(Shop, Town)))
		formatString: 0.0%

	measure Same = [No Words]
		isHidden

	measure Again = [ No Words]
		isHidden

	measure Filtered = CALCULATE([Same], FILTER(Shop, Shop[City] = "X")) / EVALUATEANDLOG([Price])

	measure Chosen = CALCULATE([Same], FILTER(Shop, [Same] > 1), USERELATIONSHIP(Town[Price], Shop[Price]))

	measure Nothing =

	measure Elsewhere = 'Shop'[Same]

	column Day
		dataType: dateTime

	column 'Shop Key'
		dataType: string
		isHidden
		sortByColumn: 'Month Name'

	column 'Month Name'
		dataType: string
		isHidden
		isAvailableInMdx: false

	column 'Month Day'
		dataType: dateTime

	column 'Is Open'
		dataType: int64

	column Date
		dataType: dateTime

	hierarchy 'levels of it'

	partition Other = m
		mode: import
		source = Table.Sort(x)
""",
    "tables/Shop.tmdl": """
table Shop
	column 'Day '
		dataType: string
		sourceColumn: a

	column 'Shop Key'
		dataType: int64
		isHidden

	column 'Tab\tbed\x01'
		dataType: int64
		isHidden

	column City
		dataType: string

	column Price
		dataType: double

	column 'Town Name' = RELATED(Town[City])
	column A2 = 1
	column A3 = 1
	column A4 = 1
	column A5 = 1
	column A6 = 1

	partition Shop = calculated
		source = {1}
""",
    "tables/Town.tmdl": """
/// Faulty\x02.
table Town
	column 'Shop Key'
		dataType: int64

	column City
		dataType: string

	column Price
		dataType: double

	column Jan
		dataType: int64

	column Feb
		dataType: int64

	column Mar
		dataType: int64

	column Apr
		dataType: int64

	column May
		dataType: int64

	column Jun
		dataType: int64
""",
    "tables/LocalDateTable_1.tmdl": "table LocalDateTable_1\n",
    "roles/Nobody.tmdl": """
role Nobody
	modelPermission: read

	tablePermission Shop = LEFT(Shop[City], 1) = USERNAME()
""",
}
"""A model that breaks each rule once at least."""


def test_every_rule_is_known() -> None:
    """Asked, about no object of ours, or not to be judged by files: 71 in all."""
    assert (len(RULES), len(NO_SUCH_OBJECT), len(NOT_JUDGED)) == (60, 6, 5)
    assert len({*RULES, *NO_SUCH_OBJECT, *NOT_JUDGED}) == 71


def test_every_rule_finds_what_breaks_it() -> None:
    """Else a rule that finds nothing in our model would say nothing."""
    assert set(RULES) - set(findings(Tabular(BAD))) == set()


def test_the_model_follows_the_best_practices(project: dict[str, str], report: Report) -> None:
    """Whatever breaks a rule is named here, with the reason, and nothing is explained that breaks none.

    The hidden measures that visuals are worded by are used by visuals, which the rules do not know of.
    """
    found = findings(Tabular({path: text for path, text in project.items() if path.endswith(".tmdl")}))
    words = {f"{MEASURES}[{name}]" for name in texts(report)}
    unnecessary = found.pop("UNNECESSARY_MEASURES", [])
    assert set(unnecessary) <= words
    assert set(found) == set(EXPLAINED)
    for rule, (_, objects) in EXPLAINED.items():
        assert objects is ANY or set(found[rule]) <= objects | words, rule


def test_no_object_is_there_whose_rules_are_not_asked(project: dict[str, str]) -> None:
    """No DirectQuery, data source, perspective or calculation group."""
    text = "\n".join(text for path, text in project.items() if path.endswith(".tmdl"))
    assert not [word for word in NO_SUCH_OBJECT.values() if f"\t{word} " in text or f": {word}" in text]
