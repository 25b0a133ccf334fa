"""Clients and deployments: what they took, and who came back."""

from etl.transform.check import Checked
from tests.tables.drawing import NULL, assert_drawn, drawn, judged, rows

CLIENTS = "| client_id | client_name |\n|-|-|\n| 1 | Ana |\n| 2 | ∅ |"
DEPLOYMENTS = "| product_id | edition | opened_on | closes_on |\n|-|-|-|-|\n" + "".join(
    f"| {product} | {edition} | 2029-01-01 | 2030-04-01 |\n" for product in (1, 2) for edition in range(1, 25)
)
NO_SALES = "| client_id | product_id | edition | is_returned |\n|-|-|-|-|"


def clients(sales: str = NO_SALES, deployments: str = DEPLOYMENTS) -> Checked:
    """Build the table of drawn sales, each of two instances at 5.00."""
    frame = drawn(sales)
    texts = "".join(f"| 2 | 10.00 | {'0.00' if back else '10.00'} |\n" for back in frame["is_returned"])
    money = drawn("| instances | gross_revenue | net_revenue |\n|-|-|-|\n" + texts)
    if "days_before_close" not in frame:
        frame["days_before_close"] = drawn("| days_before_close |\n|-|\n" + "| 5 |\n" * len(frame))["days_before_close"]
    if "contract_date" not in frame:
        frame["contract_date"] = drawn("| day |\n|-|\n" + "| 2030-01-01 |\n" * len(frame))["day"]
    return judged(
        "fact_client_deployment",
        fact_sales=frame.join(money),
        dim_client=drawn(CLIENTS),
        dim_deployment=drawn(deployments),
    )


def test_contracts_of_a_client_in_a_deployment_add_up() -> None:
    """Contracts, those returned, instances and exact revenue, one row per client and deployment."""
    found = clients(
        """
        | client_id | product_id | edition | is_returned |
        | --------- | ---------- | ------- | ----------- |
        | 1         | 1          | 1       | no          |
        | 2         | 1          | 1       | no          |
        | 1         | 1          | 1       | yes         |
        | 1         | 1          | 1       | no          |
        | 1         | 2          | 1       | yes         |
        """
    )
    assert_drawn(
        found,
        """
        | client_id | product_id | contracts | returned_contracts | instances | gross_revenue | net_revenue |
        | --------- | ---------- | --------- | ------------------ | --------- | ------------- | ----------- |
        | 1         | 1          | 3         | 1                  | 6         | 30.00         | 20.00       |
        | 1         | 2          | 1         | 1                  | 2         | 10.00         | 0.00        |
        | 2         | 1          | 1         | 0                  | 2         | 10.00         | 10.00       |
        """,
    )


def test_the_first_contract_that_was_kept_tells_when_a_client_came() -> None:
    """Returned ones do not count; without one, or without a closing date, it is not known."""
    found = clients(
        """
        | client_id | product_id | edition | is_returned | days_before_close |
        | --------- | ---------- | ------- | ----------- | ----------------- |
        | 1         | 1          | 1       | yes         | 30                |
        | 1         | 1          | 1       | no          | 9                 |
        | 1         | 1          | 1       | no          | 20                |
        | 1         | 1          | 2       | yes         | 8                 |
        | 2         | 1          | 1       | no          | ∅                 |
        """
    )
    assert_drawn(
        found,
        """
        | client_id | edition | first_days_before_close |
        | --------- | ------- | ----------------------- |
        | 1         | 1       | 20                      |
        | 1         | 2       | ∅                       |
        | 2         | 1       | ∅                       |
        """,
    )


def test_a_client_s_edition_is_dated_by_the_first_contract_that_was_kept() -> None:
    """By the first of all, where all were returned: each row is of a day, and so of a year."""
    found = clients(
        """
        | client_id | product_id | edition | is_returned | contract_date |
        | --------- | ---------- | ------- | ----------- | ------------- |
        | 1         | 1          | 1       | yes         | 2029-12-30    |
        | 1         | 1          | 1       | no          | 2030-01-02    |
        | 1         | 1          | 1       | no          | 2030-01-01    |
        | 1         | 1          | 2       | yes         | 2030-02-02    |
        | 1         | 1          | 2       | yes         | 2030-02-01    |
        """
    )
    assert_drawn(
        found,
        """
        | edition | first_contract_date |
        | ------- | ------------------- |
        | 1       | 2030-01-01          |
        | 2       | 2030-02-01          |
        """,
    )


def test_retention_compares_editions_of_the_same_product_in_which_there_were_net_sales() -> None:
    """The edition before: Retained; 2 to 10 ago: Reactivated; none, or longer ago: New; a returned sale is none."""
    told = """
        | client_id | product_id | edition | is_returned | retention   |
        | --------- | ---------- | ------- | ----------- | ----------- |
        | 1         | 1          | 1       | no          | New         |
        | 1         | 1          | 2       | no          | Retained    |
        | 1         | 1          | 4       | no          | Reactivated |
        | 1         | 1          | 14      | no          | Reactivated |
        | 1         | 2          | 15      | no          | New         |
        | 2         | 1          | 1       | no          | New         |
        | 2         | 1          | 2       | yes         | None        |
        | 2         | 1          | 3       | no          | Reactivated |
        | 2         | 1          | 14      | no          | New         |
        """
    found = clients(told)
    drawing = [(row["client_id"], row["product_id"], row["edition"], row["retention"]) for row in rows(drawn(told))]
    built = rows(found.sound, ["client_id", "product_id", "edition", "retention"])
    assert sorted(tuple(row.values()) for row in built) == sorted(drawing)


def test_a_contract_without_a_known_client_or_deployment_is_set_aside_with_the_reason() -> None:
    """One without any, too; and its deployment, being none, is no edition before."""
    found = clients(
        f"""
        | client_id | product_id | edition | is_returned |
        | --------- | ---------- | ------- | ----------- |
        | 99        | 1          | 1       | no          |
        | {NULL}    | 1          | 1       | no          |
        | 1         | 1          | {NULL}  | no          |
        | 1         | 9          | 9       | no          |
        | 1         | 1          | 25      | no          |
        | 1         | 1          | 24      | no          |
        """
    )
    assert found.counts.set_aside == {"unknown client": 2, "unknown deployment": 3}
    assert [row["retention"] for row in rows(found.table)] == ["New"]


def test_a_sale_before_the_window_still_makes_the_next_one_retained() -> None:
    """All history counts for the class, the window only for what is published."""
    deployments = """
        | product_id | edition | opened_on  | closes_on  |
        | ---------- | ------- | ---------- | ---------- |
        | 1          | 1       | 2026-01-01 | 2027-03-14 |
        | 1          | 2       | 2026-01-01 | 2027-03-15 |
        | 1          | 3       | 2026-01-01 | ∅          |
        """
    sales = NO_SALES + "\n| 1 | 1 | 1 | no |\n| 1 | 1 | 2 | no |\n| 1 | 1 | 3 | no |"
    found = clients(sales, deployments)
    assert [row["retention"] for row in rows(found.table)] == ["Retained", "Retained"]
    assert found.counts.before_window == 1


def test_of_nothing_comes_nothing() -> None:
    """An empty company has no row."""
    assert clients().table.num_rows == 0
