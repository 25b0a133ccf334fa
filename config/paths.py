"""Where things lie in this project. Imports nothing of ours."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SETTINGS = ROOT / "config" / "sample.env"
EXAMPLE_SETTINGS = ROOT / "config" / ".env.example"


def beneath_root(path: Path) -> Path:
    """Read a path as seen from the project's folder, wherever cron started us."""
    return (ROOT / path.expanduser()).resolve()


def data_folder_of(settings_file: Path) -> Path:
    """Give the data folder of a settings file: each has its own, named after it (prod.env → data/prod)."""
    return ROOT / "data" / (settings_file.name.removesuffix(".env").strip(".") or "default")
