"""Settings: typed, every fault told at once, secrets told to nobody."""

import os
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import ValidationError

import config
from config import Settings, SettingsError, paths
from config import settings as settings_module
from config.paths import EXAMPLE_SETTINGS, ROOT, SAMPLE_SETTINGS, data_folder_of, home_of, seen_from, url_seen_from
from tests.drawn import cells_of

LEAST = {"WAREHOUSE": "duckdb", "BUSINESS_TIME_ZONE": "Europe/Madrid"}


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower() in Settings.model_fields or name.upper().startswith("SOURCE_"):
            monkeypatch.delenv(name)


def written(folder: Path, text: str | None = None, **settings: str) -> Path:
    file = folder / "company.env"
    lines = "".join(f"{name}={value}\n" for name, value in (LEAST | settings).items())
    file.write_text(lines if text is None else text, encoding="utf-8")
    return file


def faults(file: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        config.load(file)
    assert caught.value.hint
    return caught.value.message


def test_two_settings_are_enough_and_the_others_have_defaults(tmp_path: Path) -> None:
    """Everything of the company is beside its settings file, the data in a folder named after it."""
    settings = config.load(written(tmp_path))
    assert (settings.keep_runs, settings.window_years, settings.log_level) == (7, 3, "INFO")
    assert (settings.queries_dir, settings.tables_dir) == (tmp_path / "queries", tmp_path / "tables")
    assert settings.report_folder == tmp_path / "powerbi"
    assert settings.data_dir == settings.machine_dir == tmp_path / "data/company"
    assert settings.duckdb_path == tmp_path / "data/company/warehouse.duckdb"
    assert settings.sources == {}


def test_data_may_lie_in_a_bucket_and_the_rest_stays_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is of this machine is in a folder named after the file, or where LOCAL_DIR says."""
    file = written(tmp_path, DATA_DIR="gs://a-bucket/etl/")
    settings = config.load(file)
    assert settings.data_dir == "gs://a-bucket/etl"
    assert settings.machine_dir == data_folder_of(file) == tmp_path / "data/company"
    assert settings.duckdb_path == data_folder_of(file) / "warehouse.duckdb"
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "machine"))
    assert config.load(written(tmp_path, DATA_DIR="gs://a-bucket")).machine_dir == tmp_path / "machine"
    here = config.load(written(tmp_path, DATA_DIR=str(tmp_path / "data")))
    assert here.machine_dir == here.data_dir == tmp_path / "data"


@pytest.mark.parametrize("address", ["s3://bucket/etl", "gs://", "gs:///etl", "gs://bucket//etl", "http://host/etl"])
def test_an_address_that_is_no_bucket_is_refused(tmp_path: Path, address: str) -> None:
    """By its name."""
    assert f"DATA_DIR: '{address}' is neither a folder nor gs://bucket/folder" in faults(
        written(tmp_path, DATA_DIR=address)
    )


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Each with its name and what is wrong; and where the settings were looked for."""
    file = written(
        tmp_path,
        text="""WAREHOUSE=bigquery
BUSINESS_TIME_ZONE=Madrid
KEEP_RUNS=0
WORKERS=many
WINDOW_YEARS=3.5
LOG_LEVEL=LOUD
BIGQUERY_DATASET=
BIGQUERY_CREDENTIALS=anonymous
BIGQUERY_ENDPOINT=
COLOUR=red
sources=x
""",
    )
    message = faults(file)
    assert str(file) in message
    assert "environment" in message
    lines = [line.strip() for line in message.splitlines()[1:]]
    for name, said in [
        ("BUSINESS_TIME_ZONE", "'Madrid' is not an IANA time zone such as Europe/Madrid"),
        ("KEEP_RUNS", "should be at least 1"),
        ("WORKERS", "should be a whole number"),
        ("WINDOW_YEARS", "should be a whole number"),
        ("LOG_LEVEL", "should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("COLOUR", "is not a setting"),
        ("SOURCES", "is not a setting"),
        ("BIGQUERY_PROJECT and BIGQUERY_DATASET", "must be set when WAREHOUSE is bigquery"),
        ("BIGQUERY_CREDENTIALS anonymous", "set BIGQUERY_ENDPOINT"),
    ]:
        assert [line for line in lines if line.startswith(name) and said in line], name
    assert len(lines) == 9


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    """An empty file lacks two settings; an empty value is not set."""
    for text in ("", "WAREHOUSE=\nBUSINESS_TIME_ZONE=\n"):
        message = faults(written(tmp_path, text))
        assert "WAREHOUSE is not set" in message
        assert "BUSINESS_TIME_ZONE is not set" in message


TOGETHER = """
| PROJECT | DATASET | CREDENTIALS | ENDPOINT           | what is said                    |
| ------- | ------- | ----------- | ------------------ | ------------------------------- |
| p       | d       |             |                    |                                 |
|         | d       |             |                    | BIGQUERY_PROJECT must be set    |
| p       |         |             |                    | BIGQUERY_DATASET must be set    |
| p       | a-b     |             |                    | BIGQUERY_DATASET: it is not     |
| p       | d       | key file    |                    | BIGQUERY_KEY_FILE must be set   |
| p       | d       | anonymous   |                    | set BIGQUERY_ENDPOINT           |
| p       | d       | anonymous   | http://localhost:1 |                                 |
| p       | d       | some        |                    | BIGQUERY_CREDENTIALS: it should |
"""


@pytest.mark.parametrize(("project", "dataset", "credentials", "endpoint", "said"), cells_of(TOGETHER))
def test_what_bigquery_needs_together_is_said(
    tmp_path: Path, project: str, dataset: str, credentials: str, endpoint: str, said: str
) -> None:
    """Anonymous credentials are for an emulator only, so that no warehouse is written to by nobody."""
    given = {"PROJECT": project, "DATASET": dataset, "CREDENTIALS": credentials, "ENDPOINT": endpoint}
    file = written(tmp_path, WAREHOUSE="bigquery", **{f"BIGQUERY_{name}": value for name, value in given.items()})
    if said:
        assert said in faults(file)
    else:
        assert config.load(file).bigquery_project == "p"


POWER_BI = {
    "POWERBI_WORKSPACE": "11111111-aaaa-4aaa-8aaa-111111111111",
    "POWERBI_DATASET": "22222222-BBBB-4BBB-8BBB-222222222222",
    "POWERBI_TENANT": "company.onmicrosoft.com",
    "POWERBI_CLIENT_ID": "44444444-dddd-4ddd-8ddd-444444444444",
    "POWERBI_CLIENT_SECRET": "hidden~secret",
}


@pytest.mark.parametrize("names", [["POWERBI_CLIENT_SECRET"], ["POWERBI_TENANT", "POWERBI_CLIENT_ID"]])
def test_what_power_bi_needs_together_is_said(
    tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names a dataset wants it refreshed: what lacks for that is a fault; the environment may have it."""
    lacking = written(tmp_path, **{name: value for name, value in POWER_BI.items() if name not in names})
    message = faults(lacking)
    assert f"{' and '.join(names)} must be set when POWERBI_WORKSPACE is" in message
    assert "hidden" not in message
    for name in names:
        monkeypatch.setenv(name, POWER_BI[name])
    settings = config.load(lacking)
    assert (settings.powerbi_dataset, settings.powerbi_patience) == (POWER_BI["POWERBI_DATASET"], 10800)
    assert "hidden" not in repr(settings) + settings.model_dump_json()


def test_a_workspace_may_be_published_to_before_there_is_a_dataset(tmp_path: Path) -> None:
    """Its id is known after the first time; a dataset without the rest is a fault all the same."""
    settings = config.load(written(tmp_path, **{n: v for n, v in POWER_BI.items() if n != "POWERBI_DATASET"}))
    assert settings.powerbi_dataset is None
    (tmp_path / "alone").mkdir()
    message = faults(written(tmp_path / "alone", POWERBI_DATASET=POWER_BI["POWERBI_DATASET"]))
    assert "POWERBI_WORKSPACE and POWERBI_TENANT" in message
    assert "must be set when POWERBI_DATASET is" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POWERBI_SERVICE", "http://api.powerbi.com"),
        ("POWERBI_SIGN_IN", "https://login.microsoftonline.com/tenant"),
        ("POWERBI_TENANT", "https://company.onmicrosoft.com"),
        ("POWERBI_PATIENCE", "0"),
    ],
)
def test_power_bi_is_spoken_to_by_ids_and_over_https(tmp_path: Path, name: str, value: str) -> None:
    """The secret goes over no line that others can read, and an address is no id."""
    assert f"  {name}: " in faults(written(tmp_path, **POWER_BI | {name: value}))


@pytest.mark.parametrize("name", ["POWERBI_WORKSPACE", "POWERBI_DATASET", "POWERBI_CLIENT_ID"])
@pytest.mark.parametrize("value", ["Sales", "11111111-aaaa", "https://app.powerbi.com/groups/{id}", "{id}/details"])
def test_what_is_no_id_is_told_before_the_night(tmp_path: Path, name: str, value: str) -> None:
    """A name, a part of an id and an address are none; Power BI would answer only after the publish."""
    wrong = value.replace("{id}", POWER_BI[name])
    message = faults(written(tmp_path, **POWER_BI | {name: wrong}))
    assert f"  {name}: it is not an id such as 11111111-2222-3333-4444-555555555555" in message.splitlines()


def test_settings_made_in_code_are_checked_as_well() -> None:
    """And are what is given, whatever the environment says."""
    with pytest.raises(ValidationError, match="BIGQUERY_PROJECT and BIGQUERY_DATASET must be set"):
        Settings(warehouse="bigquery", data_dir=Path("x"), business_time_zone="UTC")


def test_a_variable_of_the_environment_wins_over_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In either letter case; an empty one counts as not set, and what is none of ours does not count."""
    file = written(tmp_path, KEEP_RUNS="3", WORKERS="2", SOURCE_SHOP_URL="postgresql://file/x", LOG_LEVEL="ERROR")
    for name, value in {
        "KEEP_RUNS": "5",
        "workers": "4",
        "LOG_LEVEL": "",
        "SOURCE_SHOP_URL": "postgresql://environment/x",
        "Source_Other_Url": "sqlite:///x",
        "SOURCES": "{not json",
        "COLOUR": "red",
    }.items():
        monkeypatch.setenv(name, value)
    settings = config.load(file)
    assert (settings.keep_runs, settings.workers, settings.log_level) == (5, 4, "ERROR")
    urls = {name: url.get_secret_value() for name, url in settings.sources.items()}
    assert urls == {"shop": "postgresql://environment/x", "other": f"sqlite:///{tmp_path}/x"}
    monkeypatch.setenv("SOURCE_SHOP_URL", "")
    assert config.load(file).sources["shop"].get_secret_value() == "postgresql://file/x"


def test_a_value_is_taken_as_it_is_written(tmp_path: Path) -> None:
    """Dollars, hashes and equals signs of a password stay; quotes around it and comments after it do not."""
    text = """# the shop
export WAREHOUSE=duckdb   # embedded
BUSINESS_TIME_ZONE = 'Europe/Madrid'
SOURCE_A_URL=postgresql://u:${HOME}#p=$x@h/d
SOURCE_B_URL="postgresql://u:p w@h/d"
"""
    settings = config.load(written(tmp_path, text))
    urls = {name: url.get_secret_value() for name, url in settings.sources.items()}
    assert urls == {"a": "postgresql://u:${HOME}#p=$x@h/d", "b": "postgresql://u:p w@h/d"}


def test_a_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    """A byte order mark and carriage returns change nothing."""
    file = tmp_path / "windows.env"
    file.write_bytes(b"\xef\xbb\xbfWAREHOUSE=duckdb\r\nBUSINESS_TIME_ZONE=UTC\r\n")
    assert config.load(file).business_time_zone == "UTC"


def test_a_missing_file_is_named_with_what_to_copy(tmp_path: Path) -> None:
    """A folder is no file either."""
    assert faults(tmp_path / "none.env") == f"The settings file {tmp_path / 'none.env'} does not exist."
    assert f"{tmp_path} is a folder" in faults(tmp_path)
    assert EXAMPLE_SETTINGS.is_file()


def test_a_broken_line_is_named_by_its_number(tmp_path: Path) -> None:
    """Not by what it holds, which may be a password."""
    message = faults(written(tmp_path, "WAREHOUSE=duckdb\nSOURCE SHOP URL=hidden\nBUSINESS_TIME_ZONE\n"))
    assert message == f"The settings file {tmp_path / 'company.env'} is broken in line 2, 3."


@pytest.mark.parametrize(("count", "named"), [(5, "1, 2, 3, 4, 5"), (6, "1, 2, 3, 4, 5 and 1 more")])
def test_of_many_broken_lines_the_first_five_are_named(tmp_path: Path, count: int, named: str) -> None:
    """And how many more there are: a file that holds no settings at all fills no screen."""
    file = written(tmp_path, "Some prose.\n" * count)
    assert faults(file) == f"The settings file {file} is broken in line {named}."


@pytest.mark.parametrize("second", ["WINDOW_YEARS=3", "window_years=5", "export WINDOW_YEARS='5'"])
def test_a_setting_that_is_written_twice_is_refused(tmp_path: Path, second: str) -> None:
    """Whichever of them counted, somebody meant the other one. An empty line or a comment sets nothing."""
    empty = "WINDOW_YEARS=\n# WINDOW_YEARS=4\n"
    lines = f"WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\n{empty}WINDOW_YEARS=3\n"
    assert config.load(written(tmp_path, lines)).window_years == 3
    message = faults(written(tmp_path, f"{lines}{second}\n"))
    assert message == f"The settings file {tmp_path / 'company.env'} sets WINDOW_YEARS in lines 5 and 6."


def test_a_file_that_is_no_text_is_a_sentence(tmp_path: Path) -> None:
    """UTF-16, for one."""
    file = tmp_path / "company.env"
    file.write_bytes("WAREHOUSE=duckdb".encode("utf-16"))
    assert "cannot be read" in faults(file)


def test_secrets_are_told_to_nobody(tmp_path: Path) -> None:
    """Not when settings are printed, and not when they are faulty."""
    url = "postgresql://user:hidden@host/shop"
    settings = config.load(written(tmp_path, SOURCE_SHOP_URL=url))
    for text in (repr(settings), str(settings), str(settings.sources), settings.model_dump_json()):
        assert "hidden" not in text
    for wrong in (
        {"KEEP_RUNS": "hidden"},
        {"WAREHOUSE": url},
        {"BIGQUERY_ENDPOINT": "hidden"},
        {"DATA_DIR": "~hidden/x"},
    ):
        message = faults(written(tmp_path, SOURCE_SHOP_URL=url, **wrong))
        assert "hidden@" not in message
        assert "user" not in message.replace("user's home", "").replace("user expansion", "")


def test_settings_do_not_change(tmp_path: Path) -> None:
    """What a stage was started with is what it ends with."""
    with pytest.raises(ValidationError):
        config.load(written(tmp_path)).keep_runs = 1


FOLDERS = """
| settings file        | data folder   |
| -------------------- | ------------- |
| prod.env             | data/prod     |
| config/sample.env    | data/sample   |
| .env                 | data/default  |
| .env.test            | data/env.test |
| prod                 | data/prod     |
"""


@pytest.mark.parametrize(("file", "folder"), cells_of(FOLDERS))
def test_each_settings_file_has_a_data_folder_of_its_own(file: str, folder: str) -> None:
    """So that a trial never touches production's runs."""
    assert data_folder_of(Path(file)) == ROOT / folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the project lie in another folder, which is empty."""
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(settings_module, "ROOT", root)
    monkeypatch.chdir(tmp_path)
    return root


def test_settings_files_of_one_name_in_different_folders_have_different_data_folders(
    tmp_path: Path, project: Path
) -> None:
    """A test company's prod.env never comes to production's runs; each lies beside its settings file."""
    files = [tmp_path / name / "prod.env" for name in ("project", "project/config", "a", "b")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    folders = [data_folder_of(file) for file in files]
    assert len(set(folders)) == 4
    assert [folders[0], *folders[2:]] == [file.parent / "data/prod" for file in (files[0], *files[2:])]
    assert folders[1].parent == project / "data"
    assert data_folder_of(Path("a/prod.env")) == folders[2]


@pytest.mark.parametrize("name", ["shop", "shop-{hash}"])
def test_the_data_of_an_older_version_are_found_again(tmp_path: Path, project: Path, name: str) -> None:
    """They lay in the project; a company whose folder has data of its own does not look there."""
    file = tmp_path / "a/shop.env"
    file.parent.mkdir()
    begun = project / "data" / name.format(hash=sha256(os.fsencode(file.parent)).hexdigest()[:8])
    begun.mkdir(parents=True)
    assert data_folder_of(file) == begun
    (file.parent / "data/shop").mkdir(parents=True)
    assert data_folder_of(file) == file.parent / "data/shop"


def test_the_data_of_others_are_not_taken_for_a_companys(tmp_path: Path, project: Path) -> None:
    """Those of the sample, and of a settings file that is still in the project."""
    for name in ("sample", "prod"):
        (project / "data" / name).mkdir(parents=True)
    (project / "prod.env").touch()
    assert data_folder_of(tmp_path / "prod.env") == tmp_path / "data/prod"
    assert data_folder_of(tmp_path / "sample.env") == tmp_path / "data/sample"


def test_relative_paths_are_seen_from_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever cron starts the night, and whether the file or the environment gives them."""
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("TABLES_DIR", "other/tables")
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o600)
    more = {"SOURCE_A_URL": "postgresql://me@host/d", "SOURCE_A_PASSWORD_FILE": "password"}
    file = written(tmp_path, DATA_DIR="here/data", QUERIES_DIR="~/queries", DUCKDB_FILE="/abs/w.duckdb", **more)
    settings = config.load(file)
    assert settings.data_dir == tmp_path / "here/data"
    assert settings.queries_dir == Path("/home/somebody/queries")
    assert settings.tables_dir == tmp_path / "other/tables"
    assert settings.duckdb_path == Path("/abs/w.duckdb")
    assert settings.sources["a"].get_secret_value() == "postgresql://me:secret@host/d"
    assert seen_from(tmp_path, Path("../other")) == tmp_path.parent / "other"


URLS = """
| URL                           | as seen from /srv/shop                  |
| ----------------------------- | --------------------------------------- |
| sqlite:///shop.db             | sqlite:////srv/shop/shop.db             |
| sqlite+pysqlite:///../a.db?x=1 | sqlite+pysqlite:////srv/a.db?x=1       |
| duckdb:///a/b.duckdb          | duckdb:////srv/shop/a/b.duckdb          |
| sqlite:////abs/shop.db        | sqlite:////abs/shop.db                  |
| sqlite:///:memory:            | sqlite:///:memory:                      |
| sqlite://                     | sqlite://                               |
| mysql+pymysql://me@host/shop  | mysql+pymysql://me@host/shop            |
"""


@pytest.mark.parametrize(("url", "seen"), cells_of(URLS))
def test_a_source_that_is_a_file_is_seen_from_there_too(url: str, seen: str) -> None:
    """As every path of the settings file is; other URLs stay."""
    assert url_seen_from(Path("/srv/shop"), url) == seen


def test_the_settings_of_the_project_are_seen_from_the_project(project: Path) -> None:
    """In its own folder, and in config/ as the sample's."""
    assert home_of(project / "prod.env") == home_of(project / "config/prod.env") == project
    assert config.load(written(project)).queries_dir == project / "queries"
    assert config.load(written(project / "config")).queries_dir == project / "queries"


def test_a_path_that_an_older_version_saw_from_the_project_is_asked_about(tmp_path: Path, project: Path) -> None:
    """No data folder is silently begun anew; what is there is not asked about."""
    (project / "old/1_raw").mkdir(parents=True)
    (project / "old/tables").mkdir()
    file = written(tmp_path, DATA_DIR="old", TABLES_DIR="old/tables", QUERIES_DIR="new/queries")
    lines = [line.strip() for line in faults(file).splitlines()[1:]]
    assert [line.partition(":")[0] for line in lines] == ["DATA_DIR", "TABLES_DIR"]
    assert f"there is no {tmp_path}/old, as old is seen from the settings file's folder" in lines[0]
    assert f"write {project}/old/tables, or move that there" in lines[1]
    (tmp_path / "old/tables").mkdir(parents=True)
    assert config.load(file).data_dir == tmp_path / "old"


def test_a_data_folder_in_which_nothing_has_begun_is_not_asked_about(tmp_path: Path, project: Path) -> None:
    """`data` of the program holds those of others."""
    (project / "data/sample").mkdir(parents=True)
    assert config.load(written(tmp_path, DATA_DIR="data")).data_dir == tmp_path / "data"


def test_the_sample_needs_no_settings_but_its_own() -> None:
    """And its warehouse is the embedded one."""
    assert config.load(SAMPLE_SETTINGS).warehouse == "duckdb"


CERTIFICATES = {"EXECUTOR_CA": "ca.pem", "EXECUTOR_CERTIFICATE": "etl.pem", "EXECUTOR_KEY": "etl.key"}


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ({"EXECUTOR": "dask://127.0.0.1:8786"}, ""),
        ({"EXECUTOR": "dask://127.8.9.1:8786"}, ""),
        ({"EXECUTOR": "dask://[::1]:8786"}, ""),
        ({"EXECUTOR": "dask://localhost:8786"}, ""),
        ({"EXECUTOR": "dask://10.0.0.5:8786", "EXECUTOR_PLAIN": "yes"}, ""),
        ({"EXECUTOR": "tls://10.0.0.5:8786"} | CERTIFICATES, ""),
        ({"EXECUTOR": "dask://10.0.0.5:8786"}, "neither encrypted nor on this machine"),
        ({"EXECUTOR": "dask://10.0.0.5:8786", "EXECUTOR_PLAIN": "no"}, "neither encrypted nor on this machine"),
        ({"EXECUTOR": "dask://localhost.example:8786"}, "neither encrypted nor on this machine"),
        ({"EXECUTOR": "dask://0.0.0.0:8786"}, "neither encrypted nor on this machine"),
        ({"EXECUTOR": "tls://10.0.0.5:8786"}, "EXECUTOR_CA and EXECUTOR_CERTIFICATE and EXECUTOR_KEY must be set"),
        ({"EXECUTOR": "tls://127.0.0.1:8786", "EXECUTOR_CA": "ca.pem"}, "EXECUTOR_CERTIFICATE and EXECUTOR_KEY must"),
        ({"EXECUTOR": "dask://127.0.0.1:8786"} | CERTIFICATES, "EXECUTOR must begin with tls://"),
        ({"EXECUTOR": "tcp://127.0.0.1:8786"}, "EXECUTOR: "),
    ],
)
def test_a_cluster_elsewhere_is_reached_by_tls_or_on_purpose(tmp_path: Path, lines: dict[str, str], fault: str) -> None:
    """Who reaches a scheduler runs programs as its user: plain connections are for this machine."""
    file = tmp_path / "prod.env"
    file.write_text(
        "".join(f"{k}={v}\n" for k, v in ({"WAREHOUSE": "duckdb", "BUSINESS_TIME_ZONE": "UTC"} | lines).items())
    )
    if not fault:
        assert config.load(file).executor == lines["EXECUTOR"]
        return
    with pytest.raises(config.SettingsError) as caught:
        config.load(file)
    assert fault in caught.value.message
