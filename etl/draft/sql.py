"""The text of a drafted query."""

from etl.draft.asking import Asking
from etl.draft.names import entity
from etl.draft.parts import ROW_NUMBER, Item, Part

_WIDTH = 116


def query_text(part: Part, source: str, asking: Asking, *, types: bool = True) -> str:
    """Write a query. types: whether with a line `-- types:`, as databases need that do not tell them."""
    about = part.table.comment or f"Rows of {part.table.full}."
    rows = "" if part.rows is None else f" About {part.rows:,} rows."
    lines = wrapped(about + ("" if about.endswith((".", "!", "?")) else "."), "-- ")
    lines += [f"-- Drafted from the catalogue.{rows}"]
    lines += [line for note in part.notes for line in wrapped(note, "-- ")]
    lines += [f"-- grain: one row per {entity(part.table.name).replace('_', ' ')}"]
    lines += [f"-- source: {source}", f"-- key: {', '.join(part.natural)}"]
    lines += [f"-- partition on: {part.partition_on}"] if part.partition_on else []
    headers = [(item.name, item.written.header) for item in part.items if item.written.header]
    told = ", ".join(f"{name} {header}" for name, header in headers)
    lines += [f"-- types: {told}"] if told and types else []
    lines += ["-- may be empty: yes"] if part.rows == 0 else []
    lines += ["", "SELECT"]
    items = list(_items(part, asking))
    for number, (notes, sql) in enumerate(items, 1):
        lines += _commented(notes, f"{sql}{',' if number < len(items) else ''}")
    return "\n".join([*lines, *_from(part, asking)]) + "\n"


def item_lines(part: Part, item: Item, asking: Asking) -> list[str]:
    """Write the lines of one column."""
    return _commented(_notes(item), f"{selected(part, item, asking)},")


def _commented(notes: list[str], sql: str) -> list[str]:
    return [*(line for note in notes for line in wrapped(note, "    -- ")), f"    {sql}"]


def wrapped(text: str, begin: str) -> list[str]:
    """Write a text as lines that begin alike."""
    import textwrap

    found = textwrap.wrap(text, _WIDTH - len(begin), break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{begin}{line}".rstrip() for line in found]


def _items(part: Part, asking: Asking) -> list[tuple[list[str], str]]:
    listed = [(_notes(item), selected(part, item, asking)) for item in part.items]
    if part.natural == (ROW_NUMBER,):
        every = ", ".join(_sortable(part, item, asking) for item in part.items if not item.is_joined)
        order = f"row_number() OVER (ORDER BY {every}) AS {asking.quoted(ROW_NUMBER)}"
        listed.insert(0, ([], "\n".join(wrapped(order, "    ")).strip()))
    return listed


def _notes(item: Item) -> list[str]:
    why = [f"{item.name}: {item.written.why}"] if item.written.why else []
    return [*why, *(f"{item.name}: {note}" for note in item.notes)]


def _column(part: Part, item: Item, asking: Asking) -> str:
    name = asking.quoted(item.column.name)
    if not part.joins:
        return name
    return f"{asking.quoted(item.alias or entity(part.table.name))}.{name}"


def selected(part: Part, item: Item, asking: Asking) -> str:
    """Write a column of the SELECT."""
    column, name = _column(part, item, asking), asking.quoted(item.name)
    sql = item.written.sql.replace("{0}", column).replace("{1}", item.source_type)
    return sql if sql.rpartition(".")[2] == name else f"{sql} AS {name}"


def _sortable(part: Part, item: Item, asking: Asking) -> str:
    """Write a column by which rows can be sorted: PostgreSQL sorts no JSON and no XML as it is."""
    column = _column(part, item, asking)
    return f"{column}::text" if asking.backend == "postgresql" and item.arrow in ("", "string") else column


def _from(part: Part, asking: Asking) -> list[str]:
    place = asking.place(part.table.schema, part.table.name)
    own = asking.quoted(entity(part.table.name))
    if not part.joins:
        return [f"FROM {place}"]
    lines = [f"FROM {place}" if place == own else f"FROM {place} AS {own}"]
    for join in part.joins:
        same = " AND ".join(
            f"{asking.quoted(join.alias)}.{asking.quoted(theirs)} = {asking.quoted(alias) if alias else own}"
            f".{asking.quoted(ours)}"
            for alias, ours, theirs in join.on
        )
        if join.guessed:
            lines += wrapped(f"guessed, for no foreign key is declared: {join.guessed}", "-- ")
        place = asking.place(join.table.schema, join.table.name)
        alias = asking.quoted(join.alias)
        lines.append(f"LEFT JOIN {place if place == alias else f'{place} AS {alias}'} ON {same}")
    return lines
