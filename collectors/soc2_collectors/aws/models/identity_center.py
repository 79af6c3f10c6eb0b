"""Views of IAM Identity Center: permission sets, who has the strong ones, users and groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.aws.models.iam import strong_by_name
from soc2_collectors.aws.models.policy import statements
from soc2_collectors.aws.models.rights import Rights, grants_of, rights_of
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Grant, Members
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribePermissionSet``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "SessionDuration": "one hour where AWS leaves it out (IAM Identity Center user guide, session duration)",
    }
    name: str
    session_duration: str = "PT1H"
    """ISO 8601; AWS: one hour where it is left out."""


class AttachedPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A policy that AWS manages, attached to a permission set."""

    name: str
    arn: str


class Reference(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A customer's policy by its name: each account has one of its own."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Path": "/ where AWS leaves it out (CustomerManagedPolicyReference)",
    }
    name: str
    path: str = "/"

    def names(self, arn: str) -> bool:
        """Whether an ARN is that of the policy in some account."""
        return arn.split(":", 5)[-1] == f"policy{self.path}{self.name}"


class SetBoundary(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The permissions boundary of a set: one of AWS's policies, or a customer's."""

    managed_policy_arn: str | None = None
    customer_managed_policy_reference: Reference | None = None


class Assignment(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who has a permission set in which account."""

    account_id: str
    principal_type: str
    """``USER`` or ``GROUP``."""
    principal_id: str


class MemberId(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who is a member: users only, since groups of the identity store hold no groups."""

    user_id: str


class Membership(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A user in a group (``ListGroupMemberships``)."""

    member_id: MemberId


def strength(managed: Iterable[str], inline: str, documents: Mapping[str, object]) -> Rights:
    """What AWS's policies and the inline one of a set make of whoever has it, without a boundary.

    Args:
        managed: ARNs of AWS's policies.
        inline: the inline policy; empty where there is none.
        documents: documents of AWS's policies, by ARN.

    Raises:
        FactUnavailable: an inline policy that is none.
    """
    arns = list(managed)
    if strong := [arn for arn in arns if strong_by_name(arn)]:
        return Rights(administrator=True, how=strong[0].rpartition("/")[2])
    # AWS answers with an empty text where a set has no inline policy.
    known = [statements(inline or None, granting=True)]
    unread = []
    for arn in arns:
        if documents.get(arn) is not None:
            known.append(statements(documents[arn], granting=True))
        elif strong_by_name(arn) is None:
            unread.append(arn)
    rights = rights_of(grants_of(known))
    if unread and not rights.administrator:
        return Rights(administrator=None, how=f"what {', '.join(unread)} allows was not read")
    return rights


def _store(scope: Scope) -> str:
    """What the users and groups of the identity store are in."""
    return f"aws-identity-center:{scope.account}"


class PermissionSet(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A permission set; who has it is asked only where it may grant administrator rights."""

    kind = "aws.identity_center.permission_set"
    details: Details = fact("DescribePermissionSet")
    attached: list[AttachedPolicy] = fact("ListManagedPoliciesInPermissionSet")
    documents: dict[str, Any] = fact("GetPolicyVersion")
    """The documents of the attached policies whose names do not tell, by ARN."""
    inline: str = fact("GetInlinePolicyForPermissionSet")
    """Empty where there is none."""
    references: list[Reference] = fact("ListCustomerManagedPolicyReferencesInPermissionSet")
    boundary: SetBoundary | None = fact("GetPermissionsBoundaryForPermissionSet")
    """``None``: it has none."""
    outdated: list[str] = fact("ListAccountsForProvisionedPermissionSet")
    """The accounts in which an older state of the set is in force: the newest was not provisioned there."""
    assignments: list[Assignment] | None = fact("ListAccountAssignments")
    """``None`` for a set that grants no administrator rights: it was not asked."""
    members: dict[str, list[Membership]] | None = fact("ListGroupMemberships")
    """Of the groups among the assignments, by id; ``None`` where these were not asked. Groups hold users only."""

    @property
    def administers(self) -> bool | None:
        """Whether it makes administrators, by what is kept with it; ``None``: that depends on other documents."""
        arns = [policy.arn for policy in self.attached]
        strong = strength(arns, self.inline, self.documents).administrator
        if not strong:
            return None if strong is None or self.references else False
        return True if self._unlimited else None

    @property
    def _unlimited(self) -> bool:
        """Whether AWS says that no boundary limits it."""
        return "GetPermissionsBoundaryForPermissionSet" not in self.gaps and self.boundary is None

    @property
    def users(self) -> tuple[set[str], str | None]:
        """Ids of the users who have it, by a group or not, and why there may be more; ``None``: these are all."""
        if self.assignments is None:
            return set(), "who has it was not asked"
        found = {one.principal_id for one in self.assignments if one.principal_type == "USER"}
        others = [one for one in self.assignments if one.principal_type != "USER"]
        if others and "ListGroupMemberships" in self.gaps:
            return found, "who is in the groups that have it could not be read"
        members = (self.members or {}) if others else {}
        unknown = None
        for one in others:
            if one.principal_type == "GROUP" and one.principal_id in members:
                found.update(m.member_id.user_id for m in members[one.principal_id])
            else:
                unknown = f"who is behind {one.principal_type} {one.principal_id} is not known"
        return found, unknown

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Who has the set in which account; of one that is not asked about, that nobody knows who has it."""
        store, name = _store(scope), self.details.name
        if self.assignments is None:
            holder = f"whoever has permission set {name}"
            why = "AWS tells who has a set account by account, and only those with administrator rights are asked"
            yield Members(store, holder, unread=why, gives=False)
            yield self._granted(store, holder, store, by_group=True)
            return
        for one in self.assignments:
            grouped = one.principal_type != "USER"
            yield self._granted(f"aws:{one.account_id}", one.principal_id, store, by_group=grouped)
        try:
            members = self.members or {}
        except FactUnavailable as error:
            for one in self.assignments:
                if one.principal_type != "USER":
                    yield Members(store, one.principal_id, unread=str(error))
            return
        for group, inside in members.items():
            yield Members(store, group, accounts=tuple(m.member_id.user_id for m in inside))

    def _granted(self, system: str, holder: str, store: str, *, by_group: bool) -> Grant:
        return Grant(
            system,
            holder,
            f"permission set {self.details.name}",
            "role",
            by_group=by_group,
            of=store,
            privileged=self.administers,
        )

    @property
    def proven(self) -> Rights:
        """What AWS's policies that are known by name make of it, and the inline one.

        A policy of the accounts may make more of it, and a boundary less.
        """
        return strength([policy.arn for policy in self.attached], self.inline, {})

    @property
    def by_name(self) -> bool:
        """Whether one of AWS's policies that are known to be strong is attached."""
        return any(strong_by_name(policy.arn) for policy in self.attached)

    @property
    def unread(self) -> list[str]:
        """AWS's policies that are attached, whose names do not tell and whose documents were not read."""
        arns = [policy.arn for policy in self.attached]
        unclear = [arn for arn in arns if strong_by_name(arn) is None]
        return [arn for arn in unclear if self.documents.get(arn) is None]

    @property
    def session(self) -> timedelta | None:
        """How long a session lasts; ``None`` for a duration that cannot be read."""
        match = _DURATION.fullmatch(self.details.session_duration)
        if match is None or not any(match.groups()):
            return None
        days, hours, minutes, seconds = (min(int(part or 0), 10**6) for part in match.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


class Group(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A group of the identity store."""

    kind = "aws.identity_center.group"
    group_id: str
    display_name: str = ""

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """That there is such a group; who is in it other documents say, where it has a strong set."""
        why = "AWS tells members group by group, which is asked of those with administrator rights"
        yield Members(_store(scope), self.group_id, self.display_name, unread=why)


class User(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A user of the identity store. What is private and asked by nobody is redacted."""

    kind = "aws.identity_center.user"
    lists_accounts = True
    may_lack: ClassVar[Mapping[str, str]] = {
        "Emails": "a user may have none, and is then nobody's by mail",
        "UserStatus": "answers from before 2026 leave it out; who may be disabled is judged as enabled",
    }
    secret = ("PhoneNumbers", "Addresses", "Birthdate")
    user_id: str
    user_name: str = ""
    display_name: str | None = None
    emails: list[dict[str, Any]] = []
    user_status: str | None = None
    """``ENABLED`` or ``DISABLED``; answers from before 2026 leave it out."""

    @property
    def names(self) -> set[str]:
        """The user name and mail addresses, in small letters."""
        mails = {str(mail.get("Value", "")).lower() for mail in self.emails}
        return {name for name in {self.user_name.lower(), *mails} if name}

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account. Its second factor and its permission sets are not among what AWS says of a user."""
        mails = [str(mail.get("Value", "")) for mail in self.emails]
        mails += [self.user_name] if "@" in self.user_name else []
        yield Account(
            system=_store(scope),
            uid=self.user_id,
            login=self.user_name or self.user_id,
            name=self.display_name or "",
            mails=tuple(dict.fromkeys(mail for mail in mails if mail)),
            active={"ENABLED": True, "DISABLED": False}.get(self.user_status or "ENABLED"),
            privileged=None,
            mfa=None,
        )
