"""Views of IAM Identity Center: permission sets, who has the strong ones, users and groups."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_collectors.aws.models.policy import grants_everything
from soc2_pac.identity import Account
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribePermissionSet``."""

    name: str
    session_duration: str = "PT1H"
    """ISO 8601; AWS: one hour where it is left out."""


class AttachedPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A policy that AWS manages, attached to a permission set."""

    name: str
    arn: str


class Assignment(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who has a permission set in which account."""

    account_id: str
    principal_type: str
    """``USER`` or ``GROUP``."""
    principal_id: str


def administers(managed: list[str], inline: object) -> bool:
    """Whether AWS's administrator policy is among the ARNs, or an inline policy grants everything.

    Raises FactUnavailable for an inline policy that is none.
    """
    return any(arn.endswith(":policy/AdministratorAccess") for arn in managed) or grants_everything(
        inline
    )


class PermissionSet(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A permission set; who has it is asked only where it grants administrator rights."""

    kind = "aws.identity_center.permission_set"
    details: Details = fact("DescribePermissionSet")
    attached: list[AttachedPolicy] = fact("ListManagedPoliciesInPermissionSet")
    inline: str = fact("GetInlinePolicyForPermissionSet")
    assignments: list[Assignment] | None = fact("ListAccountAssignments")
    """``None`` for a set that grants no administrator rights: it was not asked."""

    @property
    def administers(self) -> bool:
        """Whether it grants administrator rights.

        Customer-managed policies, which live in each account, and boundaries are not looked into.
        """
        return administers([policy.arn for policy in self.attached], self.inline)

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


class User(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A user of the identity store. What is private and asked by nobody is redacted."""

    kind = "aws.identity_center.user"
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
            system=f"aws-identity-center:{scope.account}",
            uid=self.user_id,
            login=self.user_name or self.user_id,
            name=self.display_name or "",
            mails=tuple(dict.fromkeys(mail for mail in mails if mail)),
            active={"ENABLED": True, "DISABLED": False}.get(self.user_status or "ENABLED"),
            privileged=None,
            mfa=None,
        )
