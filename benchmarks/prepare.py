"""Raw CSV to what is uploaded, of one table: stage 2, then stage 3 up to the network. Run: TABLE FOLDER --env FILE."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(table: str, folder: str, settings: str) -> None:
    """Run both, each as a process of its own, as a night does. Raises CalledProcessError where one fails."""
    for command in (["TablesTransformMain.py", "--only", table], ["benchmarks/upload.py", folder]):
        script, *arguments = command
        subprocess.run([sys.executable, ROOT / script, *arguments, "--env", settings], check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[4])
