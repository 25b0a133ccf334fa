"""The rules of Microsoft's Best Practice Analyzer, asked of a model's TMDL.

Microsoft publishes them for Tabular Editor, which needs Windows: BestPracticeRules/BPARules.json of
https://github.com/microsoft/Analysis-Services (MIT). Each is written here as what it finds, by the name it has there.
"""

import re
from collections.abc import Callable, Iterator

from tests.powerbi.tabular import Relationship, Tabular, Thing

NUMBERS = ("int64", "decimal", "double")
COLUMNS = ("column", "calculated column")
NAMED = ("table", "measure", "hierarchy", "level", "partition", *COLUMNS, "role")
TIME_INTELLIGENCE = (
    "CLOSINGBALANCE|OPENINGBALANCE|DATEADD|DATESBETWEEN|DATESINPERIOD|DATES[MQY]TD|ENDOF|STARTOF|FIRSTDATE|LASTDATE"
    "|FIRSTNONBLANK|LASTNONBLANK|NEXT(DAY|MONTH|QUARTER|YEAR)|PREVIOUS|PARALLELPERIOD|SAMEPERIODLASTYEAR|TOTAL[MQY]TD"
)
TRANSFORMATIONS = (
    *("Table.Combine(", "Table.Join(", "Table.NestedJoin(", "Table.AddColumn(", "Table.Group(", "Table.Sort("),
    *("Table.Pivot(", "Table.Unpivot(", "Table.UnpivotOtherColumns(", "Table.Distinct(", '[Query="SELECT'),
    *("Value.NativeQuery", "OleDb.Query", "Odbc.Query"),
)
AGGREGATIONS = "COUNT|COUNTBLANK|SUM|AVERAGE|VALUES|DISTINCT|DISTINCTCOUNT|MIN|MAX|COUNTA|AVERAGEA|MAXA|MINA"
TABLE = r"'*[A-Za-z0-9 _]+'*"

Rule = Callable[[Tabular], Iterator[str]]

NOT_JUDGED = {
    "AVOID_BI-DIRECTIONAL_RELATIONSHIPS_AGAINST_HIGH-CARDINALITY_COLUMNS": "asks how many values a column holds",
    "REDUCE_USAGE_OF_LONG-LENGTH_COLUMNS_WITH_HIGH_CARDINALITY": "asks how long the values are",
    "SPLIT_DATE_AND_TIME": "asks whether the values have a time of day",
    "LARGE_TABLES_SHOULD_BE_PARTITIONED": "asks how many rows there are",
    "FIX_REFERENTIAL_INTEGRITY_VIOLATIONS": "asks the values; the star has none, for every key has a member",
}
"""Rules that ask what is in the imported tables, which no file says."""
NO_SUCH_OBJECT = {
    "MODEL_USING_DIRECT_QUERY_AND_NO_AGGREGATIONS": "directQuery",
    "MEASURES_USING_TIME_INTELLIGENCE_AND_MODEL_IS_USING_DIRECT_QUERY": "directQuery",
    "AVOID_STRUCTURED_DATA_SOURCES_WITH_PROVIDER_PARTITIONS": "dataSource",
    "REMOVE_DATA_SOURCES_NOT_REFERENCED_BY_ANY_PARTITIONS": "dataSource",
    "PERSPECTIVES_WITH_NO_OBJECTS": "perspective",
    "CALCULATION_GROUPS_WITH_NO_CALCULATION_ITEMS": "calculationGroup",
}
"""Rules about what our models have none of, and the word that TMDL has for it."""


def _each(kinds: tuple[str, ...], found: Callable[[Thing, Tabular], bool]) -> Rule:
    return lambda model: (thing.path for thing in model.of(*kinds) if found(thing, model))


def _related(found: Callable[[Relationship, Tabular], bool]) -> Rule:
    return lambda model: (f"{r.start} → {r.end}" for r in model.relationships if found(r, model))


def _in_dax(pattern: str, *kinds: str) -> Rule:
    searched = re.compile(pattern)
    return _each(kinds or ("measure", "calculated column"), lambda thing, _: bool(searched.search(thing.dax)))


def _whole(found: Callable[[Tabular], bool]) -> Rule:
    return lambda model: iter(["the model"] if found(model) else [])


def _is_calendar(table: Thing, model: Tabular) -> bool:
    keys = [c for c in model.within(table, "column") if c["isKey"] and c["dataType"] == "datetime"]
    return table["dataCategory"] == "time" and bool(keys)


def _needs_mdx(column: Thing, model: Tabular) -> bool:
    return column.path in model.sorting | model.levels or bool(column["sortByColumn"])


def _is_snowflake(table: Thing, model: Tabular) -> bool:
    sides = [side for r in model.relationships for side, name in enumerate(r.tables) if name == table.name]
    return {0, 1} <= set(sides)


def _is_redundant(column: Thing, model: Tabular) -> bool:
    others = {c.table for c in model.columns if c.name == column.name and c.table != column.table}
    return column.path not in model.related and any(
        r.tables[0] == column.table and r.tables[1] in others for r in model.relationships
    )


def _is_never_used(relation: Relationship, model: Tabular) -> bool:
    if relation.node.properties.get("isActive") != "false":
        return False
    ends = r"\s*,\s*'*".join(re.escape(end).replace(r"\[", r"'*\[") for end in (relation.start, relation.end))
    return not any(re.search(rf"(?i)USERELATIONSHIP\s*\(\s*'*{ends}", dax) for dax in model.dax_of_measures)


def _permissions(table: Thing, model: Tabular) -> list[Thing]:
    return [each for each in model.of("tablePermission") if each.name == table.name]


def _is_limited(table: Thing, model: Tabular) -> bool:
    costly = re.compile(r"(?i)(RIGHT|LEFT|UPPER|LOWER|FIND)\s*\(")
    return any(costly.search(each.dax.replace(" ", "")) for each in _permissions(table, model))


def _is_covered(column: Thing, model: Tabular) -> bool:
    named = rf"'*{re.escape(column.table)}'*\[{re.escape(column.name)}\]"
    summed = re.compile(rf"(?i)(?:{AGGREGATIONS})\s*\(\s*{named}\s*\)")
    asked = not column["isHidden"] and column["dataType"] in NUMBERS
    return asked and any(summed.search(dax) for dax in model.dax_of_measures)


def _is_pivoted(table: Thing, model: Tabular) -> bool:
    numbers = [c.name.upper() for c in model.within(table, "column") if c["dataType"] in NUMBERS]
    return all(any(month in name for name in numbers) for month in ("JAN", "FEB", "MAR", "APR", "MAY", "JUN"))


def _is_unnecessary(column: Thing, model: Tabular) -> bool:
    used = model.uses(column) or column.path in model.related | model.sorting | model.levels
    return column.is_hidden and not used


def _is_place(column: Thing, _: Tabular) -> bool:
    name, kind = column.name.lower(), column["dataType"]
    place = any(word in name for word in ("country", "continent", "city")) and kind == "string"
    spot = name in ("latitude", "longitude") and kind in ("decimal", "double")
    return not column["dataCategory"] and (place or spot)


def _is_month_unsorted(column: Thing, _: Tabular) -> bool:
    name = column.name.upper()
    return "MONTH" in name and "MONTHS" not in name and column["dataType"] == "string" and not column["sortByColumn"]


def _unqualified(thing: Thing, model: Tabular) -> bool:
    """A column in brackets alone: no measure is called so, and no variable's column either."""
    measures = {m.name.lower() for m in model.of("measure")}
    alone = re.findall(r"(?<![\w'\]])\[([^\]@]+)\]", re.sub(r'"[^"]*"', "", thing.dax))
    return any(name.lower() not in measures for name in alone)


def _qualified(thing: Thing, model: Tabular) -> bool:
    columns = {c.path.lower() for c in model.columns}
    named = re.findall(r"(?:'([^']+)'|\b(\w+))\[([^\]]+)\]", thing.dax)
    return any(f"{quoted or plain}[{name}]".lower() not in columns for quoted, plain, name in named)


def _squeezed(dax: str) -> str:
    return re.sub(r"[ \n\r\t]", "", dax)


def _is_duplicate(measure: Thing, model: Tabular) -> bool:
    return [_squeezed(dax) for dax in model.dax_of_measures].count(_squeezed(measure.dax)) > 1


def _types(model: Tabular) -> dict[str, str]:
    return {c.path: c["dataType"] for c in model.columns}


def _is_renamed_partition(table: Thing, model: Tabular) -> bool:
    names = [p.name for p in model.within(table, "partition")]
    return len(names) == 1 and names[0] != table.name


def _many(model: Tabular) -> bool:
    bad = sum(r.is_both_ways for r in model.relationships) + sum(r.is_many_to_many for r in model.relationships)
    return bad / max(len(model.relationships), 1) > 0.3


def _flag(column: Thing, _: Tabular) -> bool:
    kind = column["dataType"]
    yes_no = (column.name.startswith("Is") and kind == "int64") or (column.name.endswith(" Flag") and kind != "string")
    return yes_no and not column.is_hidden


def _is_key_of(column: Thing, model: Tabular) -> bool:
    calendars = {t.name for t in model.of("table") if t["dataCategory"] == "time"}
    ends = {r.end for r in model.relationships if not r.is_many_to_many}
    return column.path in ends and not column["isKey"] and column.table not in calendars


RULES: dict[str, Rule] = {
    "AVOID_FLOATING_POINT_DATA_TYPES": _each(COLUMNS, lambda c, _: c["dataType"] == "double"),
    "ISAVAILABLEINMDX_FALSE_NONATTRIBUTE_COLUMNS": _each(
        COLUMNS, lambda c, m: c.is_hidden and c["isAvailableInMdx"] != "false" and not _needs_mdx(c, m)
    ),
    "SET_ISAVAILABLEINMDX_TO_TRUE_ON_NECESSARY_COLUMNS": _each(
        COLUMNS, lambda c, m: c["isAvailableInMdx"] == "false" and _needs_mdx(c, m)
    ),
    "REDUCE_USAGE_OF_CALCULATED_COLUMNS_THAT_USE_THE_RELATED_FUNCTION": _in_dax(
        r"(?i)RELATED\s*\(", "calculated column"
    ),
    "SNOWFLAKE_SCHEMA_ARCHITECTURE": _each(("table",), _is_snowflake),
    "MODEL_SHOULD_HAVE_A_DATE_TABLE": _whole(lambda m: not any(_is_calendar(t, m) for t in m.of("table"))),
    "DATE/CALENDAR_TABLES_SHOULD_BE_MARKED_AS_A_DATE_TABLE": _each(
        ("table",), lambda t, m: any(w in t.name.upper() for w in ("DATE", "CALENDAR")) and not _is_calendar(t, m)
    ),
    "REMOVE_AUTO-DATE_TABLE": _each(
        ("table",), lambda t, _: t.name.startswith(("DateTableTemplate_", "LocalDateTable_"))
    ),
    "AVOID_EXCESSIVE_BI-DIRECTIONAL_OR_MANY-TO-MANY_RELATIONSHIPS": _whole(_many),
    "LIMIT_ROW_LEVEL_SECURITY_(RLS)_LOGIC": _each(("table",), _is_limited),
    "MINIMIZE_POWER_QUERY_TRANSFORMATIONS": _each(
        ("partition",), lambda p, _: any(word in str(p.node.properties.get("source")) for word in TRANSFORMATIONS)
    ),
    "AVOID_USING_MANY-TO-MANY_RELATIONSHIPS_ON_TABLES_USED_FOR_DYNAMIC_ROW_LEVEL_SECURITY": _each(
        ("table",),
        lambda t, m: (
            bool(_permissions(t, m)) and any(r.is_many_to_many and t.name in r.tables for r in m.relationships)
        ),
    ),
    "UNPIVOT_PIVOTED_(MONTH)_DATA": _each(("table",), _is_pivoted),
    "MANY-TO-MANY_RELATIONSHIPS_SHOULD_BE_SINGLE-DIRECTION": _related(
        lambda r, _: r.is_many_to_many and r.is_both_ways
    ),
    "REDUCE_USAGE_OF_CALCULATED_TABLES": _each(
        ("table",), lambda t, m: any(p.dax == "calculated" for p in m.within(t, "partition"))
    ),
    "REMOVE_REDUNDANT_COLUMNS_IN_RELATED_TABLES": _each(COLUMNS, _is_redundant),
    "REDUCE_NUMBER_OF_CALCULATED_COLUMNS": _whole(lambda m: len(m.of("calculated column")) > 5),
    "CHECK_IF_BI-DIRECTIONAL_AND_MANY-TO-MANY_RELATIONSHIPS_ARE_VALID": _related(
        lambda r, _: r.is_many_to_many or r.is_both_ways
    ),
    "CHECK_IF_DYNAMIC_ROW_LEVEL_SECURITY_(RLS)_IS_NECESSARY": _in_dax(
        r"(?i)(USERNAME|USERPRINCIPALNAME)\(", "tablePermission"
    ),
    "DAX_COLUMNS_FULLY_QUALIFIED": _each(("measure", "tablePermission"), _unqualified),
    "DAX_MEASURES_UNQUALIFIED": _each(("measure", "calculated column"), _qualified),
    "AVOID_DUPLICATE_MEASURES": _each(("measure",), _is_duplicate),
    "USE_THE_TREATAS_FUNCTION_INSTEAD_OF_INTERSECT": _in_dax(r"(?i)INTERSECT\s*\(", "measure"),
    "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION": _in_dax(r"[\])]\s*/(?!/)(?!\*)"),
    "AVOID_USING_THE_IFERROR_FUNCTION": _in_dax(r"(?i)IFERROR\s*\("),
    "MEASURES_SHOULD_NOT_BE_DIRECT_REFERENCES_OF_OTHER_MEASURES": _each(
        ("measure",), lambda m, model: m.dax.strip() in {f"[{other.name}]" for other in model.of("measure")}
    ),
    "FILTER_COLUMN_VALUES": _in_dax(
        rf"(?i)CALCULATE(TABLE)?\s*\(\s*[^,]+,\s*FILTER\s*\(\s*{TABLE}\s*,\s*{TABLE}\[[A-Za-z0-9 _]+\]"
    ),
    "FILTER_MEASURE_VALUES_BY_COLUMNS": _in_dax(
        rf"(?i)CALCULATE(TABLE)?\s*\(\s*[^,]+,\s*FILTER\s*\(\s*{TABLE}\s*,\s*\["
    ),
    "INACTIVE_RELATIONSHIPS_THAT_ARE_NEVER_ACTIVATED": _related(_is_never_used),
    "AVOID_USING_'1-(X/Y)'_SYNTAX": _in_dax(
        rf"[0-9]+\s*[-+]\s*[\(]*\s*(?i:SUM)\s*\(\s*{TABLE}\s*\[[A-Za-z0-9 _]+\]\s*\)\s*/"
        r"|[0-9]+\s*[-+]\s*(?i:DIVIDE)\s*\("
    ),
    "EVALUATEANDLOG_SHOULD_NOT_BE_USED_IN_PRODUCTION_MODELS": _in_dax(r"(?i)EVALUATEANDLOG\s*\(", "measure"),
    "DATA_COLUMNS_MUST_HAVE_A_SOURCE_COLUMN": _each(("column",), lambda c, _: not c["sourceColumn"].strip()),
    "EXPRESSION_RELIANT_OBJECTS_MUST_HAVE_AN_EXPRESSION": _each(
        ("measure", "calculated column"), lambda thing, _: not thing.dax.strip()
    ),
    "AVOID_THE_USERELATIONSHIP_FUNCTION_AND_RLS_AGAINST_THE_SAME_TABLE": _each(
        ("table",),
        lambda t, m: (
            bool(_permissions(t, m))
            and any(
                re.search(rf"(?i)USERELATIONSHIP\s*\(\s*.+?\]\s*,\s*'*{re.escape(t.name)}'*\[", dax)
                for dax in m.dax_of_measures
            )
        ),
    ),
    "RELATIONSHIP_COLUMNS_SAME_DATA_TYPE": _related(lambda r, m: _types(m)[r.start] != _types(m)[r.end]),
    "AVOID_INVALID_NAME_CHARACTERS": _each(NAMED, lambda t, _: bool(re.search(r"[\x00-\x08\x0e-\x1f\x7f]", t.name))),
    "AVOID_INVALID_DESCRIPTION_CHARACTERS": _each(
        NAMED, lambda t, _: bool(re.search(r"[\x00-\x08\x0e-\x1f\x7f]", t.node.description))
    ),
    "UNNECESSARY_COLUMNS": _each(COLUMNS, _is_unnecessary),
    "UNNECESSARY_MEASURES": _each(
        ("measure",),
        lambda t, m: t.is_hidden and not any(f"[{t.name}]".lower() in dax.lower() for dax in m.dax_of_measures),
    ),
    "REMOVE_ROLES_WITH_NO_MEMBERS": _each(("role",), lambda r, _: not list(r.node.of("member"))),
    "ENSURE_TABLES_HAVE_RELATIONSHIPS": _each(
        ("table",), lambda t, m: not any(t.name in r.tables for r in m.relationships)
    ),
    "OBJECTS_WITH_NO_DESCRIPTION": _each(
        ("table", "measure", *COLUMNS), lambda t, _: not t.node.description.strip() and not t["isHidden"]
    ),
    "PARTITION_NAME_SHOULD_MATCH_TABLE_NAME_FOR_SINGLE_PARTITION_TABLES": _each(("table",), _is_renamed_partition),
    "SPECIAL_CHARS_IN_OBJECT_NAMES": _each(NAMED, lambda t, _: bool(re.search(r"[\t\n\r]", t.name))),
    "TRIM_OBJECT_NAMES": _each((*NAMED, "expression"), lambda t, _: t.name != t.name.strip(" ")),
    "OBJECTS_SHOULD_NOT_START_OR_END_WITH_A_SPACE": _each(NAMED, lambda t, _: t.name != t.name.strip(" ")),
    "FORMAT_FLAG_COLUMNS_AS_YES/NO_VALUE_STRINGS": _each(COLUMNS, _flag),
    "DATECOLUMN_FORMATSTRING": _each(
        COLUMNS,
        lambda c, _: "date" in c.name.lower() and c["dataType"] == "datetime" and c["formatString"] != "mm/dd/yyyy",
    ),
    "MONTHCOLUMN_FORMATSTRING": _each(
        COLUMNS,
        lambda c, _: "month" in c.name.lower() and c["dataType"] == "datetime" and c["formatString"] != "mmmm yyyy",
    ),
    "PROVIDE_FORMAT_STRING_FOR_MEASURES": _each(
        ("measure",), lambda t, _: not t.is_hidden and not (t["formatString"] or t["formatStringDefinition"])
    ),
    "NUMERIC_COLUMN_SUMMARIZE_BY": _each(
        COLUMNS, lambda c, _: c["dataType"] in NUMBERS and c["summarizeBy"] != "none" and not c.is_hidden
    ),
    "PERCENTAGE_FORMATTING": _each(
        ("measure",), lambda t, _: "%" in t["formatString"] and t["formatString"] != "#,0.0%;-#,0.0%;#,0.0%"
    ),
    "INTEGER_FORMATTING": _each(
        ("measure",),
        lambda t, _: not re.search(r"[$%]", t["formatString"]) and t["formatString"] not in ("#,0", "#,0.0"),
    ),
    "RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE": _each(
        COLUMNS, lambda c, m: c.path in m.related and c["dataType"] != "int64"
    ),
    "ADD_DATA_CATEGORY_FOR_COLUMNS": _each(COLUMNS, _is_place),
    "HIDE_FOREIGN_KEYS": _each(
        COLUMNS, lambda c, m: not c["isHidden"] and any(c.path == r.start for r in m.relationships)
    ),
    "MARK_PRIMARY_KEYS": _each(COLUMNS, _is_key_of),
    "HIDE_FACT_TABLE_COLUMNS": _each(COLUMNS, _is_covered),
    "FIRST_LETTER_OF_OBJECTS_MUST_BE_CAPITALIZED": _each(
        ("table", "measure", "hierarchy", "calculated column"), lambda t, _: t.name[:1].upper() != t.name[:1]
    ),
    "MONTH_(AS_A_STRING)_MUST_BE_SORTED": _each(COLUMNS, _is_month_unsorted),
}
"""What each rule finds: the objects that break it."""


def findings(model: Tabular) -> dict[str, list[str]]:
    """Return the objects that break a rule, by rule; a rule that nothing breaks is not named."""
    found = {rule: sorted(broken(model)) for rule, broken in RULES.items()}
    return {rule: objects for rule, objects in found.items() if objects}
