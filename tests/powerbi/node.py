"""What Microsoft offers for Node: a parser of M, and what each visual of a report can be told."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from config.paths import ROOT

FOLDER = Path(os.environ.get("POWERBI_NODE") or ROOT / ".node-powerbi")
"""Where test.sh installs the packages."""
NEEDED = pytest.mark.skipif(
    not (FOLDER / "node_modules").exists() or shutil.which("node") is None,
    reason=f"there are no packages for Node in {FOLDER}: test.sh installs them where npm is",
)
MODELING = Path(os.environ.get("POWERBI_MODELING_NODE") or ROOT / ".node-modeling")
"""Where test.sh installs Microsoft's reader of TMDL, if it is told to."""
MODELING_NEEDED = pytest.mark.skipif(
    not (MODELING / "node_modules").exists(),
    reason="Microsoft's TMDL serializer is not there: POWERBI_MODELING=yes ./test.sh installs it (preview licence)",
)
_SECONDS = 60


def faults_of_m(expressions: Sequence[str]) -> list[str | None]:
    """Parse M expressions; give each one's syntax error, or None."""
    done = subprocess.run(
        ["node", Path(__file__).with_name("parse_m.cjs"), FOLDER],
        input=json.dumps(list(expressions)),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    faults: list[str | None] = json.loads(done.stdout)
    return faults


def capabilities() -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what each kind of visual can be told, and what every visual's container can."""
    data = FOLDER / "node_modules/@microsoft/powerbi-core-visual-schema/data"
    visuals, containers = (json.loads((data / f"{name}capabilities.json").read_text()) for name in ("", "vco-"))
    return visuals, containers
