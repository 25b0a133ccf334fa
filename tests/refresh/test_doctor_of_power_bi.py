"""What the doctor says of the Power BI dataset: it signs in and looks, and asks for no refresh."""

from pathlib import Path

import pytest

from etl.doctor.check import FAILURE, OK, WARNING
from tests.doctor.found import Patient
from tests.refresh.service import SECRET, TOKEN, PowerBi


def found(folder: Path, power_bi: PowerBi) -> tuple[list[str], str]:
    """Examine the dataset; gives the levels, and all that is said."""
    patient = Patient(folder, {}, power_bi.settings)
    findings = [finding for _, finding in patient.part("Power BI")]
    said = " ".join(finding.sentence + finding.cure for finding in findings)
    assert SECRET not in said
    assert TOKEN not in said
    assert power_bi.asked == []
    return [finding.level for finding in findings], said


def test_a_dataset_that_can_be_refreshed_is_well(tmp_path: Path, power_bi: PowerBi) -> None:
    """Signed in, workspace and dataset seen; a refresh that failed last is a warning."""
    levels, said = found(tmp_path, power_bi)
    assert (levels, "signed in" in said) == ([OK], True)
    power_bi.begin("OnDemand", status="Failed")
    assert found(tmp_path, power_bi)[0] == [OK, WARNING]


def test_a_dataset_that_is_not_named_is_a_warning(tmp_path: Path, power_bi: PowerBi) -> None:
    """As after the first publish, until its id is in the settings."""
    patient = Patient(tmp_path, {}, {n: v for n, v in power_bi.settings.items() if n != "POWERBI_DATASET"})
    [(_, finding)] = patient.part("Power BI")
    assert finding.level == WARNING
    assert "--publish" in finding.cure


@pytest.mark.parametrize(
    ("fault", "sentence", "cure"),
    [
        ({"expired": True}, "are expired", "Make a new client secret"),
        ({"member": False}, "is not visible to this service principal", "a member of the workspace"),
        ({"faults": {"GET": [404, 404]}}, "Power BI", "POWERBI_"),
    ],
    ids=["secret expired", "no member", "no such dataset"],
)
def test_a_fault_is_said_with_its_cure(
    tmp_path: Path, power_bi: PowerBi, fault: dict[str, object], sentence: str, cure: str
) -> None:
    """One failure, with what to do."""
    for name, value in fault.items():
        setattr(power_bi, name, value)
    levels, said = found(tmp_path, power_bi)
    assert levels == [FAILURE]
    assert sentence in said
    assert cure in said
