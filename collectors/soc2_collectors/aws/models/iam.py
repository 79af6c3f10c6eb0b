"""Views of IAM.

From ``GetAccountSummary``, ``GetAccountPasswordPolicy``, ``GetCredentialReport``,
``GetAccountAuthorizationDetails``, ``ListVirtualMFADevices``, ``ListServerCertificates`` and
``ListSAMLProviders``.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from soc2_collectors.aws.models.policy import grants_everything
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope

AWS_MANAGED = ":iam::aws:policy/"
"""What the ARN of a policy that AWS manages holds, in every partition; its name follows."""
ADMINISTRATOR_ACCESS = f"{AWS_MANAGED}AdministratorAccess"
"""How the ARN of the AWS-managed administrator policy ends."""


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
    """The members of ``PasswordPolicy``."""

    minimum_password_length: int = 0
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase_characters: bool = False
    require_lowercase_characters: bool = False
    max_password_age: int | None = None
    """Days; absent where passwords do not expire."""
    password_reuse_prevention: int | None = None
    """How many old passwords are remembered; absent for none."""


class PasswordPolicy(Resource, frozen=True, kw_only=True):
    """The account's password policy; ``None`` where there is none (``NoSuchEntity``)."""

    kind = "aws.iam.password_policy"
    policy: PasswordPolicyDetails | None = fact("GetAccountPasswordPolicy")


class Credential(Resource, frozen=True, kw_only=True):
    """One row of the credential report, in AWS's own words: ``true``, ``N/A``, ``no_information``."""

    kind = "aws.iam.credential"
    user: str
    arn: str
    user_creation_time: str = "N/A"
    password_enabled: str = "not_supported"
    password_last_used: str = "no_information"
    password_last_changed: str = "N/A"
    mfa_active: str
    access_key_1_active: str
    access_key_1_last_rotated: str = "N/A"
    access_key_1_last_used_date: str = "N/A"
    access_key_2_active: str
    access_key_2_last_rotated: str = "N/A"
    access_key_2_last_used_date: str = "N/A"
    cert_1_active: str
    cert_2_active: str

    @property
    def is_root(self) -> bool:
        """The account's root identity."""
        return self.user == "<root_account>"

    @property
    def has_password(self) -> bool:
        """A console password is set; root always has one."""
        return self.is_root or self.flag("password_enabled")

    def flag(self, name: str) -> bool:
        """A column that says ``true`` or ``false``. Raises FactUnavailable for any other word."""
        value = str(getattr(self, name)).lower()
        if value not in ("true", "false"):
            msg = f"the credential report says '{value}' for {name} of {self.user}"
            raise FactUnavailable(msg, kind=self.kind, field=name)
        return value == "true"

    def moment(self, name: str) -> datetime | None:
        """A column that holds a time; ``None`` for ``N/A`` and ``no_information``: it never happened.

        Raises FactUnavailable for any other word, and for a time without a zone: its instant is unknown.
        """
        value = str(getattr(self, name))
        if value in ("N/A", "no_information", "not_supported", "", "None"):
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

    @property
    def keys(self) -> list[AccessKey]:
        """The two key slots, active ones only."""
        return [
            AccessKey(
                slot=n,
                rotated=self.moment(f"access_key_{n}_last_rotated"),
                used=self.moment(f"access_key_{n}_last_used_date"),
            )
            for n in (1, 2)
            if self.flag(f"access_key_{n}_active")
        ]


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An active access key of a credential report's row."""

    slot: int
    rotated: datetime | None
    used: datetime | None


class AttachedPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A managed policy that is attached."""

    policy_name: str
    policy_arn: str

    @property
    def of_aws(self) -> bool:
        """AWS manages it; the account's own policies are resources of their own."""
        return AWS_MANAGED in self.policy_arn


class InlinePolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A policy that stands within an identity."""

    policy_name: str
    policy_document: Any

    @property
    def everything(self) -> bool:
        """Allows every action on every resource."""
        return grants_everything(self.policy_document)


class _Identity(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What users, roles and groups share."""

    arn: str
    attached_managed_policies: list[AttachedPolicy] = []

    @property
    def administrator(self) -> bool:
        """The AWS-managed administrator policy is attached."""
        return any(
            p.policy_arn.endswith(ADMINISTRATOR_ACCESS) for p in self.attached_managed_policies
        )


class Tag(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tag."""

    key: str
    value: str = ""


class User(_Identity, frozen=True, kw_only=True, rename="pascal"):
    """An IAM user (``UserDetailList``)."""

    kind = "aws.iam.user"
    user_name: str
    user_policy_list: list[InlinePolicy] = []
    group_list: list[str] = []
    tags: list[Tag] = []
    """AWS leaves them out where there are none."""

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
        grant is not known here: unless AWS's administrator policy is on the user itself, and unless nothing
        is, its rights are unknown.
        """
        mails = [self.tag("email", "mail"), self.user_name if "@" in self.user_name else None]
        unknown = bool(self.group_list or self.attached_managed_policies or self.user_policy_list)
        strong = self.administrator or any(policy.everything for policy in self.user_policy_list)
        yield Account(
            system=_system(self.arn, scope),
            uid=self.arn,
            login=self.user_name,
            name="",
            mails=tuple(mail for mail in mails if mail),
            active=None,
            privileged=True if strong else None if unknown else False,
            mfa=None,
            person=self.tag("owner"),
            groups=tuple(self.group_list),
        )


class Group(_Identity, frozen=True, kw_only=True, rename="pascal"):
    """An IAM group (``GroupDetailList``)."""

    kind = "aws.iam.group"
    group_name: str
    group_policy_list: list[InlinePolicy] = []


class Role(_Identity, frozen=True, kw_only=True, rename="pascal"):
    """An IAM role (``RoleDetailList``). When it was last used changes at every read and no rule asks."""

    kind = "aws.iam.role"
    volatile = ("RoleLastUsed",)
    role_name: str
    path: str = "/"
    assume_role_policy_document: Any
    role_policy_list: list[InlinePolicy] = []

    @property
    def service_linked(self) -> bool:
        """AWS owns it; its policies cannot be changed."""
        return self.path.startswith("/aws-service-role/")


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A version of a managed policy."""

    is_default_version: bool = False
    document: Any = None


class Policy(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A customer-managed policy, or one that stands within a user, group or role."""

    kind = "aws.iam.policy"
    arn: str | None = None
    attachment_count: int = 0
    policy_version_list: list[PolicyVersion] = []
    owner: str | None = None
    """The ARN of the user, group or role that an inline policy stands in."""
    policy_document: Any = None
    """An inline policy's document."""

    @property
    def inline(self) -> bool:
        """It stands within an identity. Raises FactUnavailable when the document does not say."""
        if self.owner is None and self.arn is None:
            msg = "the policy has neither an ARN of its own nor an owner"
            raise FactUnavailable(msg, kind=self.kind, field="Arn")
        return self.owner is not None

    @property
    def document(self) -> Any:  # noqa: ANN401 - a policy document
        """The document in force. Raises FactUnavailable when it is not there."""
        if self.policy_document is not None:
            return self.policy_document
        for item in self.policy_version_list:
            if item.is_default_version and item.document is not None:
                return item.document
        msg = f"the default version of {self.arn or self.owner} was not given"
        raise FactUnavailable(msg, kind=self.kind, field="PolicyVersionList")


class MfaUser(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whom a device is assigned to."""

    arn: str = ""


class VirtualMfaDevice(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A virtual MFA device that is assigned."""

    kind = "aws.iam.virtual_mfa_device"
    serial_number: str
    user: MfaUser = MfaUser()

    @property
    def owner(self) -> str:
        """The ARN of whom it is assigned to."""
        return self.user.arn

    @property
    def of_root(self) -> bool:
        """It is the root identity's, whatever somebody called it; only old answers leave the user out."""
        if self.user.arn:
            return self.user.arn.endswith(":root")
        return self.serial_number.endswith(":mfa/root-account-mfa-device")


class LastUsed(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``RoleLastUsed``; AWS looks back 400 days and leaves the date out for longer, or never."""

    last_used_date: datetime | None = None


class RoleUsage(Resource, frozen=True, kw_only=True, rename="pascal"):
    """When a role was made and last used: apart from the role, since it changes with every day of work."""

    kind = "aws.iam.role_usage"
    role_name: str
    path: str = "/"
    create_date: datetime
    role_last_used: LastUsed


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
