"""Sales: which contracts count, at which price, on which day."""

from etl.transform.check import Checked
from tests.tables.drawing import assert_drawn, drawn, judged, rows

DEPLOYMENTS = """
    | product_id | edition | unit_price | closes_on  |
    | ---------- | ------- | ---------- | ---------- |
    | 1          | 1       | 10.10      | 2027-03-14 |
    | 1          | 2       | 20.20      | 2030-04-01 |
    | 1          | 3       | 30.30      | ∅          |
    """


def sales(contracts: str, **common: object) -> Checked:
    """Build the sales of drawn contracts: signed ones of one instance at noon, if not drawn otherwise."""
    frame = drawn(contracts, "contracts")
    usual = {"origin": "new", "product_id": 1, "edition": 2, "status": 2, "instances": 1, "order_kind": 1}
    for name, value in (usual | common).items():
        if name not in contracts:
            frame[name] = frame[name].fillna(value)
    if "_at" not in contracts and "_text" not in contracts:
        frame["contracted_at"] = drawn("| contracted_at |\n|-|\n" + "| 2030-03-01 12:00 |\n" * len(frame))[
            "contracted_at"
        ]
    return judged("fact_sales", contracts=frame, dim_deployment=drawn(DEPLOYMENTS))


def test_a_contract_counts_when_signed_paid_or_returned_and_no_test() -> None:
    """Each that does not count is set aside with its reason; status comes first."""
    found = sales(
        """
        | contract_id | status | order_kind |
        | ----------- | ------ | ---------- |
        | 1           | 2      | 1          |
        | 2           | 6      | ∅          |
        | 3           | 9      | 33         |
        | 4           | 1      | 1          |
        | 5           | ∅      | 1          |
        | 6           | 2      | 34         |
        | 7           | 5      | 34         |
        """
    )
    assert_drawn(found, "| contract_id |\n|-|\n| 1 |\n| 2 |\n| 3 |")
    assert found.counts.set_aside == {"not signed, paid or returned": 3, "a test order": 1}


def test_its_own_price_wins_and_without_one_the_deployments_counts() -> None:
    """A price of 0 is a price; without any price the contract is rejected."""
    found = sales(
        """
        | contract_id | edition | instances | unit_price |
        | ----------- | ------- | --------- | ---------- |
        | 1           | 2       | 3         | 0.10       |
        | 2           | 2       | 3         | ∅          |
        | 3           | 2       | 3         | 0.00       |
        | 4           | 99      | 3         | ∅          |
        | 5           | 99      | 3         | 5.00       |
        """
    )
    assert_drawn(
        found,
        """
        | contract_id | unit_price | gross_revenue | returned_revenue | net_revenue |
        | ----------- | ---------- | ------------- | ---------------- | ----------- |
        | 1           | 0.10       | 0.30          | 0.00             | 0.30        |
        | 2           | 20.20      | 60.60         | 0.00             | 60.60       |
        | 3           | 0.00       | 0.00          | 0.00             | 0.00        |
        | 5           | 5.00       | 15.00         | 0.00             | 15.00       |
        """,
    )
    assert "unit_price is NULL" in found.rejects[0][0]


def test_of_a_returned_contract_the_gross_is_given_back_on_the_day_of_return() -> None:
    """Returned revenue is −gross, net is 0; a day of return counts for a returned contract only."""
    found = sales(
        """
        | contract_id | status | instances | contracted_at    | returned_at      |
        | ----------- | ------ | --------- | ---------------- | ---------------- |
        | 1           | 9      | 2         | 2030-03-01 12:00 | 2030-03-09 23:30 |
        | 2           | 6      | 2         | 2030-03-01 12:00 | 2030-03-09 12:00 |
        | 3           | 9      | 2         | 2030-03-01 12:00 | ∅                |
        """
    )
    assert_drawn(
        found,
        """
        | contract_id | is_returned | return_date | gross_revenue | returned_revenue | net_revenue |
        | ----------- | ----------- | ----------- | ------------- | ---------------- | ----------- |
        | 1           | yes         | 2030-03-10  | 40.40         | -40.40           | 0.00        |
        | 2           | no          | ∅           | 40.40         | 0.00             | 40.40       |
        | 3           | yes         | ∅           | 40.40         | -40.40           | 0.00        |
        """,
    )


def test_old_contracts_write_their_days_as_text_in_business_time() -> None:
    """dd/mm/yyyy with stray blanks; what is no date leaves the contract without a day, and it is rejected."""
    found = sales(
        """
        | contract_id | origin | status | contract_date_text | return_date_text |
        | ----------- | ------ | ------ | ------------------ | ---------------- |
        | 1           | old    | 9      | ·03/02/2030·       | 28/02/2030       |
        | 2           | old    | 2      | 31/02/2030         | ∅                |
        | 3           | old    | 2      | 2030-02-03         | ∅                |
        """
    )
    assert_drawn(found, "| contract_id | contract_date | return_date |\n|-|-|-|\n| 1 | 2030-02-03 | 2030-02-28 |")
    assert [reason for reason, _ in found.rejects] == ["contract_date is NULL"] * 2


def test_days_before_close_are_counted_in_the_business_time_zone() -> None:
    """Summer time begins on 31 March 2030; a contract after the close has a negative number, an open end none."""
    found = sales(
        """
        | contract_id | edition | contracted_at    |
        | ----------- | ------- | ---------------- |
        | 1           | 2       | 2030-03-31 22:30 |
        | 2           | 2       | 2030-03-30 22:30 |
        | 3           | 2       | 2030-03-30 23:30 |
        | 4           | 2       | 2030-04-02 22:00 |
        | 5           | 3       | 2030-04-02 22:00 |
        """
    )
    assert_drawn(
        found,
        """
        | contract_id | contract_date | days_before_close |
        | ----------- | ------------- | ----------------- |
        | 1           | 2030-04-01    | 0                 |
        | 2           | 2030-03-30    | 2                 |
        | 3           | 2030-03-31    | 1                 |
        | 4           | 2030-04-03    | -2                |
        | 5           | 2030-04-03    | ∅                 |
        """,
    )


def test_equal_numbers_of_the_old_and_the_new_system_are_two_contracts() -> None:
    """The key of a contract is origin and number."""
    found = sales("| origin | contract_id |\n|-|-|\n| old | 7 |\n| new | 7 |")
    assert_drawn(found, "| origin | contract_id |\n|-|-|\n| old | 7 |\n| new | 7 |")


def test_channels_are_compared_without_letter_case_and_blanks() -> None:
    """As the dimension has them."""
    found = sales("| contract_id | channel_code |\n|-|-|\n| 1 | ·web· |\n| 2 | ∅ |\n| 3 |  |")
    assert_drawn(found, "| contract_id | channel_code |\n|-|-|\n| 1 | WEB |\n| 2 | ∅ |\n| 3 | ∅ |")


def test_what_closed_before_the_window_is_computed_with_and_not_published() -> None:
    """Its rows are kept for the classes that look at everything."""
    found = sales("| contract_id | edition |\n|-|-|\n| 1 | 1 |\n| 2 | 2 |\n| 3 | 3 |")
    assert [row["contract_id"] for row in rows(found.table)] == [2, 3]
    assert found.sound["contract_id"].tolist() == [1, 2, 3]
    assert found.counts.before_window == 1


def test_no_instances_are_no_contract() -> None:
    """0, negative or NULL instances break the contract's rules."""
    found = sales("| contract_id | instances |\n|-|-|\n| 1 | 0 |\n| 2 | -1 |\n| 3 | ∅ |\n| 4 | 1 |", instances=1)
    assert found.sound["contract_id"].tolist() == [4]
    assert len(found.rejects) == 3
    assert all("instances" in reason for reason, _ in found.rejects)
