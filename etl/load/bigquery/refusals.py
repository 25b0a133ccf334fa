"""What BigQuery refuses, and the cure of each: told by its reason and its text, for 403 stands for a dozen faults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_AGAIN = "Run LoadFilesBQ.py again."


@dataclass(frozen=True)
class Refusal:
    """A kind of refusal. why: the sentence; hint: the cure; both may name {project}, {dataset} and groups of `said`.

    said: what the message holds; reasons, codes: those that tell by themselves; quoted: whether BigQuery's own words
    follow the sentence.
    """

    why: str
    hint: str
    said: str = r"(?!)"
    reasons: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    quoted: bool = True

    def matches(self, code: int, reason: str, message: str) -> re.Match[str] | bool | None:
        """Return whether a refusal is of this kind."""
        return re.search(self.said, message) or reason in self.reasons or code in self.codes

    def told(self, names: Mapping[str, str], message: str, *, secret: bool = False) -> tuple[str, str]:
        """Write the sentence and the cure. secret: whether the message must not be quoted."""
        found = re.search(self.said, message)
        known = {"service": "bigquery.googleapis.com", "part": ""} | dict(names)
        known |= {name: text for name, text in (found.groupdict() if found else {}).items() if text}
        said = message.partition("\n")[0].rstrip(". ") if self.quoted and not secret else ""
        return self.why.format_map(known) + (f": {said}" if said else ""), self.hint.format_map(known)


_DATASETS = "roles/bigquery.dataEditor on the datasets {dataset} and {dataset}_staging"

_KINDS = (
    Refusal(
        "the project {project} is in BigQuery's sandbox, where no rows can be changed by SQL",
        "Turn billing on for the project {project}; what was published before still stands. The next load then takes"
        " off the 60 days after which a sandbox lets tables and partitions expire.",
        r"not allowed in the free tier|Billing has not been enabled",
        ("billingNotEnabled",),
        quoted=False,
    ),
    Refusal(
        "billing does not work for the project {project}",
        "Open Billing in the Google Cloud console and reopen the project's billing account, or link another one.",
        r"(?i)billing account\W.*(closed|disabled|absent|delinquent|not found)|billing is disabled|billing disabled",
    ),
    Refusal(
        "the project {project} has used up this month's free bytes",
        "Turn billing on for the project {project}, or wait for the first day of the next month.",
        r"free query bytes",
    ),
    Refusal(
        "a custom quota of this project is used up",
        "Raise it (IAM & Admin, Quotas, BigQuery API: query usage per day), or wait for midnight, Pacific time.",
        r"(?i)custom quota",
        ("usageQuotaExceeded",),
    ),
    Refusal(
        "too many requests within a few seconds: a quota is used up",
        "Wait a few minutes, then try again.",
        reasons=("rateLimitExceeded", "jobRateLimitExceeded", "tooManyRequests"),
        codes=(429,),
    ),
    Refusal(
        "a quota is used up",
        "Wait, then try again; a daily quota starts again at midnight, Pacific time.",
        reasons=("quotaExceeded",),
    ),
    Refusal(
        "the machine's or the sign-in's access scopes leave BigQuery out",
        "On a VM: stop it, run `gcloud compute instances set-service-account <VM> --scopes=cloud-platform`, and start"
        " it; roles do not help. Otherwise run `gcloud auth application-default login` again, without --scopes.",
        r"(?i)insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient.{0,20}scope",
    ),
    Refusal(
        "an API of Google Cloud is disabled in the project",
        "Run `gcloud services enable {service} --project {project}`, and wait a few minutes.",
        r"(?s)(?:has not been used in project|SERVICE_DISABLED)(?:.*?/(?P<service>[\w-]+\.googleapis\.com))?",
        ("accessNotConfigured",),
    ),
    Refusal(
        "VPC Service Controls of the organization forbid it",
        "Ask the perimeter's administrator to let this machine and this account in (by an access level or an ingress"
        " rule), with the identifier that BigQuery names; roles do not help.",
        r"(?i)VPC Service Controls|vpcServiceControls|prohibited by organization's policy",
        ("vpcServiceControls", "policyViolation"),
    ),
    Refusal(
        "a policy of the organization forbids it",
        "Ask the organization's administrator for an exception, or choose what it allows (BIGQUERY_LOCATION).",
        r"constraints/[\w.]+|(?i:violates? (an )?org(anization)? policy)",
    ),
    Refusal(
        "a policy tag does not let this account read a column",
        "Take the policy tag off the column, or grant the account roles/datacatalog.categoryFineGrainedReader on it.",
        r"(?i)policy tag|fine-grained reader|masked get permission",
    ),
    Refusal(
        "a row access policy hides rows from this account",
        "Drop the policies (`DROP ALL ROW ACCESS POLICIES ON …`), or grant the account all rows by one that says"
        " FILTER USING (TRUE).",
        r"(?i)row access polic|row-level security|bigquery\.rowAccessPolicies\.",
    ),
    Refusal(
        "the key that encrypts the tables cannot be used",
        "Grant BigQuery's service agent (bq-…@bigquery-encryption.iam.gserviceaccount.com)"
        " roles/cloudkms.cryptoKeyEncrypterDecrypter on the key, and see that the key is enabled.",
        r"(?i)cloud ?kms|CryptoKey",
    ),
    Refusal(
        "the bucket may not be read",
        "Grant the account roles/storage.legacyBucketReader (Storage Legacy Bucket Reader) on the bucket besides"
        " roles/storage.objectUser, which lacks storage.buckets.get.",
        r"storage\.(buckets|objects)\.|globbing file pattern",
    ),
    Refusal(
        "this account may not act as the one that BIGQUERY_IMPERSONATE names",
        "Grant it roles/iam.serviceAccountTokenCreator on that service account, and wait a few minutes.",
        r"iam\.serviceAccounts\.\w+|iam\.serviceAccountTokenCreator",
    ),
    Refusal(
        "this account may not use the project that its requests are counted to",
        "Grant it roles/serviceusage.serviceUsageConsumer on the project {project}, or name that project by"
        " `gcloud auth application-default set-quota-project {project}`.",
        r"serviceusage\.services\.use|serviceUsageConsumer|USER_PROJECT_DENIED",
    ),
    Refusal(
        "this account may not run jobs or create datasets in the project",
        "Grant it roles/bigquery.user on the project {project} (for datasets that exist, roles/bigquery.jobUser does).",
        r"bigquery\.(jobs|datasets)\.create\b",
    ),
    Refusal(
        "this account may not change the tables",
        f"Grant it {_DATASETS}.",
        r"bigquery\.(tables|datasets)\.\w+|Permission bigquery\.",
    ),
    Refusal(
        "the table refuses queries that do not filter by its partitions",
        "Run `ALTER TABLE … SET OPTIONS (require_partition_filter = FALSE)` in BigQuery.",
        r"without a filter over column",
    ),
    Refusal(
        "it did not accept the credentials",
        "Check BIGQUERY_CREDENTIALS and what it names.",
        codes=(401,),
        quoted=False,
    ),
    Refusal(
        "this account is not allowed to",
        f"Grant it roles/bigquery.user on the project {{project}} and {_DATASETS}.",
        codes=(403,),
        reasons=("accessDenied",),
    ),
    Refusal(
        "it was not found",
        "Run LoadFilesBQ.py again: it stages the missing table again.",
        r"(?i)not found: (table|dataset) \S*_staging",
    ),
    Refusal(
        "it was not found",
        "Check BIGQUERY_PROJECT, BIGQUERY_DATASET and BIGQUERY_LOCATION.",
        codes=(404,),
        reasons=("notFound",),
    ),
    Refusal(
        "somebody else changed the same thing at the same moment",
        f"{_AGAIN} If it fails each night, let only one program manage these tables (Terraform, a person, this one).",
        codes=(412,),
        reasons=("conditionNotMet",),
    ),
    Refusal("its job was stopped", f"{_AGAIN} See in the job's history who cancelled it.", reasons=("stopped",)),
    Refusal(
        "its job took longer than it may",
        "See in the job's history what it waited for (a reservation without free slots, a very large table), and run"
        " LoadFilesBQ.py again.",
        reasons=("timeout",),
    ),
)


def kind_of(code: int, reason: str, message: str) -> Refusal | None:
    """Find what kind of refusal it is; None where only BigQuery's words can tell."""
    return next((kind for kind in _KINDS if kind.matches(code, reason, message)), None)
