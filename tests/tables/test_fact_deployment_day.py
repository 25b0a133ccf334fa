"""Deployments day by day: the calendar, web analytics, and the pace against the edition before."""

import dataclasses
from datetime import date

import pandas as pd

from etl.transform.check import Checked
from tests.tables.drawing import TONIGHT, assert_drawn, drawn, judged, nothing, rows

DEPLOYMENTS = """
    | product_id | edition | opened_on  | closes_on  |
    | ---------- | ------- | ---------- | ---------- |
    | 1          | 1       | 2030-02-01 | 2030-02-10 |
    | 1          | 2       | 2030-03-01 | 2030-03-16 |
    | 2          | 2       | 2030-03-01 | ∅          |
    """
USUAL = {
    "instances": "1",
    "gross_revenue": "10.00",
    "returned_revenue": "0.00",
    "net_revenue": "10.00",
    "is_returned": "no",
    "return_date": "∅",
    "channel_code": "WEB",
}


def days(
    sales: str, web: pd.DataFrame | None = None, deployments: str = DEPLOYMENTS, today: date = TONIGHT.business_date
) -> Checked:
    """Build the days of drawn sales, of one instance at 10.00 each, with their partial."""
    frame = drawn(sales)
    for name, text in USUAL.items():
        if name not in frame:
            frame[name] = drawn(f"| {name} |\n|-|\n" + f"| {text} |\n" * len(frame))[name]
    return judged(
        "fact_deployment_day",
        night=dataclasses.replace(TONIGHT, business_date=today),
        fact_sales=frame,
        web_analytics=nothing("web_analytics") if web is None else web,
        dim_deployment=drawn(deployments),
    )


def test_an_edition_has_every_day_from_its_first_sale_to_its_close() -> None:
    """Days without a sale are there with 0; none before the first sale, none after the close."""
    found = days(
        """
        | product_id | edition | contract_date |
        | ---------- | ------- | ------------- |
        | 1          | 1       | 2030-02-09    |
        | 1          | 1       | 2030-02-07    |
        | 1          | 1       | 2030-02-07    |
        """
    )
    assert_drawn(
        found,
        """
        | date       | days_before_close | contracts | gross_revenue | contracts_to_date | net_revenue_to_date |
        | ---------- | ----------------- | --------- | ------------- | ----------------- | ------------------- |
        | 2030-02-07 | 3                 | 2         | 20.00         | 2                 | 20.00               |
        | 2030-02-08 | 2                 | 0         | 0.00          | 2                 | 20.00               |
        | 2030-02-09 | 1                 | 1         | 10.00         | 3                 | 30.00               |
        | 2030-02-10 | 0                 | 0         | 0.00          | 3                 | 30.00               |
        """,
    )


def test_an_open_edition_ends_with_the_unfinished_day_of_the_night() -> None:
    """With or without a closing date to come; only that day is unfinished."""
    found = days(
        """
        | product_id | edition | contract_date |
        | ---------- | ------- | ------------- |
        | 1          | 2       | 2030-03-14    |
        | 2          | 2       | 2030-03-15    |
        """
    )
    assert_drawn(
        found,
        """
        | product_id | date       | days_before_close | is_unfinished |
        | ---------- | ---------- | ----------------- | ------------- |
        | 1          | 2030-03-14 | 2                 | no            |
        | 1          | 2030-03-15 | 1                 | yes           |
        | 2          | 2030-03-15 | ∅                 | yes           |
        """,
    )


def test_what_is_given_back_counts_on_the_day_of_return() -> None:
    """The sale stays on its day; what is returned after the close, or nobody knows when, is set aside and told."""
    found = days(
        """
        | product_id | edition | contract_date | is_returned | return_date | returned_revenue |
        | ---------- | ------- | ------------- | ----------- | ----------- | ---------------- |
        | 1          | 1       | 2030-02-09    | yes         | 2030-02-10  | -10.00           |
        | 1          | 1       | 2030-02-09    | yes         | 2030-02-11  | -10.00           |
        | 1          | 1       | 2030-02-09    | yes         | ∅           | -10.00           |
        """
    )
    assert_drawn(
        found,
        """
        | date       | gross_revenue | returned_revenue | net_revenue | net_revenue_to_date |
        | ---------- | ------------- | ---------------- | ----------- | ------------------- |
        | 2030-02-09 | 30.00         | 0.00             | 30.00       | 30.00               |
        | 2030-02-10 | 0.00          | -10.00           | -10.00      | 20.00               |
        """,
    )
    assert found.counts.set_aside == {"before the first sale or after the close": 1, "returned on an unknown day": 1}


def test_sales_of_an_unknown_deployment_are_set_aside() -> None:
    """They have no calendar."""
    found = days("| product_id | edition | contract_date |\n|-|-|-|\n| 9 | 9 | 2030-02-09 |\n| ∅ | 1 | 2030-02-09 |")
    assert found.table.num_rows == 0
    assert found.counts.set_aside == {"unknown deployment": 2}


def test_no_visit_is_0_and_no_measurement_is_null() -> None:
    """Of a day that was measured each number is as reported; one without a report has none."""
    web = drawn(
        """
        | product_id | edition | day        | visits | orders |
        | ---------- | ------- | ---------- | ------ | ------ |
        | 1          | 1       | 2030-02-09 | 0      | ∅      |
        """,
        "web_analytics",
    )
    found = days("| product_id | edition | contract_date |\n|-|-|-|\n| 1 | 1 | 2030-02-09 |", web)
    assert_drawn(found, "| date | visits | orders |\n|-|-|-|\n| 2030-02-09 | 0 | ∅ |\n| 2030-02-10 | ∅ | ∅ |")


def test_an_edition_is_compared_with_the_one_before_at_the_same_days_before_close() -> None:
    """Before its first sale the one before had 0; web numbers are compared only where they were measured."""
    web = drawn(
        """
        | product_id | edition | day        | visits | orders |
        | ---------- | ------- | ---------- | ------ | ------ |
        | 1          | 1       | 2030-02-08 | 5      | 1      |
        """,
        "web_analytics",
    )
    found = days(
        """
        | product_id | edition | contract_date |
        | ---------- | ------- | ------------- |
        | 1          | 1       | 2030-02-08    |
        | 1          | 1       | 2030-02-09    |
        | 1          | 2       | 2030-03-13    |
        """,
        web,
        today=date(2030, 3, 17),
    )
    wanted = """
        | edition | days_before_close | previous_contracts_to_date | previous_net_revenue_to_date | previous_visits |
        | ------- | ----------------- | -------------------------- | ---------------------------- | --------------- |
        | 1       | 2                 | ∅                          | ∅                            | ∅               |
        | 1       | 1                 | ∅                          | ∅                            | ∅               |
        | 1       | 0                 | ∅                          | ∅                            | ∅               |
        | 2       | 3                 | 0                          | 0.00                         | ∅               |
        | 2       | 2                 | 1                          | 10.00                        | 5               |
        | 2       | 1                 | 2                          | 20.00                        | ∅               |
        | 2       | 0                 | 2                          | 20.00                        | ∅               |
        """
    assert_drawn(found, wanted)


def test_the_unfinished_day_is_no_measure_of_pace() -> None:
    """Neither is it compared, nor is anything compared with it."""
    deployments = """
        | product_id | edition | opened_on  | closes_on  |
        | ---------- | ------- | ---------- | ---------- |
        | 1          | 1       | 2030-03-01 | 2030-03-18 |
        | 1          | 2       | 2030-03-01 | 2030-03-17 |
        """
    found = days(
        """
        | product_id | edition | contract_date |
        | ---------- | ------- | ------------- |
        | 1          | 1       | 2030-03-13    |
        | 1          | 2       | 2030-03-12    |
        """,
        deployments=deployments,
    )
    assert_drawn(
        found,
        """
        | edition | date       | days_before_close | previous_contracts_to_date |
        | ------- | ---------- | ----------------- | -------------------------- |
        | 1       | 2030-03-13 | 5                 | ∅                          |
        | 1       | 2030-03-14 | 4                 | ∅                          |
        | 1       | 2030-03-15 | 3                 | ∅                          |
        | 2       | 2030-03-12 | 5                 | 1                          |
        | 2       | 2030-03-13 | 4                 | 1                          |
        | 2       | 2030-03-14 | 3                 | ∅                          |
        | 2       | 2030-03-15 | 2                 | ∅                          |
        """,
    )


def test_the_largest_contract_to_date_is_of_those_that_were_kept() -> None:
    """It stays until a larger one comes; of a returned contract nothing is left that could be large."""
    found = days(
        """
        | product_id | edition | contract_date | is_returned | gross_revenue | net_revenue |
        | ---------- | ------- | ------------- | ----------- | ------------- | ----------- |
        | 1          | 1       | 2030-02-06    | yes         | 90.00         | 0.00        |
        | 1          | 1       | 2030-02-07    | no          | 10.00         | 10.00       |
        | 1          | 1       | 2030-02-07    | no          | 30.00         | 30.00       |
        | 1          | 1       | 2030-02-09    | no          | 20.00         | 20.00       |
        | 1          | 1       | 2030-02-10    | no          | 40.00         | 40.00       |
        | 2          | 2       | 2030-03-14    | no          | 5.00          | 5.00        |
        """
    )
    assert_drawn(
        found,
        """
        | product_id | date       | largest_contract_to_date |
        | ---------- | ---------- | ------------------------ |
        | 1          | 2030-02-06 | 0.00                     |
        | 1          | 2030-02-07 | 30.00                    |
        | 1          | 2030-02-08 | 30.00                    |
        | 1          | 2030-02-09 | 30.00                    |
        | 1          | 2030-02-10 | 40.00                    |
        | 2          | 2030-03-14 | 5.00                     |
        | 2          | 2030-03-15 | 5.00                     |
        """,
    )


def test_a_day_without_a_pace_says_why() -> None:
    """No close, nothing sold before, an edition before that never closes, or one that has not come so far."""
    deployments = """
        | product_id | edition | opened_on  | closes_on  |
        | ---------- | ------- | ---------- | ---------- |
        | 1          | 1       | 2030-03-01 | 2030-03-14 |
        | 1          | 2       | 2030-03-01 | 2030-03-14 |
        | 2          | 7       | 2030-03-01 | ∅          |
        | 2          | 8       | 2030-03-01 | 2030-03-20 |
        | 3          | 1       | 2030-03-01 | 2030-05-01 |
        | 3          | 2       | 2030-03-01 | 2030-03-20 |
        """
    sold = [(1, 1), (1, 2), (2, 7), (2, 8), (3, 1), (3, 2)]
    lines = "".join(f"| {product} | {edition} | 2030-03-14 |\n" for product, edition in sold)
    found = days("| product_id | edition | contract_date |\n|-|-|-|\n" + lines, deployments=deployments)
    of_the_14th = [row for row in rows(found.sound) if row["date"] == date(2030, 3, 14)]
    assert {(row["product_id"], row["edition"]): row["pace_gap"] for row in of_the_14th} == {
        (1, 1): "No edition before",
        (1, 2): None,
        (2, 7): "No closing date",
        (2, 8): "Edition before without closing date",
        (3, 1): "No edition before",
        (3, 2): "Edition before not so far yet",
    }
    assert {row["pace_gap"] for row in rows(found.sound) if row["is_unfinished"]} == {None}


def test_product_1_edition_23_and_product_12_edition_3_never_meet() -> None:
    """Neither their days nor their web analytics, though their texts glued would be the same."""
    deployments = """
        | product_id | edition | opened_on  | closes_on  |
        | ---------- | ------- | ---------- | ---------- |
        | 1          | 23      | 2030-02-01 | 2030-02-10 |
        | 12         | 3       | 2030-02-01 | 2030-02-10 |
        """
    sales = "| product_id | edition | contract_date |\n|-|-|-|\n| 1 | 23 | 2030-02-10 |\n| 12 | 3 | 2030-02-10 |"
    assert_drawn(
        days(sales, deployments=deployments),
        "| product_id | edition | contracts |\n|-|-|-|\n| 1 | 23 | 1 |\n| 12 | 3 | 1 |",
    )


def test_an_edition_before_the_window_is_compared_with_and_not_published() -> None:
    """Its days are outside of the window, the one after it still has its pace."""
    deployments = """
        | product_id | edition | opened_on  | closes_on  |
        | ---------- | ------- | ---------- | ---------- |
        | 1          | 1       | 2027-02-01 | 2027-03-14 |
        | 1          | 2       | 2027-03-01 | 2027-03-15 |
        """
    sales = "| product_id | edition | contract_date |\n|-|-|-|\n| 1 | 1 | 2027-03-14 |\n| 1 | 2 | 2027-03-15 |"
    found = days(sales, deployments=deployments)
    assert [row["previous_contracts_to_date"] for row in rows(found.table)] == [1]
    assert found.counts.before_window == 1


def test_without_a_sale_there_is_no_day() -> None:
    """An empty stream builds an empty table."""
    assert days("| product_id | edition | contract_date |\n|-|-|-|").table.num_rows == 0
