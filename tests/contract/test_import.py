"""What the vocabulary costs whoever imports it."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from config.paths import ROOT

_ASK = """
import sys
from etl.company.tables import contracts
from config.paths import ROOT
assert contracts(ROOT / "tables")
print(*sorted(name for name in ("dask", "dask.dataframe") if name in sys.modules))
import dask.dataframe
"""


@pytest.mark.skipif(not find_spec("dask"), reason="dask, of which pandera would import half, is not installed")
def test_contracts_do_without_dask_and_leave_it_to_others() -> None:
    """No process waits half a second for frames that no table has; a cluster's client can import it afterwards."""
    done = subprocess.run([sys.executable, "-c", _ASK], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
