"""Files that a company writes may need a newer engine than this one: they can say so, and then that is what is told."""

import re
from pathlib import Path

from etl import __version__
from etl.core.errors import ContractError

UPDATE = 'Update the engine: docs/operating.md, "Upgrading".'
OR_NEWER = f'If it was written for a newer engine than this one ({__version__}): docs/operating.md, "Upgrading".'
"""What is added to the advice about a word that nothing here resembles."""

_NEEDS = re.compile(r"^(?:#|--)\s*needs:\s*(.*?)\s*$", re.MULTILINE)
_VERSION = re.compile(r"etl (\d+)\.(\d+)(?:\.(\d+))?")
_OURS = tuple(int(part) for part in re.findall(r"\d+", __version__))


def check_needs(path: Path, text: str) -> None:
    """Refuse a file with a line `# needs: etl 1.2`, in SQL `-- needs: …`, that this engine is older than.

    It is asked before the file is read: a word that is not known would be told as a mistake. Raises ContractError.
    """
    for found in _NEEDS.finditer(text):
        line, version = text.count("\n", 0, found.start()) + 1, _VERSION.fullmatch(found[1])
        if version is None:
            raise ContractError(
                f"{path}:{line}: {found[0].strip()!r} names no version of the engine.",
                f"Write e.g. {found[0][:2].strip()} needs: etl {__version__}",
            )
        if tuple(int(part or 0) for part in version.groups()) > _OURS:
            raise ContractError(
                f"{path}:{line}: this engine ({__version__}) is older than the file, which needs {found[1]}.", UPDATE
            )
