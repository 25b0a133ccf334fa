"""Where things lie in this project. Imports nothing of ours."""

import os
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SETTINGS = ROOT / "config" / "sample.env"
EXAMPLE_SETTINGS = ROOT / "config" / ".env.example"


def beneath_root(path: Path) -> Path:
    """Read a path as seen from the project's folder, wherever cron started us."""
    return (ROOT / path.expanduser()).resolve()


def data_folder_of(settings_file: Path) -> Path:
    """Return the data folder of a settings file: each has its own, named after it (prod.env → data/prod).

    Files of the same name may lie in several folders. The plain name is for one in the project's folder (and for the
    sample's); elsewhere, a hash of the folder is added, unless an older version has begun with the plain name.
    """
    name = settings_file.name.removesuffix(".env").strip(".") or "default"
    plain, folder = ROOT / "data" / name, settings_file.absolute().parent.resolve()
    if folder == ROOT or folder / settings_file.name == SAMPLE_SETTINGS:
        return plain
    hashed = plain.with_name(f"{name}-{sha256(os.fsencode(folder)).hexdigest()[:8]}")
    begun = plain.is_dir() and not hashed.is_dir() and not (ROOT / settings_file.name).exists()
    return plain if begun else hashed
