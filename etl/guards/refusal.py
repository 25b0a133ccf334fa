"""Refusals: told all at once, with the one command that lets them pass after a person looked."""

from collections.abc import Iterable, Sequence

from config import Settings
from etl.core.call import call
from etl.core.errors import GuardError
from etl.core.job import Job
from etl.core.lock import run_of_the_night
from etl.core.log import log
from etl.guards.accept import check_tables, read_accept
from etl.guards.guard import Refusal


def check_accept(settings: Settings, accept: Iterable[str]) -> None:
    """Refuse an --accept that can mean nothing, by its form or for want of such a table; reads file names only."""
    files = [*settings.queries_dir.glob("*.sql"), *settings.tables_dir.glob("[!_]*.py")]
    if accepted := read_accept(accept):
        check_tables(accepted, sorted(file.stem for file in files))


def standing(job: Job, refusals: Iterable[Refusal]) -> list[Refusal]:
    """Return the refusals that no --accept of this call covers."""
    accepted = read_accept(job.accept)
    return [refusal for refusal in refusals if not any(one.covers(refusal) for one in accepted)]


def settle(job: Job, script: str, refusals: Sequence[Refusal]) -> dict[str, str]:
    """Raise GuardError with all refusals that are not accepted; return those that are, for the manifest."""
    if refused := standing(job, refusals):
        told = "\n".join(f"{refusal.name}: {refusal.sentence}" for refusal in refused)
        raise GuardError(
            f"A guard refused; nothing is published until a person has looked.\n{told}",
            f"Look at the source; if it is correct as it is: {accepting(job, script, refused)}",
        )
    accepted = {refusal.name: refusal.sentence for refusal in refusals}
    for name, sentence in accepted.items():
        log.warning("accepted %s: %s", name, sentence)
    return accepted


def accepting(job: Job, script: str, refusals: Iterable[Refusal]) -> str:
    """Return the complete command that lets these refusals pass, besides what this call accepted already."""
    program = script
    if (
        run_of_the_night() and script != "LoadFilesBQ.py"
    ):  # what that one loads is there: no need to ask the source again
        program = "./nightly.sh"
    ours = {(one.table, one.guard.name): str(one) for one in read_accept(job.accept)}
    new = {(refusal.table, refusal.guard): refusal.accept for refusal in refusals}
    return call(program, job.settings_file, "--accept", *(ours | new).values())
