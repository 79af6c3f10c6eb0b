"""Sign-in and rights that the organisation's settings give to everyone."""

from __future__ import annotations

from soc2_collectors.github.models.organization import ExternalIdentity, Member, Organization
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.github_logins import beyond
from soc2_rules.mechanisms.known import Unread

_SHOWN = 5


def _managed(evidence: Evidence) -> bool:
    """Whether every member but the account that set it up is one of an enterprise of managed users."""
    members = Unread().of(lambda: evidence.account(Member))
    managed = [one for one in members if one.managed]
    return bool(managed) and all(one.managed or one.sets_up for one in members)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:organization_members_mfa_required",
        "powerpipe:organization_member_mfa_enabled",
        "powerpipe:cis_supply_chain_v100_1_3_5",
        # Publishing packages takes the same account: the peer asks for this very setting.
        "powerpipe:cis_supply_chain_v100_4_2_3",
    ],
    needs=[Member],
)
def github_org_2fa_required(
    organization: Organization, evidence: Evidence, *, enterprise_managed: bool = False
) -> Verdict:
    """The organisation requires two-factor authentication.

    Where the enterprise's identity provider makes the accounts and signs people in, GitHub asks them for no second
    factor, and what the provider asks for is not read here. On GitHub.com the logins of such members tell them
    (``ann_acme``); elsewhere set ``enterprise_managed``.

    Why: a password that was guessed, reused or phished opens the source code and whatever deploys
        from it.
    Fix: organisation settings, Authentication security, "Require two-factor authentication for
        everyone".
    """
    if organization.two_factor_requirement_enabled:
        return passed(f"{organization.login} requires two-factor authentication")
    if enterprise_managed or _managed(evidence):
        return inconclusive(
            f"the identity provider of the enterprise signs in members of {organization.login}: whether it asks "
            "for a second factor is not read"
        )
    return failed(f"{organization.login} does not require two-factor authentication")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:organization_default_repository_permission_strict",
        "powerpipe:organization_base_permissions_none",
        "powerpipe:cis_supply_chain_v100_1_3_8",
    ],
)
def github_base_permission(
    organization: Organization, *, allowed: tuple[str, ...] = ("none", "read")
) -> Verdict:
    """Membership alone gives no right to change repositories.

    Why: the base permission holds for every member and every repository, whatever their teams say.
    Fix: organisation settings, Member privileges, set the base permission to "Read" or "No
        permission".
    """
    given = organization.default_repository_permission
    if given in allowed:
        return passed(f"the base permission is {given}")
    return failed(f"the base permission is {given}: every member has it on every repository")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[Member],
    known_as=["powerpipe:cis_supply_chain_v100_1_3_3"],
)
def github_owner_count(
    organization: Organization, evidence: Evidence, *, min_owners: int = 2, max_owners: int = 5
) -> Verdict:
    """The organisation has more than one owner, and not many.

    Why: with one owner the organisation is lost with an account; each further one can do
        everything.
    Fix: organisation settings, People: make a second person owner, or change owners to members.
    """
    members = evidence.account(Member)
    if not members or any(not member.role_known for member in members):
        return inconclusive("GitHub does not show the roles of all members: it does to owners")
    own = [member for member in members if member.owner]
    owners = sorted(member.login for member in own)
    said = f"{organization.login} has {len(owners)} owners ({', '.join(owners)})"
    if min_owners <= len(owners) <= max_owners:
        return passed(said, on=own)
    return failed(f"{said}; {min_owners} to {max_owners} are expected", on=own)


@rule(criteria=["CC6.1", "CC6.2"], severity=Severity.HIGH, needs=[Member, ExternalIdentity])
def github_saml_sso_enforced(
    organization: Organization,
    evidence: Evidence,
    *,
    exempt_members: tuple[str, ...] = (),
    enterprise_sso: bool = False,
) -> Verdict:
    """Each member is linked to an account at the company's identity provider, and signed in there.

    By no call does GitHub show whether single sign-on is required: look at the organisation's settings for
    that. Who is provisioned and never signed in through the provider is not linked. ``exempt_members`` names
    accounts that need no link (a break-glass owner). Set ``enterprise_sso`` where single sign-on belongs to
    the enterprise account, which the organisation does not show; logins of managed users (``ann_acme``) tell it.

    Why: who leaves loses the account at the identity provider. An account that is not linked to it
        lives on.
    Fix: organisation settings, Authentication security, enable and require SAML single sign-on;
        then
        remove members that are not linked.
    """
    seen = organization.saml
    if seen.saml_identity_provider is None:
        if enterprise_sso or _managed(evidence):
            return inconclusive(
                "single sign-on belongs to the enterprise account, which is not read"
            )
        if not seen.viewer_can_administer:
            return inconclusive("GitHub shows the identity provider to organisation owners only")
        return failed(f"{organization.login} has no SAML identity provider")
    linked = {
        identity.login
        for identity in evidence.account(ExternalIdentity)
        if identity.login and identity.signs_in
    }
    members = {member.login: member for member in evidence.account(Member)}
    loose = beyond(members, linked, exempt_members)
    if not members:
        return inconclusive("GitHub shows no members to this identity")
    if loose:
        more = ", ..." if len(loose) > _SHOWN else ""
        return failed(
            f"{len(loose)} members never signed in through the identity provider: "
            f"{', '.join(loose[:_SHOWN])}{more}",
            on=[members[login] for login in loose],
        )
    return passed(
        f"all {len(members)} members signed in through the identity provider or are exempt"
    )


@rule(criteria=["CC6.7"], severity=Severity.MEDIUM)
def github_fork_private_off(organization: Organization) -> Verdict:
    """Private repositories cannot be forked.

    Why: a fork is a copy of the code under an account that the organisation does not manage.
    Fix: organisation settings, Member privileges, clear "Allow forking of private repositories".
    """
    if organization.members_can_fork_private_repositories:
        return failed("members can fork private repositories")
    return passed("members cannot fork private repositories")


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:organization_repository_creation_limited",
        "powerpipe:cis_supply_chain_v100_1_2_2",
    ],
)
def github_repo_creation_limited(organization: Organization) -> Verdict:
    """Members cannot create public repositories.

    Why: one wrong choice in a form publishes what was meant to stay inside.
    Fix: organisation settings, Member privileges, Repository creation: clear "Public".
    """
    if organization.members_can_create_public_repositories:
        return failed("members can create public repositories")
    return passed("members cannot create public repositories")


@rule(
    criteria=["CC6.3", "CC6.5", "CC8.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:organization_repository_deletion_limited",
        "powerpipe:cis_supply_chain_v100_1_2_3",
    ],
)
def github_repo_deletion_limited(organization: Organization) -> Verdict:
    """Members cannot delete repositories or change who sees them.

    Why: either takes away code and its history, or shows them to the world, on one person's
        decision.
    Fix: organisation settings, Member privileges: clear "Allow members to delete or transfer
        repositories" and "Allow members to change repository visibilities".
    """
    can = []
    if organization.members_can_delete_repositories:
        can.append("delete and transfer repositories")
    if organization.members_can_change_repo_visibility:
        can.append("change their visibility")
    if can:
        return failed(f"members with admin rights on a repository can {' and '.join(can)}")
    return passed("only owners delete repositories and change their visibility")


@rule(criteria=["CC6.3"], severity=Severity.LOW, known_as=["powerpipe:cis_supply_chain_v100_1_2_4"])
def github_issue_deletion_limited(organization: Organization) -> Verdict:
    """Members cannot delete issues.

    Why: issues record why changes were made and incidents were handled.
    Fix: organisation settings, Member privileges: clear "Allow members to delete issues".
    """
    if organization.members_can_delete_issues:
        return failed("members with admin rights on a repository can delete issues")
    return passed("only owners delete issues")


@rule(criteria=["CC6.2"], severity=Severity.MEDIUM, needs=[Member, ExternalIdentity])
def github_scim_provisioned(
    organization: Organization,
    evidence: Evidence,
    *,
    unprovisioned_members: int = 0,
    exempt_members: tuple[str, ...] = (),
    enterprise_managed: bool = False,
) -> Verdict:
    """Each member is provisioned by the identity provider.

    Members are joined with their SCIM identities one by one. ``exempt_members`` names accounts that need none
    (break-glass owners, bots); ``unprovisioned_members`` is how many others may be there without. Set
    ``enterprise_managed`` where the enterprise provisions its users, which the organisation does not show; logins
    of managed users (``ann_acme``) tell it.

    Why: where an account is made and removed by hand, who leaves the company stays in the organisation
        until somebody thinks of it.
    Fix: set up SCIM for the organisation's SAML application at the identity provider; it takes GitHub
        Enterprise Cloud.
    """
    if enterprise_managed or _managed(evidence):
        return inconclusive("users are provisioned to the enterprise account, which is not read")
    if not organization.scim.total_results:
        return failed(f"no account of {organization.login} is provisioned by SCIM")
    count = organization.settings.members_with_role.total_count
    if organization.scim.total_results + unprovisioned_members + len(exempt_members) < count:
        return failed(
            f"{organization.scim.total_results} accounts are provisioned by SCIM, {organization.login} has "
            f"{count} members"
        )
    members = {member.login: member for member in evidence.account(Member)}
    if not members:
        return inconclusive("GitHub shows no members to this identity")
    provisioned = {
        one.login for one in evidence.account(ExternalIdentity) if one.login and one.provisioned
    }
    loose = beyond(members, provisioned, exempt_members)
    if len(loose) > unprovisioned_members:
        more = ", ..." if len(loose) > _SHOWN else ""
        return failed(
            f"{len(loose)} of {len(members)} members are not provisioned by SCIM: "
            f"{', '.join(loose[:_SHOWN])}{more}",
            on=[members[login] for login in loose],
        )
    also = f", {', '.join(loose[:_SHOWN])} may be there without" if loose else ""
    return passed(f"{len(members) - len(loose)} members are provisioned by SCIM or exempt{also}")


@rule(criteria=["CC6.6"], severity=Severity.LOW)
def github_ip_allow_list(
    organization: Organization,
    *,
    installed_apps: bool = True,
    widest_ipv4: int = 8,
    widest_ipv6: int = 16,
    enterprise_list: bool = False,
) -> Verdict:
    """The organisation is reached from chosen addresses only.

    Set ``enterprise_list`` where the enterprise account has an IP allow list, which holds for its organisations and
    which they do not show: what it lets in is not read. All active entries together must let in no more addresses
    than one range of the prefix ``widest_ipv4``, or ``widest_ipv6``. With ``installed_apps`` the addresses that Apps
    bring along are allowed as well.

    Why: a token that was stolen works from anywhere, unless GitHub refuses where it comes from.
    Fix: organisation settings, Authentication security, IP allow list: add the company's addresses, enable
        the list, and enable it for installed GitHub Apps. It takes GitHub Enterprise Cloud.
    """
    settings = organization.settings
    if enterprise_list:
        return inconclusive(
            f"the enterprise's IP allow list holds for {organization.login} as well, and is not read"
        )
    if not settings.viewer_can_administer:
        return inconclusive("GitHub shows the IP allow list to organisation owners only")
    if settings.ip_allow_list_enabled_setting is None:
        return inconclusive("this server does not say whether there is an IP allow list")
    if settings.ip_allow_list_enabled_setting != "ENABLED":
        if organization.plan is None or organization.plan.name != "enterprise":
            plan = (
                f"the plan '{organization.plan.name}'" if organization.plan else "a plan not shown"
            )
            return inconclusive(
                f"{organization.login} has {plan}: only Enterprise Cloud has IP allow lists"
            )
        return failed(f"the IP allow list of {organization.login} is off")
    if installed_apps and settings.ip_allow_list_for_installed_apps_enabled_setting != "ENABLED":
        return failed(f"the IP allow list of {organization.login} does not take in installed Apps")
    return _chosen(organization, widest_ipv4, widest_ipv6)


def _chosen(organization: Organization, widest_ipv4: int, widest_ipv6: int) -> Verdict:
    """Whether the entries of the list that is on choose addresses."""
    listed = organization.settings.ip_allow_list_entries
    what = f"the IP allow list of {organization.login}"
    if listed is None:
        return inconclusive(f"GitHub does not show the entries of {what}")
    covered = listed.covers()
    if covered is None:
        return inconclusive(f"{what} has an entry that is no address")
    if covered[0] > 2 ** (32 - widest_ipv4) or covered[1] > 2 ** (128 - widest_ipv6):
        return failed(f"{what} lets in {covered[0]} IPv4 and {covered[1]} IPv6 addresses")
    if listed.page_info.has_next_page or None in listed.nodes:
        return inconclusive(f"not all entries of {what} were read")
    active = sum(one is not None and one.is_active for one in listed.nodes)
    return passed(f"{what} is on, with {active} active entries")


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.LOW,
    known_as=["prowler:organization_verified_badge", "powerpipe:cis_supply_chain_v100_1_3_9"],
)
def github_verified_domain(
    organization: Organization, *, restrict_notifications: bool = True
) -> Verdict:
    """The organisation's domain is verified, and notifications stay inside it.

    Why: without a verified domain nobody can tell the organisation from one that looks like it, and mail
        about private code goes to whatever address a member likes.
    Fix: organisation settings, Verified and approved domains: add the company's domains, then restrict
        email notifications to them.
    """
    if organization.is_verified is None:
        return inconclusive("this server does not say whether a domain is verified")
    if not organization.is_verified:
        return failed(f"no domain of {organization.login} is verified")
    if restrict_notifications:
        settings = organization.settings
        restricted = settings.notification_delivery_restriction_enabled_setting
        if restricted is None or not settings.viewer_can_administer:
            return inconclusive(
                "GitHub shows to organisation owners only where notifications may go"
            )
        if restricted != "ENABLED":
            return failed(f"{organization.login} is verified; notifications may leave its domains")
    return passed(f"{organization.login} is verified")
