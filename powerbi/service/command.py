"""`python -m powerbi --publish` and `--prove`: what the settings name, done and told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import requests

from config import Settings
from etl.company.report import Report
from etl.contract.table import Contract
from etl.core.errors import GuardError, PublishError, RefreshError, UsageError
from etl.core.lock import held
from etl.core.runs import Store
from etl.load.open import open_warehouse
from etl.refresh.target import Target, account_of
from etl.refresh.waiting import Waiting
from powerbi import m
from powerbi.service import parts
from powerbi.service.dataset import Dataset
from powerbi.service.parts import MODEL, REPORT, Files
from powerbi.service.prove import Answer, prove
from powerbi.service.publish import Found, Outcome, Wanted, find, look, publish
from powerbi.service.show import show

_DIFFERENT = GuardError.exit_code


@dataclass(frozen=True)
class Company:
    """Whose report it is. files: the project's."""

    settings: Settings
    report: Report
    contracts: Mapping[str, Contract]
    files: Files


def publish_it(company: Company, *, has_proof: bool, lift_roles: bool, drop_roles: bool, dry_run: bool) -> int:
    """Publish a company's project; gives the exit code: 3 where a person must look at differences."""
    target = _target(company.settings)
    wanted = Wanted(
        model=parts.files_of(company.files, MODEL),
        report=parts.files_of(company.files, REPORT),
        parameters=_parameters(company.settings),
        prove=_proof(company) if has_proof else None,
        lift_roles=lift_roles,
        drop_roles=drop_roles,
    )
    if dry_run:
        _announce(company, wanted, look(target, wanted))
        return 0
    store = Store.of(company.settings)
    with held(store.local, "python -m powerbi", store.folder):  # no night publishes while Power BI reads
        done = publish(target, wanted, look(target, wanted))
    return _tell(company, target, done)


def prove_it(company: Company) -> int:
    """Prove what is published; gives the exit code: 3 where a person must look at differences."""
    target, store = _target(company.settings), Store.of(company.settings)
    with held(store.local, "python -m powerbi", store.folder), requests.Session() as session:
        found = find(target, Wanted(*_items(company), parameters={}, prove=None))
        if found.model is None:
            raise UsageError("The semantic model is not in the workspace.", "Publish it: python -m powerbi --publish.")
        try:
            dataset = Dataset(replace(target, dataset=found.model.id), session, Waiting(target.patience))
            answers = _proof(company)(dataset)
        except RefreshError as error:
            raise PublishError(f"{error.message[:1].upper()}{error.message[1:]}", error.hint) from None
    return 0 if show(company.report, answers) else _DIFFERENT


def _items(company: Company) -> tuple[dict[str, str], dict[str, str]]:
    return parts.files_of(company.files, MODEL), parts.files_of(company.files, REPORT)


def _target(settings: Settings) -> Target:
    target = account_of(settings)
    if target is None:
        raise UsageError(
            "The settings name no Power BI workspace to publish to.",
            "Set POWERBI_WORKSPACE, POWERBI_TENANT, POWERBI_CLIENT_ID and POWERBI_CLIENT_SECRET (docs/power-bi.md).",
        )
    if settings.warehouse != "bigquery":
        raise UsageError(
            f"WAREHOUSE is {settings.warehouse}, which the Power BI service cannot read.",
            "Publish with the settings of a company whose tables are in BigQuery.",
        )
    return target


def _parameters(settings: Settings) -> dict[str, str]:
    """Return the values of the model's parameters."""
    project = str(settings.bigquery_project)
    return {
        m.PROJECT: project,
        m.DATASET: str(settings.bigquery_dataset),
        m.BILLING_PROJECT: settings.powerbi_billing_project or project,
    }


def _proof(company: Company) -> Callable[[Dataset], Sequence[Answer]]:
    """Return what asks a published model and the warehouse, which is read by one reader."""

    def asked(dataset: Dataset) -> Sequence[Answer]:
        with open_warehouse(company.settings) as warehouse, warehouse.reading() as read:
            return prove(company.report, company.contracts, dataset.ask, read)

    return asked


def _announce(company: Company, wanted: Wanted, found: Found) -> None:
    """Say what would be done."""
    for item, files, what in (
        (found.model, wanted.model, "semantic model"),
        (found.report, wanted.report, "report"),
    ):
        named = f"{item.name} ({item.id})" if item else parts.name_of(files)
        print(f"would {'update' if item else 'create'} the {what} {named}: {len(files)} files")
    print("would set the parameters", ", ".join(f"{name} = {value}" for name, value in wanted.parameters.items()))
    print(
        "would refresh the semantic model"
        + (", and put its roles on at the end" if parts.has_roles(wanted.model) else "")
    )
    if found.has_roles and not parts.has_roles(wanted.model):
        print("would take its roles off for good, for the report declares none: whoever may open it sees all rows")
    elif found.lost_roles:
        print(f"would take its roles {', '.join(found.lost_roles)} off for good: their members see nothing any more")
    if wanted.prove:
        print(f"would ask for {len(company.report.measures)} measures in some contexts, and compare them with SQL")


def _tell(company: Company, target: Target, done: Outcome) -> int:
    is_equal = done.answers is None or show(company.report, done.answers)
    print(f"In the workspace {target.workspace}: {'; '.join(done.steps)}.")
    if done.answers is None:
        print("Nothing was proven, as you asked.")
    if done.model and done.model.id.lower() != target.dataset.lower():
        print(f"Set POWERBI_DATASET={done.model.id}, so that every night refreshes it.")
    return 0 if is_equal else _DIFFERENT
