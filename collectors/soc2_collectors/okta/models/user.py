"""People and their factors.

Source: Okta Management API, "Users" and "User Factors".
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.okta.models.times import Moment
from soc2_pac.identity import Account, Members, Person
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope

SIGNS_IN = frozenset({"ACTIVE", "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY"})
"""Statuses of an account that is in use: it signs in, at once or after its owner has set the password."""
WAITS = frozenset({"STAGED", "PROVISIONED"})
"""Statuses of an account that was made and never used."""
DEPROVISIONED = "DEPROVISIONED"
GONE = frozenset({DEPROVISIONED, "SUSPENDED"})
"""Statuses in which nobody can sign in until an administrator acts: how a person leaves."""


NO_SECOND_FACTOR = ("email", "password", "question")
"""Types of factors that are no second one: what a person knows, and mail, which Okta enrolls by itself."""
KNOWLEDGE = frozenset({"password", "question", "security_question"})
"""Types of factors that are nothing but what a person knows."""
FACTORS = frozenset(
    {
        "assertion:oidc",
        "assertion:saml2",
        "call",
        "claims_provider",
        "email",
        "hotp",
        "push",
        "signed_nonce",
        "sms",
        "token",
        "token:hardware",
        "token:hotp",
        "token:software:totp",
        "u2f",
        "web",
        "webauthn",
    }
)
"""Types of factors that Okta documents, less those that are nothing but knowledge."""


class Profile(msgspec.Struct, frozen=True, rename="camel"):
    """What a user's profile says, as far as rules read it. The rest is the company's own."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("department", "displayName", "employeeNumber", "managerId"),
        "an attribute of the profile that a company may leave empty; it only adds a tie to a person",
    )

    login: str
    email: str | None = None
    second_email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    department: str | None = None
    manager_id: str | None = None
    employee_number: str | None = None
    """The personnel number, where the company keeps it there."""


class Provider(msgspec.Struct, frozen=True):
    """Who checks the password."""

    type: str | None = None
    """``OKTA``, ``ACTIVE_DIRECTORY``, ``LDAP``, ``FEDERATION``, ``SOCIAL``, ``IMPORT``."""


class Credentials(msgspec.Struct, frozen=True):
    """How a user signs in, without the secrets."""

    provider: Provider | None = None


_TYPE = "a type that is not known is no second factor; it matters where no other one is active"
_STATUS = "only ACTIVE counts; it matters where no other factor is active"


class Factor(msgspec.Struct, frozen=True, rename="camel"):
    """A factor that a user enrolled, or began to (``GET /api/v1/users/{userId}/factors``)."""

    may_lack: ClassVar[Mapping[str, str]] = {"factorType": _TYPE, "status": _STATUS}
    any_value: ClassVar[Mapping[str, str]] = {"factorType": _TYPE, "status": _STATUS}

    factor_type: str
    """``push``, ``token:software:totp``, ``webauthn``, ``signed_nonce``, ``sms``, ``question``, ..."""
    status: str
    """Only ``ACTIVE`` can be used."""
    provider: str | None = None


EVERYBODY = "every user of the org"
"""The group that Okta itself keeps, by what it means: its id differs from org to org."""


class User(Resource, frozen=True, kw_only=True, rename="camel"):
    """A user of the org, the deactivated ones included (``GET /api/v1/users``)."""

    kind = "okta.user"
    lists_accounts = True
    may_lack: ClassVar[Mapping[str, str]] = {
        "activated": "null: never, or before Okta kept it; then the sign-in or the creation counts, which is "
        "no later (Users API)",
        "lastLogin": "null: nobody ever signed in (Users API); then the activation or creation counts",
        "credentials": "not asked by any rule",
    }
    volatile = ("_links",)
    secret = ("credentials.password", "credentials.recovery_question.answer")

    id: str
    status: str
    """``STAGED``, ``PROVISIONED``, ``ACTIVE``, ``RECOVERY``, ``LOCKED_OUT``, ``PASSWORD_EXPIRED``,
    ``SUSPENDED`` or ``DEPROVISIONED``."""
    profile: Profile
    created: Moment
    activated: Moment | None = None
    """``None``: never activated, or before Okta kept it."""
    status_changed: Moment | None = None
    """When the status was last changed; ``None``: not since the account was made."""
    last_login: Moment | None = None
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

    @property
    def closed_at(self) -> datetime | None:
        """Since when nobody can sign in; ``None``: somebody can, or Okta does not say since when."""
        return self.status_changed if self.status in GONE else None

    def named_in(self, patterns: tuple[str, ...]) -> bool:
        """Whether the login is one of these, or of their form: ``svc-*``. Letter case does not matter."""
        login = self.login.lower()
        return any(fnmatchcase(login, pattern.lower()) for pattern in patterns)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The person, for where Okta is the source of truth on people, and the account."""
        profile = self.profile
        names = [profile.first_name or "", profile.last_name or ""]
        name = profile.display_name or " ".join(part for part in names if part)
        addresses = (profile.email, profile.login if "@" in profile.login else None)
        mails = tuple(dict.fromkeys(mail for mail in addresses if mail))
        left = self.status in GONE
        yield Person(
            id=self.id,
            name=name,
            mails=mails,
            active=self.known_status and not left,  # a status that is not known vouches for nobody
            left_at=self.closed_at,
            source=f"okta:{scope.account}",
            joined_at=self.created,
            manager=profile.manager_id,
            department=profile.department,
            logins=tuple(key for key in (profile.login, profile.employee_number) if key),
        )
        hidden = not self.signs_in or "factors" in self.gaps
        yield Account(
            system=f"okta:{scope.account}",
            uid=self.id,
            login=profile.login,
            name=name,
            mails=mails,
            active=not left if self.known_status else None,
            privileged=None,
            mfa=None if hidden else self.has_factor(NO_SECOND_FACTOR),
            person=profile.employee_number,
            created=self.created,
            last_used=self.last_login,
            signs_in=self.status not in WAITS if self.known_status else None,
            closed_at=self.closed_at,
        )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """That the account is in the group of everybody."""
        system = f"okta:{scope.account}"
        yield Members(system, EVERYBODY, "Everyone", accounts=(self.id,), gives=False)

    def second_factors(self, without: tuple[str, ...]) -> list[str]:
        """Types of active factors that Okta documents and that are none of ``without``, sorted."""
        return sorted((self._active_factors & FACTORS) - set(without))

    def lacks_factor(self, without: tuple[str, ...]) -> bool:
        """Whether there is certainly no second factor: none is active, or none but these and knowledge."""
        return self._active_factors <= {*without, *KNOWLEDGE}

    def has_factor(self, without: tuple[str, ...]) -> bool | None:
        """Whether there is a second factor; ``None``: there are only such as are not known here."""
        if self.second_factors(without):
            return True
        return False if self.lacks_factor(without) else None

    @property
    def _active_factors(self) -> set[str]:
        return {factor.factor_type for factor in self.factors if factor.status == "ACTIVE"}
