"""Google Workspace and Cloud Identity: the people who sign in.

Source: Admin SDK Directory API v1, ``User`` and ``Customer``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.gcp.models.values import Moment, matches
from soc2_pac.identity import Account, Grant
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope

_NEVER = 1970
"""Google gives the first second of this year where nobody ever signed in."""


class UserName(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a person is called."""

    full_name: str = ""


class WorkspaceUser(Resource, frozen=True, kw_only=True, rename="camel"):
    """An account of a person (``users.list``). Shape from documentation."""

    kind = "gcp.workspace.user"
    lists_accounts = True
    volatile = ("etag", "thumbnailPhotoEtag", "thumbnailPhotoUrl")
    secret = (
        "recoveryEmail",
        "recoveryPhone",
        "phones.*",
        "addresses.*",
        "ims.*",
        "relations.*",
        "notes",
    )

    may_lack: ClassVar[Mapping[str, str]] = {
        "primaryEmail": "named in messages, and in exemptions: an empty address has none",
    }

    id: str
    primary_email: str
    name: UserName | None = None
    aliases: list[str] = []
    """Further addresses of the account; Google leaves out an empty list."""
    suspended: bool
    archived: bool
    is_admin: bool
    """Super administrator."""
    is_delegated_admin: bool = False
    is_enrolled_in_2_sv: bool | None = msgspec.field(default=None, name="isEnrolledIn2Sv")
    is_enforced_in_2_sv: bool | None = msgspec.field(default=None, name="isEnforcedIn2Sv")
    creation_time: Moment
    last_login_time: Moment

    @property
    def signs_in(self) -> bool:
        """Whether Google lets the account in."""
        return not self.suspended and not self.archived

    @property
    def last_seen(self) -> datetime:
        """The last time somebody signed in; where nobody did, when the account was made."""
        return self.last_login_time if self.signed_in else self.creation_time

    @property
    def signed_in(self) -> bool:
        """Whether anybody ever signed in."""
        return self.last_login_time.year > _NEVER

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account; its second factor is what the person enrolled, not what the company demands."""
        yield Account(
            system=f"gcp:{scope.boundary}",
            uid=self.id,
            login=self.primary_email,
            name=self.name.full_name if self.name else "",
            mails=(self.primary_email, *self.aliases),
            active=self.signs_in,
            privileged=self.is_admin or self.is_delegated_admin,
            mfa=self.is_enrolled_in_2_sv if self.signs_in else None,
            created=self.creation_time,
            last_used=self.last_login_time if self.signed_in else None,
            signs_in=self.signs_in,
        )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The roles of an administrator; which role a delegated one has the directory's users do not say."""
        for held, what in (
            (self.is_admin, "super administrator"),
            (self.is_delegated_admin, "delegated administrator"),
        ):
            if held:
                yield Grant(f"gcp:{scope.boundary}", self.id, what, "role", privileged=True)

    def named_in(self, patterns: Iterable[str]) -> bool:
        """Whether its address is, or is of the form of, one of these."""
        return matches(self.primary_email, patterns)


class WorkspaceCustomer(Resource, frozen=True, kw_only=True, rename="camel"):
    """The customer account (``customers.get``). Shape from documentation."""

    kind = "gcp.workspace.customer"
    volatile = ("etag",)
    secret = ("alternateEmail", "phoneNumber", "postalAddress.*")

    may_lack: ClassVar[Mapping[str, str]] = {"customerDomain": "only named in the message"}
    any_value: ClassVar[Mapping[str, str]] = may_lack

    id: str
    customer_domain: str
