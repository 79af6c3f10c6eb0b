"""AWS Organizations: limits from above, delegated administrators, one trail for all accounts."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.organizations import (
    ROOT_CREDENTIALS,
    ROOT_SESSIONS,
    Account,
    DelegatedAdministrator,
    Membership,
    Organization,
    ServiceControlPolicy,
)
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.trails import idle, of_account, selectors

if TYPE_CHECKING:
    from soc2_collectors.aws.models.conditions import Condition
    from soc2_collectors.aws.models.policy import Statement


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[Account, ServiceControlPolicy],
    known_as=[
        "prowler:organizations_account_part_of_organizations",
        "powerpipe:account_part_of_organizations",
    ],
)
def aws_account_in_org(membership: Membership, evidence: Evidence) -> Verdict:
    """Accounts are in an organisation, and a service control policy limits each.

    Why: an account on its own answers to nobody, and even its administrators should not be able to switch
        the trail off or use Regions that nobody watches.
    Fix: aws organizations invite-account-to-organization; aws organizations attach-policy with a policy
        that denies leaving the organisation, stopping the trail and unused Regions, to the account or a unit
        above.
    """
    limits = _above(membership, evidence)
    if isinstance(limits, Verdict):
        return limits
    organization, levels = limits
    limiting = {policy.id: policy for level in levels for policy in _limiting(level)}
    if limiting:
        names = ", ".join(sorted(policy.name for policy in limiting.values()))
        return passed(f"in {organization}, limited by {names}", on=limiting.values())
    return failed(f"in {organization}, and no service control policy limits it")


def _above(
    membership: Membership, evidence: Evidence
) -> Verdict | tuple[str, list[list[ServiceControlPolicy]]]:
    """The organisation of an account and the policies that reach it, level by level; or why there are none."""
    organization = membership.organization
    if organization is None:
        return failed("in no organisation")
    if organization.master_account_id == membership.account_id:
        return not_applicable(
            f"the management account of {organization.id}, which no policy limits"
        )
    if organization.feature_set == "CONSOLIDATED_BILLING":
        return failed(f"{organization.id} shares bills only: no policy can limit its accounts")
    found = evidence.index(Account, "id", within="everywhere").get(membership.account_id, ())
    if not found:
        return inconclusive(f"in {organization.id}, whose accounts were not read")
    policies = evidence.everywhere(ServiceControlPolicy)
    levels = [
        [one for one in policies if level in {target.target_id for target in one.targets}]
        for level in (*found[0].parents, membership.account_id)
    ]
    return organization.id, levels


def _limiting(level: list[ServiceControlPolicy]) -> list[ServiceControlPolicy]:
    """Of the policies of one root, unit or account, those that take something away.

    A denial always does. Allowances of one level add up: beside one of everything (``FullAWSAccess``) a list of
    services limits nothing.
    """
    denying = [policy for policy in level if any(not one.allow for one in policy.statements)]
    if any(_everything(one) for policy in level for one in policy.statements):
        return denying
    return level


def _everything(statement: Statement) -> bool:
    return (
        statement.allow
        and statement.every_action
        and statement.every_resource
        and not statement.not_actions
        and not statement.not_resources
        and not statement.conditions
    )


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    needs=[Account, ServiceControlPolicy],
    known_as=["prowler:organizations_scp_check_deny_regions"],
)
def aws_scp_denies_regions(
    membership: Membership,
    evidence: Evidence,
    *,
    allowed_regions: tuple[str, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Verdict:
    """A service control policy denies each account every Region but those that are named.

    It denies all actions on all resources outside of them, exempt principals apart, and apart from services that have
    no Region and actions that AWS's own example leaves out. ``allowed_regions``: what may be named, patterns allowed
    (``eu-*``); while it is empty, anything may. ``left_out``: further actions that the denial may leave out
    (``bedrock:*``).

    Why: nobody watches a Region that the company does not use, and an intruder starts machines there.
    Fix: aws organizations attach-policy with a policy that denies by StringNotEquals on aws:RequestedRegion.
    """
    limits = _above(membership, evidence)
    if isinstance(limits, Verdict):
        return limits
    organization, levels = limits
    above = {policy.id: policy for level in levels for policy in level}
    wide: list[str] = []
    for policy in sorted(above.values(), key=lambda one: one.name):
        for statement in policy.statements:
            named = _left_open(statement)
            if named is None:
                continue
            open_actions = [
                name
                for name in statement.not_actions
                if not any(
                    fnmatchcase(name.lower(), one.lower()) for one in (*_REGIONLESS, *left_out)
                )
            ]
            if open_actions:
                wide.append(f"{policy.name} leaves out {', '.join(sorted(open_actions))}")
                continue
            others = [
                region
                for region in named
                if allowed_regions and not any(fnmatchcase(region, one) for one in allowed_regions)
            ]
            if not others:
                told = f"{policy.name} denies every Region but {', '.join(named)}"
                return passed(told, on=[policy])
            wide.append(f"{policy.name} allows {', '.join(sorted(set(others)))}")
    if wide:
        return failed(f"Regions are left open: {'; '.join(sorted(set(wide)))}")
    return failed(f"in {organization}, and no service control policy denies other Regions")


_REGIONLESS = (
    *(
        f"{service}:*"
        for service in (
            "a4b", "access-analyzer", "account", "acm", "activate", "artifact", "aws-marketplace",
            "aws-marketplace-management", "aws-portal", "billing", "billingconductor", "budgets", "ce",
            "chatbot", "chime", "cloudfront", "compute-optimizer", "config", "consoleapp",
            "consolidatedbilling", "cur", "devicefarm", "directconnect", "discovery-marketplace", "ecr-public",
            "fms", "freetier",
            "globalaccelerator", "health", "iam", "importexport", "invoicing", "iq", "kms", "mobileanalytics",
            "networkmanager", "notifications", "notifications-contacts", "organizations", "payments",
            "pricing", "resource-explorer-2", "route53", "route53-recovery-cluster",
            "route53-recovery-control-config", "route53-recovery-readiness", "route53domains",
            "savingsplans", "shield", "sso", "sts", "support", "supportapp", "supportplans",
            "sustainability", "tag", "tax", "trustedadvisor", "vendor-insights", "waf", "waf-regional",
            "wafv2", "wellarchitected",
        )
    ),
    "*:describe*", "*:get*", "*:list*", "*:lookup*",
    "s3:createmultiregionaccesspoint", "s3:deletemultiregionaccesspoint", "s3:putaccountpublic*",
    "s3:putmultiregionaccesspointpolicy",
)  # fmt: skip
"""What a denial of Regions may leave out, and deny all that runs in one: services without a Region, and reading.

Sources: AWS Organizations user guide, "General examples"; AWS Control Tower controls reference, "Deny access to AWS
based on the requested AWS Region".
"""
_REGION = re.compile(r"[a-z]{2}.*")


def _left_open(statement: Statement) -> list[str] | None:
    """The Regions that a denial of everything leaves open; ``None`` for any other statement."""
    if statement.allow or not statement.every_action or not statement.every_resource:
        return None
    if statement.not_resources:
        return None
    regions = [one for one in statement.conditions if one.key == "aws:requestedregion"]
    exempt = [one for one in statement.conditions if one.key != "aws:requestedregion"]
    if len(regions) != 1 or not regions[0].negated or regions[0].quantifier:
        return None
    if not all(_names_principals(one) or _spares_services(one) for one in exempt):
        return None
    values = regions[0].values
    # A pattern that does not begin with a place leaves every Region open, or the first of each place.
    return list(values) if values and all(map(_REGION.fullmatch, values)) else None


def _spares_services(condition: Condition) -> bool:
    """Whether a condition exempts what services of AWS ask of their own, which no service control policy limits."""
    return (
        condition.key == "aws:principalisawsservice"
        and condition.test == "bool"
        and not condition.quantifier
        and [value.lower() for value in condition.values] == ["false"]
    )


def _names_principals(condition: Condition) -> bool:
    """Whether a condition exempts principals by name: a pattern of every role would exempt everybody."""
    if condition.key != "aws:principalarn" or not condition.negated or condition.quantifier:
        return False
    names = (value.split(":", 5)[-1].partition("/") for value in condition.values)
    return all(
        (sort == "root" and not slash) or (sort.isalpha() and rest.strip("*?/"))
        for sort, slash, rest in names
    )


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    known_as=["prowler:organizations_delegated_administrators"],
)
def aws_delegated_admins_known(
    administrator: DelegatedAdministrator, *, approved: tuple[str, ...] = ()
) -> Verdict:
    """Only approved accounts administer services for the whole organisation.

    What a delegation policy of Organizations itself lets an account do (its policies, its units) is not read.

    Why: a delegated administrator of a security service can look into, or switch off, that service in every
        account.
    Fix: aws organizations deregister-delegated-administrator, or name the account in approved.
    """
    services = sorted(service.service_principal for service in administrator.services)
    told = f"administers {', '.join(services) or 'no service yet'}"
    if not approved:
        return inconclusive(f"no list of approved accounts is configured; {told}")
    if administrator.id in approved:
        return passed(f"approved; {told}")
    return failed(f"not on the approved list; {told}")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=["prowler:iam_root_credentials_management_enabled"],
)
def aws_central_root_management(organization: Organization) -> Verdict:
    """The root users of member accounts can be managed centrally: their credentials and their sessions.

    Credentials that they had before stay until somebody deletes them: each account's own rules about root say
    whether it has some.

    Why: each root user that has a password is a second way into its account, which no policy limits.
    Fix: in the management account aws organizations enable-aws-service-access --service-principal
        iam.amazonaws.com, aws iam enable-organizations-root-credentials-management and aws iam
        enable-organizations-root-sessions; then delete the root passwords.
    """
    features = organization.root_features
    on = set(features.enabled_features) if features else set()
    lacking = sorted({ROOT_CREDENTIALS, ROOT_SESSIONS} - on)
    if lacking:
        return failed(f"off: {', '.join(lacking)}")
    return passed("root credentials and root sessions are managed centrally")


@rule(criteria=["CC7.2"], severity=Severity.MEDIUM, needs=[Trail])
def aws_org_trail(membership: Membership, evidence: Evidence) -> Verdict:
    """The organisation's trail records every member account.

    Judged in each account, by the organisation's trail as that account sees it.

    Why: a trail of the organisation goes on when an account's own administrators stop theirs.
    Fix: aws cloudtrail create-trail --name NAME --s3-bucket-name BUCKET --is-organization-trail
        --is-multi-region-trail in the management account.
    """
    if membership.organization is None:
        return not_applicable("in no organisation")
    trails = [trail for trail in of_account(evidence) if trail.is_organization_trail]
    if not trails:
        return failed("no trail of the organisation reaches it")
    every_region = [trail for trail in trails if trail.is_multi_region_trail]
    if not every_region:
        return failed(f"{trails[0].name} records one Region only")
    logging = [trail for trail in every_region if idle(trail) is None]
    if not logging:
        return failed(f"{every_region[0].name} {idle(every_region[0])}")
    missing = {"read", "write"}
    unread: FactUnavailable | None = None
    for trail in logging:
        try:
            missing -= selectors(trail, evidence).management_sides
        except FactUnavailable as error:
            unread = error
    if missing and unread is not None:
        raise unread
    if missing:
        return failed(
            f"not recorded: management events of the sort {' and '.join(sorted(missing))}"
        )
    return passed(f"recorded by {', '.join(trail.name for trail in logging)}", on=logging)
