"""LoadFilesBQ.py as it is called, with BigQuery as the warehouse and a proxy that plays its bad nights."""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from etl.core.job import Job
from etl.load import stage
from etl.load.bigquery.warehouse import BigQueryWarehouse
from etl.load.open import open_warehouse
from tests.load.nights import bigquery_settings
from tests.load.proxy import Billing, Proxy, Remembering, Rule, answered, refusal, running_proxy, slow_answer, stalled
from tests.load.scripts import load, load_command, told
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops

UPLOAD = r"^PUT /upload/"
SCRIPT = r"^POST /bigquery/v2/projects/[\w-]+/jobs\?"
TOKEN = "^POST /token"
LAST_NIGHT, TONIGHT = [(7, 1)], [(8, 2), (9, 1)]


@dataclass
class Cloud:
    """A house whose star is published in BigQuery, by the settings of an environment."""

    house: House
    proxy: Proxy
    environment: dict[str, str]

    def published(self) -> list[tuple[int, int]]:
        """Read the published sales."""
        with open_warehouse(self.house.settings) as warehouse:
            rows = warehouse.read("SELECT sale_id, shop_key FROM fact_sale ORDER BY sale_id").to_pylist()
            return [(row["sale_id"], row["shop_key"]) for row in rows]

    def publishings(self) -> int:
        """Count the times that the sales were published."""
        with open_warehouse(self.house.settings) as warehouse:
            count: int = warehouse.read("SELECT 1 FROM etl_runs WHERE table_name = 'fact_sale'").num_rows
            return count


@pytest.fixture
def cloud(proxy: Proxy, tmp_path: Path) -> Cloud:
    """Give a house whose first star is published, and whose second star is not."""
    return cloud_behind(proxy, tmp_path)


def cloud_behind(proxy: Proxy, folder: Path) -> Cloud:
    """Publish the first star of a house through a proxy, and build the second."""
    house = House(folder, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    named = bigquery_settings(proxy.url, folder)
    fields = ("warehouse", "bigquery_project", "bigquery_dataset", "bigquery_credentials", "bigquery_endpoint")
    given = {name: getattr(named, name) for name in fields}
    house.settings = house.settings.model_copy(update=given)
    cloud = Cloud(house, proxy, {name.upper(): str(value) for name, value in given.items()})
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99"))
    house.build()
    stage.load(Job(house.settings, house.store, house.next_run()))
    house.raw(shops=shops(1, 2), sales=sales("8 2 1.00", "9 1 2.00"))
    house.build()
    proxy.seen.clear()
    return cloud


def key_file(folder: Path, token_uri: str) -> Path:
    """Write the key of a service account whose tokens come from this address."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(encoding, form, serialization.NoEncryption()).decode()
    path = folder / "key.json"
    account = {"type": "service_account", "client_email": "etl@example.com", "token_uri": token_uri}
    path.write_text(json.dumps(account | {"private_key": pem}))
    return path


def test_credentials_that_expire_in_mid_night_are_told_with_the_cure(cloud: Cloud, tmp_path: Path) -> None:
    """Exit code 1, one sentence, no second try of what no try can cure; last night stays."""
    key = key_file(tmp_path, f"{cloud.proxy.url}/token")
    identity = {"BIGQUERY_CREDENTIALS": "key file", "BIGQUERY_KEY_FILE": str(key)}
    token = {"access_token": "hunter2", "expires_in": 3600, "token_type": "Bearer"}
    cloud.proxy.rules += [
        answered(TOKEN, token),
        answered(TOKEN, {"error": "invalid_grant", "error_description": "hunter2 was revoked"}, status=400, times=9),
        refusal(SCRIPT, 401, "authError", "Invalid Credentials", times=9),
    ]
    done = load(cloud.house, **cloud.environment | identity)
    code, error, advice = told(done)
    assert code == 1
    assert error.startswith("Error: BigQuery failed while publishing into ")
    assert error.endswith(": Google did not accept the credentials.")
    assert "gcloud auth application-default login" in advice
    assert "hunter2" not in done.stdout + done.stderr
    assert (cloud.proxy.count(TOKEN), cloud.proxy.count(SCRIPT)) == (2, 1)
    assert cloud.published() == LAST_NIGHT


@pytest.mark.parametrize(
    ("killed_at", "uploads"),
    [
        ([slow_answer(UPLOAD, 0), stalled(UPLOAD)], 3),
        ([slow_answer(SCRIPT, 60)], 2),
    ],
    ids=["at the second upload", "at the publish, which goes on"],
)
def test_script_that_was_killed_is_run_again(cloud: Cloud, killed_at: list[Rule], uploads: int) -> None:
    """What the first try has loaded is found and not loaded again; the star is published once."""
    cloud.proxy.rules += [Rule(**vars(rule)) for rule in killed_at]
    with subprocess.Popen(
        load_command(cloud.house), env=os.environ | cloud.environment, stderr=subprocess.DEVNULL
    ) as script:
        give_up = time.monotonic() + 60
        while cloud.proxy.rules[-1].times and time.monotonic() < give_up:
            time.sleep(0.02)
        script.kill()
    assert cloud.proxy.rules[-1].times == 0
    done = load(cloud.house, **cloud.environment)
    assert done.returncode == 0, done.stderr
    assert cloud.published() == TONIGHT
    assert cloud.publishings() == 2
    assert cloud.proxy.count(UPLOAD) == uploads


def test_what_bigquery_bills_is_told(emulator: str, tmp_path: Path) -> None:
    """What a night costs is in its log, by step: the bytes that are billed, which is at least 10 MB for each table."""
    with running_proxy(emulator, Billing) as proxy:
        cloud = cloud_behind(proxy, tmp_path)
        done = load(cloud.house, **cloud.environment)
        told = re.search(r"BigQuery billed (\d+) MB for (\d+) queries \((.*)\)", done.stderr)
        assert told, done.stderr
        assert int(told[1]) == 40 * int(told[2])
        assert "publishing 40 MB" in told[3]
        assert "checking" in told[3]
        assert cloud.published() == TONIGHT


def test_table_that_bears_the_mark_of_its_publishing_is_not_read(
    emulator: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether somebody changed a table is seen by its metadata, for nothing; only one that was changed is read."""
    with running_proxy(emulator, Remembering) as proxy:
        cloud = cloud_behind(proxy, tmp_path)
        house = cloud.house
        with mock.patch.object(BigQueryWarehouse, "published_receipt", side_effect=AssertionError("it is read")):
            stage.load(Job(house.settings, house.store, house.next_run()))
        assert cloud.published() == TONIGHT
        with open_warehouse(house.settings) as warehouse:
            warehouse.read("DELETE FROM fact_sale WHERE sale_id = 9")
        proxy.changed = str(int(str(proxy.changed)) + 1)
        stage.load(Job(house.settings, house.store, house.next_run()))
        assert "fact_sale was changed by hand since" in caplog.text
        assert cloud.published() == TONIGHT
