"""A report of one measure and one page, and what every report has, for tests of what is said of a faulty one."""

from pathlib import Path


def write_report(folder: Path, of: str, sql: str, dax: str) -> None:
    """Write it into the folder of a report."""
    measures = [
        ("Data as of", "etl_runs", "MIN(as_of)", "MIN('ETL Runs'[As of])"),
        ("All Tables of One Night", "etl_runs", "MIN(as_of) = MAX(as_of)", "1 = 1"),
        ("Rows", of, sql, dax),
    ]
    told = [
        f'[[measure]]\nname = "{name}"\nmeaning = "A figure."\nformat = "#,0"\n'
        f'of = "{table}"\nsql = "{aggregate}"\ndax = "{formula}"\n'
        for name, table, aggregate, formula in measures
    ]
    card = '[[visual]]\nkind = "card"\ntitle = "Rows"\nalt = "How many."\nmeasures = ["Rows"]\n'
    files = {
        "report.toml": 'title = "All"\n',
        "measures/all.toml": "".join(['folder = "All"\n', *told]),
        "pages/1_all.toml": f'name = "All"\ntitle = "How many rows"\n{card}',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
