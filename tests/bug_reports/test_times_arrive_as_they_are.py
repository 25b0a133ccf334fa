"""Times arrive in whatever form the source wrote them."""

from datetime import UTC, datetime

from tests.bug_reports.company import Stranger

FORMS = {
    "2016-01-02T00:15:30Z": datetime(2016, 1, 2, 0, 15, 30, tzinfo=UTC),
    "2016-01-02 00:15:30.25+02:00": datetime(2016, 1, 1, 22, 15, 30, 250_000, tzinfo=UTC),
    "2016-01-02 00:15": datetime(2016, 1, 2, 0, 15, tzinfo=UTC),
    "2016-01-02": datetime(2016, 1, 2, tzinfo=UTC),
}


def test_texts_of_sqlite_are_instants(stranger: Stranger) -> None:
    """Its functions take each of these forms, of which a day alone is the midnight that it begins with."""
    stranger.fill(
        "CREATE TABLE clicks (id INTEGER, at DATETIME)",
        *(f"INSERT INTO clicks VALUES ({number}, '{text}')" for number, text in enumerate(FORMS)),
    )
    stranger.query("clicks", "SELECT id, at FROM clicks ORDER BY id", more="-- types: at timestamptz\n")
    stranger.done()
    assert [row["at"] for row in stranger.rows("clicks")] == list(FORMS.values())
