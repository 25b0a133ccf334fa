"""Channels, offices, products, deployments and the calendar."""

from datetime import date, timedelta

from tests.tables.drawing import TONIGHT, assert_drawn, drawn, judged, nothing, rows


def test_channel_codes_are_upper_case_without_blanks() -> None:
    """So that a contract's " web" finds its channel."""
    channels = judged(
        "dim_channel",
        channels=drawn(
            """
            | channel_code | name  | is_digital |
            | ------------ | ----- | ---------- |
            | ·web         | Web·· | yes        |
            | Team         |       | no         |
            """
        ),
    )
    assert_drawn(
        channels,
        """
        | channel_code | channel_name | is_digital |
        | ------------ | ------------ | ---------- |
        | WEB          | Web          | yes        |
        | TEAM         | ∅            | no         |
        """,
    )


def test_offices_and_their_regions_have_one_spelling() -> None:
    """Stray blanks and letter cases go; an office without a name is its number, one without a region says so."""
    offices = judged(
        "dim_office",
        offices=drawn(
            """
            | office_id | name    | region  |
            | --------- | ------- | ------- |
            | 1         | ·Bilbao· | North  |
            | 2         | Palma   | ·north· |
            | 3         |         | SOUTH   |
            | 4         | ∅       |         |
            | 5         | Paris   | ·east   |
            """,
            "offices",
        ),
    )
    assert_drawn(
        offices,
        """
        | office_id | office_name | region    |
        | --------- | ----------- | --------- |
        | 1         | Bilbao      | North     |
        | 2         | Palma       | North     |
        | 3         | Office 3    | South     |
        | 4         | Office 4    | No region |
        | 5         | Paris       | EAST      |
        """,
    )


def test_products_are_cleaned() -> None:
    """Stray blanks go; "NA" is a name."""
    products = judged("dim_product", products=drawn("| product_id | name | category |\n|-|-|-|\n| 1 | NA | ∅ |"))
    assert_drawn(products, "| product_id | product_name | category |\n|-|-|-|\n| 1 | NA | ∅ |")


def test_a_deployment_is_open_until_its_closing_date_has_passed() -> None:
    """On the closing date itself it is still sold; without one it is open, but not before its first day."""
    deployments = judged(
        "dim_deployment",
        deployments=drawn(
            """
            | product_id | edition | unit_price | opened_on  | closes_on  |
            | ---------- | ------- | ---------- | ---------- | ---------- |
            | 1          | 1       | 10.00      | 2030-01-01 | 2030-03-14 |
            | 1          | 2       | 10.00      | 2030-01-01 | 2030-03-15 |
            | 1          | 3       | 10.00      | 2030-01-01 | ∅          |
            | 1          | 4       | 10.00      | 2030-03-15 | ∅          |
            | 1          | 5       | 10.00      | 2030-03-16 | 2030-06-30 |
            """,
            "deployments",
        ),
    )
    assert_drawn(
        deployments,
        """
        | edition | is_open | days_to_close |
        | ------- | ------- | ------------- |
        | 1       | no      | ∅             |
        | 2       | yes     | 1             |
        | 3       | yes     | ∅             |
        | 4       | yes     | ∅             |
        | 5       | no      | ∅             |
        """,
    )


def test_the_calendar_has_every_day_of_whole_years() -> None:
    """From the year of the first opening to the year after the night, or the last close; leap days too."""
    days = judged(
        "dim_date",
        deployments=drawn(
            """
            | opened_on  | closes_on  |
            | ---------- | ---------- |
            | 2027-06-01 | 2032-01-01 |
            | ∅          | ∅          |
            """
        ),
    )
    dates = [row["date"] for row in rows(days.table)]
    first, last = date(2027, 1, 1), date(2032, 12, 31)
    assert dates == [first + timedelta(n) for n in range((last - first).days + 1)]


def test_the_calendar_of_a_company_without_deployments_is_that_of_its_nights() -> None:
    """Nothing to sell yet is no fault."""
    dates = [row["date"] for row in rows(judged("dim_date", deployments=nothing("deployments")).table)]
    assert (dates[0], dates[-1]) == (
        date(TONIGHT.business_date.year, 1, 1),
        date(TONIGHT.business_date.year + 1, 12, 31),
    )


def test_the_day_one_year_later_of_29_february_is_the_28th() -> None:
    """So that each day is compared with a day of the year before, and none is left out."""
    days = judged("dim_date", deployments=drawn("| opened_on | closes_on |\n|-|-|\n| 2027-06-01 | 2029-01-01 |"))
    later = {row["date"]: row["one_year_later"] for row in rows(days.table)}
    assert later[date(2028, 2, 28)] == later[date(2028, 2, 29)] == date(2029, 2, 28)
    assert later[date(2027, 12, 31)] == date(2028, 12, 31)
    assert later[date(2027, 2, 28)] == date(2028, 2, 28)


def test_the_calendar_tells_of_each_day_what_iso_and_english_say() -> None:
    """ISO weeks belong to the year of their Thursday; Monday is 1."""
    days = judged("dim_date", deployments=nothing("deployments"))
    wanted = drawn(
        """
        | date       | quarter | month_name | year_month | iso_week | weekday | weekday_name | is_weekend |
        | ---------- | ------- | ---------- | ---------- | -------- | ------- | ------------ | ---------- |
        | 2030-03-15 | 1       | March      | 2030-03    | 11       | 5       | Friday       | no         |
        | 2030-12-30 | 4       | December   | 2030-12    | 1        | 1       | Monday       | no         |
        | 2031-10-05 | 4       | October    | 2031-10    | 40       | 7       | Sunday       | yes        |
        """
    )
    found = [row for row in rows(days.table, list(wanted.columns)) if row["date"] in set(wanted["date"])]
    assert found == rows(wanted)
