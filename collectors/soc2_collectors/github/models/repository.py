"""Repositories and what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.environments import without_others
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Grant, Hidden
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from soc2_pac.identity import Access
    from soc2_pac.model import Scope


class Feature(msgspec.Struct, frozen=True):
    """One part of ``security_and_analysis``."""

    status: str
    """``enabled`` or ``disabled``."""

    @property
    def on(self) -> bool:
        """Whether it is enabled."""
        return self.status == "enabled"


class SecurityAndAnalysis(msgspec.Struct, frozen=True):
    """What GitHub scans by itself. A part that is left out is not available and so not on."""

    secret_scanning: Feature | None = None
    secret_scanning_push_protection: Feature | None = None


class AutomatedSecurityFixes(msgspec.Struct, frozen=True):
    """``GET /repos/{owner}/{repo}/automated-security-fixes``."""

    enabled: bool
    paused: bool


class Tool(msgspec.Struct, frozen=True):
    """What made an analysis or an alert."""

    name: str


_LANGUAGE = re.compile(r"/language:([\w-]+)|\"language\"\s*:\s*\"([\w-]+)\"")


class Analysis(msgspec.Struct, frozen=True):
    """A code scanning analysis."""

    created_at: datetime
    ref: str
    tool: Tool
    error: str | None = None
    """Why it broke; empty where it did not."""
    rules_count: int | None = None
    """How many rules were run."""
    category: str = ""
    """Tells analyses of one tool apart: ``/language:python``."""
    environment: str = ""
    """Of the job that made it, as JSON."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "category": "only says which language was analysed, where it does (REST, code scanning)",
        "environment": "only says which language was analysed, where it does (REST, code scanning)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "category": "a free text, in which CodeQL writes the language",
        "environment": "a free text, in which CodeQL writes the language",
    }

    @property
    def languages(self) -> set[str]:
        """The languages that CodeQL says it analysed; none where it does not say."""
        if self.tool.name != "CodeQL":
            return set()
        texts = (self.category, self.environment)
        return {one for text in texts for pair in _LANGUAGE.findall(text) for one in pair if one}


class User(msgspec.Struct, frozen=True):
    """An account."""

    login: str


_LEVELS = (
    ("admin", "ADMIN"),
    ("maintain", "MAINTAIN"),
    ("push", "WRITE"),
    ("triage", "TRIAGE"),
    ("pull", "READ"),
)
"""What REST calls a permission -> what GraphQL calls it, the strongest first."""
LEVELS = ("NONE", "READ", "TRIAGE", "WRITE", "MAINTAIN", "ADMIN")
"""Permissions on a repository, the weakest first."""
_BY_NAME = "Repository"


def strongest(permissions: Mapping[str, bool]) -> str:
    """The strongest of REST's permissions (``push``), as GraphQL calls it (``WRITE``); ``NONE`` without any."""
    return next((level for name, level in _LEVELS if permissions.get(name)), "NONE")


def weaker(one: str, other: str) -> bool:
    """Whether a permission is known to be weaker than another that is known."""
    return one not in LEVELS or LEVELS.index(one) < LEVELS.index(other)


class Granter(msgspec.Struct, frozen=True):
    """What gives somebody access: ``Organization``, ``Team`` or ``Repository`` (by name)."""

    typename: str = msgspec.field(name="__typename", default="")


class PermissionSource(msgspec.Struct, frozen=True, rename="camel"):
    """One grant by which somebody reaches a repository."""

    permission: str
    """``ADMIN``, ``WRITE``, ``READ`` or ``NONE``: GitHub has no finer word for it."""
    source: Granter
    role_name: str | None = None
    """``triage``, ``maintain``, or a role of the organisation's own; older servers leave it out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "roleName": "older servers leave it out, and the permission says what it builds upon",
    }

    @property
    def level(self) -> str:
        """As the strongest permission is called: ``TRIAGE``."""
        role = (self.role_name or "").upper()
        return role if role in LEVELS else self.permission


class Collaborator(msgspec.Struct, frozen=True):
    """Somebody with access to a repository.

    GraphQL's ``RepositoryCollaboratorEdge``, or, where GraphQL shows an identity nobody, an item of
    ``GET /repos/{owner}/{repo}/collaborators``.
    """

    node: User | None = None
    permission: str | None = None
    """``READ``, ``TRIAGE``, ``WRITE``, ``MAINTAIN`` or ``ADMIN``: what a custom role builds upon. The strongest,
    whichever grant it comes by."""
    permission_sources: list[PermissionSource] | None = msgspec.field(
        name="permissionSources", default=None
    )
    """The grants one by one; ``None``: not said. REST never does."""
    rest_login: str | None = msgspec.field(name="login", default=None)
    permissions: dict[str, bool] = {}
    """By REST: ``pull``, ``triage``, ``push``, ``maintain``, ``admin``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "node": "GraphQL says node and permission, REST login and permissions; one of the two is demanded",
        "permission": "as above",
        "permissions": "as above",
        "permissionSources": "without the single grants the strongest permission counts for the one by name",
    }

    def __post_init__(self) -> None:
        """Raises ValueError for what neither GraphQL nor REST says."""
        by_graphql = self.node is not None and self.permission is not None
        if not by_graphql and (self.rest_login is None or not self.permissions):
            msg = "a collaborator has a login and permissions"
            raise ValueError(msg)

    @property
    def login(self) -> str:
        """The account's login."""
        return self.node.login if self.node else str(self.rest_login)

    @property
    def level(self) -> str:
        """``READ``, ``TRIAGE``, ``WRITE``, ``MAINTAIN``, ``ADMIN``; ``NONE`` for a role without any."""
        if self.permission is not None:
            return self.permission
        return strongest(self.permissions)

    @property
    def by_name(self) -> str:
        """What was given to them by name; where GitHub does not say, the strongest that they have."""
        own = [
            one.level for one in self.permission_sources or () if one.source.typename == _BY_NAME
        ]
        if not own or any(level not in LEVELS for level in own):
            return self.level
        return max(own, key=LEVELS.index)

    @property
    def admin(self) -> bool:
        """Whether they administer the repository."""
        return self.level == "ADMIN"

    @property
    def known(self) -> bool:
        """Whether it is known what they may."""
        return self.level in LEVELS


class RepositorySettings(msgspec.Struct, frozen=True, rename="camel"):
    """GraphQL ``Repository``, as far as the listing by REST goes no further."""

    delete_branch_on_merge: bool
    is_security_policy_enabled: bool | None = None
    """Whether GitHub finds a SECURITY.md, in the repository or for the whole organisation. ``None``: it does
    not say."""


class PrivateReporting(msgspec.Struct, frozen=True):
    """``GET /repos/{owner}/{repo}/private-vulnerability-reporting``."""

    enabled: bool


class Repository(Resource, frozen=True):
    """A repository (``GET /orgs/{org}/repos``)."""

    kind = "github.repository"
    volatile = (
        "pushed_at",
        "updated_at",
        "size",
        "stargazers_count",
        "watchers_count",
        "watchers",
        "forks_count",
        "forks",
        "open_issues_count",
        "open_issues",
        "network_count",
        "subscribers_count",
        "score",
        "temp_clone_token",
        "automated_security_fixes.updated_at",
    )

    may_lack: ClassVar[Mapping[str, str]] = {
        "code_scanning_analyses": "older looks kept the newest analysis only, and a pass rests on it then",
        "code_scanning_latest_analysis": "later looks keep the newest of each tool instead",
        "vulnerability_alerts": "``{}`` is how REST says that they are on (204, no content)",
    }

    name: str
    full_name: str
    visibility: str
    """``public``, ``private`` or ``internal``."""
    archived: bool
    default_branch: str
    node_id: str = ""
    """Stays when the repository is renamed."""
    fork: bool = False
    disabled: bool = False
    language: str | None = None
    security_and_analysis: SecurityAndAnalysis = fact("security_and_analysis")
    vulnerability_alerts: dict[str, Any] | None = fact("vulnerability_alerts")
    """``{}`` or ``{"hasVulnerabilityAlertsEnabled": true}`` where they are on, ``None`` where they are
    off."""
    automated_security_fixes: AutomatedSecurityFixes | None = fact("automated_security_fixes")
    code_scanning_latest_analysis: Analysis | None = fact("code_scanning_latest_analysis")
    """The newest analysis of the default branch: older looks kept this one only."""
    code_scanning_analyses: list[Analysis] = fact("code_scanning_analyses")
    """The newest analysis of the default branch of each tool and category, the newest of all first."""
    settings: RepositorySettings = fact("settings")
    direct_collaborators: list[Collaborator] = fact("direct_collaborators")
    """People, outside ones too, who were given access to this very repository."""
    outside_collaborators: list[Collaborator] = fact("outside_collaborators")
    private_vulnerability_reporting: PrivateReporting | None = fact(
        "private_vulnerability_reporting"
    )
    """Asked of public repositories: others have none."""
    dormant_since: datetime | None = fact("dormant_since")
    """``pushed_at`` where that was more than 30 days before the look, else ``None``: in an active repository
    it moves all the time."""

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Who was given access to this very repository; what comes by a team the teams say."""
        system = f"github:{scope.account}"
        try:
            given = [*self.direct_collaborators, *self.outside_collaborators]
        except FactUnavailable as error:
            yield Hidden(system, f"who has access to {self.full_name}", str(error))
            return
        for one in given:
            yield Grant(
                system,
                one.login,
                one.level.lower(),
                "repository",
                on=self.full_name,
                privileged=one.admin if one.known else None,
                id=one.level,
                on_id=self.node_id,
            )

    def named_in(self, names: Collection[str]) -> bool:
        """Whether these name it, with the organisation or without. Names do not depend on case."""
        return called(self.full_name, names)

    @property
    def analyses(self) -> list[Analysis]:
        """The newest analyses of the default branch, as many as were kept. Raises FactUnavailable."""
        try:
            return self.code_scanning_analyses
        except FactUnavailable as error:
            try:
                latest = self.code_scanning_latest_analysis
            except FactUnavailable:
                raise error from None
            return [] if latest is None else [latest]


def called(full_name: str, names: Collection[str]) -> bool:
    """Whether names of repositories hold one, as ``acme/api`` or ``api``: GitHub does not tell cases apart."""
    whole = full_name.lower()
    return not {whole, whole.partition("/")[2]}.isdisjoint(name.lower() for name in names)


class RepositoryNode(msgspec.Struct, frozen=True, rename="camel"):
    """A repository as part of another document, as GraphQL says it."""

    name_with_owner: str
    is_archived: bool
    visibility: str = ""
    """``PUBLIC``, ``PRIVATE`` or ``INTERNAL``."""
    viewer_can_administer: bool = False
    """Left out it is no: what only administrators see is then asked for elsewhere, or unknown."""
    merge_queue: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    """The merge queue of the default branch, read with that; ``None``: there is none. Left out by older servers,
    and where nobody asked."""
    merge_commit_allowed: bool | None = None
    """Whether pull requests may be merged by a merge commit, and not only squashed or rebased, which nobody can unless
    the repository's settings allow it; read with the default branch. ``None``: nobody asked."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "mergeCommitAllowed": "without it merge commits count as allowed",
        "mergeQueue": "null where changes are not queued (GraphQL Repository); without it none counts",
        "nameWithOwner": "only names the repository",
        "viewerCanAdminister": "without it the identity counts as one that sees less (GraphQL Repository)",
    }


class Reviewer(msgspec.Struct, frozen=True):
    """Who may approve a deployment."""

    type: str
    """``User`` or ``Team``."""

    any_value: ClassVar[Mapping[str, str]] = {
        "type": "whatever sort of account it is, GitHub waits for it (REST, environments)",
    }
    may_lack: ClassVar[Mapping[str, str]] = {"type": "as above"}


class ProtectionRule(msgspec.Struct, frozen=True):
    """A protection rule of an environment."""

    type: str
    """``required_reviewers``, ``wait_timer``, ``branch_policy`` or a custom one."""
    prevent_self_review: bool = False
    """Older servers, which lack it, let people approve their own deployments."""
    reviewers: list[Reviewer] = []


class DeploymentBranchPolicy(msgspec.Struct, frozen=True):
    """Which branches may deploy."""

    protected_branches: bool
    custom_branch_policies: bool


_WILD = re.compile(r"\[[^\]]*\]|[*?/]")


class BranchPattern(msgspec.Struct, frozen=True):
    """A pattern of names that branches, or tags, must match to deploy."""

    name: str
    """As Ruby's ``File.fnmatch`` reads it."""
    type: str = "branch"
    """``branch`` or ``tag``; older servers, which leave it out, know branches only."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "type": "left out by older servers, which know branches only; only named",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "type": "only named: a pattern chooses both or neither"
    }

    def __str__(self) -> str:
        """``main``, ``tag v*``."""
        return f"tag {self.name}" if self.type == "tag" else self.name

    @property
    def open_to(self) -> str:
        """Whom it lets deploy without choosing: ``every branch``; an empty text where it chooses."""
        name = self.name.removeprefix("refs/heads/").removeprefix("refs/tags/")
        if name.startswith("refs/pull/"):
            return "every pull request"
        return "" if _WILD.sub("", name) else f"every {'tag' if self.type == 'tag' else 'branch'}"


class Count(msgspec.Struct, frozen=True, rename="camel"):
    """How many there are."""

    total_count: int


class Environment(Resource, frozen=True):
    """A deployment environment (``GET /repos/{owner}/{repo}/environments``)."""

    kind = "github.environment"
    volatile = ("updated_at",)

    name: str
    repository: RepositoryNode
    can_admins_bypass: bool | None = None
    """Whether administrators may deploy past the rules, as they may by default. ``None``: not said."""
    protection_rules: list[ProtectionRule] = []
    """Left out where there are none."""
    deployment_branch_policy: DeploymentBranchPolicy | None = None
    """``None``: every branch may deploy."""
    branch_policies: list[BranchPattern] = fact("branch_policies")
    """The patterns, where ``custom_branch_policies`` are on."""
    branch_protection_rules: Count = fact("branch_protection_rules")
    """How many rules of classic protection the repository has, as far as the identity sees them: where
    there is none, "protected branches only" lets every branch deploy."""

    @property
    def label(self) -> str:
        """``'production' of acme/api``."""
        return f"'{self.name}' of {self.repository.name_with_owner}"

    @property
    def reviewed(self) -> bool:
        """Whether deployments wait for a reviewer."""
        return any(r.type == "required_reviewers" and r.reviewers for r in self.protection_rules)

    @property
    def reviewed_by_another(self) -> bool:
        """Whether deployments wait for a reviewer, who must not be who started them."""
        return self.reviewed and any(
            r.type == "required_reviewers" and r.prevent_self_review for r in self.protection_rules
        )


def is_production(name: str, words: tuple[str, ...]) -> bool:
    """Whether an environment is production by its name: it begins with a word, or holds one by itself.

    ``non-production`` is none, unless one of the words is just that, nor is ``product-catalog`` or
    ``livestream``: they only begin like one of the short words.
    """
    if name.casefold() in words:
        return True
    lower = without_others(name).casefold()
    parts = re.split(r"[^a-z0-9]+", lower)
    begins = any(
        lower.startswith(word) and not (word in _SHORT and _ALIKE.match(lower)) for word in words
    )
    return begins or any(part.rstrip("0123456789") in words for part in parts)


_SHORT = frozenset({"prod", "live"})
_ALIKE = re.compile(r"produc(?!tion)|prodig|live(?:stream|ness|chat|kit|reload)")
"""Words of everyday names that begin with a short word for production."""


class Runner(msgspec.Struct, frozen=True):
    """A self-hosted runner."""

    name: str
    ephemeral: bool | None = None
    """Whether it takes one job only. ``None``: older servers leave it out."""


class RunnerGroup(Resource, frozen=True):
    """A group of self-hosted runners (``GET /orgs/{org}/actions/runner-groups``)."""

    kind = "github.runner_group"
    volatile = ("runners.*.status", "runners.*.busy", "runners.*.version")

    name: str
    visibility: str
    """``all``, ``selected`` or ``private``: which repositories may use it."""
    allows_public_repositories: bool
    runners: list[Runner] = fact("runners")
