"""A company of documents, as collectors leave them, for tests of access reviews."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac import plugins
from soc2_pac.acts import Actor
from soc2_pac.audit import reviews
from soc2_pac.audit.grants import tells_of_grants
from soc2_pac.audit.reviewers import Line
from soc2_pac.model import CollectionStatus, Scope

from ..store.helpers import look  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from soc2_pac.acts.reviews import Review
    from soc2_pac.audit.review_files import Row
    from soc2_pac.records import Look
    from soc2_pac.store import Store

T0 = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REGISTRY = plugins.load()
KINDS = [collector.resource for collector in REGISTRY.collectors.values()]
ANN, ADMIN = Actor("Ann Reviewer", "ann"), Actor("ciso", "root")

HR = Scope("roster", "acme")
AWS, SSO = Scope("aws", "111122223333"), Scope("aws", "111122223333/eu-central-1")
GITHUB = Scope("github", "acme")
OKTA = Scope("okta", "acme.okta.com")
TENANT, SUBSCRIPTION = Scope("azure", "tenant-1"), Scope("azure", "sub-1")
DIRECTORY, PROJECT = Scope("gcp", "organizations/9"), Scope("gcp", "projects/acme-prod")

PLACES: dict[str, tuple[Scope, ...]] = {
    "roster": (HR,),
    "github": (GITHUB,),
    "okta": (OKTA,),
    "aws": (AWS,),
    "aws.identity_center": (SSO,),
    "azure": (SUBSCRIPTION,),
    "azure.entra": (TENANT,),
    "gcp": (PROJECT,),
    "gcp.workspace": (DIRECTORY,),
}
"""Where a kind is collected: by the longest beginning of its name."""


def place(kind: str) -> Scope:
    """The scope of a kind."""
    if kind == "azure.entra.subscription_group":
        return SUBSCRIPTION
    found = [name for name in PLACES if kind == name or kind.startswith(f"{name}.")]
    return PLACES[max(found, key=len)][0]


class Company:
    """Documents by kind and scope. What nobody put there was collected, and is empty."""

    def __init__(self, *providers: str) -> None:
        self.documents: dict[tuple[str, Scope], dict[str, dict[str, Any]]] = defaultdict(dict)
        for kind in KINDS:
            if kind.kind.partition(".")[0] in providers and tells_of_grants(kind):
                self.documents[kind.kind, place(kind.kind)] = {}

    def put(self, kind: str, uid: str, body: dict[str, Any], scope: Scope | None = None) -> None:
        """Add a document, or replace it."""
        self.documents[kind, scope or place(kind)][uid] = body

    def drop(self, kind: str, uid: str, scope: Scope | None = None) -> None:
        """Take a document away."""
        del self.documents[kind, scope or place(kind)][uid]

    def looks(
        self, at: datetime = T0, *, partial: Iterable[str] = (), only: Iterable[str] = ()
    ) -> list[Look]:
        """Collections of everything; ``partial`` kinds broke off, ``only`` narrows to some kinds."""
        chosen = set(only)
        broken = set(partial)
        return [
            look(
                documents,
                at=at,
                scope=scope,
                kind=kind,
                status=CollectionStatus.PARTIAL if kind in broken else CollectionStatus.COMPLETE,
                reason="broke off" if kind in broken else "",
            )
            for (kind, scope), documents in sorted(self.documents.items(), key=lambda i: i[0][0])
            if not chosen or kind in chosen
        ]

    # -- people ---------------------------------------------------------------------------------------------

    def person(self, number: int, name: str, **values: Any) -> None:
        """Somebody of the roster, ``p1@acme.example``."""
        body = {
            "id": str(number), "name": name, "mails": [f"p{number}@acme.example"], "status": "active",
            **values,
        }  # fmt: skip
        self.put("roster.person", str(number), body)

    def mapped(self, system: str, login: str, person: str | None, **values: Any) -> None:
        """A line of the mapping of accounts."""
        number = len(self.documents["roster.account", HR]) + 2
        body = {
            "system": system, "login": login, "person": person, "sort": "person",
            "file": "accounts.csv", "line": number, **values,
        }  # fmt: skip
        self.put("roster.account", str(number), body)

    # -- GitHub ---------------------------------------------------------------------------------------------

    def member(self, login: str, *, owner: bool = False, mail: str = "") -> None:
        """A member of the organisation."""
        uid = f"U_{login}"
        node = {"id": uid, "login": login}
        role = "ADMIN" if owner else "MEMBER"
        self.put("github.member", uid, {"role": role, "hasTwoFactorEnabled": True, "node": node})
        if mail:
            body = {"id": uid, "login": login, "organizationVerifiedDomainEmails": [mail]}
            self.put("github.verified_mails", uid, body)

    def repository(self, name: str, direct: dict[str, str] | None = None, **more: Any) -> None:
        """A repository, with people who were given access to it: login -> permission."""
        given = [
            {"permission": level, "node": {"login": login, "id": f"U_{login}"}}
            for login, level in (direct or {}).items()
        ]
        body = {
            "name": name, "full_name": f"acme/{name}", "node_id": f"R_{name}", "visibility": "private",
            "archived": False, "default_branch": "main",
            "direct_collaborators": given, "outside_collaborators": [], **more,
        }  # fmt: skip
        self.put("github.repository", f"R_{name}", body)

    def team(
        self,
        slug: str,
        members: Sequence[str] = (),
        repositories: dict[str, str] | None = None,
        parent: str = "",
    ) -> None:
        """A team: members, and repositories with a permission (``push``)."""
        body = {
            "slug": slug, "name": slug, "node_id": f"T_{slug}",
            "parent": {"slug": parent} if parent else None,
            "members": [{"login": login} for login in members],
            "repositories": [
                {"full_name": f"acme/{name}", "node_id": f"R_{name}", "permissions": {level: True}}
                for name, level in (repositories or {}).items()
            ],
        }  # fmt: skip
        self.put("github.team", f"T_{slug}", body)

    def organization(self, permission: str = "none") -> None:
        """The organisation with what every member may."""
        body = {"login": "acme", "default_repository_permission": permission}
        self.put("github.organization", "O_1", body)

    # -- AWS ------------------------------------------------------------------------------------------------

    def iam_user(self, name: str, scope: Scope = AWS, **values: Any) -> str:
        """An IAM user; its ARN."""
        arn = f"arn:aws:iam::{scope.account}:user/{name}"
        body = {
            "Arn": arn, "UserName": name, "GroupList": [], "AttachedManagedPolicies": [], **values,
        }  # fmt: skip
        self.put("aws.iam.user", arn, body, scope)
        return arn

    def iam_group(self, name: str, *policies: str, scope: Scope = AWS) -> None:
        """An IAM group with AWS's policies."""
        arn = f"arn:aws:iam::{scope.account}:group/{name}"
        body = {
            "Arn": arn, "GroupName": name, "GroupPolicyList": [],
            "AttachedManagedPolicies": [aws_policy(one) for one in policies],
        }  # fmt: skip
        self.put("aws.iam.group", arn, body, scope)

    def iam_role(
        self,
        name: str,
        principal: dict[str, Any],
        *policies: str,
        scope: Scope = AWS,
        path: str = "/",
    ) -> str:
        """A role with whom it trusts; its ARN."""
        arn = f"arn:aws:iam::{scope.account}:role{path}{name}"
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        body = {
            "Arn": arn, "RoleName": name, "Path": path, "RolePolicyList": [],
            "AttachedManagedPolicies": [aws_policy(one) for one in policies],
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        }  # fmt: skip
        self.put("aws.iam.role", arn, body, scope)
        return arn

    # -- Okta -----------------------------------------------------------------------------------------------

    def okta_user(self, number: int, login: str, status: str = "ACTIVE", **values: Any) -> None:
        """A user of the org."""
        body = {
            "id": f"00u{number}", "status": status, "created": "2024-01-01T00:00:00.000Z",
            "factors": [{"factorType": "webauthn", "status": "ACTIVE"}],
            "profile": {"login": login, "email": login}, **values,
        }  # fmt: skip
        self.put("okta.user", f"00u{number}", body)

    def okta_group(
        self,
        number: int,
        name: str,
        members: Sequence[int] | None = None,
        *roles: str,
        **values: Any,
    ) -> None:
        """A group; without members nobody read who is in it."""
        uid = f"00g{number}"
        body: dict[str, Any] = {
            "id": uid, "type": "OKTA_GROUP", "profile": {"name": name},
            "_embedded": {"stats": {"hasAdminPrivilege": bool(roles)}}, **values,
        }  # fmt: skip
        if roles:
            body["roles"] = [{"type": role, "status": "ACTIVE"} for role in roles]
            body["members"] = [{"id": f"00u{one}"} for one in members or ()]
        self.put("okta.group", uid, body)
        if members is not None:
            found = [{"id": f"00u{one}"} for one in members]
            self.put(
                "okta.group_members", uid, {"id": uid, "profile": {"name": name}, "members": found}
            )

    def okta_app(
        self,
        number: int,
        label: str,
        users: Sequence[int] = (),
        groups: Sequence[int] = (),
        **values: Any,
    ) -> None:
        """An app with whom it is assigned to."""
        body = {
            "id": f"0oa{number}", "name": label.lower(), "label": label, "status": "ACTIVE",
            "signOnMode": "SAML_2_0",
            "users": [{"id": f"00u{one}", "scope": "USER"} for one in users],
            "groups": [{"id": f"00g{one}"} for one in groups], **values,
        }  # fmt: skip
        self.put("okta.app", f"0oa{number}", body)

    # -- Azure ----------------------------------------------------------------------------------------------

    def entra_user(self, uid: str, login: str, **values: Any) -> None:
        """A user of the directory."""
        body = {
            "id": uid, "userPrincipalName": login, "accountEnabled": True, "userType": "Member", **values,
        }  # fmt: skip
        self.put("azure.entra.user", uid, body)

    def entra_role(
        self,
        uid: str,
        role: str,
        principal: dict[str, Any],
        kind: str = "role_assignment",
        **values: Any,
    ) -> None:
        """A role of the directory, and who has it."""
        body = {
            "id": uid, "principalId": principal["id"], "roleDefinitionId": role, "directoryScopeId": "/",
            "principal": principal, **values,
        }  # fmt: skip
        self.put(f"azure.entra.{kind}", uid, body)

    def azure_role(self, uid: str, role: str, principal: str, sort: str, where: str) -> None:
        """A role on a subscription or in it."""
        provider = "/providers/Microsoft.Authorization"
        properties = {
            "roleDefinitionId": f"{provider}/roleDefinitions/{role}", "principalId": principal,
            "principalType": sort, "scope": where,
        }  # fmt: skip
        body = {"id": f"{provider}/roleAssignments/{uid}", "name": uid, "properties": properties}
        self.put("azure.authorization.role_assignment", uid, body)

    # -- Google ---------------------------------------------------------------------------------------------

    def google_user(self, uid: str, mail: str, **values: Any) -> None:
        """An account of the directory."""
        body = {
            "id": uid, "primaryEmail": mail, "suspended": False, "archived": False, "isAdmin": False,
            "creationTime": "2024-01-01T00:00:00.000Z", "lastLoginTime": "2026-01-01T00:00:00.000Z", **values,
        }  # fmt: skip
        self.put("gcp.workspace.user", uid, body)

    def bindings(self, *bindings: dict[str, Any], name: str = "acme-prod") -> None:
        """The policy of a project."""
        full = f"//cloudresourcemanager.googleapis.com/projects/{name}"
        body = {
            "name": full, "assetType": "cloudresourcemanager.googleapis.com/Project",
            "ancestors": ["projects/1", "organizations/9"], "iamPolicy": {"bindings": list(bindings)},
        }  # fmt: skip
        self.put("gcp.iam.policy", full, body)


def aws_policy(name: str) -> dict[str, str]:
    """One of AWS's policies, attached."""
    return {"PolicyName": name, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"}


def principal(uid: str, sort: str, name: str) -> dict[str, Any]:
    """A reference to an object of the directory: ``user``, ``group`` or ``servicePrincipal``."""
    return {"id": uid, "@odata.type": f"#microsoft.graph.{sort}", "displayName": name}


def collect(store: Store, looks: Iterable[Look]) -> None:
    """Record collections, as a run does."""
    with store.run("run", config=None, tool_version="test") as run_id:
        for one in looks:
            store.record(run_id, one)


def known(**values: Any) -> reviews.Known:
    """How tests read the store."""
    return reviews.Known(KINDS, REGISTRY.joined_identities, 7 * DAY, **values)


def line(reviewer: str, system: str = "*", **values: str) -> Line:
    """A line of the file of reviewers."""
    cells = {"login": "", "department": "", "grant": "", "deputy": "", **values}
    return Line(
        2, system, cells["login"], cells["department"], cells["grant"], reviewer, cells["deputy"]
    )


def start(store: Store, *systems: str, now: datetime = T0, **values: Any) -> Review:
    """Start a review that the person called Rita reviews alone, but for her own access."""
    values.setdefault("given", [line("Rita", deputy="Dan")])
    break_glass = values.pop("break_glass", ())
    return reviews.start(
        store, known(break_glass=break_glass), systems=systems, by=ADMIN, now=now, **values
    )


def frozen(store: Store, review: Review) -> tuple[Row, ...]:
    """The population of a review."""
    with store.reading() as connection:
        return reviews.population(connection, review).rows
