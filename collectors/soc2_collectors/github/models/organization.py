"""The organisation, its people and its teams."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.github.models.repository import User, strongest
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Grant, Hidden, Link, Members
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope


class ActionsPermissions(msgspec.Struct, frozen=True):
    """``GET /orgs/{org}/actions/permissions``."""

    enabled_repositories: str
    """``all``, ``none`` or ``selected``."""
    allowed_actions: str | None = None
    """``all``, ``local_only`` or ``selected``; left out where Actions are off."""
    sha_pinning_required: bool = False
    """Whether an action must be named by its full commit SHA. Older servers, which leave it out, ask for
    none."""


class SelectedActions(msgspec.Struct, frozen=True):
    """``GET /orgs/{org}/actions/permissions/selected-actions``."""

    github_owned_allowed: bool
    verified_allowed: bool
    patterns_allowed: list[str] = []
    """Left out where there are none."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "patterns_allowed": "an extra list of what is allowed: left out it allows no more (REST, Actions)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "patterns_allowed": "whatever a pattern names, what counts is whether it chooses an owner",
    }


class WorkflowPermissions(msgspec.Struct, frozen=True):
    """``GET /orgs/{org}/actions/permissions/workflow``."""

    default_workflow_permissions: str
    """``read`` or ``write``: what ``GITHUB_TOKEN`` may do unless a workflow says otherwise."""
    can_approve_pull_request_reviews: bool


class SamlProvider(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``OrganizationIdentityProvider``."""

    id: str
    issuer: str | None = None
    sso_url: str | None = None


class SamlView(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``Organization``, as far as single sign-on goes."""

    viewer_can_administer: bool
    """Only then does a missing provider mean that there is none."""
    saml_identity_provider: SamlProvider | None = None


class Count(msgspec.Struct, frozen=True, rename="camel"):
    """How many a listing has."""

    total_count: int


class AllowListEntry(msgspec.Struct, frozen=True, rename="camel"):
    """An address, or a range of addresses, of an IP allow list."""

    allow_list_value: str
    is_active: bool


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether there is more than was read."""

    has_next_page: bool


class AllowList(msgspec.Struct, frozen=True, rename="camel"):
    """The IP allow list (GraphQL ``ipAllowListEntries``)."""

    nodes: list[AllowListEntry | None]
    page_info: PageInfo

    may_lack: ClassVar[Mapping[str, str]] = {"nodes": "an empty list lets nobody in"}

    def covers(self) -> tuple[int, int] | None:
        """How many addresses of each family its active entries let in; ``None`` where one is no address."""
        four: list[ipaddress.IPv4Network] = []
        six: list[ipaddress.IPv6Network] = []
        for entry in self.nodes:
            if entry is None or not entry.is_active:
                continue
            try:
                network = ipaddress.ip_network(entry.allow_list_value.strip(), strict=False)
            except ValueError:
                return None
            if isinstance(network, ipaddress.IPv4Network):
                four.append(network)
            else:
                six.append(network)
        return (
            sum(one.num_addresses for one in ipaddress.collapse_addresses(four)),
            sum(one.num_addresses for one in ipaddress.collapse_addresses(six)),
        )


class OrganizationSettings(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``Organization``: settings that REST does not have. Older servers leave them out."""

    viewer_can_administer: bool
    members_with_role: Count
    notification_delivery_restriction_enabled_setting: str | None = None
    """``ENABLED`` or ``DISABLED``."""
    ip_allow_list_enabled_setting: str | None = None
    """``ENABLED`` or ``DISABLED``."""
    ip_allow_list_for_installed_apps_enabled_setting: str | None = None
    """``ENABLED`` or ``DISABLED``."""
    ip_allow_list_entries: AllowList | None = None
    """``None``: nobody asked."""


class ScimUsers(msgspec.Struct, frozen=True, rename="camel"):
    """``GET /scim/v2/organizations/{org}/Users``: Enterprise Cloud has it."""

    total_results: int


class Plan(msgspec.Struct, frozen=True):
    """What the organisation pays for."""

    name: str
    """``free``, ``team``, ``enterprise`` ..."""


class Organization(Resource, frozen=True):
    """A GitHub organisation and its settings.

    ``GET /orgs/{org}``. Settings are shown to owners only; from others they are hidden, and reading them
    is inconclusive.
    """

    kind = "github.organization"
    volatile = (
        "updated_at",
        "followers",
        "following",
        "public_gists",
        "private_gists",
        "disk_usage",
        "public_repos",
        "total_private_repos",
        "owned_private_repos",
        "collaborators",
        "plan.space",
        "plan.private_repos",
        "plan.filled_seats",
        "plan.seats",
    )

    login: str
    is_verified: bool | None = None
    """Whether GitHub verified a domain of the organisation; older servers leave it out."""
    plan: Plan | None = None
    """``None`` where GitHub does not show it: it does to owners."""
    two_factor_requirement_enabled: bool = fact("two_factor_requirement_enabled")
    default_repository_permission: str = fact("default_repository_permission")
    """``none``, ``read``, ``write`` or ``admin``."""
    members_can_create_public_repositories: bool = fact("members_can_create_public_repositories")
    members_can_fork_private_repositories: bool = fact("members_can_fork_private_repositories")
    members_can_delete_repositories: bool = fact("members_can_delete_repositories")
    members_can_change_repo_visibility: bool = fact("members_can_change_repo_visibility")
    members_can_delete_issues: bool = fact("members_can_delete_issues")
    actions_permissions: ActionsPermissions = fact("actions_permissions")
    selected_actions: SelectedActions | None = fact("selected_actions")
    """``None`` unless ``allowed_actions`` is ``selected``."""
    workflow_permissions: WorkflowPermissions = fact("workflow_permissions")
    saml: SamlView = fact("saml")
    settings: OrganizationSettings = fact("settings")
    scim: ScimUsers = fact("scim")

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """What every member may do with every repository."""
        system = f"github:{scope.account}"
        try:
            permission = self.default_repository_permission
        except FactUnavailable as error:
            yield Hidden(system, "what every member may do with every repository", str(error))
            return
        if permission != "none":
            yield Grant(
                system,
                EVERY_MEMBER,
                permission,
                "repository",
                on="every repository",
                by_group=True,
                privileged=permission == "admin",
            )


EVERY_MEMBER = "every member of the organisation"
"""The group of all members: the base permission of the organisation is theirs."""


_SHORT_CODE = re.compile(r"_[A-Za-z0-9]{3,8}$")


def _managed(login: str) -> bool:
    """Whether an account is a managed user of an enterprise, by its login.

    GitHub.com ends the login of each with an underscore and the enterprise's short code, of 3 to 8 letters and
    digits; nobody else has an underscore (GitHub Docs, "Username considerations for external authentication").
    """
    return _SHORT_CODE.search(login) is not None and not _sets_up(login)


def _sets_up(login: str) -> bool:
    """``SHORTCODE_admin``, which sets single sign-on up and has a password (same page)."""
    return login.endswith("_admin")


class MemberNode(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``User``."""

    id: str
    login: str
    name: str | None = None
    created_at: datetime | None = None


class Member(Resource, frozen=True, rename="camel"):
    """A member of the organisation with role and two-factor state (GraphQL ``membersWithRole`` edge)."""

    kind = "github.member"
    lists_accounts = True

    node: MemberNode
    role: str | None = None
    """``ADMIN`` (owner) or ``MEMBER``; ``None`` where GitHub does not show it."""
    has_two_factor_enabled: bool | None = None
    """``None`` where GitHub does not show it: it does to owners."""

    @property
    def login(self) -> str:
        """The member's login."""
        return self.node.login

    @property
    def owner(self) -> bool:
        """Whether the member owns the organisation."""
        return self.role == "ADMIN"

    @property
    def role_known(self) -> bool:
        """Whether GitHub says which of the two."""
        return self.role in ("ADMIN", "MEMBER")

    @property
    def sets_up(self) -> bool:
        """Whether it is called like the one account of an enterprise of managed users that has a password."""
        return _sets_up(self.login)

    @property
    def managed(self) -> bool:
        """Whether the enterprise's identity provider made the account and signs in who has it."""
        return _managed(self.login)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The member's account. What GitHub says of the second factor of a managed user says nothing."""
        yield Account(
            system=f"github:{scope.account}",
            uid=self.node.id,
            login=self.node.login,
            name=self.node.name or "",
            mails=(),
            active=True,
            privileged=None if self.role is None else self.owner,
            mfa=None if self.managed else self.has_two_factor_enabled,
            created=self.node.created_at,
            signs_in=True,
        )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Whether the member owns the organisation; what every member may is the organisation's to say."""
        system = f"github:{scope.account}"
        yield Members(system, EVERY_MEMBER, accounts=(self.node.id,), gives=False)
        if not self.role_known:
            why = "GitHub shows it to owners only" if self.role is None else f"it is '{self.role}'"
            yield Hidden(system, f"the role of {self.login}", why)
        elif self.owner:
            yield Grant(system, self.node.id, "owner of the organisation", "role", privileged=True)


class SamlIdentity(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``ExternalIdentitySamlAttributes``."""

    name_id: str | None = None


class ScimIdentity(msgspec.Struct, frozen=True):
    """GraphQL ``ExternalIdentityScimAttributes``."""

    username: str | None = None


class ExternalIdentityUser(msgspec.Struct, frozen=True):
    """GraphQL ``User``."""

    login: str


class ExternalIdentity(Resource, frozen=True, rename="camel"):
    """A link between a member and an account of the identity provider (GraphQL ``ExternalIdentity``)."""

    kind = "github.external_identity"

    guid: str
    user: ExternalIdentityUser | None = None
    """``None`` where the identity was provisioned and nobody took it yet."""
    saml_identity: SamlIdentity | None = None
    """``None`` where it was not made by a SAML sign-in."""
    scim_identity: ScimIdentity | None = None
    """``None`` where SCIM did not provision it."""

    @property
    def login(self) -> str | None:
        """The member's login."""
        return self.user.login if self.user else None

    @property
    def signs_in(self) -> bool:
        """Whether the account signed in through the identity provider."""
        return self.saml_identity is not None and bool(self.saml_identity.name_id)

    @property
    def provisioned(self) -> bool:
        """Whether SCIM made the account, or took it over."""
        return self.scim_identity is not None and bool(self.scim_identity.username)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """Links from the account to whom the identity provider says it is."""
        if self.user is None:
            return
        name_id = self.saml_identity and self.saml_identity.name_id
        username = self.scim_identity and self.scim_identity.username
        for what, key in (("SAML NameID", name_id), ("SCIM user name", username)):
            if key:
                yield Link(
                    system=f"github:{scope.account}",
                    login=self.user.login,
                    person_key=key,
                    reason=f"{what} {key}",
                )


class OutsideCollaborator(Resource, frozen=True):
    """Somebody with access to repositories who is no member (``GET /orgs/{org}/outside_collaborators``)."""

    kind = "github.outside_collaborator"
    lists_accounts = True

    login: str
    node_id: str | None = None
    """Servers before 3.0 leave it out."""
    two_factor_disabled: bool = fact("two_factor_disabled")
    """Whether ``filter=2fa_disabled`` lists the account; GitHub answers that to owners only."""

    @property
    def managed(self) -> bool:
        """Whether an enterprise's identity provider made the account and signs in who has it."""
        return _managed(self.login)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account; its second factor is unknown where GitHub did not say, and of a managed user.

        Only members are owners of an organisation: whoever is none does not administer it.
        """
        hidden = "two_factor_disabled" in self.gaps or self.managed
        yield Account(
            system=f"github:{scope.account}",
            uid=self.node_id or self.login,
            login=self.login,
            name="",
            mails=(),
            active=True,
            privileged=False,
            mfa=None if hidden else not self.two_factor_disabled,
            signs_in=True,
            guest=True,
        )


class VerifiedMails(Resource, frozen=True, rename="camel"):
    """A member's mail addresses in the organisation's verified domains.

    GraphQL ``User.organizationVerifiedDomainEmails``. An organisation without a verified domain sees none.
    """

    kind = "github.verified_mails"

    id: str
    login: str
    organization_verified_domain_emails: list[str]

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """What the account's record says besides what the member's does."""
        yield Account(
            system=f"github:{scope.account}",
            uid=self.id,
            login=self.login,
            name="",
            mails=tuple(self.organization_verified_domain_emails),
            active=None,
            privileged=None,
            mfa=None,
        )


class Team(Resource, frozen=True):
    """A team (``GET /orgs/{org}/teams``), with who is in it and what it reaches."""

    kind = "github.team"
    volatile = ("updated_at", "members_count", "repos_count", "parent.updated_at")

    slug: str
    name: str
    node_id: str = ""
    privacy: str | None = None
    """``closed`` or ``secret``."""
    permission: str | None = None
    parent: dict[str, Any] | None = None
    """The team around it, whose repositories its members reach as well."""
    members: list[User] = fact("members")
    """``GET /orgs/{org}/teams/{team_slug}/members``: those of teams within it as well."""
    repositories: list[dict[str, Any]] = fact("repositories")
    """``GET /orgs/{org}/teams/{team_slug}/repos``: name, ``node_id`` and permissions."""

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Who is in it, and its repositories."""
        system = f"github:{scope.account}"
        members: list[User] = []
        unread = ""
        try:
            members = self.members
        except FactUnavailable as error:
            unread = str(error)
        uid = _team(self.slug)
        accounts = tuple(user.login for user in members)
        yield Members(system, uid, f"team {self.slug}", accounts=accounts, unread=unread, flat=True)
        if self.parent and self.parent.get("slug"):
            # The parent lists the members of this team as its own, and does not say by which team.
            yield Members(system, _team(self.parent["slug"]), groups=(uid,), flat=True)
        try:
            reached = self.repositories
        except FactUnavailable as error:
            yield Hidden(system, f"which repositories team {self.slug} reaches", str(error))
            return
        for one in reached:
            level = strongest(one.get("permissions") or {})
            name = str(one.get("full_name") or one.get("name") or "a repository without a name")
            yield Grant(
                system,
                uid,
                str(one.get("role_name") or level.lower()),
                "repository",
                on=name,
                by_group=True,
                privileged=level == "ADMIN",
                id=level,
                on_id=str(one.get("node_id") or ""),
            )


def _team(slug: str) -> str:
    return f"team {slug}"
