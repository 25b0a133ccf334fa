"""Credentials that are missing, broken, or expire in mid-night, the last with Google's own library at work."""

import json
from pathlib import Path

import pytest
from google.auth.exceptions import RefreshError

from etl.core.errors import EtlError
from etl.load.bigquery.errors import Explainer, is_transient
from tests.load.contracts import PLANET
from tests.load.nights import impatient

TOKEN = "^POST /token"


def test_missing_default_credentials_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without credentials of Google Cloud is told how to get some."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    warehouse = impatient("http://127.0.0.1:9", tmp_path, bigquery_credentials="default")
    with pytest.raises(EtlError, match="no default credentials") as told:
        warehouse.changes([PLANET])
    assert "gcloud auth application-default login" in told.value.hint


@pytest.mark.parametrize(
    "content", [None, "hunter2", json.dumps({"type": "service_account", "private_key": "hunter2"})]
)
def test_unusable_key_file_is_told_without_its_content(tmp_path: Path, content: str | None) -> None:
    """A key file that is missing or broken is named; what stands in it is not."""
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    warehouse = impatient("http://127.0.0.1:9", tmp_path, bigquery_credentials="key file", bigquery_key_file=file)
    with pytest.raises(EtlError, match=r"key.json cannot be used") as told:
        warehouse.changes([PLANET])
    assert "hunter2" not in told.value.message + told.value.hint


DENIED = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource"
DISABLED = "IAM Service Account Credentials API has not been used in project 1 before: visit https://x/apis/api/iamcredentials.googleapis.com/overview"


@pytest.mark.parametrize(
    ("said", "sentence", "cure"),
    [
        ("invalid_grant: hunter2", "Google did not accept the credentials.", "gcloud auth application-default login"),
        (f"Unable to acquire: {DENIED} hunter2", "BIGQUERY_IMPERSONATE", "roles/iam.serviceAccountTokenCreator"),
        ("hunter2: Request had insufficient authentication scopes.", "scopes", "--scopes=cloud-platform"),
        (f"hunter2: {DISABLED}", "disabled", "gcloud services enable iamcredentials.googleapis.com"),
    ],
)
def test_credentials_that_google_refuses_are_told_without_them(said: str, sentence: str, cure: str) -> None:
    """What Google answers to refused credentials may quote them, so it is not repeated; the cure hangs on it."""
    error = Explainer("p", "d").error("reading p.d", RefreshError(said))
    assert "Google did not accept the credentials" in error.message
    assert sentence in error.message
    assert cure in error.hint
    assert "hunter2" not in error.message + error.hint


def test_token_that_google_cannot_give_just_now_is_asked_for_again() -> None:
    """A fault of the token's endpoint is no refusal, and is not told as one."""
    error = RefreshError("internal_failure", retryable=True)
    assert is_transient(error)
    assert "did not answer in time" in Explainer("p", "d").error("reading p.d", error).message
