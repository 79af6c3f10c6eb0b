"""Google Workspace and Cloud Identity: the people who sign in.

Source: Admin SDK Directory API v1, ``User`` and ``Customer``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.gcp.models.values import Moment, matches
from soc2_pac.identity import Account
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope

_NEVER = 1970
"""Google gives the first second of this year where nobody ever signed in."""


class WorkspaceUser(Resource, frozen=True, kw_only=True, rename="camel"):
    """An account of a person (``users.list``). Shape from documentation."""

    kind = "gcp.workspace.user"
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

    id: str
    primary_email: str
    suspended: bool
    archived: bool = False
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
        """The account: a person's, by the address that the company's administrators gave it."""
        second = (self.is_enrolled_in_2_sv, self.is_enforced_in_2_sv)
        yield Account(
            system=f"gcp:{scope.boundary}",
            uid=self.id,
            login=self.primary_email,
            name="",
            mails=(self.primary_email,),
            active=self.signs_in,
            privileged=self.is_admin or self.is_delegated_admin,
            mfa=None if second == (None, None) else any(second),
            created=self.creation_time,
            last_used=self.last_login_time if self.signed_in else None,
        )

    def named_in(self, patterns: Iterable[str]) -> bool:
        """Whether its address is, or is of the form of, one of these."""
        return matches(self.primary_email, patterns)


class WorkspaceCustomer(Resource, frozen=True, kw_only=True, rename="camel"):
    """The customer account (``customers.get``). Shape from documentation."""

    kind = "gcp.workspace.customer"
    volatile = ("etag",)
    secret = ("alternateEmail", "phoneNumber", "postalAddress.*")

    id: str
    customer_domain: str
