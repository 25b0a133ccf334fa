"""The calendar, built for the night of 15 March 2030."""

from datetime import date

from etl.testing import Company


def test_the_calendar_has_every_day_of_whole_years(company: Company) -> None:
    """From the first year of the data to the end of the year after the night."""
    days = [row["date"] for row in company.build("dim_date").rows]
    assert (days[0].month, days[0].day, days[-1]) == (1, 1, date(2031, 12, 31))
    assert len(days) == len(set(days)) == (days[-1] - days[0]).days + 1


def test_a_day_is_told_as_iso_and_english_do(company: Company) -> None:
    """ISO weeks belong to the year of their Thursday; Monday is 1."""
    company.build("dim_date").must_have("""
        | date       | quarter | month_name | year_month | iso_week | weekday | weekday_name | is_weekend |
        | ---------- | ------- | ---------- | ---------- | -------- | ------- | ------------ | ---------- |
        | 2030-03-15 | 1       | March      | 2030-03    | 11       | 5       | Friday       | no         |
        | 2030-12-30 | 4       | December   | 2030-12    | 1        | 1       | Monday       | no         |
        | 2031-10-05 | 4       | October    | 2031-10    | 40       | 7       | Sunday       | yes        |
    """)
