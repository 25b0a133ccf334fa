"""Usage movements: what is a reallocation."""

from etl.transform.check import Checked
from tests.tables.drawing import assert_drawn, drawn, judged


def movements(table: str) -> Checked:
    """Build drawn movements, which come in the query's order."""
    deployments = drawn("| product_id | edition | closes_on |\n|-|-|-|\n| 1 | 1 | 2030-04-01 |\n| 1 | 2 | 2030-04-01 |")
    frame = drawn(table, "movements")
    if "moved_at" not in table:
        frame["moved_at"] = drawn("| moved_at |\n|-|\n" + "| 2030-03-01 12:00 |\n" * len(frame))["moved_at"]
    return judged("fact_usage_movements", movements=frame, dim_deployment=deployments)


def test_an_allocation_directly_after_a_return_is_a_reallocation() -> None:
    """Within one usage id and deployment, however long ago the return was."""
    assert_drawn(
        movements(
            """
            | movement_id | usage_id | product_id | edition | movement_type | moved_at         |
            | ----------- | -------- | ---------- | ------- | ------------- | ---------------- |
            | 1           | 7        | 1          | 1       | 1             | 2027-01-01 00:00 |
            | 2           | 7        | 1          | 1       | 2             | 2027-01-02 00:00 |
            | 3           | 7        | 1          | 1       | 1             | 2030-03-01 00:00 |
            | 4           | 7        | 1          | 1       | 1             | 2030-03-02 00:00 |
            | 5           | 7        | 1          | 1       | 2             | 2030-03-03 00:00 |
            | 6           | 7        | 1          | 1       | 2             | 2030-03-04 00:00 |
            """
        ),
        """
        | movement_id | movement     |
        | ----------- | ------------ |
        | 1           | ALLOCATION   |
        | 2           | RETURN       |
        | 3           | REALLOCATION |
        | 4           | ALLOCATION   |
        | 5           | RETURN       |
        | 6           | RETURN       |
        """,
    )


def test_a_return_of_another_block_or_deployment_is_no_predecessor() -> None:
    """The row above counts only where usage id, product and edition are the same; NULL is the same as nothing."""
    assert_drawn(
        movements(
            """
            | movement_id | usage_id | product_id | edition | movement_type |
            | ----------- | -------- | ---------- | ------- | ------------- |
            | 1           | 7        | 1          | 1       | 2             |
            | 2           | 7        | 1          | 2       | 1             |
            | 3           | 7        | 1          | 2       | 2             |
            | 4           | 8        | 1          | 2       | 1             |
            | 5           | 8        | ∅          | ∅       | 2             |
            | 6           | 8        | ∅          | ∅       | 1             |
            """
        ),
        """
        | movement_id | movement   |
        | ----------- | ---------- |
        | 1           | RETURN     |
        | 2           | ALLOCATION |
        | 3           | RETURN     |
        | 4           | ALLOCATION |
        | 5           | RETURN     |
        | 6           | ALLOCATION |
        """,
    )


def test_a_movement_of_an_unknown_kind_is_rejected_and_still_a_predecessor() -> None:
    """Only a direct predecessor counts: what stood between return and allocation hides the return."""
    found = movements(
        """
        | movement_id | usage_id | product_id | edition | movement_type |
        | ----------- | -------- | ---------- | ------- | ------------- |
        | 1           | 7        | 1          | 1       | 2             |
        | 2           | 7        | 1          | 1       | 3             |
        | 3           | 7        | 1          | 1       | 1             |
        | 4           | 7        | 1          | 1       | ∅             |
        """
    )
    assert_drawn(found, "| movement_id | movement |\n|-|-|\n| 1 | RETURN |\n| 3 | ALLOCATION |")
    assert [reason for reason, _ in found.rejects] == ["movement is NULL"] * 2


def test_a_movement_near_midnight_falls_on_the_business_day() -> None:
    """The instant stays in UTC."""
    found = movements(
        """
        | movement_id | usage_id | product_id | edition | movement_type | moved_at         |
        | ----------- | -------- | ---------- | ------- | ------------- | ---------------- |
        | 1           | 7        | 1          | 1       | 1             | 2030-06-30 22:00 |
        """
    )
    assert_drawn(found, "| moved_at | movement_date |\n|-|-|\n| 2030-06-30 22:00 | 2030-07-01 |")
