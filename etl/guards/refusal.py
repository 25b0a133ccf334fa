"""Refusals: told all at once, with the one command that lets them pass after a person looked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from config.paths import SAMPLE_SETTINGS
from etl.core.errors import GuardError, UsageError
from etl.core.job import Job
from etl.core.lock import run_of_the_night
from etl.core.log import log
from etl.core.names import guess

GUARDS = {
    "SQLDownloadMain.py": ("empty", "shrank", "grew", "newest", "types", "fast"),
    "TablesTransformMain.py": ("fast",),
    "LoadFilesBQ.py": ("rejects", "unknown", "months"),
}
"""The guards of each script. The table of `fast` is the stage: download, transform."""


@dataclass(frozen=True)
class Refusal:
    """What a guard refuses: the table, the guard's name, and a sentence with the figures of both nights."""

    table: str
    guard: str
    sentence: str

    @property
    def name(self) -> str:
        """What --accept calls it."""
        return f"{self.table}:{self.guard}"


def check_accept(job: Job, script: str, tables: Iterable[str]) -> None:
    """Refuse an --accept that can mean nothing. tables: those that the guards of this script know."""
    every = {guard for guards in GUARDS.values() for guard in guards}
    for name in job.accept:
        table, colon, guard = name.partition(":")
        if not colon or guard not in every:
            raise UsageError(
                f"--accept {name} names no guard.", guess(guard, every, f"Write TABLE:GUARD; guards: {_listed(every)}.")
            )
        known = [*tables, "download", "transform"]
        if guard in GUARDS[script] and table not in known:
            raise UsageError(f"--accept {name} names no table.", guess(table, known, f"Choose: {_listed(known)}."))


def settle(job: Job, script: str, refusals: Sequence[Refusal]) -> dict[str, str]:
    """Raise GuardError with all refusals that are not accepted; give those that are, for the manifest."""
    standing = [refusal for refusal in refusals if refusal.name not in job.accept]
    if standing:
        told = "\n".join(f"{refusal.name}: {refusal.sentence}" for refusal in standing)
        raise GuardError(
            f"A guard refused; nothing is published until a person has looked.\n{told}",
            f"Look at the source; if it is right so: {_command(job, script, standing)}",
        )
    accepted = {refusal.name: refusal.sentence for refusal in refusals}
    for name, sentence in accepted.items():
        log.warning("accepted %s: %s", name, sentence)
    for name in job.accept:
        if name.partition(":")[2] in GUARDS[script] and name not in accepted and not name.endswith(":fast"):
            log.info("--accept %s was not needed", name)
    return accepted


def _command(job: Job, script: str, refusals: Sequence[Refusal]) -> str:
    call = "./nightly.sh" if run_of_the_night() else f".venv/bin/python {script}"
    if script == "LoadFilesBQ.py":  # what it loads is there: the source need not be asked again
        call = f".venv/bin/python {script}"
    env = "" if job.settings_file in (None, SAMPLE_SETTINGS) else f" --env {quote(str(job.settings_file))}"
    names = dict.fromkeys([*job.accept, *(refusal.name for refusal in refusals)])
    return f"{call}{env} --accept {' '.join(names)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
