"""Publishing: the semantic model and the report of a company, created in a workspace or replaced there, and proven.

The order: the model without its roles (Power BI answers no service principal's queries where there are any), with its
parameters; its refresh; the proof; the model's roles; the report. Whatever ends it once the model was sent, the roles
are put on, and it is said what is in the workspace. What might have been done is not sent twice: run it again, which
finds what is there. Each step has the patience of the settings for itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import requests

from etl.core.errors import EtlError, PublishError, RefreshError, UsageError
from etl.core.interruptions import put_off
from etl.core.log import log
from etl.refresh import follow
from etl.refresh.target import Target
from etl.refresh.waiting import Waiting
from powerbi.service import parts
from powerbi.service.dataset import Dataset
from powerbi.service.items import Item, Items
from powerbi.service.parts import MODEL, REPORT, Files
from powerbi.service.prove import Answer

_WORDS = {MODEL: "semantic model", REPORT: "report"}
_AGAIN = "Then run it again: it finds what is there, and makes no second copy."

Prove = Callable[[Dataset], Sequence[Answer]]


@dataclass(frozen=True)
class Wanted:
    """What is to be published. parameters: the model's; prove: asks the published model, None to leave the proof out.

    lift_roles: whether a model that has roles in the workspace may be without them as long as it is asked.
    drop_roles: whether it loses those that it has and the report does not declare.
    """

    model: Files
    report: Files
    parameters: Mapping[str, str]
    prove: Prove | None
    lift_roles: bool = False
    drop_roles: bool = False


@dataclass(frozen=True)
class Found:
    """What is in the workspace. has_roles: whether the model there shows its rows by roles.

    lost_roles: which of them it would have no more.
    """

    model: Item | None
    report: Item | None
    has_roles: bool = False
    lost_roles: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What was done, in the workspace, step by step. unsure: what was sent, as long as nobody knows what came of it."""

    steps: list[str] = field(default_factory=list)
    unsure: str = ""
    model: Item | None = None
    report: Item | None = None
    answers: Sequence[Answer] | None = None

    @property
    def is_proven(self) -> bool:
        """Whether the model was asked, and nothing differed."""
        return self.answers is not None and not any(answer.differs for answer in self.answers)


def look(target: Target, wanted: Wanted) -> Found:
    """Find what is in the workspace. Raises PublishError, or UsageError where a person has to choose first."""
    with requests.Session() as session, _told(Outcome()):
        found = _there(target, wanted, session)
        if found.has_roles:
            found = replace(found, lost_roles=tuple(_lost(found, target, wanted, session)))
    if found.has_roles:
        _check_roles(wanted, found)
    return found


def find(target: Target, wanted: Wanted) -> Found:
    """Find what is in the workspace, where nothing is to be changed. Raises PublishError, or UsageError."""
    with requests.Session() as session, _told(Outcome()):
        return _there(target, wanted, session)


def _there(target: Target, wanted: Wanted, session: requests.Session) -> Found:
    items = _items(target, session)
    model = _found(items, MODEL, wanted.model, target.dataset)
    report = _found(items, REPORT, wanted.report)
    return Found(model, report, model is not None and _dataset(target, model, session).has_roles())


def _lost(found: Found, target: Target, wanted: Wanted, session: requests.Session) -> Iterator[str]:
    """Name the roles of the model in the workspace that it would have no more."""
    if found.model is None:
        return
    kept = {name.casefold() for name in parts.roles_of(wanted.model)}
    there = parts.roles_of(_items(target, session).definition(found.model))
    yield from (name for name in there if name.casefold() not in kept)


def _check_roles(wanted: Wanted, found: Found) -> None:
    """Let a person choose what becomes of the roles in the workspace. Raises UsageError."""
    if not parts.has_roles(wanted.model):
        if not wanted.drop_roles:
            raise UsageError(
                f"The semantic model in the workspace has roles ({', '.join(found.lost_roles)}), and the report"
                " declares none: whoever may open it would see all rows.",
                "Declare them as [[role]] in report.toml; or --drop-roles takes them off for good.",
            )
        return
    if found.lost_roles and not wanted.drop_roles:
        raise UsageError(
            "The semantic model in the workspace has roles that the report does not declare, and whoever is in none but"
            f" these would see nothing any more: {', '.join(found.lost_roles)}.",
            "Declare them as [[role]] in report.toml, under these names; or --drop-roles takes them off for good.",
        )
    if wanted.prove and not wanted.lift_roles:
        raise UsageError(
            "The semantic model in the workspace has roles, and Power BI answers no service principal's queries then.",
            "--no-proof publishes without asking it; --lift-roles takes the roles off while it is refreshed and asked,"
            " and whoever may open the report sees all rows meanwhile.",
        )


def publish(target: Target, wanted: Wanted, found: Found) -> Outcome:
    """Publish, refresh and prove. Raises PublishError."""
    done = Outcome()
    with requests.Session() as session, _told(done):
        with _model(target, session, wanted, found, done):
            _fill(target, wanted, done, session)
        if done.answers is not None and not done.is_proven and found.report is None:
            done.steps.append("the report was not created, because the proof found differences")
            return done
        model = _model_of(done)
        files = parts.bound_to(wanted.report, model.id)
        done.report = _put(_items(target, session), REPORT, files, found.report, done)
        if _dataset(target, model, session).bind(done.report.id, model.id):
            done.steps.append("the report was bound to the semantic model anew")
    return done


def _fill(target: Target, wanted: Wanted, done: Outcome, session: requests.Session) -> None:
    """Give a published model its parameters and its rows, and prove it."""
    model = _model_of(done)
    if changed := _dataset(target, model, session).set_parameters(wanted.parameters):
        done.steps.append(f"the parameters {', '.join(changed)} were set")
    log.info("publish: asking Power BI to refresh it.")
    seconds = follow.refresh(replace(target, dataset=model.id))
    done.steps.append(f"it was refreshed in {seconds:.0f} s")
    if wanted.prove:
        done.answers = wanted.prove(_dataset(target, model, session))
        wrong = sum(answer.differs for answer in done.answers)
        done.steps.append(f"it was asked {len(done.answers):,} questions, of which {wrong:,} have different answers")


@contextmanager
def _model(target: Target, session: requests.Session, wanted: Wanted, found: Found, done: Outcome) -> Iterator[None]:
    """Put the model there, without its roles as long as it is to be asked; and put them on, whatever happens."""
    files = parts.with_parameters(wanted.model, wanted.parameters)
    is_open = wanted.prove is not None and parts.has_roles(files)
    try:
        sent = parts.without_roles(files) if is_open else files
        done.model = _put(_items(target, session), MODEL, sent, found.model, done)
        if found.lost_roles:
            done.steps.append(f"its roles {', '.join(found.lost_roles)} were taken off for good")
        yield
    finally:
        if is_open and (done.steps or done.unsure):  # neither: it was refused, and nothing has changed
            with put_off():  # who interrupts twice would leave the roles off
                _close(target, session, files, found.model, done)


def _close(target: Target, session: requests.Session, files: Files, there: Item | None, done: Outcome) -> None:
    """Put a model's roles on; of one whose creation has an unknown end, if it is there."""
    log.info("publish: putting the roles on; an interruption waits for it.")
    try:
        items = _items(target, session)
        model = done.model or there or _found(items, MODEL, files)
        if model is None:
            return
        items.update(model, parts.called(files, model.name))
    except EtlError as error:
        raise PublishError(
            f"THE SEMANTIC MODEL {parts.name_of(files)} MAY BE WITHOUT ITS ROLES, so that whoever may open it sees all"
            f" rows: {error.message}{_state(done)}",
            f"Run it again at once with --no-proof, or delete the model in the workspace. {error.hint}".strip(),
        ) from None
    done.steps.append("it has its roles" if done.steps else f"the semantic model {model.name} is there with its roles")
    done.unsure = ""


def _put(items: Items, kind: str, files: Files, there: Item | None, done: Outcome) -> Item:
    """Create an item, or replace its files under the name that it has there."""
    name = there.name if there else parts.name_of(files)
    log.info("publish: %s the %s %s.", "updating" if there else "creating", _WORDS[kind], name)
    done.unsure = f"the {_WORDS[kind]} {name} was {'updated' if there else 'created'}"
    try:
        if there:
            items.update(there, parts.called(files, name))
        made = there or items.create(kind, name, files)
    except RefreshError as error:
        done.unsure = done.unsure if error.transient else ""
        raise
    done.steps.append(done.unsure)
    done.unsure = ""
    return made


def _found(items: Items, kind: str, files: Files, known: str = "") -> Item | None:
    """Find the item that is ours: by its id, if the settings say it, by its name, or else by its logical id.

    Raises UsageError where that is not clear, for a second copy would help nobody.
    """
    listed = items.listed(kind)
    if known:
        found = [item for item in listed if item.id.lower() == known.lower()]
        if not found:
            raise UsageError(
                f"The workspace has no {_WORDS[kind]} {known}, which POWERBI_DATASET names.",
                "Correct POWERBI_DATASET; or remove it, and a model of the project's name is updated, or created.",
            )
        return found[0]
    name = parts.name_of(files)
    found = [item for item in listed if item.name.casefold() == name.casefold()]
    found = found or [item for item in listed if _logical_id(items, item) == parts.logical_id(files)]
    if len(found) > 1:
        raise UsageError(
            f"The workspace has {len(found)} of the {_WORDS[kind]} {name}.",
            "Delete or rename those that are not ours, so that it is clear which one to update.",
        )
    return found[0] if found else None


def _logical_id(items: Items, item: Item) -> str:
    """Return another item's logical id; of one that may not be read nothing: it is not ours."""
    try:
        return parts.logical_id(items.definition(item))
    except (RefreshError, ValueError):
        return ""


def _items(target: Target, session: requests.Session) -> Items:
    return Items(target, session, Waiting(target.patience))


def _dataset(target: Target, model: Item, session: requests.Session) -> Dataset:
    return Dataset(replace(target, dataset=model.id), session, Waiting(target.patience))


def _model_of(done: Outcome) -> Item:
    if done.model is None:
        raise AssertionError("the model comes first")
    return done.model


@contextmanager
def _told(done: Outcome) -> Iterator[None]:
    """Say of whatever ends it what is in the workspace by then: of a fault in its message, of all else in the log."""
    try:
        yield
    except PublishError:
        raise
    except EtlError as error:
        if not (done.steps or done.unsure or isinstance(error, RefreshError)):
            raise
        kind = PublishError if isinstance(error, RefreshError) else type(error)
        message = f"{error.message[:1].upper()}{error.message[1:]}"
        unsure = " Whether that took place is not known." if error.transient and done.steps and not done.unsure else ""
        hint = f"{error.hint} {_AGAIN if done.steps or done.unsure else ''}".strip()
        raise kind(f"{message}{unsure}{_state(done)}", hint) from None
    except BaseException:
        if done.steps or done.unsure:
            log.warning("publish: it was ended early.%s %s", _state(done), _AGAIN)
        raise


def _state(done: Outcome) -> str:
    """Return what is in the workspace, as sentences that follow another one."""
    if not (done.steps or done.unsure):
        return " Nothing was changed in the workspace."
    unsure = f" Whether {done.unsure} is not known." if done.unsure else ""
    return unsure + (f" In the workspace: {'; '.join(done.steps)}." if done.steps else "")
