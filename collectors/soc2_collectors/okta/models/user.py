"""People and their factors.

Source: Okta Management API, "Users" and "User Factors".
"""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from soc2_pac.resources import Resource, fact

SIGNS_IN = frozenset({"ACTIVE", "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY"})
"""Statuses of an account that is in use: it signs in, at once or after its owner has set the password."""
WAITS = frozenset({"STAGED", "PROVISIONED"})
"""Statuses of an account that was made and never used."""
GONE = frozenset({"DEPROVISIONED", "SUSPENDED"})
"""Statuses in which nobody can sign in until an administrator acts: how a person leaves."""


class Profile(msgspec.Struct, frozen=True, rename="camel"):
    """What a user's profile says, as far as rules read it. The rest is the company's own."""

    login: str
    email: str | None = None
    second_email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Provider(msgspec.Struct, frozen=True):
    """Who checks the password."""

    type: str | None = None
    """``OKTA``, ``ACTIVE_DIRECTORY``, ``LDAP``, ``FEDERATION``, ``SOCIAL``, ``IMPORT``."""


class Credentials(msgspec.Struct, frozen=True):
    """How a user signs in, without the secrets."""

    provider: Provider | None = None


class Factor(msgspec.Struct, frozen=True, rename="camel"):
    """A factor that a user enrolled, or began to (``GET /api/v1/users/{userId}/factors``)."""

    factor_type: str
    """``push``, ``token:software:totp``, ``webauthn``, ``signed_nonce``, ``sms``, ``question``, ..."""
    status: str
    """Only ``ACTIVE`` can be used."""
    provider: str | None = None


class User(Resource, frozen=True, kw_only=True, rename="camel"):
    """A user of the org, the deactivated ones included (``GET /api/v1/users``)."""

    kind = "okta.user"
    volatile = ("_links",)
    secret = ("credentials.password", "credentials.recovery_question.answer")

    id: str
    status: str
    """``STAGED``, ``PROVISIONED``, ``ACTIVE``, ``RECOVERY``, ``LOCKED_OUT``, ``PASSWORD_EXPIRED``,
    ``SUSPENDED`` or ``DEPROVISIONED``."""
    profile: Profile
    created: datetime
    activated: datetime | None = None
    """``None``: never activated, or before Okta kept it."""
    status_changed: datetime | None = None
    """When the status was last changed; ``None``: not since the account was made."""
    last_login: datetime | None = None
    """``None``: nobody ever signed in with it."""
    credentials: Credentials | None = None
    factors: list[Factor] = fact("factors")
    """Read of users who can sign in, and of nobody else."""

    @property
    def login(self) -> str:
        """The login."""
        return self.profile.login

    @property
    def signs_in(self) -> bool:
        """Whether the account is in use."""
        return self.status in SIGNS_IN

    @property
    def known_status(self) -> bool:
        """Whether the status is one that Okta documents."""
        return self.status in SIGNS_IN | WAITS | GONE

    @property
    def last_seen(self) -> datetime:
        """The last sign-in, or the activation after it, or else when the account was made."""
        known = [moment for moment in (self.last_login, self.activated) if moment]
        return max(known, default=self.created)

    @property
    def since(self) -> datetime:
        """Since when the account has its status."""
        return self.status_changed or self.activated or self.created

    def named_in(self, patterns: tuple[str, ...]) -> bool:
        """Whether the login is one of these, or of their form: ``svc-*``. Letter case does not matter."""
        login = self.login.lower()
        return any(fnmatchcase(login, pattern.lower()) for pattern in patterns)

    def second_factors(self, without: tuple[str, ...]) -> list[str]:
        """Types of active factors that are none of ``without``, sorted."""
        active = {factor.factor_type for factor in self.factors if factor.status == "ACTIVE"}
        return sorted(active - set(without))
