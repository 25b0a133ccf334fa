"""The project's folder: which of its files are not what they are to be, and what an older run has left beside it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from etl.core.errors import ContractError
from powerbi.names import tag

_MOST_NAMED = 10
"""Stale files that are named one by one."""
_RENEW = "Run python -m powerbi."
_OURS = re.compile(
    r"[.]SemanticModel/definition/(tables/[^/]+|relationships)[.]tmdl$"
    r"|[.]Report/definition/pages/[^/]+/(page|visuals/.*/(visual|mobile))[.]json$"
    r"|[.]Report/definition/bookmarks/reset-[^/]+[.]bookmark[.]json$"
    r"|[.]Report/StaticResources/RegisteredResources/[^/]*Sober[.]json$"
)
"""The files of which there may be one too many: tables, relationships, pages, visuals, resets and themes."""


def check_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Refuse a project that is not what it is to be, or beside which one of an older title lies."""
    left = left_over(folder)
    if not folder.is_dir():
        beside = f" {told(left)}" if left else ""
        raise ContractError(f"The Power BI project {folder} was never written.{beside}", _RENEW)
    if stale := stale_files(folder, files):
        more = f" and {len(stale) - _MOST_NAMED:,} more" if len(stale) > _MOST_NAMED else ""
        raise ContractError(f"{folder} is stale: {', '.join(stale[:_MOST_NAMED])}{more}.", _RENEW)
    if left:
        raise ContractError(told(left), "Delete what it names: nothing renews it any more.")


def told(left: Sequence[Path]) -> str:
    """Say what an older run has left beside the project."""
    return f"The report had another title: {', '.join(map(str, left))} was written for it, and is left over."


def left_over(folder: Path) -> list[Path]:
    """Return the projects that this program has written beside a project, for a title that the report has no more."""
    beside = folder.parent.glob("*/*.SemanticModel/.platform") if folder.parent.is_dir() else ()
    return sorted({path.parents[1] for path in beside if path.parents[1] != folder and _is_ours(path)})


def _is_ours(platform: Path) -> bool:
    """Whether a semantic model is one that this program has made: its id follows from its name."""
    try:
        found = json.loads(platform.read_text(encoding="utf-8"))["config"]["logicalId"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(found == tag("SemanticModel", platform.parent.name.removesuffix(".SemanticModel")))


def write(folder: Path, files: Mapping[str, str], stale: Sequence[str]) -> None:
    """Write what is stale, and remove what is one too many, with its folder: to Power BI that would be a visual."""
    for path in stale:
        target = folder / path
        if path in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path], encoding="utf-8", newline="\n")
            continue
        target.unlink()
        for parent in target.relative_to(folder).parents:
            if not any((folder / parent).iterdir()):
                (folder / parent).rmdir()


def stale_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Name the files that are not what they are to be; of those that are one too many, what an older run has written.

    What else is there is Power BI Desktop's, or a person's, and left alone.
    """
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    ours = {path for path in there if _OURS.search(path)}
    return sorted(
        path
        for path in ours | set(files)
        if path not in files or path not in there or (folder / path).read_bytes() != files[path].encode()
    )
