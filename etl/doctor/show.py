"""What the doctor prints: each finding with its cure, for people or as JSON."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from etl.core.call import completed
from etl.core.safe_text import safe_lines
from etl.doctor.check import FAILURE, LEVELS, OK, WARNING, counted
from etl.doctor.examine import Part, examine, lines, worst

_SIGNS = {OK: "ok      ", WARNING: "WARNING ", FAILURE: "FAILURE "}


def show(settings_file: Path, only: Sequence[str] = (), *, as_json: bool = False) -> int:
    """Examine, print what was found, and return the exit code: the place of the worst level."""
    began = time.monotonic()
    parts = examine(settings_file, only)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        print(json.dumps(_as_json(parts, settings_file, seconds), indent=1, ensure_ascii=False))
    else:
        _print(parts, settings_file, seconds)
    return LEVELS.index(worst(parts))


def _as_json(parts: Sequence[Part], settings_file: Path, seconds: float) -> dict[str, object]:
    found = [
        {"part": part, "check": name} | asdict(one) | {"cure": completed(one.cure, settings_file)}
        for part, name, one in lines(parts)
    ]
    return {"settings_file": str(settings_file), "seconds": seconds, "worst": worst(parts), "findings": found}


def _print(parts: Sequence[Part], settings_file: Path, seconds: float) -> None:
    for part in parts:
        print(part.name)
        for _, one in part.findings:
            print(f"  {_SIGNS[one.level]}{_indented(one.sentence)}")
            if one.cure:
                print(f"          Try: {_indented(completed(one.cure, settings_file))}")
    counts = Counter(one.level for _, _, one in lines(parts))
    told = (counted(counts[level], level, f"{level}s") for level in (FAILURE, WARNING))
    print(f"{', '.join(told)}, {counts[OK]} ok, in {seconds} s.")


def _indented(text: str) -> str:
    return safe_lines(text).replace("\n", "\n          ")
