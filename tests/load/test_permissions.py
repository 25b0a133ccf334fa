"""The permissions that `etl grants` prints for BigQuery are those of a load's calls: no more, and no fewer."""

import json
import re
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client

from etl.load.bigquery.permissions import DATASETS, FIRST_NIGHT, PROJECT
from tests.load.contracts import STAR
from tests.load.nights import PROJECT as NAME
from tests.load.nights import RUN, impatient, load, night
from tests.load.proxy import Answer, Proxy, running_proxy

CALLS = {
    r"POST (/upload)?\S*/jobs(\?|$)|POST \S*/queries(\?|$)": "jobs.create",
    r"(GET|POST) \S*/(jobs|queries)/": "",  # whoever started a job may look at it and cancel it
    r"POST \S*/datasets(\?|$)": "datasets.create",
    r"GET \S*/datasets/\w+(\?|$)": "datasets.get",
    r"PATCH \S*/datasets/\w+(\?|$)": "datasets.update",
    r"POST \S*/tables(\?|$)": "tables.create",
    r"GET \S*/tables/\w+(\?|$)": "tables.get",
    r"PATCH \S*/tables/\w+(\?|$)": "tables.update",
    r"DELETE \S*/tables/\w+(\?|$)": "tables.delete",
    r"GET \S*/tables/\w+/rowAccessPolicies": "rowAccessPolicies.list",
    r"PUT /upload/\S*/jobs": "",  # the bytes of a load job
}
"""What Google's documentation says that each call needs."""

STATEMENTS = {
    r"\b(INSERT INTO|TRUNCATE TABLE|UPDATE|DELETE FROM) `": "tables.updateData",
    r"\bFROM `": "tables.getData",
    r"\bCREATE TABLE\b": "tables.create",
}
LOADS = {"tables.create", "tables.updateData"}


class Noting(Proxy):
    """A proxy that notes which permissions the requests need."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.needed: set[str] = set()

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Note what a request needs, and what is in it."""
        path = request.replace("/bigquery/v2", "")
        [permission] = {each for call, each in CALLS.items() if re.match(call, path)} or {f"unknown: {request}"}
        self.needed |= {permission} - {""}
        if body.startswith(b"{"):
            self._note(json.loads(body))
        elif b'"load"' in body:
            self.needed |= LOADS
        return None

    def _note(self, sent: Any) -> None:
        if not isinstance(sent, dict):
            return
        configuration = sent.get("configuration", {})
        if "load" in configuration:
            self.needed |= LOADS
        text = sent.get("query") or configuration.get("query", {}).get("query", "")
        self.needed |= {each for statement, each in STATEMENTS.items() if re.search(statement, text)}


def test_a_load_needs_exactly_the_permissions_that_are_printed(emulator: str, tmp_path: Path) -> None:
    """The first night, one that takes an expiry off, and whatever the warehouse reads besides."""
    with running_proxy(emulator, Noting) as proxy, impatient(proxy.url, tmp_path) as warehouse:
        load(warehouse, RUN, night(tmp_path, 3, STAR))
        options = {"api_endpoint": emulator}
        with Client(project=NAME, credentials=AnonymousCredentials(), client_options=options) as client:
            dataset = client.get_dataset(warehouse._dataset)
            dataset.default_table_expiration_ms = 60 * 24 * 3600 * 1000
            client.update_dataset(dataset, ["default_table_expiration_ms"])
        warehouse.ensure(STAR)
        warehouse.published()
        warehouse.numbers(STAR[0])
    assert proxy.needed == {name.removeprefix("bigquery.") for name in {*PROJECT, *FIRST_NIGHT, *DATASETS}}
