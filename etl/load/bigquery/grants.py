"""A service account for BigQuery with the permissions that a load uses, and no others: commands of gcloud and bq."""

from shlex import quote

from config import Settings
from etl.load.bigquery.permissions import DATASETS, POWER_BI, PROJECT

_JOBS, _LOADER, _READER = "etlJobs", "etlLoader", "powerBiReader"
_POWER_BI = "powerbi-reader"
"""The account that Power BI reads with."""


def commands(settings: Settings, account: str) -> list[str]:
    """Return the lines of a shell script. account: the name of the service account to make."""
    project, dataset = str(settings.bigquery_project), str(settings.bigquery_dataset)
    email = f"{account}@{project}.iam.gserviceaccount.com"
    member, where = f"serviceAccount:{email}", f"--project={project}"
    lines = [
        "# In a shell, as an owner of the project: gcloud auth login",
        f"gcloud iam service-accounts create {account} {where} --display-name='Nightly ETL'",
        _role(_JOBS, "Nightly ETL: jobs", list(PROJECT), where),
        f"gcloud projects add-iam-policy-binding {project} --member={member}"
        f" --role=projects/{project}/roles/{_JOBS} --condition=None",
        _role(_LOADER, "Nightly ETL: tables", list(DATASETS), where),
        "# Both datasets are made here, so that the account need not be able to create any.",
    ]
    for name, more in ((dataset, ""), (f"{dataset}_staging", " --default_table_expiration=259200")):
        grant = f'GRANT `projects/{project}/roles/{_LOADER}` ON SCHEMA `{project}.{name}` TO "{member}"'
        lines.append(
            f"bq --location={settings.bigquery_location} mk --dataset --label=managed_by:etl{more} {project}:{name}"
        )
        lines.append(f"bq --location={settings.bigquery_location} query {_no_legacy(project)} {quote(grant)}")
    if isinstance(settings.data_dir, str):
        bucket = "/".join(settings.data_dir.split("/")[:3])
        lines.append("# The data folder is in a bucket, which BigQuery reads as this account.")
        lines += [
            f"gcloud storage buckets add-iam-policy-binding {bucket} --member={member} --role=roles/storage.{role}"
            for role in ("objectUser", "legacyBucketReader")
        ]
    return [
        *lines,
        "# Then attach it to the VM, and no key is needed:",
        f"#   gcloud compute instances set-service-account VM --service-account={email} --scopes=cloud-platform",
        *(_power_bi(settings) if settings.has_report else []),
    ]


def _power_bi(settings: Settings) -> list[str]:
    """Return the lines for the account that Power BI reads the published tables with, and nothing else."""
    project, dataset = str(settings.bigquery_project), str(settings.bigquery_dataset)
    pays = settings.powerbi_billing_project or project
    email = f"{_POWER_BI}@{project}.iam.gserviceaccount.com"
    member = f"serviceAccount:{email}"
    grant = f'GRANT `roles/bigquery.dataViewer` ON SCHEMA `{project}.{dataset}` TO "{member}"'
    return [
        "",
        "# The account that Power BI reads with: the published tables, and nothing else.",
        f"gcloud iam service-accounts create {_POWER_BI} --project={project} --display-name='Power BI'",
        _role(_READER, "Power BI: queries and their answers", list(POWER_BI), f"--project={pays}"),
        f"gcloud projects add-iam-policy-binding {pays} --member={member}"
        f" --role=projects/{pays}/roles/{_READER} --condition=None",
        f"bq --location={settings.bigquery_location} query {_no_legacy(project)} {quote(grant)}",
        "# In the semantic model's settings, under Data source credentials: Basic, the account as the user, its key",
        "# (JSON, in one line) as the password. Some projects want roles/serviceusage.serviceUsageConsumer as well.",
        f"#   gcloud iam service-accounts keys create powerbi-reader.json --iam-account={email}",
    ]


def _role(name: str, title: str, permissions: list[str], where: str) -> str:
    listed = ",".join(permissions)
    return f"gcloud iam roles create {name} {where} --title={quote(title)} --stage=GA --permissions={listed}"


def _no_legacy(project: str) -> str:
    return f"--project_id={project} --nouse_legacy_sql"
