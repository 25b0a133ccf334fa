"""Refusals: told all at once, with the one command that lets them pass after a person looked."""

from collections.abc import Iterable, Sequence

from config import Settings
from etl.core.call import call
from etl.core.errors import GuardError
from etl.core.job import Job
from etl.core.lock import run_of_the_night
from etl.core.log import log
from etl.core.names import query_files, table_files
from etl.guards.accept import SCRIPTS, check_names, check_stage, read_accept
from etl.guards.guard import LOAD, Refusal


def check_accept(settings: Settings, accept: Iterable[str], script: str | None = None) -> None:
    """Refuse an --accept that can mean nothing; reads file names only. script: of the stage, outside of a night."""
    if accepted := read_accept(accept):
        queries = [file.stem for file in query_files(settings.queries_dir)]
        check_names(accepted, queries, [file.stem for file in table_files(settings.tables_dir)])
        if script and not run_of_the_night():
            check_stage(accepted, next(stage for stage, name in SCRIPTS.items() if name == script))


def standing(job: Job, refusals: Iterable[Refusal]) -> list[Refusal]:
    """Return the refusals that no --accept of this call covers."""
    accepted = read_accept(job.accept)
    return [refusal for refusal in refusals if not any(one.covers(refusal) for one in accepted)]


def settle(job: Job, script: str, refusals: Sequence[Refusal]) -> dict[str, str]:
    """Raise GuardError with all refusals that are not accepted; return those that are, for the manifest."""
    if refused := standing(job, refusals):
        told = "\n".join(f"{refusal.name}: {refusal.sentence}" for refusal in refused)
        looks = " and at ".join(dict.fromkeys(refusal.look for refusal in refused))
        raise GuardError(
            f"A guard refused; nothing is published until a person has looked.\n{told}",
            f"Look at {looks}; if it is correct as it is: {accepting(job, script, refused)}",
        )
    accepted = {refusal.name: refusal.sentence for refusal in refusals}
    for name, sentence in accepted.items():
        log.warning("accepted %s: %s", name, sentence)
    return accepted


def accepting(job: Job, script: str, refusals: Iterable[Refusal]) -> str:
    """Return the complete command that lets these refusals pass, besides what this call accepted already."""
    program = script
    given = read_accept(job.accept)
    if run_of_the_night() and script == SCRIPTS[LOAD]:  # what it loads is there: no need to ask the source again
        given = [one for one in given if LOAD in one.guard.stages]
    elif run_of_the_night():
        program = "./nightly.sh"
    ours = {(one.table, one.guard.name): str(one) for one in given}
    new = {(refusal.table, refusal.guard): refusal.accept for refusal in refusals}
    return call(program, job.settings_file, "--accept", *(ours | new).values())
