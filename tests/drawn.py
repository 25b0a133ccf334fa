"""Tables drawn in tests: a Markdown table is read into rows of texts."""


def cells_of(table: str) -> list[list[str]]:
    """Give the rows below the table's head and rule, each cell without the blanks around it."""
    lines = [line.strip().strip("|") for line in table.strip().splitlines()]
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]
