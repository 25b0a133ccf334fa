"""What README.md and docs/ quote of RESULTS.md: written between two marks, so that no figure is copied by hand."""

import re
from pathlib import Path

from config.paths import ROOT

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
COMMAND = ".venv/bin/python -m benchmarks --docs"
_BEGIN, _END = f"<!-- of benchmarks/RESULTS.md, by {COMMAND} -->\n", "<!-- until here -->\n"
_SECTION = "<!-- by .venv/bin/python -m benchmarks.changed -->\n"
"""The mark before the section of a file that tells of nights of changes: another command writes the rest of it."""
_WIDTH = 120

_QUOTED = {
    "docs/operating.md": (
        "{size}, on two cores: the longest table is downloaded in {download: wall beside psql} times the time of"
        " `psql \\copy` with the default receipts ({download, receipts off: wall beside psql} without), in"
        " {download: peak memory, MB} MB. The sales fact takes {fact: wall beside polars} times the wall time of a"
        " hand-written polars script with receipts ({fact, receipts off: wall beside polars} without), in"
        " {fact: memory beside polars} times its memory; the night is {the night: times faster than pandas} times as"
        " fast as plain pandas, in {the night: memory beside pandas} times its memory. Of TPC-H, the longest table"
        " takes {TPC-H: download: wall beside psql} times psql's time, its fact"
        " {TPC-H: fact: CPU beside polars} times the CPU of polars."
    ),
    "docs/trust.md": (
        "With the default receipts the sample's night takes {the night: wall beside receipts off} times as long as"
        " without any, that of TPC-H {TPC-H: the night: wall beside receipts off} times (medians of one run: see"
        " `benchmarks/RESULTS.md`)."
    ),
}


def quoted(path: str, results: str) -> str:
    """Return what a file quotes of the text of RESULTS.md, both marks included."""
    figures = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]*\| [^|]*\|$", results, re.MULTILINE))
    figures["size"] = results.partition("\n\n")[2].partition(";")[0]
    text = re.sub(r"\{([^}]+)\}", lambda found: figures.get(found[1], "…"), _QUOTED[path])
    return f"{_BEGIN}{_folded(text)}{_END}"


def renewed(path: str, text: str, results: str) -> str:
    """Return a file's text with the quotation that the text of RESULTS.md has now. Raises ValueError without marks."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} has no marks around what it quotes")
    return before + quoted(path, results) + after


def files() -> list[Path]:
    """List the files that quote something."""
    return [ROOT / path for path in _QUOTED]


def renew() -> None:
    """Write the quotations anew."""
    results = RESULTS.read_text(encoding="utf-8")
    for file in files():
        text = file.read_text(encoding="utf-8")
        file.write_text(renewed(str(file.relative_to(ROOT)), text, results), encoding="utf-8")


def section_of(path: Path) -> str:
    """Return the section of a file that tells of nights of changes, marks included; nothing where there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _, mark, rest = text.partition(_SECTION)
    return f"{mark}{rest.partition(_END)[0]}{_END}" if mark else ""


def write_section(path: Path, section: str) -> None:
    """Write that section anew; the rest of the file stays."""
    text, new = path.read_text(encoding="utf-8") if path.exists() else "", f"{_SECTION}{section}{_END}"
    old = section_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new) if old else "\n".join(filter(None, [text, new])), encoding="utf-8")


def write_but_section(path: Path, text: str) -> None:
    """Write the rest of the file anew; that section stays, at its end."""
    path.write_text("\n".join(filter(None, [text, section_of(path)])), encoding="utf-8")


def _folded(text: str) -> str:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines) + "\n"
