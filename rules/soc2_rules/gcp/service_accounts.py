"""Service accounts of Google Cloud: what they may do, their keys, and whom outside they trust."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.gcp.models.federation import ISSUERS, host, of_one_customer, read
from soc2_collectors.gcp.models.grants import Held, ends, held
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.members import Sort
from soc2_collectors.gcp.models.privileges import (
    BASIC_READING,
    called_administrator,
    escalations,
    grants_roles,
)
from soc2_collectors.gcp.models.roles import Role
from soc2_collectors.gcp.models.service_accounts import (
    ServiceAccount,
    ServiceAccountKey,
    ServiceAccountUse,
    WorkloadIdentityProvider,
)
from soc2_collectors.gcp.models.values import days_after, matches, unread_above
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import NO_DENIALS, Definitions, demand_some

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = "Google manages and rotates this key"
_SHOWN = 3
_ACCOUNT_DIGITS = 12


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    needs=[IamPolicy, Role],
    known_as=[
        "prowler:iam_sa_no_administrative_privileges",
        "powerpipe:iam_service_account_without_admin_privilege",
    ],
)
def gcp_sa_no_admin(
    account: ServiceAccount,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    allowed: tuple[str, ...] = (),
) -> Verdict:
    """Policies give service accounts by name no role of an administrator, and none with which they become one.

    Or with all accounts of their project. On projects, folders and the organisation. Such are the basic roles
    that change things; predefined ones that Google calls so (compute.instanceAdmin.v1, osAdminLogin); custom
    ones that say who may do what; and any, alone or together, with permissions that lead further: to act as
    another service account while running something, to make its tokens or keys, to change roles. A role whose
    condition leaves one named thing counts as given on that thing. ``allowed`` takes roles or patterns
    (``roles/storage.objectAdmin``). Roles that come by a group, and deny policies, are not read.

    Why: a service account's rights are those of whoever can reach its workload or its key.
    Fix: gcloud projects remove-iam-policy-binding PROJECT --member serviceAccount:ACCOUNT --role ROLE, and
        grant what the workload needs.
    """
    if account.account.disabled:
        return not_applicable("the service account is disabled")
    grants = _grants(account, evidence.derived(_holdings), now)
    counted = [g for g in grants if not g.held.narrow and not matches(g.held.role, allowed)]
    roles = Definitions(evidence)
    found = {
        f"{g.held.role} on {g.policy.node}{why}".rstrip(): g
        for g in counted
        if (why := _leads(g, roles))
    }
    for said, together in _together(counted, roles).items():
        found.setdefault(said, together)
    if found:
        until = ends(grant.held for grant in found.values())
        on = {grant.policy.name: grant.policy for grant in found.values()}
        said = f"{'; '.join(sorted(found))}; {NO_DENIALS}"
        return failed(said, until=until, on=on.values())
    if unknown := roles.unknown(g.held.role for g in counted if g.held.role not in BASIC_READING):
        return unknown
    if unread := unread_above(scope.boundary, account.above):
        return inconclusive(f"no role of an administrator by what was read; {unread}")
    excused = sorted({g.held.role for g in grants if matches(g.held.role, allowed)})
    limited = sorted({g.held.role for g in grants if g.held.narrow} - set(excused))
    left = f"; allowed: {listed(excused)}" if excused else ""
    left += f"; for one thing by a condition: {listed(limited)}" if limited else ""
    left += "; roles that come by a group are not read"
    return passed(f"holds {len(grants)} roles by policies, none of an administrator{left}")


class _Grant(NamedTuple):
    """A role that an account holds, and the policy that gives it."""

    held: Held
    policy: IamPolicy


def _holdings(whole: Whole) -> dict[str, list[IamPolicy]]:
    """Of each service account, and each set of them, the policies of projects and above that name it."""
    found: dict[str, dict[str, IamPolicy]] = {}
    policies = whole.everywhere(IamPolicy)
    demand_some(policies)
    for policy in policies:
        for member, _ in policy.iam_policy.granted() if policy.node else ():
            if member.is_a in (Sort.ACCOUNT, Sort.ACCOUNTS) and not member.deleted:
                key = member.home if member.is_a is Sort.ACCOUNTS else member.id.lower()
                found.setdefault(key, {})[policy.name] = policy
    return {key: list(named.values()) for key, named in found.items()}


def _grants(
    account: ServiceAccount, holdings: Mapping[str, list[IamPolicy]], now: datetime
) -> list[_Grant]:
    """What an account holds by its own name, or as one of all accounts of its project and above."""
    mail = account.account.email.lower()
    names = {mail, *account.ancestors}
    policies = {policy.name: policy for name in names for policy in holdings.get(name, ())}
    return [
        _Grant(one, policy)
        for policy in policies.values()
        for one in held(policy, now)
        if (one.member.is_a is Sort.ACCOUNT and one.member.id.lower() == mail)
        or (
            one.member.is_a is Sort.ACCOUNTS
            and not one.member.service_agent
            and one.member.home in account.ancestors
        )
    ]


def _leads(grant: _Grant, roles: Definitions) -> str:
    """Why a role is one of an administrator: a note, or a blank where its name says it; empty: it is none."""
    role = grant.held.role
    if called_administrator(role):
        return " "
    permissions = roles.certain(role)
    ways = escalations(permissions)
    if not role.startswith("roles/"):
        ways += [one for one in grants_roles(permissions) if one not in ways]
    return f" ({', '.join(ways[:_SHOWN])})" if ways else ""


def _together(grants: list[_Grant], roles: Definitions) -> dict[str, _Grant]:
    """Ways that several roles open together, on the same node or one above it."""
    found = {}
    for here in grants:
        reach = [g for g in grants if g.policy.node in here.policy.ancestors]
        each = [roles.certain(g.held.role) for g in reach]
        alone = {way for permissions in each for way in escalations(permissions)}
        ways = [way for way in escalations(frozenset().union(*each)) if way not in alone]
        if ways:
            names = " with ".join(sorted({g.held.role for g in reach if _part_of(g, ways, roles)}))
            found[f"{names} on {here.policy.node} ({', '.join(ways[:_SHOWN])})"] = here
    return found


def _part_of(grant: _Grant, ways: list[str], roles: Definitions) -> bool:
    wanted = {permission for way in ways for permission in way.split(" with ")}
    return bool(roles.certain(grant.held.role) & wanted)


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_sa_no_user_managed_keys",
        "powerpipe:iam_service_account_gcp_managed_key",
    ],
)
def gcp_no_user_managed_keys(
    key: ServiceAccountKey, now: datetime, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Service accounts have no keys that people keep.

    Keys that are disabled, or whose time is over, sign nobody in and are left out. HMAC keys of Cloud Storage
    and API keys that act as an account are not read here. ``exempt`` takes accounts or patterns that have no
    other way to sign in.

    Why: such a key is a password in a file that does not expire; workload identity needs none.
    Fix: have the workload sign in by workload identity federation or an attached service account, then
        gcloud iam service-accounts keys delete.
    """
    if key.key.disabled:
        return not_applicable("the key is disabled")
    if key.key.system:
        return passed(_SYSTEM)
    if key.key.ended(now):
        return not_applicable(f"the key ended on {key.key.valid_before_time:%Y-%m-%d}")
    if matches(key.account, exempt):
        return not_applicable(f"{key.account} is exempt")
    made = f"{key.key.valid_after_time:%Y-%m-%d}"
    return failed(
        f"a key of {key.account} that people keep, made on {made}", until=key.key.valid_before_time
    )


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

    A key counts from when it is valid. Of one that was uploaded the certificate around it says so, and who
    uploads the same key again in a new one is not seen.

    Why: a key that is never replaced stays useful to whoever once copied it.
    Fix: gcloud iam service-accounts keys create, move the workload to it, then delete the old one with
        gcloud iam service-accounts keys delete.
    """
    if key.key.system:
        return not_applicable(_SYSTEM)
    if key.key.disabled:
        return not_applicable("the key is disabled")
    if key.key.ended(now):
        return not_applicable(f"the key ended on {key.key.valid_before_time:%Y-%m-%d}")
    made, end = key.key.valid_after_time, key.key.valid_before_time
    due = days_after(made, max_age_days)
    said = f"a key of {key.account}, valid since {made:%Y-%m-%d}"
    if now < due:
        return passed(said, until=min(due, end) if end else due)
    return failed(f"{said}, over {max_age_days} days since {due:%Y-%m-%d}", until=end)


@rule(
    criteria=["CC6.1", "CC8.1"],
    severity=Severity.HIGH,
    known_as=["prowler:iam_workload_identity_pool_provider_attribute_condition"],
)
def gcp_wif_condition(
    provider: WorkloadIdentityProvider, *, own_issuers: tuple[str, ...] = ()
) -> Verdict:
    """Workload identity providers say whose workloads they let in.

    An account of AWS is named by its provider itself, and so is who has an address of the issuer for
    themselves: a cluster of GKE, EKS or AKS, a tenant of Entra, an organisation of CircleCI. Of an issuer that
    serves many customers the condition must name one: an owner, a repository, an organisation, a subject; of
    certificates, whose they are. ``own_issuers`` takes addresses (of SAML: names) or patterns of issuers that
    issue tokens to nobody else (``https://idp.acme.example``).

    Why: an issuer such as GitHub signs tokens for every customer it has: without a condition all of their
        workloads can come in.
    Fix: gcloud iam workload-identity-pools providers update-oidc PROVIDER --attribute-condition
        "assertion.repository_owner_id == '1234'".
    """
    told = provider.provider
    if told.disabled or told.state == "DELETED":
        return not_applicable("the provider is off")
    if told.aws is not None:
        account = str(told.aws.get("accountId") or "")
        if len(account) == _ACCOUNT_DIGITS and account.isascii() and account.isdigit():
            return passed(f"only of the AWS account {account}")
        return inconclusive("it does not say which AWS account it takes")
    if told.oidc is None and told.saml is None and told.x509 is None:
        return inconclusive("it does not say which identity provider it takes")
    issuer = told.issuer
    if matches(issuer, own_issuers):
        return passed(f"{issuer} issues tokens to nobody else")
    if told.oidc is not None and of_one_customer(issuer):
        return passed(f"only of whom the issuer's address names: {issuer}")
    condition = told.attribute_condition.strip()
    if not condition or condition == "true":
        return failed(f"no condition: whoever {issuer} knows comes in")
    found = read(condition, issuer, told.attribute_mapping)
    if found.claim:
        return passed(f"the attribute condition demands a {found.claim}")
    if not found.understood or host(issuer) not in ISSUERS:
        return inconclusive(
            f"whether the attribute condition says who comes in is not known: {condition}"
        )
    return failed(f"the attribute condition names no customer of {host(issuer)}: {condition}")


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
        if not any((one.key.disabled, one.key.system, one.key.ended(now))):
            used = account.last_use(one.short_name)
            how = "was last used" if used else "was made, and never used,"
            moments.append((f"its key {one.short_name} {how}", used or one.key.valid_after_time))
    told, quiet = min(moments, key=lambda moment: moment[1])
    due = days_after(quiet, max_unused_days)
    said = f"{told} on {quiet:%Y-%m-%d}"
    if now < due:
        return passed(said, until=due)
    return failed(f"{said}, over {max_unused_days} days since {due:%Y-%m-%d}")
