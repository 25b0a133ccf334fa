"""What the doctor finds in a company: part by part in this process, or all of it by the command."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from etl.doctor.check import Finding
from etl.doctor.company import Company as Examined
from etl.doctor.company import read_settings
from etl.doctor.examine import far_parts, look
from tests.called import etl
from tests.download.company import Company


@dataclass
class Patient(Company):
    """A company that is examined."""

    def part(self, name: str = "source shop") -> list[tuple[str, Finding]]:
        """Examine one part."""
        settings, faults = read_settings(self.env)
        assert settings is not None, faults
        [part] = [part for part in far_parts(Examined(self.env, settings)) if part.name == name]
        look(part)
        return part.findings

    def found(self, check: str, name: str = "source shop") -> list[Finding]:
        """Give what one check finds."""
        return [finding for found, finding in self.part(name) if found == check]

    def doctor(self, *options: str) -> tuple[int, dict[str, object]]:
        """Call the command; gives its exit code and what it says as JSON."""
        done = etl("doctor", self.env, "--json", *options)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)


def told(findings: list[Finding]) -> list[str]:
    """Write findings in a line each, without the folders."""
    return [re.sub(r"/\S*/", "", f"{one.level}: {one.sentence} | {one.cure}") for one in findings]


def write_table(folder: Path, name: str, text: str) -> None:
    """Write a table file."""
    (folder / "tables").mkdir(exist_ok=True)
    (folder / "tables" / f"{name}.py").write_text(text)
