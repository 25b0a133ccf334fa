"""Publishing, to a stand-in that keeps items and answers queries as Fabric and Power BI document it."""

import json
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from etl.core.errors import EtlError, PublishError, UsageError, WarehouseError
from powerbi.service.parts import MODEL, REPORT, bound_to, with_parameters, without_roles
from powerbi.service.prove import Answer
from powerbi.service.publish import Found, Outcome, Wanted, look, publish
from tests.publish.fabric import VALUES, Fabric
from tests.publish.tiny import Tiny
from tests.refresh.service import DROP, SECRET, TOKEN


def published(
    fabric: Fabric, wanted: Wanted, dataset: str = "", patience: int = 20, found: Found | None = None
) -> Outcome:
    """Publish, as the command does. found: what was found there before something happened."""
    target = replace(fabric.target(patience), dataset=dataset, fabric=fabric.url)
    return publish(target, wanted, found or look(target, wanted))


def looked(fabric: Fabric, wanted: Wanted) -> Found:
    """Find what is there, before something happens."""
    return look(replace(fabric.target(), dataset="", fabric=fabric.url), wanted)


def failed(
    fabric: Fabric,
    wanted: Wanted,
    kind: type[EtlError] = PublishError,
    patience: int = 20,
    found: Found | None = None,
) -> EtlError:
    """Publish in vain; gives what is said, in whole sentences and without a secret."""
    with pytest.raises(kind) as caught:
        published(fabric, wanted, patience=patience, found=found)
    said = f"{caught.value.message} {caught.value.hint}".strip()
    assert re.match(r"[A-Z].*[.]$", said, re.S), said
    assert "..*" not in said
    assert SECRET not in said
    assert TOKEN not in said
    return caught.value


def only(fabric: Fabric, kind: str) -> Mapping[str, object]:
    """Give the one item of a kind."""
    (item,) = fabric.of(kind)
    return item


def test_the_first_time_model_and_report_are_created_refreshed_and_proven(fabric: Fabric, wanted: Wanted) -> None:
    """What is there are the project's files, byte by byte, but for the parameters and the report's binding."""
    done = published(fabric, wanted)
    assert done.is_proven
    model, report = only(fabric, MODEL), only(fabric, REPORT)
    assert model["files"] == with_parameters(wanted.model, VALUES)
    assert report["files"] == bound_to(wanted.report, str(model["id"]))
    assert {n for n in wanted.model if model["files"][n] != wanted.model[n]} == {"definition/expressions.tmdl"}  # type: ignore[index]
    assert fabric.bindings == {report["id"]: model["id"]}
    assert fabric.loaded == {model["id"]}
    assert len(fabric.asked) == 1
    assert len(fabric.queries) == 7  # everything; one year, of the channels one, two, of both none; one of both
    assert {model["displayName"], report["displayName"]} == {"CloudServices"}


def test_the_second_time_nothing_is_created(fabric: Fabric, quick: Wanted) -> None:
    """The same items have the new files; it is found among the pages of a longer list."""
    fabric.put(MODEL, "Another", {})
    first = published(fabric, quick)
    theme = {**quick.report, "definition/report.json": quick.report["definition/report.json"] + "\n"}
    second = published(fabric, replace(quick, report=theme))
    assert (first.model, first.report) == (second.model, second.report)
    assert [each["displayName"] for each in fabric.of(MODEL)] == ["Another", "CloudServices"]
    assert only(fabric, REPORT)["files"]["definition/report.json"] == theme["definition/report.json"]  # type: ignore[index]
    assert second.steps[0] == "the semantic model CloudServices was updated"


def test_what_a_person_renamed_is_found_and_keeps_its_name(fabric: Fabric, quick: Wanted) -> None:
    """By the id of the settings, or by the logical id that its definition has."""
    first = published(fabric, quick)
    assert first.model
    assert first.report
    fabric.items[first.model.id]["displayName"] = "Our numbers"
    fabric.items[first.report.id]["displayName"] = "Sales cockpit"
    for dataset in (first.model.id.upper(), ""):
        again = published(fabric, quick, dataset)
        assert (again.model and again.model.id, again.report and again.report.id) == (first.model.id, first.report.id)
    assert [only(fabric, kind)["displayName"] for kind in (MODEL, REPORT)] == ["Our numbers", "Sales cockpit"]


def test_it_is_refused_where_it_is_not_clear_which_one_is_ours(fabric: Fabric, wanted: Wanted) -> None:
    """Two of one name, or an id that the workspace does not have: nothing is created beside them."""
    for _ in range(2):
        fabric.put(MODEL, "cloudservices", wanted.model)
    assert "has 2 of the semantic model" in failed(fabric, wanted, UsageError).message
    target = replace(fabric.target(), fabric=fabric.url)  # with the id of another dataset
    with pytest.raises(UsageError, match="which POWERBI_DATASET names"):
        look(target, wanted)
    assert len(fabric.items) == 2


def test_a_difference_is_told_and_a_first_report_is_not_shown(fabric: Fabric, wanted: Wanted, tiny: Tiny) -> None:
    """A table that Power BI has read otherwise; the model stays, for a person to look."""
    tiny.spoil("UPDATE fact_sales SET net_revenue = net_revenue + 0.01 WHERE contract_id = 1")
    done = published(fabric, wanted)
    assert done.answers is not None
    wrong = {answer.measure for answer in done.answers if answer.differs}
    assert wrong == {"Net Revenue"}
    assert fabric.of(REPORT) == []
    assert done.steps[-1] == "the report was not created, because the proof found differences"


def test_a_report_that_is_there_follows_its_model_all_the_same(fabric: Fabric, wanted: Wanted, tiny: Tiny) -> None:
    """Else its visuals would name what the model may have no more."""
    published(fabric, wanted)
    tiny.spoil("DELETE FROM fact_sales WHERE contract_id = 1")
    done = published(fabric, wanted)
    assert not done.is_proven
    assert done.steps[-1] == "the report CloudServices was updated"


def test_a_measure_that_power_bi_cannot_evaluate_is_named(fabric: Fabric, wanted: Wanted) -> None:
    """The others are asked without it, each alone."""
    table = "definition/tables/Key Measures.tmdl"
    text = wanted.model[table]
    assert "measure 'Average Contract' = " in text
    broken = re.sub(r"measure 'Average Contract' = .*", "measure 'Average Contract' = NOSUCH([Contracts])", text)
    done = published(fabric, replace(wanted, model={**wanted.model, table: broken}))
    assert done.answers is not None
    wrong = {(answer.measure, answer.fault[:17]) for answer in done.answers if answer.differs}
    assert wrong == {("Average Contract", "Power BI answered")}


@pytest.mark.parametrize(
    ("refusal", "said", "cure", "state"),
    [
        (("GET", "/items", 401, {"errorCode": "Unauthorized", "message": "No."}), "401", "public APIs", "Nothing"),
        (("GET", "/items", 404, {"errorCode": "WorkspaceNotFound"}), "404", "POWERBI_WORKSPACE", "Nothing"),
        (("POST", "/items", 403, {"errorCode": "InsufficientPrivileges"}), "403", "a Contributor", "Nothing"),
        (("POST", "/items", 409, {"errorCode": "ItemDisplayNameAlreadyInUse"}), "409", "rename it", "Nothing"),
        (("GET", "/parameters", 403, {}), "403", "Contributor", "model CloudServices was created"),
        (("POST", "/refreshes", 403, {}), "403", "a member", "model CloudServices was created"),
        (("POST", "/executeQueries", 403, {}), "403", "Dataset Execute Queries REST API", "it was refreshed in"),
        (
            ("POST", "/executeQueries", 403, {"message": "It answered 400."}),
            "403",
            "Queries REST API",
            "it was refreshed",
        ),
        (("POST", "/executeQueries", 401, {}), "401", "roles or single sign-on", "it was refreshed in"),
    ],
    ids=lambda value: " ".join(map(str, value[:3])) if isinstance(value, tuple) else "",
)
def test_a_refusal_says_which_right_is_missing_who_gives_it_and_what_is_there(
    fabric: Fabric, wanted: Wanted, refusal: tuple[str, str, int, dict[str, str]], said: str, cure: str, state: str
) -> None:
    """Each call's own."""
    fabric.refusals = [refusal]
    error = failed(fabric, wanted)
    assert f"answered {said}" in error.message
    assert cure in error.hint
    assert state in error.message
    assert error.exit_code == 1


def test_a_throttled_call_waits_as_long_as_it_is_told(fabric: Fabric, wanted: Wanted) -> None:
    """Of every kind; each is made again, for it did nothing."""
    fabric.refusals = [("GET", "/items", 429, {}), ("POST", "/items", 429, {}), ("POST", "/executeQueries", 429, {})]
    assert published(fabric, wanted).is_proven
    assert fabric.refusals == []
    assert len(fabric.of(MODEL)) == len(fabric.of(REPORT)) == 1


@pytest.mark.parametrize("obeyed", [False, True])
def test_what_creates_is_never_sent_again(fabric: Fabric, quick: Wanted, obeyed: bool) -> None:
    """A server's fault leaves open whether it was obeyed; the next run finds out, and there is one model."""
    fabric.refusals, fabric.does_it_all_the_same = [("POST", "/items", 500, {"errorCode": "UnknownError"})], obeyed
    error = failed(fabric, quick)
    assert "Whether the semantic model CloudServices was created is not known." in error.message
    assert "Nothing was changed" not in error.message
    assert "makes no second copy" in error.hint
    assert len(fabric.posted("/items")) == 1
    published(fabric, quick)
    assert len(fabric.of(MODEL)) == len(fabric.of(REPORT)) == 1


def test_a_question_is_asked_again_after_a_fault(fabric: Fabric, wanted: Wanted) -> None:
    """Also one that is posted: it changes nothing."""
    fabric.refusals = [("GET", "/items", 503, {}), ("POST", "/executeQueries", 500, {})]
    assert published(fabric, wanted).is_proven


def test_an_operation_that_fails_says_why_and_what_is_there(fabric: Fabric, wanted: Wanted) -> None:
    """It was accepted, and came to nothing."""
    fabric.operation_fails = True
    error = failed(fabric, wanted)
    assert "ended as Failed: Workload_FailedToParseFile Dataset_Import_FailedToImportDataset" in error.message


def test_a_connection_that_breaks_is_told(fabric: Fabric, quick: Wanted) -> None:
    """In a sentence, with the address alone."""
    fabric.faults["POST"] = [DROP]
    assert "could not be reached" in failed(fabric, quick).message


def test_an_operation_that_takes_too_long_is_given_up(fabric: Fabric, quick: Wanted) -> None:
    """After POWERBI_PATIENCE."""
    target = replace(fabric.target(0), dataset="", fabric=fabric.url)
    found = look(replace(target, patience=20), quick)
    with pytest.raises(PublishError, match="longer than POWERBI_PATIENCE allows"):
        publish(target, quick, found)


def test_an_answer_without_an_operation_is_one_too(fabric: Fabric, quick: Wanted) -> None:
    """201 and 200, as the service may answer at once."""
    fabric.slow = False
    published(fabric, quick)
    published(fabric, quick)
    assert (len(fabric.operations), len(fabric.items)) == (0, 2)


def test_a_refresh_that_fails_leaves_the_report_as_it_was(fabric: Fabric, wanted: Wanted) -> None:
    """As the first one does, as long as nobody has entered the credentials of the data source."""
    fabric.ends_as = "Failed"
    error = failed(fabric, wanted)
    assert "CredentialsNotSpecified" in error.message
    assert "Enter the data source's credentials" in error.hint
    assert "In the workspace: the semantic model CloudServices was created." in error.message
    assert fabric.of(REPORT) == []


def test_parameters_that_the_service_keeps_are_set(fabric: Fabric, quick: Wanted) -> None:
    """Those that differ; else the refresh would read another company's tables."""
    published(fabric, replace(quick, parameters=VALUES))
    (model,) = fabric.of(MODEL)
    fabric.parameters[model["id"]] = {**VALUES, "Dataset": "yesterday"}
    fabric.keeps_parameters = True
    done = published(fabric, quick)
    assert fabric.posted("/Default.UpdateParameters") == [{"updateDetails": [{"name": "Dataset", "newValue": "star"}]}]
    assert "the parameters Dataset were set" in done.steps
    assert fabric.loaded == {model["id"]}


def test_an_owner_who_is_somebody_else_is_named(fabric: Fabric, quick: Wanted) -> None:
    """Only the owner may set parameters, and taking a model over loses its credentials: a person decides."""
    published(fabric, quick)
    (model,) = fabric.of(MODEL)
    fabric.parameters[model["id"]] = {**VALUES, "Dataset": "yesterday"}
    fabric.keeps_parameters, fabric.owner = True, "ana@acme.com"
    error = failed(fabric, quick)
    assert "its owner, who is ana@acme.com" in error.message
    assert "the semantic model CloudServices was updated" in error.message


def test_a_parameter_that_the_model_has_not_is_named(fabric: Fabric, quick: Wanted) -> None:
    """Nothing is refreshed then."""
    error = failed(fabric, replace(quick, parameters={**VALUES, "Region": "EU"}))
    assert "has no parameter Region" in error.message
    assert fabric.asked == []


def test_a_report_that_the_service_did_not_bind_is_bound(fabric: Fabric, quick: Wanted) -> None:
    """To the model that was published, and to no other."""
    fabric.loses_bindings = True
    done = published(fabric, quick)
    assert done.model
    assert list(fabric.bindings.values()) == [done.model.id]
    assert "the report was bound to the semantic model anew" in done.steps


def test_roles_come_after_the_proof(fabric: Fabric, wanted: Wanted, roles: Wanted) -> None:
    """Power BI answers no queries of a service principal where there are any."""
    changed = {path for path, text in roles.model.items() if without_roles(roles.model).get(path) != text}
    assert changed == {f"definition/{name}.tmdl" for name in ("model", "roles/North", "roles/Own rows")}
    assert without_roles(roles.model)["definition/model.tmdl"] == wanted.model["definition/model.tmdl"]
    done = published(fabric, roles)
    assert done.is_proven
    model = only(fabric, MODEL)
    assert model["files"] == with_parameters(roles.model, VALUES)
    sent = [json.dumps(body) for _, path, body in fabric.heard if path.endswith(("/items", "/updateDefinition"))]
    assert ["roles/North" in each for each in sent if "SemanticModel" in each or "tables/" in each] == [False, True]
    assert done.steps.index("it has its roles") < done.steps.index("the report CloudServices was created")


def test_published_roles_are_not_lifted_unless_somebody_says_so(fabric: Fabric, roles: Wanted) -> None:
    """Everybody would see all rows meanwhile."""
    published(fabric, roles)
    before = len(fabric.heard)
    error = failed(fabric, roles, UsageError)
    assert "--no-proof" in error.hint
    assert not any(method == "POST" and "updateDefinition" in path for method, path, _ in fabric.heard[before:])
    done = published(fabric, replace(roles, prove=None))
    assert done.answers is None
    assert published(fabric, replace(roles, lift_roles=True)).is_proven
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))


@pytest.mark.parametrize(
    "refusal",
    [
        ("POST", "/executeQueries", 403, {}),
        ("POST", "/refreshes", 403, {}),
        ("POST", "/updateDefinition", 500, {}),
        ("GET", "/operations", 404, {}),
        ("GET", "/operations", 403, {}),
    ],
    ids=lambda refusal: f"{refusal[1]} {refusal[2]}",
)
def test_roles_are_put_on_whatever_fails(
    fabric: Fabric, roles: Wanted, refusal: tuple[str, str, int, dict[str, str]]
) -> None:
    """Also where it is not known whether they were taken off."""
    published(fabric, roles)
    lifted = replace(roles, lift_roles=True)
    found = looked(fabric, lifted)
    fabric.refusals, fabric.does_it_all_the_same = [refusal], True
    error = failed(fabric, lifted, found=found)
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))
    assert "roles" in error.message.partition("In the workspace: ")[2]


def test_roles_that_the_report_does_not_declare_stay_unless_somebody_says_so(
    fabric: Fabric, quick: Wanted, secured: dict[str, str]
) -> None:
    """A person may have made them in the workspace: without them everybody would see all rows."""
    published(fabric, replace(quick, model=secured))
    error = failed(fabric, quick, UsageError)
    assert "has roles (North, Own rows), and the report declares none" in error.message
    assert "--drop-roles" in error.hint
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))
    published(fabric, replace(quick, drop_roles=True))
    assert not fabric.has_roles(str(only(fabric, MODEL)["id"]))


def test_a_role_that_the_report_does_not_declare_stays_also_where_it_declares_others(
    fabric: Fabric, roles: Wanted
) -> None:
    """One that a person made in the workspace, or that was renamed: who is in it alone would see nothing any more."""
    there = dict(roles.model) | {
        "definition/roles/O'Neill, too.tmdl": "role 'O''Neill, too'\n\tmodelPermission: read\n"
    }
    published(fabric, replace(roles, model=there, prove=None))
    for wanted in (replace(roles, prove=None), replace(roles, lift_roles=True)):
        error = failed(fabric, wanted, UsageError)
        assert error.message.endswith("see nothing any more: O'Neill, too.")
        assert "--drop-roles" in error.hint
        assert only(fabric, MODEL)["files"] == with_parameters(there, VALUES)
    done = published(fabric, replace(roles, prove=None, drop_roles=True))
    assert "its roles O'Neill, too were taken off for good" in done.steps
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))
    assert published(fabric, replace(roles, prove=None)).model == done.model  # the others are declared


@pytest.mark.parametrize("refusal", [("POST", "/items", 500, {}), ("GET", "/operations", 404, {})], ids=str)
def test_a_new_model_has_its_roles_also_where_its_creation_has_an_unknown_end(
    fabric: Fabric, roles: Wanted, refusal: tuple[str, str, int, dict[str, str]]
) -> None:
    """It is looked for by its name."""
    fabric.refusals, fabric.does_it_all_the_same = [refusal], True
    error = failed(fabric, roles)
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))
    assert "In the workspace: the semantic model CloudServices is there with its roles." in error.message


def test_a_refused_model_is_left_alone(fabric: Fabric, roles: Wanted) -> None:
    """It has its roles: whoever may not update it must not be alarmed."""
    published(fabric, roles)
    fabric.refusals = [("POST", "/updateDefinition", 403, {})] * 2
    error = failed(fabric, replace(roles, lift_roles=True))
    assert "403. Nothing was changed in the workspace." in error.message
    assert len(fabric.refusals) == 1


def test_roles_are_put_on_after_an_operation_that_takes_too_long(fabric: Fabric, roles: Wanted) -> None:
    """It was accepted: the model may be without them by now. Putting them on has a patience of its own."""
    published(fabric, roles)
    lifted = replace(roles, lift_roles=True)
    found = looked(fabric, lifted)
    fabric.looks_at = [1000]
    error = failed(fabric, lifted, patience=4, found=found)
    assert "longer than POWERBI_PATIENCE allows" in error.message
    assert "In the workspace: the semantic model CloudServices is there with its roles." in error.message
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))


def test_a_proof_that_takes_long_is_no_alarm(fabric: Fabric, roles: Wanted) -> None:
    """Roles and report have a patience of their own, whatever the steps before have spent."""

    def slow(dataset: object) -> list[Answer]:
        time.sleep(5)
        return []

    done = published(fabric, replace(roles, prove=slow), patience=4)
    assert done.report
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))


def test_roles_are_put_on_by_who_is_interrupted_twice(
    fabric: Fabric, roles: Wanted, caplog: pytest.LogCaptureFixture
) -> None:
    """While the model without them is put there, and again while they are put on; the log says what there is."""
    published(fabric, roles)
    lifted = replace(roles, lift_roles=True)
    found = looked(fabric, lifted)

    def interrupt() -> None:
        fabric.when_looked_at = lambda: os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    fabric.when_looked_at = interrupt
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            published(fabric, lifted, found=found)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert fabric.when_looked_at is None
    assert fabric.has_roles(str(only(fabric, MODEL)["id"]))
    assert "In the workspace: the semantic model CloudServices is there with its roles." in caplog.text


def test_a_warehouse_that_is_away_during_the_proof_leaves_nobody_without_the_state(
    fabric: Fabric, roles: Wanted
) -> None:
    """It stays the warehouse's fault, with its own cure."""

    def away(dataset: object) -> list[Answer]:
        raise WarehouseError("BigQuery is away.", "Try later.")

    error = failed(fabric, replace(roles, prove=away), WarehouseError)
    assert re.match(
        r"BigQuery is away\. In the workspace: the semantic model .* refreshed.*; it has its roles\.", error.message
    )
    assert error.hint.startswith("Try later. ")
    assert fabric.of(REPORT) == []


def test_roles_that_cannot_be_put_on_are_an_alarm(fabric: Fabric, roles: Wanted) -> None:
    """It says what that means, and what to do at once."""
    published(fabric, roles)
    forbidden = ("POST", "/updateDefinition", 403, {})
    fabric.refusals = [("POST", "/executeQueries", 403, {})]
    lifted = replace(roles, lift_roles=True)

    def refuse(dataset: object) -> list[object]:
        fabric.refusals = [forbidden]
        return []

    error = failed(fabric, replace(lifted, prove=refuse))  # type: ignore[arg-type]
    assert "MAY BE WITHOUT ITS ROLES" in error.message
    assert "at once" in error.hint
