"""Team members and deployments: what they were handed, gave back and sold, and who came back."""

import pandas as pd

from etl.transform.check import Checked
from tests.tables.drawing import NULL, assert_drawn, drawn, judged, nothing, rows

MEMBERS = "| team_member_id | role |\n|-|-|\n| 1 | TEAM_MEMBER |\n| 2 | LEADER |"
DEPLOYMENTS = "| product_id | edition | opened_on | closes_on |\n|-|-|-|-|\n" + "".join(
    f"| {product} | {edition} | 2029-01-01 | 2030-04-01 |\n" for product in (1, 2) for edition in range(1, 25)
)
NO_SALES = "| team_member_id | product_id | edition |\n|-|-|-|"
NO_MOVEMENTS = "| team_member_id | product_id | edition | movement |\n|-|-|-|-|"


def team(
    sales: str = NO_SALES,
    movements: str = NO_MOVEMENTS,
    used: pd.DataFrame | None = None,
    deployments: str = DEPLOYMENTS,
) -> Checked:
    """Build the table of drawn sales (of one instance at 10.00, not returned), movements and self usage."""
    frame = drawn(sales)
    returned = frame["is_returned"] if "is_returned" in frame else pd.Series(False, index=frame.index)
    frame["is_returned"] = returned.astype("bool[pyarrow]")
    texts = "".join(f"| 1 | 10.00 | {'0.00' if back else '10.00'} |\n" for back in returned)
    money = drawn("| instances | gross_revenue | net_revenue |\n|-|-|-|\n" + texts)
    return judged(
        "fact_team_deployment",
        fact_sales=frame.join(money),
        fact_usage_movements=drawn(movements),
        self_usage=nothing("self_usage") if used is None else used,
        dim_team_member=drawn(MEMBERS),
        dim_deployment=drawn(deployments),
    )


def test_retention_compares_editions_of_the_same_product_in_which_there_were_net_sales() -> None:
    """The edition before: Retained; 2 to 10 ago: Reactivated; none, or longer ago: New; a returned sale is none."""
    found = team(
        """
        | team_member_id | product_id | edition | is_returned |
        | -------------- | ---------- | ------- | ----------- |
        | 1              | 1          | 1       | no          |
        | 1              | 1          | 2       | no          |
        | 1              | 1          | 4       | no          |
        | 1              | 1          | 14      | no          |
        | 1              | 2          | 15      | no          |
        | 2              | 1          | 1       | no          |
        | 2              | 1          | 2       | yes         |
        | 2              | 1          | 3       | no          |
        | 2              | 1          | 14      | no          |
        """
    )
    assert_drawn(
        found,
        """
        | team_member_id | product_id | edition | retention   |
        | -------------- | ---------- | ------- | ----------- |
        | 1              | 1          | 1       | New         |
        | 1              | 1          | 2       | Retained    |
        | 1              | 1          | 4       | Reactivated |
        | 1              | 1          | 14      | Reactivated |
        | 1              | 2          | 15      | New         |
        | 2              | 1          | 1       | New         |
        | 2              | 1          | 2       | None        |
        | 2              | 1          | 3       | Reactivated |
        | 2              | 1          | 14      | New         |
        """,
    )


def test_movements_are_counted_and_tell_who_returned_everything() -> None:
    """Returned everything: handed something, and no net sale; reallocations are allocations too."""
    found = team(
        """
        | team_member_id | product_id | edition | is_returned |
        | -------------- | ---------- | ------- | ----------- |
        | 1              | 1          | 2       | no          |
        | 1              | 1          | 3       | yes         |
        | 2              | 1          | 4       | yes         |
        """,
        """
        | team_member_id | product_id | edition | movement     |
        | -------------- | ---------- | ------- | ------------ |
        | 1              | 1          | 1       | ALLOCATION   |
        | 1              | 1          | 1       | RETURN       |
        | 1              | 1          | 2       | ALLOCATION   |
        | 1              | 1          | 2       | RETURN       |
        | 1              | 1          | 2       | REALLOCATION |
        | 1              | 1          | 2       | ALLOCATION   |
        | 1              | 1          | 3       | ALLOCATION   |
        """,
    )
    assert_drawn(
        found,
        """
        | edition | allocations | returns | is_reallocated | has_three_or_more_allocations | returned_everything |
        | ------- | ----------- | ------- | -------------- | ----------------------------- | ------------------- |
        | 1       | 1           | 1       | no             | no                            | yes                 |
        | 2       | 3           | 1       | yes            | yes                           | no                  |
        | 3       | 1           | 0       | no             | no                            | yes                 |
        | 4       | 0           | 0       | no             | no                            | no                  |
        """,
    )
    assert [row["retention"] for row in rows(found.sound) if row["edition"] in (1, 3)] == ["None", "None"]


def test_sales_and_self_usage_add_up() -> None:
    """Contracts, those returned, instances and exact revenue; self usage of all days."""
    used = drawn(
        """
        | team_member_id | product_id | edition | used_on    | instances |
        | -------------- | ---------- | ------- | ---------- | --------- |
        | 1              | 1          | 1       | 2030-01-01 | 2         |
        | 1              | 1          | 1       | 2030-01-02 | 3         |
        | 2              | 1          | 1       | 2030-01-02 | 1         |
        | ∅              | 1          | 1       | 2030-01-02 | 7         |
        """
    )
    found = team(
        "| team_member_id | product_id | edition | is_returned |\n|-|-|-|-|\n| 1 | 1 | 1 | no |\n| 1 | 1 | 1 | yes |",
        used=used,
    )
    assert_drawn(
        found,
        """
        | team_member_id | contracts | returned_contracts | gross_revenue | net_revenue | self_usage_instances |
        | -------------- | --------- | ------------------ | ------------- | ----------- | -------------------- |
        | 1              | 2         | 1                  | 20.00         | 10.00       | 5                    |
        | 2              | 0         | 0                  | 0.00          | 0.00        | 1                    |
        """,
    )


def test_what_is_no_members_or_deployments_is_set_aside_with_its_reason() -> None:
    """So is a return without anything else; sales of nobody are none of this table."""
    found = team(
        f"""
        | team_member_id | product_id | edition |
        | -------------- | ---------- | ------- |
        | 99             | 1          | 1       |
        | 1              | 9          | 9       |
        | {NULL}         | 1          | 1       |
        """,
        "| team_member_id | product_id | edition | movement |\n|-|-|-|-|\n| 1 | 1 | 1 | RETURN |",
    )
    assert found.table.num_rows == 0
    assert found.counts.set_aside == {
        "unknown team member": 1,
        "unknown deployment": 1,
        "neither allocation, sale nor self usage": 1,
    }


def test_a_sale_before_the_window_still_makes_the_next_one_retained() -> None:
    """All history counts for the class, the window only for what is published."""
    deployments = """
        | product_id | edition | opened_on  | closes_on  |
        | ---------- | ------- | ---------- | ---------- |
        | 1          | 1       | 2026-01-01 | 2027-03-14 |
        | 1          | 2       | 2026-01-01 | 2027-03-15 |
        """
    sales = "| team_member_id | product_id | edition |\n|-|-|-|\n| 1 | 1 | 1 |\n| 1 | 1 | 2 |"
    assert [row["retention"] for row in rows(team(sales, deployments=deployments).table)] == ["Retained"]


def test_of_nothing_comes_nothing() -> None:
    """An empty company has no row."""
    assert team().table.num_rows == 0
