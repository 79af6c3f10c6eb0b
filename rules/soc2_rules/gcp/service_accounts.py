"""Service accounts of Google Cloud: what they may do, their keys, and whom outside they trust."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.grants import held
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.service_accounts import (
    ServiceAccount,
    ServiceAccountKey,
    ServiceAccountUse,
    WorkloadIdentityProvider,
)
from soc2_collectors.gcp.models.values import days_after, matches
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule

_BASIC = ("roles/owner", "roles/editor")
_SYSTEM = "Google manages and rotates this key"


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    needs=[IamPolicy],
    known_as=[
        "prowler:iam_sa_no_administrative_privileges",
        "powerpipe:iam_service_account_without_admin_privilege",
    ],
)
def gcp_sa_no_admin(
    account: ServiceAccount, evidence: Evidence, *, allowed: tuple[str, ...] = ()
) -> Verdict:
    """Service accounts hold neither Owner, nor Editor, nor a role of an administrator.

    ``allowed`` takes roles or patterns (``roles/storage.objectAdmin``). Roles that come by a group are not
    seen here.

    Why: a service account's rights are those of whoever can reach its workload or its key.
    Fix: gcloud projects remove-iam-policy-binding PROJECT --member serviceAccount:ACCOUNT --role ROLE, and
        grant what the workload needs.
    """
    if account.account.disabled:
        return not_applicable("the service account is disabled")
    roles = evidence.derived(_by_member).get(f"serviceaccount:{account.account.email.lower()}", {})
    found = [
        f"{role} on {', '.join(sorted(places))}"
        for role, places in roles.items()
        if _administers(role) and not matches(role, allowed)
    ]
    if found:
        return failed("; ".join(sorted(found)))
    return passed(f"holds {len(roles)} roles, none of an administrator")


def _by_member(whole: Whole) -> dict[str, dict[str, set[str]]]:
    """Of each member its roles on projects, folders and the organisation, and where."""
    found: dict[str, dict[str, set[str]]] = {}
    for policy in whole.everywhere(IamPolicy):
        if policy.node:
            for member, role in held(policy):
                mine = found.setdefault(member.lower(), {})
                mine.setdefault(role, set()).add(policy.node)
    return found


def _administers(role: str) -> bool:
    return role in _BASIC or role.rpartition(".")[2].lower().endswith("admin")


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_sa_no_user_managed_keys",
        "powerpipe:iam_service_account_gcp_managed_key",
    ],
)
def gcp_no_user_managed_keys(key: ServiceAccountKey, *, exempt: tuple[str, ...] = ()) -> Verdict:
    """Service accounts have no keys that people keep.

    ``exempt`` takes accounts or patterns that have no other way to sign in.

    Why: such a key is a password in a file that does not expire; workload identity needs none.
    Fix: have the workload sign in by workload identity federation or an attached service account, then
        gcloud iam service-accounts keys delete.
    """
    if key.key.key_type == "SYSTEM_MANAGED":
        return passed(_SYSTEM)
    if key.key.disabled:
        return not_applicable("the key is disabled")
    if matches(key.account, exempt):
        return not_applicable(f"{key.account} is exempt")
    made = f"{key.key.valid_after_time:%Y-%m-%d}"
    return failed(f"a key of {key.account} that people keep, made on {made}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_sa_user_managed_key_rotate_90_days",
        "powerpipe:iam_service_account_key_age_90",
    ],
)
def gcp_sa_key_rotation(
    key: ServiceAccountKey, now: datetime, *, max_age_days: int = 90
) -> Verdict:
    """Keys of service accounts are replaced regularly.

    Why: a key that is never replaced stays useful to whoever once copied it.
    Fix: gcloud iam service-accounts keys create, move the workload to it, then delete the old one with
        gcloud iam service-accounts keys delete.
    """
    if key.key.key_type == "SYSTEM_MANAGED":
        return not_applicable(_SYSTEM)
    if key.key.disabled:
        return not_applicable("the key is disabled")
    made = key.key.valid_after_time
    due = days_after(made, max_age_days)
    if now < due:
        return passed(f"a key of {key.account}, made on {made:%Y-%m-%d}", until=due)
    said = f"a key of {key.account}, made on {made:%Y-%m-%d}"
    return failed(f"{said}, over {max_age_days} days since {due:%Y-%m-%d}")


@rule(
    criteria=["CC6.1", "CC8.1"],
    severity=Severity.HIGH,
    known_as=["prowler:iam_workload_identity_pool_provider_attribute_condition"],
)
def gcp_wif_condition(
    provider: WorkloadIdentityProvider, *, own_issuers: tuple[str, ...] = ()
) -> Verdict:
    """Workload identity providers say whose workloads they let in.

    An account of AWS is named by its provider itself. ``own_issuers`` takes addresses or patterns of issuers
    that issue tokens to nobody else (``https://container.googleapis.com/*``).

    Why: an issuer such as GitHub signs tokens for every customer it has: without a condition all of their
        workloads can come in.
    Fix: gcloud iam workload-identity-pools providers update-oidc PROVIDER --attribute-condition
        "assertion.repository_owner_id == '1234'".
    """
    told = provider.provider
    if told.disabled or told.state == "DELETED":
        return not_applicable("the provider is off")
    if told.aws is not None:
        return passed(f"only of the AWS account {told.aws.get('accountId', '(not named)')}")
    issuer = told.oidc.issuer_uri if told.oidc else ""
    if issuer and matches(issuer, own_issuers):
        return passed(f"{issuer} issues tokens to nobody else")
    condition = told.attribute_condition.strip()
    if not condition or condition == "true":
        return failed(f"no condition: whoever {issuer or 'the identity provider'} knows comes in")
    return passed("an attribute condition says who comes in")


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_sa_user_managed_key_unused",
        "prowler:iam_service_account_unused",
    ],
)
def gcp_sa_key_unused(
    account: ServiceAccountUse,
    now: datetime,
    *,
    max_unused_days: int = 90,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Service accounts and their keys that nobody uses are removed.

    Google says when an account and a key signed in last. A key that never did counts from when it was made;
    of an account Google does not say when it was made, so one that was never used counts as unused.
    ``exempt`` takes accounts or patterns (one for emergencies).

    Why: an unused key serves only somebody who should not have it.
    Fix: gcloud iam service-accounts disable ACCOUNT, or gcloud iam service-accounts keys disable KEY
        --iam-account ACCOUNT; delete it once nothing has broken.
    """
    mail = account.account.email
    if account.account.disabled:
        return not_applicable("the service account is disabled")
    if matches(mail, exempt):
        return not_applicable(f"{mail} is exempt")
    last = account.last_use()
    if last is None:
        return failed(f"no use of {mail} is on record")
    moments = [(f"{mail} was last used", last)]
    for one in account.keys:
        if one.key.key_type != "SYSTEM_MANAGED" and not one.key.disabled:
            used = account.last_use(one.short_name)
            how = "was last used" if used else "was made, and never used,"
            moments.append((f"its key {one.short_name} {how}", used or one.key.valid_after_time))
    told, quiet = min(moments, key=lambda moment: moment[1])
    due = days_after(quiet, max_unused_days)
    said = f"{told} on {quiet:%Y-%m-%d}"
    if now < due:
        return passed(said, until=due)
    return failed(f"{said}, over {max_unused_days} days since {due:%Y-%m-%d}")
