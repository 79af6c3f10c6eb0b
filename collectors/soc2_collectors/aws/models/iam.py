"""Views of IAM.

From ``GetAccountSummary``, ``GetAccountPasswordPolicy``, ``GetCredentialReport``,
``GetAccountAuthorizationDetails``, ``ListVirtualMFADevices``, ``ListServerCertificates`` and
``ListSAMLProviders``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from soc2_collectors.aws.models import iam_access
from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.rights import Grants, grants_of, rights_of
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Members
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope

AWS_MANAGED = ":iam::aws:policy/"
"""What the ARN of a policy that AWS manages holds, in every partition; its name follows."""
_STRONG = ("AdministratorAccess", "AdministratorAccess-Amplify", "IAMFullAccess")
"""Policies of AWS that make an administrator, by name: their documents were judged as any other's."""
_HARMLESS = ("SecurityAudit", "AWSSupportAccess", "Billing", "IAMUserChangePassword")
"""Policies of AWS that give no way to more rights, beside those that are called ``...ReadOnlyAccess``."""


T = TypeVar("T")


def _said(read: Callable[[], T]) -> T | None:
    """What the report says, or ``None`` for a word that nobody knows: one row must not hide all others."""
    try:
        return read()
    except FactUnavailable:
        return None


def _system(arn: str, scope: Scope) -> str:
    """The account that an ARN is of; the scope's where it says none."""
    parts = arn.split(":")
    return f"aws:{parts[4] if len(parts) > _ARN_PARTS and parts[4] else scope.account}"


_ARN_PARTS = 5
_USES = ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")


class AccountSummary(Resource, frozen=True, kw_only=True):
    """The account's IAM counters (``GetAccountSummary``)."""

    kind = "aws.iam.account_summary"
    counters: dict[str, int] = msgspec.field(name="SummaryMap")

    def counter(self, name: str) -> int:
        """A counter. Raises FactUnavailable where AWS did not name it."""
        if name not in self.counters:
            msg = f"the account summary has no {name}"
            raise FactUnavailable(msg, kind=self.kind, field=name)
        return self.counters[name]


class PasswordPolicyDetails(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """The members of ``PasswordPolicy``. AWS names all but those of age and reuse, which it leaves out for none."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ExpirePasswords": "AWS names it; an age alone says as much, and a contradiction fails",
    }
    minimum_password_length: int
    require_symbols: bool
    require_numbers: bool
    require_uppercase_characters: bool
    require_lowercase_characters: bool
    expire_passwords: bool | None = None
    """Whether passwords have an end."""
    max_password_age: int | None = None
    """Days; absent, or 0, where passwords do not expire."""
    password_reuse_prevention: int | None = None
    """How many old passwords are remembered; absent for none."""


class PasswordPolicy(Resource, frozen=True, kw_only=True):
    """The account's password policy; ``None`` where there is none (``NoSuchEntity``)."""

    kind = "aws.iam.password_policy"
    policy: PasswordPolicyDetails | None = fact("GetAccountPasswordPolicy")


class Credential(Resource, frozen=True, kw_only=True):
    """One row of the credential report, in AWS's own words: ``true``, ``N/A``, ``no_information``.

    Every report has every column; a row that lacks one says nothing of it.
    """

    kind = "aws.iam.credential"
    may_lack: ClassVar[Mapping[str, str]] = {
        "user": "it says whose row this is; AWS calls root <root_account>, and its ARN ends in :root",
        "additional_credentials_info": "AWS leaves the column out where nobody has more than two (IAM user guide, "
        "credential reports)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "user": "the name of a user, which may be any",
    }
    user: str
    arn: str
    user_creation_time: str | None = None
    password_enabled: str | None = None
    password_last_used: str | None = None
    password_last_changed: str | None = None
    mfa_active: str | None = None
    access_key_1_active: str | None = None
    access_key_1_last_rotated: str | None = None
    access_key_1_last_used_date: str | None = None
    access_key_2_active: str | None = None
    access_key_2_last_rotated: str | None = None
    access_key_2_last_used_date: str | None = None
    cert_1_active: str | None = None
    cert_2_active: str | None = None
    additional_credentials_info: str | None = None
    """How many keys or certificates there are beyond two, which the report says nothing else of."""

    @property
    def more(self) -> str | None:
        """What the report says of keys or certificates that it does not show; ``None``: there are no others."""
        told = (self.additional_credentials_info or "").strip()
        return told if told not in ("", "N/A", "no_information") else None

    @property
    def is_root(self) -> bool:
        """The account's root identity."""
        return self.user == "<root_account>" or self.arn.endswith(":root")

    @property
    def has_password(self) -> bool:
        """A console password is set; root always has one."""
        return self.is_root or self.flag("password_enabled")

    def flag(self, name: str) -> bool:
        """A column that says ``true`` or ``false``. Raises FactUnavailable for any other word, or none."""
        value = str(getattr(self, name)).lower()
        if value not in ("true", "false"):
            msg = f"the credential report says '{value}' for {name} of {self.user}"
            raise FactUnavailable(msg, kind=self.kind, field=name)
        return value == "true"

    def moment(self, name: str) -> datetime | None:
        """A column that holds a time; ``None`` for ``N/A`` and ``no_information``: it never happened.

        Raises FactUnavailable for any other word or none, and for a time without a zone: its instant is unknown.
        """
        value = str(getattr(self, name))
        if value in ("N/A", "no_information", "not_supported"):
            return None
        msg = f"the credential report says '{value}' for {name} of {self.user}"
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise FactUnavailable(msg, kind=self.kind, field=name) from error
        if moment.tzinfo is None:
            raise FactUnavailable(msg, kind=self.kind, field=name)
        return moment

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account, without what the report does not say of it; root is nobody's and has its own rules."""
        if self.is_root:
            return
        password = _said(lambda: self.has_password)
        keys = _said(lambda: bool(self.keys))
        uses = [_said(functools.partial(self.moment, name)) for name in _USES]
        known = [part for part in (password, keys) if part is not None]
        yield Account(
            system=_system(self.arn, scope),
            uid=self.arn,
            login=self.user,
            name="",
            mails=(),
            active=any(known) if any(known) or len(known) == 2 else None,  # noqa: PLR2004 - both
            privileged=None,
            mfa=_said(lambda: self.flag("mfa_active")),
            created=_said(lambda: self.moment("user_creation_time")),
            last_used=max((moment for moment in uses if moment is not None), default=None),
            signs_in=password,
        )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Root: an account that may do everything, that several people may know, and that nobody owns."""
        if not self.is_root:
            return
        uses = [_said(functools.partial(self.moment, name)) for name in _USES]
        yield Account(
            system=_system(self.arn, scope),
            uid=self.arn,
            login="root",
            name="",
            mails=(),
            active=True,
            privileged=True,
            mfa=_said(lambda: self.flag("mfa_active")),
            sort="shared",
            created=_said(lambda: self.moment("user_creation_time")),
            last_used=max((moment for moment in uses if moment is not None), default=None),
            signs_in=True,
        )

    @property
    def keys(self) -> list[AccessKey]:
        """The two key slots, active ones only."""
        return [AccessKey(n, self) for n in (1, 2) if self.flag(f"access_key_{n}_active")]


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An active access key of a credential report's row."""

    slot: int
    row: Credential

    @property
    def rotated(self) -> datetime | None:
        """When it was made, or last changed. Raises as :meth:`Credential.moment`."""
        return self.row.moment(f"access_key_{self.slot}_last_rotated")

    @property
    def used(self) -> datetime | None:
        """When it was last used; ``None`` for never. Raises as :meth:`Credential.moment`."""
        return self.row.moment(f"access_key_{self.slot}_last_used_date")


class AttachedPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A managed policy that is attached."""

    policy_name: str
    policy_arn: str

    @property
    def of_aws(self) -> bool:
        """AWS manages it; the account's own policies are resources of their own."""
        return AWS_MANAGED in self.policy_arn


def strong_by_name(arn: str) -> bool | None:
    """Whether a policy makes an administrator, by its name alone; ``None``: its document must say.

    Only what AWS manages can be told by its name.
    """
    _, managed, name = arn.rpartition(AWS_MANAGED)
    if not managed:
        return None
    name = name.rpartition("/")[2]
    if name in _STRONG:
        return True
    readers = ("ReadOnlyAccess", "ViewOnlyAccess", "ReadOnly")
    return False if name in _HARMLESS or name.endswith(readers) else None


class InlinePolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A policy that stands within an identity."""

    policy_name: str
    policy_document: Any

    @property
    def statements(self) -> list[Statement]:
        """What it says. Raises FactUnavailable where the document is none."""
        return statements(_there(self.policy_document, "PolicyDocument"), granting=True)


def _there(document: object, field: str) -> object:
    if document is None:
        msg = "the policy has no document"
        raise FactUnavailable(msg, field=field)
    return document


class Boundary(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PermissionsBoundary``: the policy that says what an identity may have at most."""

    permissions_boundary_arn: str


class _Identity(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What users, roles and groups share."""

    arn: str
    attached_managed_policies: list[AttachedPolicy] | None = None
    """AWS names it always, empty where there are none: without it nobody can tell."""

    @property
    def attached(self) -> Sequence[AttachedPolicy]:
        """The managed policies that are attached. Raises FactUnavailable where AWS did not name them."""
        return self._listed(self.attached_managed_policies, "AttachedManagedPolicies")

    def _listed(self, found: Sequence[T] | None, field: str) -> Sequence[T]:
        if found is None:
            msg = f"{field} of {self.arn} was not given"
            raise FactUnavailable(msg, kind=self.kind, field=field)
        return found

    @property
    def boundary(self) -> str | None:
        """The ARN of the policy that limits it; ``None`` for none, as for every group."""
        return None

    def principal_tags(self) -> Mapping[str, str] | None:
        """The tags that its requests carry (``aws:PrincipalTag``); a group makes none."""
        return None

    @property
    def name(self) -> str:
        """Without its path."""
        return self.arn.rpartition("/")[2]


class Tag(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tag."""

    key: str
    value: str = ""


class User(_Identity, frozen=True, kw_only=True, rename="pascal"):
    """An IAM user (``UserDetailList``)."""

    kind = "aws.iam.user"
    lists_accounts = True
    may_lack: ClassVar[Mapping[str, str]] = {
        "UserPolicyList": "AWS leaves it out for a user without inline policies (GetAccountAuthorizationDetails)",
        "PermissionsBoundary": "AWS leaves it out where there is none; without one a user may do more",
        "Tags": "AWS leaves them out where there are none (GetAccountAuthorizationDetails, UserDetail)",
    }
    user_name: str
    user_id: str = ""
    """Stays when the user is renamed, which its ARN does not."""
    user_policy_list: list[InlinePolicy] = []
    group_list: list[str] | None = None
    """AWS names it always, empty for a user in no group: without it nobody can tell."""
    permissions_boundary: Boundary | None = None
    tags: list[Tag] = []
    """AWS leaves them out where there are none."""

    @property
    def inline(self) -> Sequence[InlinePolicy]:
        """The policies that stand within it."""
        return self.user_policy_list

    def principal_tags(self) -> Mapping[str, str] | None:
        """The tags that its requests carry (``aws:PrincipalTag``)."""
        return {tag.key: tag.value for tag in self.tags}

    @property
    def groups(self) -> Sequence[str]:
        """The names of its groups. Raises FactUnavailable where AWS did not name them."""
        return self._listed(self.group_list, "GroupList")

    @property
    def boundary(self) -> str | None:
        """The ARN of the policy that limits it."""
        limit = self.permissions_boundary
        return limit.permissions_boundary_arn if limit else None

    def tag(self, *names: str) -> str | None:
        """The value of the first tag of one of these names, in any case; ``None`` for none or empty."""
        for name in names:
            for tag in self.tags:
                if tag.key.lower() == name and tag.value.strip():
                    return tag.value.strip()
        return None

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account. Whether it can be used and has a second factor stands in the credential report.

        Tags ``email`` (or ``mail``) and ``owner`` say whose it is. What groups and the account's own policies
        grant is not known here, nor which roles name it in their trust policies: unless its own policies say that
        it administers, its rights are unknown.
        """
        mails = [self.tag("email", "mail"), self.user_name if "@" in self.user_name else None]
        yield Account(
            system=_system(self.arn, scope),
            uid=self.arn,
            login=self.user_name,
            name="",
            mails=tuple(mail for mail in mails if mail),
            active=None,
            privileged=True if alone(self) else None,
            mfa=None,
            person=self.tag("owner"),
            groups=tuple(self.group_list or ()),
            lasting=self.user_id,
        )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Its policies, and the groups that it is in."""
        system = _system(self.arn, scope)
        yield from iam_access.policies(self, system, self.arn, strong_by_name)
        yield from iam_access.memberships(self, system)


class Group(_Identity, frozen=True, kw_only=True, rename="pascal"):
    """An IAM group (``GroupDetailList``)."""

    kind = "aws.iam.group"
    group_name: str
    group_policy_list: list[InlinePolicy] | None = None
    """AWS names it always, empty where there are none: without it nobody can tell."""

    @property
    def inline(self) -> Sequence[InlinePolicy]:
        """The policies that stand within it. Raises FactUnavailable where AWS did not name them."""
        return self._listed(self.group_policy_list, "GroupPolicyList")

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Its policies; who is in it the users say."""
        system, uid = _system(self.arn, scope), iam_access.group_uid(self.group_name)
        yield Members(system, uid, self.group_name)
        yield from iam_access.policies(self, system, uid, strong_by_name, by_group=True)


class Role(_Identity, frozen=True, kw_only=True, rename="pascal"):
    """An IAM role (``RoleDetailList``). When it was last used changes at every read and no rule asks."""

    kind = "aws.iam.role"
    volatile = ("RoleLastUsed",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "PermissionsBoundary": "AWS leaves it out where there is none; without one a role may do more",
        "Tags": "AWS leaves them out where there are none (GetAccountAuthorizationDetails, RoleDetail)",
    }
    role_name: str
    path: str = "/"
    assume_role_policy_document: Any
    role_policy_list: list[InlinePolicy] | None = None
    """AWS names it always, empty where there are none: without it nobody can tell."""
    permissions_boundary: Boundary | None = None
    tags: list[Tag] = []
    """AWS leaves them out where there are none."""

    @property
    def inline(self) -> Sequence[InlinePolicy]:
        """The policies that stand within it. Raises FactUnavailable where AWS did not name them."""
        return self._listed(self.role_policy_list, "RolePolicyList")

    def principal_tags(self) -> Mapping[str, str] | None:
        """The tags that requests of its sessions carry (``aws:PrincipalTag``).

        ``None`` where whoever takes it on may bring other ones, which count before its own (IAM user guide, "Pass
        session tags in AWS STS"): its trust policy allows ``sts:TagSession``, or cannot be read.
        """
        trust = _said(lambda: self.trust)
        if trust is None or any(one.allow and one.covers("sts:TagSession") for one in trust):
            return None
        return {tag.key: tag.value for tag in self.tags}

    @property
    def boundary(self) -> str | None:
        """The ARN of the policy that limits it."""
        limit = self.permissions_boundary
        return limit.permissions_boundary_arn if limit else None

    @property
    def trust(self) -> list[Statement]:
        """Its trust policy. Raises FactUnavailable where the document is none."""
        return statements(_there(self.assume_role_policy_document, "AssumeRolePolicyDocument"))

    @property
    def service_linked(self) -> bool:
        """AWS owns it; its policies cannot be changed."""
        return self.path.startswith("/aws-service-role/")

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The role, its policies, and who may take it on; nothing of a role that AWS owns."""
        if self.service_linked:
            return
        system = _system(self.arn, scope)
        yield from iam_access.role(self, system, alone(self))
        yield from iam_access.policies(self, system, self.arn, strong_by_name)


def alone(identity: User | Group | Role) -> bool | None:
    """Whether an identity administers, by what stands with it alone; ``None``: that depends on other documents.

    AWS's policies are told by their names: of all that there are, three make an administrator. What the account's
    own policies, groups and boundaries do stands in documents of their own.
    """
    attached, inline = _said(lambda: identity.attached), _said(lambda: identity.inline)
    limited = identity.boundary is not None
    if any(strong_by_name(p.policy_arn) for p in identity.attached_managed_policies or ()):
        return None if limited else True
    documents = [_said(functools.partial(getattr, policy, "statements")) for policy in inline or ()]
    grants = grants_of(
        [document for document in documents if document is not None],
        arn=identity.arn,
        holder="" if isinstance(identity, Group) else identity.arn,
        near=(identity.arn,),
        tags=identity.principal_tags,
    )
    strong = rights_of(grants).administrator
    if strong:
        return None if limited else True
    known = attached is not None and inline is not None and None not in documents
    return False if known and strong is False and all(p.of_aws for p in attached or ()) else None


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A version of a managed policy."""

    is_default_version: bool
    document: Any = None


def in_force(versions: Sequence[PolicyVersion], whose: str) -> object:
    """The document of the default version. Raises FactUnavailable when it is not there."""
    for item in versions:
        if item.is_default_version and item.document is not None:
            return item.document
    msg = f"the default version of {whose} was not given"
    raise FactUnavailable(msg, field="PolicyVersionList")


class Policy(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A customer-managed policy, or one that stands within a user, group or role."""

    kind = "aws.iam.policy"
    may_lack: ClassVar[Mapping[str, str]] = {
        "Arn": "an inline policy has none",
        "Owner": "a managed policy has none: it has an ARN, and versions",
        "PolicyDocument": "of a managed policy its versions hold the document",
        "PolicyVersionList": "an inline policy has none",
        "PermissionsBoundaryUsageCount": "an inline policy has none; it says that an unattached policy is in use",
    }
    arn: str | None = None
    attachment_count: int | None = None
    """AWS names it of every managed policy; an inline policy has none."""
    permissions_boundary_usage_count: int = 0
    policy_version_list: list[PolicyVersion] = []
    owner: str | None = None
    """The ARN of the user, group or role that an inline policy stands in."""
    policy_document: Any = None
    """An inline policy's document."""

    @property
    def inline(self) -> bool:
        """It stands within an identity. Raises FactUnavailable when the document does not say."""
        if not self.owner and not self.arn:
            msg = "the policy has neither an ARN of its own nor an owner"
            raise FactUnavailable(msg, kind=self.kind, field="Arn")
        return bool(self.owner)

    @property
    def attached(self) -> int:
        """To how many it is attached. Raises FactUnavailable where AWS does not say."""
        if self.attachment_count is None:
            msg = f"how many have {self.arn} attached was not given"
            raise FactUnavailable(msg, kind=self.kind, field="AttachmentCount")
        return self.attachment_count

    @property
    def document(self) -> object:
        """The document in force. Raises FactUnavailable when it is not there."""
        if self.inline:
            return _there(self.policy_document, "PolicyDocument")
        return in_force(self.policy_version_list, str(self.arn))

    @property
    def statements(self) -> list[Statement]:
        """What it says. Raises FactUnavailable where the document is none."""
        return statements(self.document, granting=True)

    @property
    def grants(self) -> Grants:
        """What it grants, by itself."""
        place = self.owner or self.arn or ""
        # A group asks for nothing itself: its members do.
        holder = self.owner or "" if ":group/" not in place else ""
        return grants_of([self.statements], arn=place, near=(place,), holder=holder)


class AwsPolicy(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A policy that AWS manages and that somebody in the account has, or is limited by."""

    kind = "aws.iam.aws_policy"
    arn: str
    policy_version_list: list[PolicyVersion]

    @property
    def statements(self) -> list[Statement]:
        """What it says. Raises FactUnavailable where the document is not there, or none."""
        return statements(in_force(self.policy_version_list, self.arn), granting=True)


class MfaUser(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whom a device is assigned to."""

    arn: str


class VirtualMfaDevice(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A virtual MFA device that is assigned."""

    kind = "aws.iam.virtual_mfa_device"
    secret = (
        "Base32StringSeed",
        "QRCodePNG",
    )
    serial_number: str
    user: MfaUser | None = None
    """Old answers leave it out for root."""

    @property
    def owner(self) -> str:
        """The ARN of whom it is assigned to; empty where AWS does not say."""
        return self.user.arn if self.user else ""

    @property
    def of_root(self) -> bool | None:
        """It is the root identity's, whatever somebody called it; ``None``: nobody can tell."""
        if self.owner:
            return self.owner.endswith(":root")
        return True if self.serial_number.endswith(":mfa/root-account-mfa-device") else None


class LastUsed(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``RoleLastUsed``; AWS looks back 400 days and leaves the date out for longer, or never."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "LastUsedDate": "AWS leaves it out for a role without use in 400 days: the day it was made counts then",
    }
    last_used_date: datetime | None = None


class RoleUsage(Resource, frozen=True, kw_only=True, rename="pascal"):
    """When a role was made and last used: apart from the role, since it changes with every day of work."""

    kind = "aws.iam.role_usage"
    arn: str = ""
    role_name: str
    path: str = "/"
    create_date: datetime
    role_last_used: LastUsed

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """When the role was made and last used; nothing of a role that AWS owns."""
        if self.arn and not self.path.startswith("/aws-service-role/"):
            yield Account(
                system=_system(self.arn, scope),
                uid=self.arn,
                login=self.role_name,
                name="",
                mails=(),
                active=None,
                privileged=None,
                mfa=None,
                sort="service",
                created=self.create_date,
                last_used=self.role_last_used.last_used_date,
            )


class ServerCertificate(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A TLS certificate that was uploaded to IAM (``ListServerCertificates``)."""

    kind = "aws.iam.server_certificate"
    server_certificate_name: str
    expiration: datetime


class SamlProvider(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A SAML identity provider (``ListSAMLProviders``); IAM Identity Center makes one in each account."""

    kind = "aws.iam.saml_provider"
    arn: str
    valid_until: datetime
