"""The faults of a DuckDB file, by what it says."""

from etl.download.generic.faults import Faults

FAULTS = Faults(
    passing_texts="could not set lock",
    refused="not a valid duckdb",
    cures_said=(
        ("set lock", "Somebody has the file open to write; SOURCE_PATIENCE is how long we try again."),
        ("pytz", "Install it: .venv/bin/pip install pytz."),
        ("not a valid duckdb", "Write the path of the database's file into {setting}."),
    ),
)
