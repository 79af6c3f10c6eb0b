"""BigQuery: who can read datasets, and under whose key they are."""

from __future__ import annotations

from soc2_collectors.gcp.models.bigquery import Dataset
from soc2_collectors.gcp.models.grants import held, in_force, public_grants, public_roles
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.values import matches
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed

_CONSUMER = ("gmail.com", "googlemail.com", "googlegroups.com")
_TABLES = "/tables/"


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[IamPolicy],
    known_as=[
        "prowler:bigquery_dataset_public_access",
        "powerpipe:require_bq_table_iam",
        "powerpipe:restrict_gmail_bigquery_dataset",
        "powerpipe:restrict_googlegroups_bigquery_dataset",
    ],
)
def gcp_bq_not_public(
    dataset: Dataset, evidence: Evidence, *, consumer_domains: tuple[str, ...] = _CONSUMER
) -> Verdict:
    """Datasets and their tables are shared neither with everyone nor with consumer accounts.

    Why: a dataset that everyone may query is copied before anybody notices.
    Fix: bq remove-iam-policy-binding --member=allUsers --role=ROLE PROJECT:DATASET.TABLE; for a dataset, bq
        show --format=prettyjson, take the entry out of "access", bq update --source.
    """
    by_name, by_node = (
        evidence.index(IamPolicy, "name", within="here"),
        evidence.index(IamPolicy, "node", within="here"),
    )
    tables = evidence.derived(_tables).get(dataset.name, [])
    grants = public_grants(in_force(by_name, by_node, dataset), services=["bigquery"])
    grants += [f"{role} on {t.short_name}" for t in tables for role in public_roles(t)]
    grants += [entry.role or "a view" for entry in dataset.dataset.access if entry.public]
    if grants:
        return failed(f"everyone holds {listed(set(grants))}")
    own = [*by_name.get(dataset.name, ()), *tables]
    members = {member for policy in own for member, _ in held(policy)}
    members |= {entry.member for entry in dataset.dataset.access}
    homes = tuple(f"{sign}{domain}" for domain in consumer_domains for sign in ("@", ":"))
    consumer = {member for member in members if member.lower().endswith(homes)}
    if consumer:
        return failed(f"shared with consumer accounts: {listed(consumer)}")
    return passed("shared neither with everyone nor with consumer accounts")


def _tables(whole: Whole) -> dict[str, list[IamPolicy]]:
    """Policies of tables by the name of their dataset."""
    found: dict[str, list[IamPolicy]] = {}
    for policy in whole.everywhere(IamPolicy):
        if _TABLES in policy.name and policy.asset_type == "bigquery.googleapis.com/Table":
            found.setdefault(policy.name.partition(_TABLES)[0], []).append(policy)
    return found


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:bigquery_dataset_cmk_encryption",
        "prowler:bigquery_table_cmk_encryption",
        "powerpipe:bigquery_dataset_encrypted_with_cmk",
        "powerpipe:bigquery_table_encrypted_with_cmk",
    ],
)
def gcp_bq_cmek(dataset: Dataset, *, required: tuple[str, ...] = ("*",)) -> Verdict:
    """Datasets encrypt new tables with a key of one's own.

    ``required`` takes names or patterns of datasets where policy asks for it.

    Why: a key of one's own says who may read, and can be taken away from everybody at once.
    Fix: bq update --default_kms_key KEY PROJECT:DATASET; tables that are there keep their key until bq cp
        --destination_kms_key.
    """
    if not matches(dataset.short_name, required):
        return not_applicable("policy asks for no key of one's own here")
    encryption = dataset.dataset.default_encryption_configuration
    if encryption is None or not encryption.kms_key_name:
        return failed("new tables are encrypted with a key of Google's")
    return passed(f"new tables are encrypted with {encryption.kms_key_name}")
