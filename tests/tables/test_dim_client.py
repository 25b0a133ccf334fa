"""Clients: two catalogues that overlap, names in parts, e-mails with stray blanks."""

from tests.tables.drawing import NULL, assert_drawn, drawn, judged, nothing, rows


def test_the_global_catalogue_wins_and_the_digital_one_adds_what_it_lacks() -> None:
    """A client of both is taken from the global catalogue, whole: nothing is mixed."""
    clients = judged(
        "dim_client",
        global_clients=drawn(
            """
            | client_id | given_name | email |
            | --------- | ---------- | ----- |
            | 1         | Ana        | ∅     |
            | 2         | Luis       | l@x.y |
            """,
            "global_clients",
        ),
        digital_clients=drawn(
            """
            | client_id | given_name | email | is_global |
            | --------- | ---------- | ----- | --------- |
            | 1         | Anita      | a@x.y | yes       |
            | 3         | Eva        | e@x.y | no        |
            """,
            "digital_clients",
        ),
    )
    assert_drawn(
        clients,
        """
        | client_id | client_name | email | catalogue |
        | --------- | ----------- | ----- | --------- |
        | 1         | Ana         | ∅     | global    |
        | 2         | Luis        | l@x.y | global    |
        | 3         | Eva         | e@x.y | digital   |
        """,
    )
    assert clients.counts.set_aside == {"the global catalogue has this client": 1}


def test_names_are_joined_of_their_parts_and_texts_cleaned() -> None:
    """What is there of a name is joined with a blank; "NA" is a name; blanks and letter case do not count."""
    clients = judged(
        "dim_client",
        global_clients=drawn(
            """
            | client_id | given_name | paternal_name | maternal_name | email      | country |
            | --------- | ---------- | ------------- | ------------- | ---------- | ------- |
            | 1         | ··Ana·     | de··la·Rosa   | Gil           | ·ANA@X.y·· | es      |
            | 2         | ∅          | NA            |               |            | ·pt     |
            | 3         | ∅          | ∅             | ·             | ∅          | ∅       |
            """,
            "global_clients",
        ),
        digital_clients=nothing("digital_clients"),
    )
    assert_drawn(
        clients,
        """
        | client_id | client_name       | email   | country |
        | --------- | ----------------- | ------- | ------- |
        | 1         | Ana de la Rosa Gil | ana@x.y | Spain   |
        | 2         | NA                | ∅       | Portugal |
        | 3         | ∅                 | ∅       | No country |
        """,
    )


def test_a_country_has_one_spelling() -> None:
    """Code or name, in any letter case, is the name; one without a name here is its code, in one case."""
    countries = ["ES", "es ", "Spain", " SPAIN", "pt", "Portugal", "de", "DE ", "", " ", None]
    found = judged(
        "dim_client",
        global_clients=drawn(
            "| client_id | country |\n|-|-|\n"
            + "\n".join(f"| {n} | {NULL if c is None else c.replace(' ', '·')} |" for n, c in enumerate(countries)),
            "global_clients",
        ),
        digital_clients=nothing("digital_clients"),
    )
    assert [row["country"] for row in rows(found.sound, ["client_id", "country"])] == [
        *["Spain"] * 4,
        *["Portugal"] * 2,
        *["DE"] * 2,
        *["No country"] * 3,
    ]


def test_a_registration_near_midnight_falls_on_the_business_day() -> None:
    """23:30 UTC is the next day in Madrid, in winter and in summer."""
    clients = judged(
        "dim_client",
        global_clients=drawn(
            """
            | client_id | registered_at    |
            | --------- | ---------------- |
            | 1         | 2030-01-31 22:59 |
            | 2         | 2030-01-31 23:00 |
            | 3         | 2030-07-31 22:00 |
            | 4         | ∅                |
            """,
            "global_clients",
        ),
        digital_clients=nothing("digital_clients"),
    )
    assert_drawn(
        clients,
        """
        | client_id | registered_on |
        | --------- | ------------- |
        | 1         | 2030-01-31    |
        | 2         | 2030-02-01    |
        | 3         | 2030-08-01    |
        | 4         | ∅             |
        """,
    )


def test_a_client_without_a_number_is_rejected() -> None:
    """What identifies a client may not be NULL; the reject says so and holds the row."""
    clients = judged(
        "dim_client",
        global_clients=nothing("global_clients"),
        digital_clients=drawn(
            """
            | client_id | given_name | is_global |
            | --------- | ---------- | --------- |
            | ∅         | Nobody     | no        |
            """,
            "digital_clients",
        ),
    )
    [(reason, row)] = clients.rejects
    assert reason == "client_id is NULL"
    assert '"client_name": "Nobody"' in row
