"""BigQuery: who can read datasets, and under whose key they are."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.bigquery import Dataset
from soc2_collectors.gcp.models.grants import Held, ends, first_end, held, public_roles
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.privileges import BASIC_CHANGING, BASIC_READING
from soc2_collectors.gcp.models.roles import Role
from soc2_collectors.gcp.models.values import matches
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import (
    NO_DENIALS,
    NO_MEMBERS,
    Definitions,
    beside,
    everyone,
)

_CONSUMER = ("gmail.com", "googlemail.com", "googlegroups.com")
_TABLES = "/tables/"
_READS = frozenset({"bigquery.tables.getData"})
_BASIC = BASIC_CHANGING | BASIC_READING
"""Basic roles open datasets by the special groups that each has from the beginning."""


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[IamPolicy, Role],
    known_as=[
        "prowler:bigquery_dataset_public_access",
        "powerpipe:require_bq_table_iam",
        "powerpipe:restrict_gmail_bigquery_dataset",
        "powerpipe:restrict_googlegroups_bigquery_dataset",
    ],
)
def gcp_bq_not_public(
    dataset: Dataset,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    consumer_domains: tuple[str, ...] = _CONSUMER,
) -> Verdict:
    """Datasets and their tables are shared neither with everyone nor with consumer accounts.

    Neither by their own policies nor by those of the project and what is above it. What listings of BigQuery
    sharing publish, who reads through views, routines and datasets that are authorised, who is in a group,
    and deny policies are not read.

    Why: a dataset that everyone may query is copied before anybody notices.
    Fix: bq remove-iam-policy-binding --member=allUsers --role=ROLE PROJECT:DATASET.TABLE; for a dataset, bq
        show --format=prettyjson, take the entry out of "access", bq update --source.
    """
    listing = dataset.dataset.access
    homes = tuple(f"{sign}{domain}" for domain in consumer_domains for sign in ("@", ":"))
    # What the dataset itself says proves a failure, whatever policies were read.
    if ways := {entry.role or "a view" for entry in listing if entry.public}:
        return failed(f"everyone holds {listed(ways)}; {NO_DENIALS}")
    if consumer := {e.member for e in listing if e.member.lower().endswith(homes)}:
        return failed(f"shared with consumer accounts: {listed(consumer)}; {NO_DENIALS}")
    tables = evidence.derived(_tables).get(dataset.name, [])
    granted = everyone(dataset, evidence, services=("bigquery",))
    open_tables = [one for one in tables if public_roles(one)]
    ways = {*granted.roles}
    ways |= {f"{role} on {one.short_name}" for one in open_tables for role in public_roles(one)}
    if ways:
        said = f"everyone holds {listed(ways)}; {NO_DENIALS}"
        return failed(said, on=[*granted.on, *open_tables])
    own = [*evidence.index(IamPolicy, "name", within="here").get(dataset.name, ()), *tables]
    members = {one.member.text for policy in own for one in held(policy, now)}
    members |= {entry.member for entry in listing if entry.member}
    consumer = {member for member in members if member.lower().endswith(homes)}
    if consumer:
        said = f"shared with consumer accounts: {listed(consumer)}; {NO_DENIALS}"
        return failed(said, until=first_end(own, now), on=own)
    found = _above(dataset, evidence, now, homes)
    roles = Definitions(evidence)
    reading = [
        (one, on) for one, on in found if one.role in _BASIC or _READS & roles.certain(one.role)
    ]
    if reading:
        said = listed(f"{one.member.text} ({one.role} on {on.node})" for one, on in reading)
        said = f"shared with consumer accounts: {said}; {NO_DENIALS}"
        until = ends(one for one, _ in reading)
        return failed(said, until=until, on={on.name: on for _, on in reading}.values())
    if unknown := roles.unknown(one.role for one, _ in found if one.role not in _BASIC):
        return unknown
    if strange := {one.special_group for one in listing if not one.known}:
        return inconclusive(f"who these are is not known: {listed(strange)}")
    if not members:
        return inconclusive(
            "the inventory shows nobody who may read it, and every dataset has owners"
        )
    said = f"{len(members)} members, neither everyone nor consumer accounts"
    said += f"; {NO_MEMBERS}" if any(one.startswith("group:") for one in members) else ""
    through = sum(not entry.member for entry in listing)
    said += (
        f"; who reads through {through} authorised views and the like is not read"
        if through
        else ""
    )
    return passed(f"{said}{beside(scope, dataset)}", until=first_end(own, now), on=own)


def _above(
    dataset: Dataset, evidence: Evidence, now: datetime, homes: tuple[str, ...]
) -> list[tuple[Held, IamPolicy]]:
    """What consumer accounts hold on the project of a dataset, and on what is above it."""
    nodes = evidence.index(IamPolicy, "node", within="here")
    return [
        (one, policy)
        for node in dataset.ancestors
        for policy in nodes.get(node, ())
        for one in held(policy, now)
        if one.member.text.lower().endswith(homes) and one.role != "roles/browser"
    ]


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
    """Datasets name a key of one's own, with which new tables are encrypted.

    A default key of the project, which BigQuery takes where a dataset names none, is not read. Datasets that
    only show another one, or a database elsewhere, hold no tables. ``required`` takes names or patterns of
    datasets where policy asks for it.

    Why: a key of one's own says who may read, and can be taken away from everybody at once.
    Fix: bq update --default_kms_key KEY PROJECT:DATASET; tables that are there keep their key until bq cp
        --destination_kms_key.
    """
    if not matches(dataset.short_name, required):
        return not_applicable("policy asks for no key of one's own here")
    if dataset.dataset.linked_dataset_source is not None:
        return not_applicable("a link to another dataset: it holds no tables")
    if dataset.dataset.external_dataset_reference is not None:
        return not_applicable("shows a database elsewhere: it holds no tables")
    encryption = dataset.dataset.default_encryption_configuration
    if encryption is None or not encryption.kms_key_name:
        return failed("names no key for new tables; a default key of the project is not read")
    return passed(f"new tables are encrypted with {encryption.kms_key_name}")
